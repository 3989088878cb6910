// SPDX-License-Identifier: MIT
#include "rheo/core/batch.hpp"

#include <Eigen/Dense>

#include "catch.hpp"
#include "rheo/core/arena.hpp"
#include "rheo/core/product.hpp"

namespace core_batch {
using namespace rheo;

namespace {
Batch<double> taken(const Input<double>& x) { return x.view(); }
const double* seen(const Input<double>& x) { return x.view().data(); }
}  // namespace

TEST_CASE("an input takes every Eigen container and looks without copying where it can") {
  Eigen::MatrixXd m = Eigen::MatrixXd::Random(6, 4);
  const Batch<double> a = m.array();
  CHECK(seen(a) == a.data());
  CHECK(seen(m) == m.data());
  CHECK(seen(m.middleCols(1, 2)) == m.data() + 6);
  CHECK(seen(m.block(2, 1, 3, 2)) == m.data() + 8);
  CHECK((taken(m.block(2, 1, 3, 2)) == m.block(2, 1, 3, 2).array()).all());
  const Eigen::Matrix<double, -1, -1, Eigen::RowMajor> r = m;
  CHECK((taken(r) == a).all());
  CHECK((taken(m.transpose()) == m.transpose().array()).all());
  CHECK((taken(m * 2) == a * 2).all());
  CHECK((taken(a + 1) == a + 1).all());
  const Eigen::Map<const Eigen::MatrixXd, 0, Eigen::Stride<-1, -1>> strided(m.data(), 3, 4,
                                                                            Eigen::Stride<-1, -1>(6, 2));
  CHECK((taken(strided) == strided.array()).all());
  const Eigen::Vector3d point(1, 2, 3);
  CHECK(taken(point.transpose()).rows() == 1);
  CHECK(taken(point.transpose()).cols() == 3);
  CHECK(taken(m.row(2)).cols() == 4);
  CHECK((taken(m.row(2)) == a.row(2)).all());
  CHECK(taken(m.col(2)).rows() == 6);
  CHECK((taken(m.col(2)) == a.col(2)).all());
  CHECK(taken(r.row(1)).cols() == 4);
  CHECK((taken(r.row(1)) == a.row(1)).all());
  CHECK(taken(Batch<double>(0, 4)).cols() == 4);
}

TEST_CASE("an arena gives back, grows once and keeps what is in use") {
  Arena arena;
  {
    Arena::Scope outer(arena);
    auto a = arena.take<double>(100, 100);
    a.setConstant(1);
    {
      Arena::Scope inner(arena);
      arena.take<double>(300, 300).setConstant(2);
    }
    arena.take<float>(500, 100).setConstant(3);
    CHECK((a == 1).all());
  }
  const double* first;
  {
    Arena::Scope again(arena);
    auto a = arena.take<double>(100, 100), b = arena.take<double>(300, 300);
    CHECK(reinterpret_cast<std::uintptr_t>(b.data()) % 64 == 0);
    CHECK(b.data() >= a.data() + 10000);
    first = a.data();
  }
  CHECK(arena.take<double>(10, 10).data() == first);
}

TEMPLATE_TEST_CASE("products cut into blocks are the products", "", float, double) {
  using T = TestType;
  for (Index k : {1, 3, 64, 300, 700}) {
    for (Index h : {1, 5, 64, 520}) {
      const Batch<T> a = Batch<T>::Random(130, k), b = Batch<T>::Random(k, h);
      const Eigen::MatrixXd A = a.template cast<double>().matrix(), B = b.template cast<double>().matrix();
      const double tol = 30 * static_cast<double>(Eigen::NumTraits<T>::epsilon()) * static_cast<double>(k + 130);
      Batch<T> nn(130, h), nt(130, k), tn = Batch<T>::Ones(k, h);
      gemm_nn<T>(view(a), view(b), view(nn));
      CHECK((nn.template cast<double>().matrix() - A * B).cwiseAbs().maxCoeff() < tol);
      gemm_nt<T>(view(std::as_const(nn)), view(b), view(nt));
      const Eigen::MatrixXd N = nn.template cast<double>().matrix();
      CHECK((nt.template cast<double>().matrix() - N * B.transpose()).cwiseAbs().maxCoeff() <
            tol * static_cast<double>(k + h));
      gemm_tn_add<T>(view(a), view(std::as_const(nn)), view(tn));
      const Eigen::MatrixXd expected = (A.transpose() * N).array() + 1;
      CHECK((tn.template cast<double>().matrix() - expected).cwiseAbs().maxCoeff() <
            tol * static_cast<double>(k + 130));
    }
  }
}

}  // namespace core_batch
