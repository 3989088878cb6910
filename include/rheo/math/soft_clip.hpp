// SPDX-License-Identifier: MIT
// soft_clip: a bounded stand-in for a, of slope 1 at 0.
#pragma once

#include "rheo/math/lane.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// a / (1 + |a| / c), between -c and c, slope 1 at 0; its slope is 1 / (1 + |a| / c)^2.
template <class L> L soft_clip(L a, double c) {
  using std::abs;
  return a / (L(1) + abs(a) * L(1 / c));
}
template <class L> L soft_clip_pull(L a, double c, L g) {
  using std::abs;
  const L r = L(1) / (L(1) + abs(a) * L(1 / c));
  return g * r * r;
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
