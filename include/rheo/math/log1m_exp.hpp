// SPDX-License-Identifier: MIT
// 1 - e^-x and its logarithm, safe at both ends; numbers, duals and lanes alike.
//   Kahan's correction by the rounding of e^-x;  Maechler 2012, "Accurately computing log(1 - exp(-|a|))".
#pragma once

#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// 1 - e^-x for x >= 0.  Slope: e^-x.  Relative error below 8 eps.
template <class L> L one_minus_exp(L x) {
  using std::exp, std::log, std::min;
  if constexpr (autodiff::is_dual_v<L>) {
    return -expm1(-x);
  } else {
    const L held = min(x, L(1)), u = exp(-held), d = u - L(1);
    const L corrected = select(d == L(0), held, d * held / select(d == L(0), L(1), log(u)));
    return select(x < L(0.7), corrected, L(1) - exp(-x));
  }
}

/// log(1 - e^-x) for x > 0: log x near zero, -e^-x far away.  Slope: e^-x / (1 - e^-x).
template <class L> L log1m_exp(L x) {
  using std::exp, std::log, std::max, std::min;
  return select(x < L(0.7), log(one_minus_exp(min(x, L(0.7)))), log1p_small(-exp(-max(x, L(0.7)))));
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
