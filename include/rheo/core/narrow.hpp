// SPDX-License-Identifier: MIT
// Whether a number survives in another type: finite numbers that become infinite there, or 0, are found where they are
// cast and not where they end.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <cmath>
#include <type_traits>

namespace rheo::detail {

/// How a number fares in another type: kept up to rounding; too_large, infinite there though finite here; too_small, 0
/// there though not 0 here.
enum class Narrowed { kept, too_large, too_small };

template <class U, class T> Narrowed narrowed(T x) {
  if constexpr (std::is_floating_point_v<U> && std::is_floating_point_v<T>) {
    const U y = static_cast<U>(x);
    if (std::isinf(y) && !std::isinf(x)) return Narrowed::too_large;
    if (y == U(0) && x != T(0)) return Narrowed::too_small;
  }
  return Narrowed::kept;
}

}  // namespace rheo::detail
