// SPDX-License-Identifier: MIT
// whole_part, whole_above: floor and ceiling of quotients and products of decimals, that rounding must not bring past a
// whole number.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <cmath>
#include <limits>

namespace rheo::math {

/// floor(x), x >= 0; the next whole number where x is below it by no more than 4 eps of it, as 0.3 / 0.1 below 3 and
/// 0.29 * 100 below 29.
inline double whole_part(double x) {
  const double above = std::ceil(x);
  return above - x <= 4 * std::numeric_limits<double>::epsilon() * above ? above : std::floor(x);
}

/// The ceiling of the same: of 0.07 * 100, a little above 7, it is 7.
inline double whole_above(double x) {
  const double below = std::floor(x);
  return x - below <= 4 * std::numeric_limits<double>::epsilon() * below ? below : std::ceil(x);
}

}  // namespace rheo::math
