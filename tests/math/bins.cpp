// SPDX-License-Identifier: MIT
// One bin of a spline, over bins of all shapes and points close to either end: the inverse keeps the residual that its
// document states.
#include <algorithm>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/math/monotone_cubic.hpp"

namespace math_bins {
using namespace rheo;

namespace {

/// The largest |y(x(t)) - t| over eps (|y| + h + slope (|x| + w)), slope the steepest within eps (|x| + w) of x(t).
/// `slopes(a, b)`: two numbers in (0, 1) to slopes over h / w at the ends.
template <class Bin, class T, class Slopes> double worst(std::uint64_t key, Slopes slope) {
  const double eps = std::numeric_limits<T>::epsilon();
  double largest = 0;
  for (Index i = 0; i < 400'000; ++i) {
    const Noise noise{key};
    auto u = [&](Index j) { return noise.uniform(i, j); };
    const T w = T(std::exp(10 * u(0) - 8)), h = T(std::exp(10 * u(1) - 8)), s = h / w;
    const Bin bin{T(10 * u(2) - 5), T(10 * u(3) - 5), w, h, T(slope(u(4)) * s), T(slope(u(5)) * s)};
    const double part = u(6) < 0.4 ? u(7) : std::exp(-30 * u(7)), y = bin.y;
    const T top = bin.y + h, t = std::min(top, std::max(bin.y, T(u(6) < 0.7 ? y + h * part : y + h * (1 - part))));
    const auto x = bin.inverse(t);
    const T by = T(eps) * (std::abs(bin.x) + w);
    const T steepest = std::exp(std::max({bin.value(x.at).v, bin.value(x.at - by).v, bin.value(x.at + by).v}));
    const double error = std::abs(static_cast<double>(bin.value(x.at).at) - static_cast<double>(t));
    const double unit = eps * (std::abs(static_cast<double>(bin.y)) + h +
                               static_cast<double>(steepest) * (std::abs(static_cast<double>(bin.x)) + w));
    if (!(error <= largest * unit)) largest = error / unit;
    if (std::isnan(largest)) break;
  }
  return largest;
}

}  // namespace

TEMPLATE_TEST_CASE("a rational-quadratic bin's inverse is right to 4 eps", "", float, double) {
  auto any = [](double u) { return std::exp(18 * u - 9); };
  CHECK(worst<math::RationalQuadraticBin<TestType>, TestType>(1, any) < 4);
}
TEMPLATE_TEST_CASE("a cubic bin's inverse is right to 8 eps", "", float, double) {
  auto lawful = [](double u) {
    return u < 0.3 ? 3 * std::exp(-40 * u) : u < 0.6 ? 3 * (1 - std::exp(-40 * (u - 0.3))) : 3 * (u - 0.6) / 0.4;
  };
  CHECK(worst<math::MonotoneCubicBin<TestType>, TestType>(2, lawful) < 8);
}
TEST_CASE("steep to flat within a rational-quadratic bin, close to its top") {
  const math::RationalQuadraticBin<double> bin{-1.49204, -0.204619, 1.55056, 0.250833, 82.7782, 0.0313861};
  const double t = 0.0462138, off = bin.value(bin.inverse(t).at).at - t;
  CHECK(std::abs(off) < 4 * std::numeric_limits<double>::epsilon() * 0.5);
}

}  // namespace math_bins
