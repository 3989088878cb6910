// SPDX-License-Identifier: MIT
// Ends and floors of maps on intervals: no image beyond an end, whatever rounding does; the smallest bin; raw slopes
// beyond all sizes.
#include <algorithm>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "rheo/transformers/cubic_spline.hpp"
#include "rheo/transformers/linear_spline.hpp"
#include "rheo/transformers/quadratic_spline.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "rheo/transformers/rescale.hpp"
#include "splines.hpp"

namespace transformers_limits {
using namespace rheo_test;

namespace {
template <class T, class M> void keeps_to_its_bounds(const M& map) {
  const T B(5);
  const Index n = 4000;
  for (double scale : {1.0, 10.0, 1e30}) {
    const Batch<T> raw = normals<T>(n, M::params, 9, scale);
    for (T at :
         {B, std::nextafter(B, T(0)), std::nextafter(std::nextafter(B, T(0)), T(0)), -B, std::nextafter(-B, T(0))}) {
      const Batch<T> x = Batch<T>::Constant(n, 1, at);
      const auto there = run<true>(map, x, raw), back = run<false>(map, x, raw);
      INFO("raw numbers of " << scale << " at " << at);
      REQUIRE((there.y.allFinite() && there.v.allFinite() && back.y.allFinite() && back.v.allFinite()));
      REQUIRE((there.y.abs().maxCoeff() <= B && back.y.abs().maxCoeff() <= B));
    }
  }
}
}  // namespace

TEMPLATE_TEST_CASE("splines keep their bounds for themselves, at the bound and one ulp below", "", float, double) {
  keeps_to_its_bounds<TestType>(LinearSpline<8>());
  keeps_to_its_bounds<TestType>(QuadraticSpline<8>());
  keeps_to_its_bounds<TestType>(CubicSpline<8>());
  keeps_to_its_bounds<TestType>(RationalQuadraticSpline<8>());
  keeps_to_its_bounds<TestType>(RationalQuadraticSpline<8, NflowsKnots>());
}
TEMPLATE_TEST_CASE("Rescale decodes 1 to no more than its end, and 0 to no less", "", float, double) {
  using T = TestType;
  const Noise noise{3};
  const auto raw = [](Index) { return T(0); };
  for (Index i = 0; i < 20000; ++i) {
    const double a = noise.normal(i, 0) * std::exp(4 * noise.normal(i, 1)), b = a + std::exp(4 * noise.normal(i, 2));
    if (!(T(a) < T(b))) continue;
    const range::Rescale map(a, b);
    REQUIRE(map.decode(T(1), raw).y <= T(b));
    REQUIRE(map.decode(std::nextafter(T(1), T(0)), raw).y <= T(b));
    REQUIRE(map.decode(T(0), raw).y == T(a));
    REQUIRE(map.encode(T(b), raw).y == T(1));
    REQUIRE(map.encode(map.decode(T(1), raw).y, raw).v > -std::numeric_limits<T>::infinity());
  }
}
TEST_CASE("no bin of 64 is smaller than a 500th of the interval, and none of 200 than a quarter of the mean") {
  CHECK(SafeKnots().least<64>() == Approx(1.0 / 500).epsilon(1e-15));
  CHECK(SafeKnots().least<200>() == Approx(0.25 / 200).epsilon(1e-15));
  CHECK(SafeKnots().least<8>() == Approx(0.02 / 8).epsilon(1e-15));
  std::vector<double> raw(64, 0.0);
  raw[5] = 1e30;
  const auto w = math::SoftmaxBins<64, double>::of<false>([&](Index k) { return raw[static_cast<std::size_t>(k)]; }, 10,
                                                          SafeKnots().least<64>());
  for (Index k = 0; k < 64; ++k) CHECK(w[k] >= 10.0 / 500 * (1 - 1e-14));
}
TEMPLATE_TEST_CASE("raw slopes of 1e30 are slopes: 100 at most, and softplus of 1e6 for nflows' knots", "", float,
                   double) {
  using T = TestType;
  CHECK(static_cast<double>(SafeKnots().slope(T(1e30))) == Approx(100).epsilon(1e-5));
  CHECK(static_cast<double>(SafeKnots().slope(T(-1e30))) == Approx(0.01).epsilon(1e-5));
  CHECK(static_cast<double>(NflowsKnots().slope(T(1e30))) == Approx(1e6).epsilon(1e-5));
  CHECK(NflowsKnots().slope_pull(T(1e30), T(1), T(1)) == T(0));
  CHECK(NflowsKnots().slope_pull(T(1e5), T(1), T(1)) == T(1));
}
TEMPLATE_TEST_CASE("damped knots are safe knots of raw numbers divided by 8 and 2, in value and in cotangent", "",
                   float, double) {
  using T = TestType;
  const SafeKnots safe;
  const DampedKnots<8, 2> damped;
  for (const T a : {T(-30), T(-0.75), T(0), T(0.5), T(4), T(1e30)}) {
    const T slope = safe.slope(a), g = T(1.25);
    CHECK(damped.logit(8 * a) == safe.logit(a));
    CHECK(damped.slope(2 * a) == slope);
    CHECK(damped.end(2 * a) == safe.end(a));
    CHECK(8 * damped.logit_pull(8 * a, g) == safe.logit_pull(a, g));
    CHECK(2 * damped.slope_pull(2 * a, slope, g) == safe.slope_pull(a, slope, g));
    CHECK(2 * damped.end_pull(2 * a, g) == safe.end_pull(a, g));
  }
}

}  // namespace transformers_limits
