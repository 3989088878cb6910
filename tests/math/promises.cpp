// SPDX-License-Identifier: MIT
// The errors that the documents of small functions state, against the same in longer numbers or by quadrature, over
// points of all sizes.
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

#include "catch.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/math/angle.hpp"
#include "rheo/math/bessel.hpp"
#include "rheo/math/lane.hpp"
#include "rheo/math/log1m_exp.hpp"
#include "rheo/math/points.hpp"
#include "rheo/math/softplus.hpp"

namespace math_promises {
using namespace rheo;

namespace {
/// Points in [low, high], two in five of them close to 0 on a scale of exponents.
template <class T, class Check> void over(double low, double high, Check check) {
  const Noise noise{3};
  for (Index i = 0; i < 40000; ++i) {
    const double u = noise.uniform(i, 0), tiny = std::exp(-40 * noise.uniform(i, 2));
    const double x = u < 0.2 && low <= 0   ? std::max(low, -tiny)
                     : u < 0.4 && low <= 0 ? std::min(high, tiny)
                                           : low + (high - low) * noise.uniform(i, 1);
    check(T(x));
  }
}
template <class T> double error(T found, long double truth) {
  return static_cast<double>(std::abs(static_cast<long double>(found) - truth) / std::abs(truth));
}
}  // namespace

TEMPLATE_TEST_CASE("softplus, sigmoid and log(1 - e^-x) err by the eps stated", "", float, double) {
  using T = TestType;
  const double eps = std::numeric_limits<T>::epsilon();
  const double low = sizeof(T) > 4 ? -700 : -80;
  double plus = 0, sig = 0, one = 0, small = 0;
  over<T>(-80, 200, [&](T x) {
    plus = std::max(plus, error(math::softplus(x), std::log1p(std::exp(static_cast<long double>(x)))));
  });
  over<T>(low, 100,
          [&](T x) { sig = std::max(sig, error(math::sigmoid(x), 1 / (1 + std::exp(-static_cast<long double>(x))))); });
  over<T>(0, 80, [&](T x) {
    if (x > T(0)) one = std::max(one, error(math::one_minus_exp(x), -std::expm1(-static_cast<long double>(x))));
  });
  over<T>(0, 1, [&](T x) {
    if (x > T(0)) small = std::max(small, error(math::log1p_small(x), std::log1p(static_cast<long double>(x))));
  });
  CHECK(plus < 8 * eps);
  CHECK(sig < 4 * eps);
  CHECK(one < 8 * eps);
  CHECK(small < 4 * eps);
}
TEMPLATE_TEST_CASE("the exponential of lanes errs by 2 eps, and keeps its ends", "", float, double) {
  using T = TestType;
  constexpr std::size_t size = static_cast<std::size_t>(math::Lane<T>::size);
  const T inf = std::numeric_limits<T>::infinity(), none = std::numeric_limits<T>::quiet_NaN();
  const T top = sizeof(T) > 4 ? T(709.78271289338397) : T(88.722831), low = sizeof(T) > 4 ? T(-708.39) : T(-87.33);
  std::vector<T> x = {0, -0.0, 1, -1, top, low, std::nextafter(low, T(0)), inf, std::nextafter(top, inf) * T(1.0001)};
  for (T far : {T(-1e3), T(-1e30), -inf}) x.push_back(far);
  // a NaN whose payload would, were it added to, become a number
  for (T odd : {none, -none, platform::bit_cast<T>(platform::bit_cast<typename math::ExpOf<T>::Bits>(none) + 0x81)})
    x.push_back(odd);
  const std::size_t edges = x.size();
  over<T>(static_cast<double>(low), static_cast<double>(top), [&](T number) { x.push_back(number); });
  while (x.size() % size != 0) x.push_back(T(0.5));
  std::vector<T> y(x.size());
  math::sweep<T>(static_cast<Index>(x.size()), [&](auto at, Index i) {
    using std::exp;
    at.store(&y[static_cast<std::size_t>(i)], exp(at.load(&x[static_cast<std::size_t>(i)])));
  });
  double worst = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    CAPTURE(i, x[i], y[i]);
    if (std::isnan(x[i])) REQUIRE(std::isnan(y[i]));
    else if (x[i] > top) REQUIRE(y[i] == inf);
    else if (x[i] < low) REQUIRE((y[i] >= 0 && y[i] <= std::exp(low) * T(1.001)));
    else worst = std::max(worst, error(y[i], std::exp(static_cast<long double>(x[i]))));
  }
  CHECK(edges == 15);
  CHECK(worst < 2 * std::numeric_limits<T>::epsilon());
}

TEST_CASE("Bessel functions err by what is stated, on both sides of where the series ends") {
  // trapezoid sums over the circle of e^(k (cos - 1)), exact to rounding with 400 nodes
  for (double k = 0.01; k < 60; k += 0.0777) {
    long double i0 = 0, less = 0;
    for (int n = 0; n < 400; ++n) {
      const long double half = std::numbers::pi_v<long double> * n / 400, s = std::sin(half),
                        w = std::exp(-2 * k * s * s);
      i0 += w / 400, less += w * 2 * s * s / 400;
    }
    const auto b = math::bessel_ratio(k);
    INFO("k " << k);
    REQUIRE(std::abs(static_cast<double>(b.log_i0e - std::log(i0))) < 1e-14);
    REQUIRE(error(b.one_less_a, less / i0) < 1e-13);
  }
}
TEST_CASE("log n! errs by less than n eps, relatively") {
  for (Index n : {2, 5, 20, 100, 1000})
    CHECK(error(math::log_factorial(n), std::lgamma(static_cast<long double>(n + 1))) <
          static_cast<double>(n) * 0x1p-52);
}
TEST_CASE("angles lose no more than x's own rounding and 1e-16 of it") {
  const long double turn = 2 * std::numbers::pi_v<double>;
  over<double>(-1e6, 1e6, [&](double x) {
    const double z = math::wrap_angle(x);
    const long double off = std::abs(std::remainder(static_cast<long double>(x) - z, turn));
    REQUIRE(static_cast<double>(off) <= 1e-16 * std::abs(x) + 0x1p-52 * 4);
  });
}

}  // namespace math_promises
