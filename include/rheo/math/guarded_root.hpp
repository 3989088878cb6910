// SPDX-License-Identifier: MIT
// The root of an increasing function in a bracket: Newton's steps, halved where they leave it.  Press et al., Numerical Recipes, 3rd ed., sec. 9.4.
#pragma once

#include <cmath>
#include <limits>

namespace rheo::math {

/// `residual` is f at x; solved when it is within the tolerance, or when no number stands between the ends of the bracket.
template <class S> struct Root {
  S x, residual;
  bool solved;
};
/// What f gives at a point.
template <class S> struct ValueSlope {
  S value, slope;
};

/// f(x) must give the ValueSlope of an increasing function with f(low) <= 0 <= f(high), up to rounding.  Not solved where that fails.
template <class S, class F> Root<S> guarded_root(F f, S low, S high, S start, S tolerance) {
  S x = start > low && start < high ? start : low + (high - low) / 2, best = std::numeric_limits<S>::infinity(), at = x;
  for (int i = 0; i < 2200; ++i) {  // halving alone needs at most as many as a double has exponents and digits
    const auto y = f(x);
    if (!(std::abs(y.value) <= std::numeric_limits<S>::max())) return {std::numeric_limits<S>::quiet_NaN(), y.value, false};
    if (std::abs(y.value) < best) best = std::abs(y.value), at = x;
    if (best <= tolerance) return {at, best, true};
    (y.value < 0 ? low : high) = x;
    const S middle = low + (high - low) / 2, newton = x - y.value / y.slope;
    if (!(middle > low && middle < high)) return {at, best, true};
    x = newton > low && newton < high && i % 4 != 3 ? newton : middle;
  }
  return {at, best, false};
}

}  // namespace rheo::math
