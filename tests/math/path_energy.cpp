// SPDX-License-Identifier: MIT
// Pulls through energies that end at a wall: rows behind it add nothing, whatever stands in the gradient there; at
// lambda = 0 and 1 the other energy alone counts.
#include "rheo/math/path_energy.hpp"

#include "../catch.hpp"

namespace math_path_energy {
using namespace rheo;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

/// slope x^2 / 2 up to x = 1; beyond it infinite, and the gradient NaN, or finite.
struct Wall {
  static constexpr Index dim = 1;
  template <class T> using Workspace = NoWorkspace;
  double slope, beyond;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    for (Index i = 0; i < x.rows(); ++i) u(i) = x(i, 0) > T(1) ? T(inf) : T(0.5 * slope) * x(i, 0) * x(i, 0);
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    for (Index i = 0; i < x.rows(); ++i) g(i, 0) = x(i, 0) > T(1) ? T(beyond) * x(i, 0) : T(slope) * x(i, 0);
  }
};
template <class T> struct Pulls {
  Batch<T> by_value, by_gradient;
  T lambda_by_value, lambda_by_gradient;
};
/// Of rows 0.5 and 2 with cotangents 3 and 5, on top of 7.
template <bool Learns, class T, class E> Pulls<T> pulls(const E& energy, double lambda) {
  math::PathWorkspace<E, T> w;
  const math::PathEnergy<Learns, E, T> path{energy, T(lambda), w};
  Batch<T> x(2, 1), g(2, 1);
  x << T(0.5), T(2);
  g << T(3), T(5);
  Arena scratch;
  Pulls<T> p{Batch<T>::Constant(2, 1, T(7)), Batch<T>::Constant(2, 1, T(7)), T(7), T(7)};
  path.value_pull(view(std::as_const(x)), CColView<T>(g.data(), 2), view(p.by_value), p.lambda_by_value, scratch);
  path.gradient_pull(view(std::as_const(x)), view(std::as_const(g)), view(p.by_gradient), p.lambda_by_gradient);
  return p;
}
template <class T>
void check(const Pulls<T>& p, double v0, double v1, double v_lambda, double g0, double g1, double g_lambda) {
  const double eps = 8 * static_cast<double>(std::numeric_limits<T>::epsilon());
  const auto is = [&](T a, double b) { return std::abs(static_cast<double>(a) - b) <= eps * (1 + std::abs(b)); };
  INFO(p.by_value << ", " << p.by_gradient << ", lambda " << p.lambda_by_value << ", " << p.lambda_by_gradient);
  CHECK((is(p.by_value(0, 0), v0) && is(p.by_value(1, 0), v1) && is(p.lambda_by_value, v_lambda)));
  CHECK((is(p.by_gradient(0, 0), g0) && is(p.by_gradient(1, 0), g1) && is(p.lambda_by_gradient, g_lambda)));
}

}  // namespace

TEMPLATE_TEST_CASE("rows of infinite energy add nothing to a pull", "", float, double) {
  using T = TestType;
  for (double beyond : {std::nan(""), 100.0}) {
    const Wall wall{4, beyond};
    const NormalEnergy<1> normal{};
    const double u0 = 0.125 + 0.91893853320467274178, u1 = 0.5;  // at x = 0.5, where the slopes are 0.5 and 2
    check<T>(pulls<false, T>(wall, 0), 7 + 3 * 2, 7, 7, 7 + 3 * 4, 7, 7);
    const Interpolated<NormalEnergy<1>, Wall> to_wall(normal, wall, 0.25);
    check<T>(pulls<false, T>(to_wall, 0), 7 + 3 * (0.75 * 0.5 + 0.25 * 2), 7, 7, 7 + 3 * (0.75 + 0.25 * 4), 7, 7);
    check<T>(pulls<true, T>(to_wall, 0.25), 7 + 3 * (0.75 * 0.5 + 0.25 * 2), 7, 7 + 3 * (u1 - u0),  //
             7 + 3 * (0.75 + 0.25 * 4), 7, 7 + 3 * (2 - 0.5));
    check<T>(pulls<true, T>(to_wall, 0), 7 + 3 * 0.5, 7 + 5 * 2, 7 + 3 * (u1 - u0), 7 + 3, 7 + 5, 7 + 3 * (2 - 0.5));
    check<T>(pulls<true, T>(to_wall, 1), 7 + 3 * 2, 7, 7 + 3 * (u1 - u0), 7 + 3 * 4, 7, 7 + 3 * (2 - 0.5));
    const Interpolated<Wall, NormalEnergy<1>> from_wall(wall, normal, 0.25);
    check<T>(pulls<true, T>(from_wall, 0.25), 7 + 3 * (0.75 * 2 + 0.25 * 0.5), 7, 7 + 3 * (u0 - u1),  //
             7 + 3 * (0.75 * 4 + 0.25), 7, 7 + 3 * (0.5 - 2));
    check<T>(pulls<true, T>(from_wall, 0), 7 + 3 * 2, 7, 7 + 3 * (u0 - u1), 7 + 3 * 4, 7, 7 + 3 * (0.5 - 2));
    check<T>(pulls<true, T>(from_wall, 1), 7 + 3 * 0.5, 7 + 5 * 2, 7 + 3 * (u0 - u1), 7 + 3, 7 + 5, 7 + 3 * (0.5 - 2));
  }
}

}  // namespace math_path_energy
