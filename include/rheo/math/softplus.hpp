// SPDX-License-Identifier: MIT
// softplus, sigmoid and their logarithms, safe at both ends; numbers, duals and lanes alike.
#pragma once

#include "rheo/math/lane.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// log(1 + e) for e in [0, 1].  Relative error below 4 eps (Kahan's correction by the rounding of 1 + e).
template <class L> L log1p_small(L e) {
  using std::log;
  const L u = L(1) + e;
  if constexpr (autodiff::is_dual_v<L>) {
    return log1p(e);
  } else {
    const L d = u - L(1);
    return select(d == L(0), e, log(u) * (e / select(d == L(0), L(1), d)));
  }
}

/// log(1 + e^x), finite for every finite x, e^x far below zero.  Slope: sigmoid(x).  Relative error below 8 eps on
/// [-80, inf).
template <class L> L softplus(L x) {
  using std::abs, std::exp, std::max;
  return max(x, L(0)) + log1p_small(exp(-abs(x)));
}

/// 1 / (1 + e^-x), in [0, 1].  Slope: s (1 - s).  Relative error below 4 eps while the result is normal.
template <class L> [[gnu::always_inline]] inline L sigmoid(L x) {
  using std::abs, std::exp;
  const L e = exp(-abs(x)), r = L(1) / (L(1) + e);
  return select(x < L(0), e * r, r);
}

/// log(1 / (1 + e^-x)).  Slope: sigmoid(-x).
template <class L> L log_sigmoid(L x) { return -softplus(-x); }

/// log softplus(x): x far below zero, log x far above.  Slope: sigmoid(x) / softplus(x).
template <class L> L log_softplus(L x) {
  using std::log, std::max;
  const L low = L(-30);  // below it softplus is e^x to 1e-13 relative
  return select(x < low, x, log(softplus(max(x, low))));
}

/// The slope of log_softplus: 1 far below zero, 1 / x far above.
template <class L> L log_softplus_slope(L x) {
  using std::max;
  const L low = L(-30), u = max(x, low);
  return select(x < low, L(1), sigmoid(u) / softplus(u));
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
