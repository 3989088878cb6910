// SPDX-License-Identifier: MIT
// log Gamma with its slope, and the distribution functions of the gamma and beta laws on a log and a logit scale.
//   Stirling's series, Lentz's continued fractions: Press et al. 2007, Numerical Recipes, 3rd ed., sec. 6.1, 6.2, 6.4;
//   which side is summed directly: DiDonato and Morris 1986.
#pragma once

#include <cmath>

#include "rheo/math/root.hpp"
#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// log Gamma(x) and its slope, the digamma function, for x > 0: ten steps of the recurrence below 10, then Stirling.
/// Absolute error below 64 eps (1 + abs(f)), of the slope below 64 eps (1 + 1 / x).
template <class L> struct LogGamma { L f, slope; };
template <class L> LogGamma<L> log_gamma(L x) {
  using std::log;
  const auto low = x < L(10);
  L product(1), sum(0);
  for (int k = 0; k < 10; ++k) {
    const L a = select(low, x + L(k), L(1));
    product *= a, sum += L(1) / a;
  }
  const L y = select(low, x + L(10), x), r = L(1) / y, z = r * r, l = log(y);
  const L tail =
      L(1.0 / 12) -
      z * (L(1.0 / 360) - z * (L(1.0 / 1260) - z * (L(1.0 / 1680) - z * (L(1.0 / 1188) - z * L(691.0 / 360360)))));
  const L bend =
      L(1.0 / 12) -
      z * (L(1.0 / 120) - z * (L(1.0 / 252) - z * (L(1.0 / 240) - z * (L(1.0 / 132) - z * L(691.0 / 32760)))));
  return {(y - L(0.5)) * l - y + L(0.91893853320467274178) + r * tail - log(product),
          l - L(0.5) * r - z * bend - keep_where(low, sum)};
}

/// What a draw by quantile solves for: y with F(y) = u, as Graph of log F where u < 1/2, else of -log(1 - F).
/// quantile_target(u) is what it must reach.  `log_p` is the log-density in y, `log_part` log F or log(1 - F).
template <class L> Graph<L> quantile_graph(bool low, bool of_lower, L log_part, L log_p) {
  using std::exp;
  const L log_wanted = low == of_lower ? log_part : log1p_small(-exp(log_part));
  return {low ? log_wanted : -log_wanted, exp(log_p - log_wanted)};
}
inline double quantile_target(double u) { return u < 0.5 ? std::log(u) : -std::log1p(-u); }

/// Whether a factor of a continued fraction is 1, its tangents 0: a fraction that ends has tangents that go on.
template <class L> bool settled(L rest, int tolerance = 1) {
  using std::abs;
  if constexpr (autodiff::is_dual_v<L>) return settled(rest.a, tolerance) && settled(rest.b, 16);
  else return !(abs(rest) > L(tolerance) * std::numeric_limits<L>::epsilon());
}

/// The graph of the gamma law of shape k > 0 at x = e^y; numbers and duals.  `c` is log_gamma(k).f.
template <class L> Graph<L> gamma_graph(L y, L k, L c, bool low) {
  using std::exp, std::log;
  using T = ScalarOf<L>;
  const T eps = std::numeric_limits<T>::epsilon();
  const L x = exp(y), log_p = k * y - x - c;
  if (x < k + L(1)) {
    L term = L(1) / k, total = term;
    for (int n = 1; n < 20000 && autodiff::value_of(term) > eps * autodiff::value_of(total); ++n)
      term = term * (x / (k + L(n))), total += term;
    return quantile_graph<L>(low, true, log_p + log(total), log_p);
  }
  L b = x + L(1) - k, c_n = L(1e30), d = L(1) / b, h = d;
  for (int n = 1; n < 20000; ++n) {
    const L a = L(-n) * (L(n) - k);
    b += L(2), d = L(1) / (a * d + b), c_n = b + a / c_n;
    const L step = d * c_n;
    h *= step;
    if (settled(step - L(1))) break;
  }
  return quantile_graph<L>(low, false, log_p + log(h), log_p);
}

/// The graph of the beta law of a, b > 0 at x = sigmoid(y); numbers and duals.  `c` is log B(a, b).
template <class L> Graph<L> beta_graph(L y, L a, L b, L c, bool low) {
  using std::abs, std::log;
  using T = ScalarOf<L>;
  const T least = T(1e-30);
  const bool lower = sigmoid(y) * (a + b + L(2)) < a + L(1);
  const L log_p = -(a * softplus(-y) + b * softplus(y) + c);
  const L x = sigmoid(lower ? y : -y), p = lower ? a : b, q = lower ? b : a;
  const auto away = [&](L v) { return abs(autodiff::value_of(v)) < least ? L(least) : v; };
  L c_n(1), d = L(1) / away(L(1) - (p + q) * x / (p + L(1))), h = d;
  for (int n = 1; n < 20000; ++n) {
    const L m = L(n), two = m + m, even = m * (q - m) * x / ((p + two - L(1)) * (p + two)),
            odd = -(p + m) * (p + q + m) * x / ((p + two) * (p + two + L(1)));
    d = L(1) / away(L(1) + even * d), c_n = away(L(1) + even / c_n), h *= d * c_n;
    d = L(1) / away(L(1) + odd * d), c_n = away(L(1) + odd / c_n);
    const L step = d * c_n;
    h *= step;
    if (settled(step - L(1))) break;
  }
  return quantile_graph<L>(low, lower, log_p + log(h / p), log_p);
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
