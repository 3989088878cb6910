// SPDX-License-Identifier: MIT
// Modified Bessel functions as directional densities need them: log(e^-k I0(k)) and 1 - I1(k) / I0(k).
//   Abramowitz and Stegun, 9.6.10 (power series, all terms positive) below 25, 9.7.1 (Hankel's expansion) above.
#pragma once

#include <cmath>

#include "rheo/autodiff/dual.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// Both functions at one k >= 0, made in double: absolute error below 1e-14 in log_i0e; relative error below 1e-13 in
/// one_less_a.
struct BesselRatio {
  double log_i0e;     ///< log(e^-k I0(k)): 0 at 0, -log(2 pi k) / 2 far out
  double one_less_a;  ///< 1 - I1(k) / I0(k): 1 at 0, 1 / (2 k) far out; the slope of log_i0e is minus it
};
inline BesselRatio bessel_ratio(double k) {
  if (k < 25) {
    const double y = 0.25 * k * k;
    double term = 1, rest = 0, i1 = 1;  // I0 = 1 + rest, I1 = (k / 2) i1
    for (int n = 1; n < 80 && term > 1e-18 * (1 + rest); ++n) {
      term *= y / (static_cast<double>(n) * static_cast<double>(n));
      rest += term;
      i1 += term / (n + 1);
    }
    return {std::log1p(rest) - k, 1 - 0.5 * k * i1 / (1 + rest)};
  }
  const double x = 1 / (8 * k);
  double a = 1, b = 1, i0 = 1, less = 0;  // terms of I0 and I1, and the difference of the two sums
  for (int n = 1; n < 24; ++n) {
    const double m = 2 * n - 1, a_next = a * m * m * x / n, b_next = b * (m * m - 4) * x / n;
    if (std::abs(a_next) > std::abs(a)) break;  // the expansion has done what it can
    a = a_next, b = b_next;
    i0 += a;
    less += a - b;
    if (a < 1e-18) break;
  }
  return {std::log(i0) - 0.5 * std::log(6.283185307179586476925 * k), less / i0};
}

/// 1 - I1(k) / I0(k) on numbers and duals.  Slope: a^2 + a / k - 1 with a = I1 / I0.
template <class T> T one_less_bessel_ratio(T k) {
  if constexpr (autodiff::is_dual_v<T>) {
    using S = decltype(k.a);
    const S less = one_less_bessel_ratio(k.a), a = S(1) - less;
    const S ratio = k.a > S(1e-8) ? S(a / k.a) : S(0.5);
    return {less, S((a * a + ratio - S(1)) * k.b)};
  } else {
    return T(bessel_ratio(static_cast<double>(k)).one_less_a);
  }
}

/// log(e^-k I0(k)) on numbers and duals.
template <class T> T log_i0e(T k) {
  if constexpr (autodiff::is_dual_v<T>) {
    using S = decltype(k.a);
    return {log_i0e(k.a), S(-one_less_bessel_ratio(k.a) * k.b)};
  } else {
    return T(bessel_ratio(static_cast<double>(k)).log_i0e);
  }
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
