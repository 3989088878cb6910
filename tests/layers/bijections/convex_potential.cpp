// SPDX-License-Identifier: MIT
// The convex potential flow beyond the laws: convexity, the solver far out and where it must fail, wide problems, the
// start.
#include "rheo/layers/bijections/convex_potential.hpp"

#include <Eigen/Eigenvalues>

#include "catch.hpp"
#include "rheo/evaluation/layer_bench.hpp"

namespace bijections_convex_potential {

namespace {
using namespace rheo;
template <class L, class T> detail::LayerBench<L, T> bench(const L& layer, double spread) {
  detail::LayerBench<L, T> b(layer);
  layer.init(Params<T>(b.theta.data(), b.theta.size()), Params<T>(b.buffers.data(), 0), Noise{2});
  for (Index k = 0; k < b.theta.size(); ++k) b.theta(k) += T(spread * Noise{3}.normal(k, 0));
  return b;
}
template <class L, class T>
Report decode(const L& layer, detail::LayerBench<L, T>& b, const Batch<T>& z, Batch<T>& x, Column<T>& v) {
  Report report;
  x.resize(z.rows(), z.cols());
  v.setZero(z.rows());
  Batch<T> none(z.rows(), 0);
  layer.decode(Pass<T, CacheOf<L, T>>{view(z), view(x), ColView<T>(v.data(), v.size()), b.params(), b.state(),
                                      view(std::as_const(none)), Noise{}, b.cache, b.scratch, true, &report});
  return report;
}
template <class T> Batch<T> points(Index n, Index d, double size) {
  Batch<double> x(n, d);
  Noise{6}.normals(view(x));
  return (size * x).template cast<T>();
}
}  // namespace

TEST_CASE("the inverse stands at every size of z, for sharp potentials, in both scalars") {
  auto check = [](auto zero) {
    using T = decltype(zero);
    const double eps = static_cast<double>(std::numeric_limits<T>::epsilon());
    const ConvexPotential<3, 16> layer;
    for (double spread : {0.1, 1.0, 2.0}) {
      auto b = bench<ConvexPotential<3, 16>, T>(layer, spread);
      for (double size : {1e-3, 1.0, 30.0, 1e6}) {
        const Batch<T> z = points<T>(400, 3, size);
        Batch<T> x, back;
        Column<T> v, v_back;
        const Report report = decode(layer, b, z, x, v);
        const double size_z = 1 + static_cast<double>(z.abs().maxCoeff()),
                     reach = static_cast<double>(layer.net.template reach<T>(b.params(), b.scratch));
        const double tolerance = eps * (256 + 8 * reach / size_z);
        b.template call<true>(x, Batch<T>(400, 0), Noise{}, back, v_back);
        INFO("spread " << spread << ", size " << size);
        CHECK(report.unsolved == 0);
        CHECK(static_cast<double>((back - z).abs().maxCoeff()) / size_z < tolerance);
        CHECK(static_cast<double>((v - v_back).abs().maxCoeff()) < 1e3 * tolerance);
        CHECK(report.evaluations < 400 * 40);
      }
    }
  };
  check(0.0);
  check(0.0f);
}

TEST_CASE("the Hessian is at least alpha everywhere") {
  const ConvexPotential<4, 10, 3> layer;
  auto b = bench<ConvexPotential<4, 10, 3>, double>(layer, 1.0);
  const Batch<double> x = points<double>(100, 4, 3);
  Batch<double> up, down, none(100, 0);
  Column<double> v;
  std::vector<Eigen::MatrixXd> J(100, Eigen::MatrixXd(4, 4));
  const double h = 1e-5, alpha = layer.net.curvature(b.theta(0));
  for (Index d = 0; d < 4; ++d) {
    Batch<double> at = x;
    at.col(d) += h;
    b.call<true>(at, none, Noise{}, up, v);
    at.col(d) -= 2 * h;
    b.call<true>(at, none, Noise{}, down, v);
    for (Index i = 0; i < 100; ++i)
      J[static_cast<std::size_t>(i)].col(d) = ((up.row(i) - down.row(i)) / (2 * h)).matrix().transpose();
  }
  for (const auto& m : J) {
    CHECK((m - m.transpose()).cwiseAbs().maxCoeff() < 1e-7);
    CHECK(m.selfadjointView<Eigen::Lower>().eigenvalues().minCoeff() > alpha - 1e-7);
  }
}

TEST_CASE("rows that are not finite or cannot be solved are NaN alone, and counted") {
  const ConvexPotential<2, 8> layer;
  auto b = bench<ConvexPotential<2, 8>, double>(layer, 0.5);
  Batch<double> z = points<double>(5, 2, 1), x, x_alone;
  Column<double> v, v_alone;
  decode(layer, b, z, x_alone, v_alone);
  z(1, 0) = std::numeric_limits<double>::quiet_NaN();
  z(3, 1) = std::numeric_limits<double>::infinity();
  Report report = decode(layer, b, z, x, v);
  CHECK(report.unsolved == 0);
  for (Index i = 0; i < 5; ++i) {
    const bool good = i % 2 == 0;
    CHECK(std::isnan(v(i)) == !good);
    CHECK(std::isnan(x(i, 0)) == !good);
    if (good) CHECK((x.row(i) == x_alone.row(i)).all());
  }
  b.theta(1) = std::numeric_limits<double>::quiet_NaN();  // no potential at all
  z = points<double>(5, 2, 1);
  report = decode(layer, b, z, x, v);
  CHECK(report.unsolved == 5);
  CHECK(v.isNaN().all());
}

TEST_CASE("sixteen dimensions; a new layer is near the identity") {
  const ConvexPotential<16, 32> layer;
  auto b = bench<ConvexPotential<16, 32>, double>(layer, 0);
  const Batch<double> x = points<double>(50, 16, 1);
  Batch<double> z, back;
  Column<double> v, v_back;
  b.call<true>(x, Batch<double>(50, 0), Noise{}, z, v);
  CHECK(v.minCoeff() > 0);
  CHECK(v.maxCoeff() < 0.3);
  CHECK((z - x).abs().maxCoeff() < 0.3);
  CHECK(decode(layer, b, z, back, v_back).unsolved == 0);
  CHECK((back - x).abs().maxCoeff() < 1e-13);
}

}  // namespace bijections_convex_potential
