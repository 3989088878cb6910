// SPDX-License-Identifier: MIT
// soft_clamp: a smooth, odd, bounded stand-in for x, exactly x in the middle: it gives maps that live on an interval
// the whole line.
#pragma once

#include "rheo/math/root.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// c(x), and its first and second slope: 1 and 0 inside, 0 and 0 outside.
template <class L> struct SoftClamp { L c, slope, curvature; };

/// c(x) = x for abs(x) <= B; its slope falls to 0 over B <= abs(x) <= B + width as 1 - 3 t^2 + 2 t^3, so that c is
/// twice continuously differentiable; abs(c) <= B + width / 2.  f(c(x)) + x - c(x) then carries a map f with f' > 0 on
/// [-B - width / 2, B + width / 2] to the line: f itself inside, slope c' f'(c) + 1 - c' > 0, slope 1 far out, and no
/// overflow anywhere.
template <class L> SoftClamp<L> soft_clamp(L x, double B, double width) {
  using std::abs, std::min;
  const L size = abs(x), t = clamp((size - L(B)) * L(1 / width), L(0), L(1)), t2 = t * t;
  const auto negative = x < L(0);
  const L c = select(size > L(B), L(B) + L(width) * t * (L(1) - t2 + L(0.5) * t2 * t), size),
          bend = L(-6 / width) * t * (L(1) - t);
  return {select(negative, -c, c), L(1) - t2 * (L(3) - L(2) * t), select(negative, -bend, bend)};
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
