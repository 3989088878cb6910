// SPDX-License-Identifier: MIT
// Planar, radial and Sylvester beyond the laws: another library's numbers, and parameters of size 100.
#include "../../catch.hpp"
#include "../../reference.hpp"
#include "rheo/evaluation/certify.hpp"
#include "rheo/layers/bijections/planar.hpp"
#include "rheo/layers/bijections/radial.hpp"
#include "rheo/layers/bijections/sylvester.hpp"

namespace bijections_planar {
using namespace rheo;

namespace {
double off(const Batch<double>& a, const Batch<double>& b) {
  REQUIRE(a.size() == b.size());
  return ((a - b.reshaped(a.rows(), a.cols())).abs() / (1 + a.abs())).maxCoeff();
}
/// Values and the gradient in x as in the file; gives that in theta.
template <class L> Column<double> agrees(const rheo_test::Reference& r, const Column<double>& theta) {
  const L layer;
  rheo::detail::LayerBench<L, double> b(layer);
  b.theta = theta;
  const Batch<double> x = r.batch("x"), c_y = r.batch("c_y");
  Batch<double> none(x.rows(), 0), y, g_x, g_none(x.rows(), 0);
  Column<double> v;
  b.template call<true>(x, none, Noise{}, y, v);
  CHECK(off(y, r.batch("y")) < 1e-10);
  CHECK(off(v, r.batch("log_det")) < 1e-10);
  Column<double> g = Column<double>::Zero(L::param_count);
  b.template pull<true>(x, y, none, Noise{}, c_y, Column<double>(r.batch("c_l").reshaped()), g_x, g, g_none);
  CHECK(off(g_x, r.batch("grad_x")) < 1e-10);
  return g;
}
template <class L> void survives(double size) {
  const L layer;
  rheo::detail::LayerBench<L, double> b(layer);
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    for (Index i = 0; i < b.theta.size(); ++i) b.theta(i) = size * Noise{seed}.normal(i, 0);
    Batch<double> x(100, L::x_dim), none(100, 0), z, back;
    Noise{seed + 1000}.normals(view(x));
    Column<double> v, v_back;
    b.template call<true>(x, none, Noise{}, z, v);
    b.template call<false>(z, none, Noise{}, back, v_back);
    CHECK(v.isFinite().all());
    CHECK(v_back.isFinite().all());
    Batch<double> again;
    b.template call<true>(back, none, Noise{}, again, v);
    CHECK(((again - z).abs() / (1 + z.abs())).maxCoeff() < 1e-9);
  }
}
}  // namespace

TEST_CASE("planar agrees with normflows") {
  const rheo_test::Reference r("normflows_planar_forward");
  Column<double> theta(9);
  theta << r.batch("param_w").reshaped(), r.batch("param_u").reshaped(), r.batch("param_b").reshaped();
  const Column<double> g = agrees<Planar<4>>(r, theta);
  CHECK(off(g.segment(0, 4), r.batch("grad_w")) < 1e-10);
  CHECK(off(g.segment(4, 4), r.batch("grad_u")) < 1e-10);
  CHECK(off(g.segment(8, 1), r.batch("grad_b")) < 1e-10);
}

TEST_CASE("radial agrees with normflows, which takes alpha = abs(a) where we take softplus(a)") {
  const rheo_test::Reference r("normflows_radial_forward");
  const double alpha = r.batch("param_alpha")(0, 0), a = std::log(std::expm1(std::abs(alpha)));
  Column<double> theta(6);
  theta << r.batch("param_z_0").reshaped(), a, r.batch("param_beta").reshaped();
  const Column<double> g = agrees<Radial<4>>(r, theta);
  CHECK(off(g.segment(0, 4), r.batch("grad_z_0")) < 1e-10);
  const double slope =
      -std::expm1(-std::abs(alpha)) * (alpha < 0 ? -1 : 1);  // d alpha / d a, at softplus(a) = abs(alpha)
  CHECK(off(g.segment(4, 1), r.batch("grad_alpha") * slope) < 1e-10);
  CHECK(off(g.segment(5, 1), r.batch("grad_beta")) < 1e-10);
}

TEST_CASE("parameters of size 100 stay invertible") {
  survives<Planar<3>>(100);
  survives<Radial<3>>(100);
  survives<Sylvester<4, 2>>(100);
  survives<Planar<3>>(0);  // no direction at all: a shift
}

TEST_CASE("the radial volume has a cone at its centre, and says so") {
  STATIC_REQUIRE_FALSE(Radial<1>::smooth);
  STATIC_REQUIRE_FALSE(Radial<2>::smooth);
  const Radial<2> layer;
  rheo::detail::LayerBench<Radial<2>, double> b(layer);
  b.theta << 0.0, 0.0, 0.5, 1.5;
  Batch<double> x(3, 2), none(3, 0), z;
  x << -1e-4, 0.0, 0.0, 0.0, 1e-4, 0.0;
  Column<double> v;
  b.call<true>(x, none, Noise{}, z, v);
  CHECK(std::abs(v(2) - v(1)) > 1e-5);
  CHECK(v(2) - v(1) == Approx(v(0) - v(1)));
}

}  // namespace bijections_planar
