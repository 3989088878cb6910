// SPDX-License-Identifier: MIT
// Inverses never give a NaN, whatever the logits and wherever the point: random points, knots, one ulp beside, float
// and double.  The round trip is |f(f^-1(y)) - y|, both in the scalar at hand; benchmarks/compare/spline_inverse.cpp
// has the long run and the table.
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "rheo/transformers/cubic_spline.hpp"
#include "rheo/transformers/linear_rational_spline.hpp"
#include "rheo/transformers/linear_spline.hpp"
#include "rheo/transformers/quadratic_spline.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "splines.hpp"

namespace transformers_spline_inverse {
using namespace rheo_test;

namespace {

/// Points on the y side: three in five anywhere, two in five on a knot or one ulp beside it; with no heights among the
/// raw numbers, anywhere.
template <Index K, class T, class M>
Batch<T> targets(const M& map, const Batch<T>& raw, Index first_height, std::uint64_t key) {
  Batch<T> y(raw.rows(), 1);
  const Noise noise{key};
  for (Index i = 0; i < y.rows(); ++i) {
    y(i, 0) = T(10 * noise.uniform(i, 0) - 5);
    if (first_height < 0 || noise.uniform(i, 1) < 0.6) continue;
    const auto at = knots<K, T>(map.knots, raw, i, first_height, -5, 5);
    const T knot = at[static_cast<std::size_t>(noise.index(i, 2, K + 1))];
    const auto side = noise.index(i, 3, 3);
    y(i, 0) = side == 0 ? knot : std::nextafter(knot, side == 1 ? T(-9) : T(9));
  }
  return y;
}

/// The largest |f(f^-1(y)) - y| over eps bound (1 + slope), slope the steepest within 2 eps bound of f^-1(y): x's own
/// rounding, times the slope, is in every round trip.
template <Index K, class T, class M> double worst(const M& map, double scale, Index first_height) {
  const Index n = 25000;  // times 4 scales: 1e5 inversions a spline and scalar
  const Batch<T> raw = normals<T>(n, M::params, 7, scale), y = targets<K, T>(map, raw, first_height, 8);
  const auto x = run<false>(map, y, raw);
  REQUIRE(x.y.allFinite());
  REQUIRE(x.v.allFinite());
  const T unit = T(5) * std::numeric_limits<T>::epsilon();
  const auto there = run<true>(map, x.y, raw);
  const auto slope = [&](T by) {
    return run<true>(map, Batch<T>((x.y + by).max(T(-5)).min(T(5))), raw).v.exp().eval();
  };
  const Column<T> steepest = slope(T(0)).max(slope(2 * unit)).max(slope(-2 * unit));
  return static_cast<double>(((there.y - y).abs().col(0) / (unit * (T(1) + steepest))).maxCoeff());
}

template <Index K, class M> void holds(const M& map, Index first_height) {
  for (double scale : {1., 3., 6., 10., 1e30}) {
    INFO("logit scale " << scale);
    CHECK(worst<K, float>(map, scale, first_height) < 8);
    CHECK(worst<K, double>(map, scale, first_height) < 8);
  }
}

}  // namespace

TEST_CASE("rational-quadratic inverses give no NaN and come back within rounding") {
  holds<8>(RationalQuadraticSpline<8>(), 8);
  holds<8>(RationalQuadraticSpline<8, NflowsKnots>(), 8);
  holds<32>(RationalQuadraticSpline<32>(), 32);
}
TEMPLATE_TEST_CASE("linear-rational inverses give no NaN and come back within rounding", "", float, double) {
  using T = TestType;
  // Where a bin is parted its slope may pass any knot's within less than an ulp of x: the room is what 2 eps of x move.
  const auto hold = [](const auto& map) {
    const Index n = 25000;
    const T unit = T(5) * std::numeric_limits<T>::epsilon();
    for (double scale : {1., 3., 6., 10., 1e30}) {
      const Batch<T> raw = normals<T>(n, map.params, 7, scale), y = targets<8, T>(map, raw, 8, 8);
      const auto x = run<false>(map, y, raw);
      REQUIRE((x.y.allFinite() && x.v.allFinite()));
      const auto at = [&](T by) { return run<true>(map, Batch<T>((x.y + by).max(T(-5)).min(T(5))), raw).y; };
      const Batch<T> room = unit + (at(2 * unit) - at(-2 * unit));
      INFO("logit scale " << scale);
      CHECK(((at(T(0)) - y).abs() / room).maxCoeff() < 12);  // 4 eps of a bin as high as the box and its foot
    }
  };
  hold(LinearRationalSpline<8>());
  hold(LinearRationalSpline<8, NflowsKnots>());
}
TEST_CASE("linear, quadratic and cubic inverses give no NaN and come back within rounding") {
  holds<8>(LinearSpline<8>(), 0);
  holds<8>(QuadraticSpline<8>(), -1);
  holds<8>(CubicSpline<8>(), 8);
}
TEST_CASE("the cubic's inverse keeps its residual where closed formulas cancel") {
  // leading coefficient zero, tiny, and huge; slopes at zero and at the border of monotony
  const double s = 1, tiny = 1e-12;
  for (const auto& [d0, d1] : {std::pair{1., 1.},
                               {1 + tiny, 1.},
                               {0.75, 1.25},
                               {tiny, tiny},
                               {tiny, 3.},
                               {2.999, 2.999},
                               {3., tiny},
                               {1e-3, 2e-3}}) {
    const math::MonotoneCubicBin<double> bin{0, 0, 1, s, d0, d1};
    for (double y : {0., 1e-300, 1e-17, 1e-3, 0.3, 0.5, 0.7, 1 - 1e-16, 1.}) {
      const auto x = bin.inverse(y);
      INFO(d0 << " " << d1 << " " << y);
      CHECK(std::abs(bin.value(x.at).at - y) <= math::monotone_cubic_accuracy<double>());
    }
  }
}

}  // namespace transformers_spline_inverse
