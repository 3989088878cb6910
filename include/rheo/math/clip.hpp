// SPDX-License-Identifier: MIT
// clip: a number, a dual or a lane of them, held in an interval.
#pragma once

#include <algorithm>

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// x in [low, high], the nearer end outside.
template <class L> L clip(L x, L low, L high) {
  using std::max, std::min;
  return min(max(x, low), high);
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
