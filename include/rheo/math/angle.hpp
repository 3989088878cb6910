// SPDX-License-Identifier: MIT
// Angles: the representative in [-pi, pi) of a number modulo 2 pi.
#pragma once

#include <cmath>
#include <numbers>

#include "rheo/autodiff/dual.hpp"

namespace rheo::math {

/// x modulo 2 pi (as double rounds it), in [-pi, pi) as T rounds its ends; slope 1.  Error: that of x, plus 1e-16
/// abs(x).  NaN for inf and NaN.
template <class T> T wrap_angle(T x) {
  using S = decltype(autodiff::value_of(x));
  const S value = autodiff::value_of(x), half = static_cast<S>(std::numbers::pi);
  S y = static_cast<S>(std::remainder(static_cast<double>(value), 2 * std::numbers::pi));
  if (y >= half || y < -half) y = -half;  // rounding
  return (x - T(value)) + T(y);
}

}  // namespace rheo::math
