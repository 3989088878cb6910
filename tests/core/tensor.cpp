// SPDX-License-Identifier: MIT
#include "rheo/core/tensor.hpp"

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/coupling.hpp"

namespace core_tensor {
using namespace rheo;

namespace {
Batch<double> taken(const Input<double>& x) { return x.view(); }
template <class X> void check_order(X& x, Index n, Index a, Index b, Index c) {
  const Batch<double> rows = taken(x);
  REQUIRE(rows.rows() == n);
  REQUIRE(rows.cols() == a * b * c);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0; j < a * b * c; ++j) CHECK(rows(i, j) == static_cast<double>(100 * i + j));
  }
}
template <int Options> void check_layouts() {
  Eigen::Tensor<double, 2, Options> two(3, 4);
  Eigen::Tensor<double, 3, Options> three(3, 2, 5);
  Eigen::Tensor<double, 4, Options> four(2, 3, 4, 5);
  for (Index i = 0; i < 3; ++i) {
    for (Index j = 0; j < 4; ++j) two(i, j) = static_cast<double>(100 * i + j);
    for (Index j = 0; j < 10; ++j) three(i, j / 5, j % 5) = static_cast<double>(100 * i + j);
    for (Index j = 0; i < 2 && j < 60; ++j) four(i, j / 20, j / 5 % 4, j % 5) = static_cast<double>(100 * i + j);
  }
  check_order(two, 3, 4, 1, 1);
  check_order(three, 3, 2, 5, 1);
  check_order(four, 2, 3, 4, 5);
  const Eigen::TensorMap<const Eigen::Tensor<double, 4, Options>> map(four.data(), 2, 3, 4, 5);
  check_order(map, 2, 3, 4, 5);
}
}  // namespace

TEST_CASE("tensors of rank 2 to 4 and maps of them are batches, the last index fastest") {
  check_layouts<Eigen::ColMajor>();
  check_layouts<Eigen::RowMajor>();
}

TEST_CASE("a column-major matrix of a tensor is looked at, not copied") {
  Eigen::Tensor<double, 2> x(3, 4);
  x.setConstant(1);
  CHECK(Input<double>(x).view().data() == x.data());
}

TEST_CASE("public calls take tensors") {
  const auto model = make_model<double>(Flow{AffineCoupling<6, Mlp<8>>{}, StandardNormal<6>{}}, Noise{1});
  Eigen::Tensor<double, 4> images(5, 1, 2, 3);
  images.setConstant(0.5);
  const Column<double> lp = model.log_prob(images);
  CHECK((lp - model.log_prob(Batch<double>::Constant(5, 6, 0.5))).abs().maxCoeff() == 0);
  Eigen::Tensor<double, 3> wrong(5, 2, 2);
  CHECK_THROWS_AS(model.log_prob(wrong), std::invalid_argument);
}

}  // namespace core_tensor
