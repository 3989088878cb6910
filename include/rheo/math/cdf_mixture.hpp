// SPDX-License-Identifier: MIT
// A mixture's distribution function sent back to the line by the quantile function of its own kind: logit of a mixture
// of logistic distributions, Phi^-1 of a mixture of normal ones.  In log space, so that both tails are straight lines
// and no digit is lost in them.
#pragma once

#include <array>
#include <cstddef>

#include "rheo/math/normal_quantile.hpp"
#include "rheo/math/root.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// K components F(a_k x + b_k), a_k >= 0, with weights softmax(w).
template <class L, std::size_t K> struct CdfComponents { std::array<L, K> w, a, b; };

/// y(x) = F^-1(sum_k softmax(w)_k F(u_k)), u_k = a_k x + b_k, its slope in x, and what a pull reads.
template <class L, std::size_t K> struct CdfMixture {
  L y, slope, curvature;              ///< y, y', y'' in x at fixed components
  std::array<L, K> y_u, y_w;          ///< the slopes of y in u_k and w_k; the slope of y' in a_k at fixed u_k is y_u
  std::array<L, K> slope_u, slope_w;  ///< those of y'
};

/// Logistic F: y between the smallest and the largest u_k.  With p_k, q_k the components' shares of the mixture S and
/// of 1 - S, dy/du_k = p_k (1 - F_k) + q_k F_k: sums of positive terms, without cancellation in either tail.  Any x
/// with a_k x finite.
struct LogisticCdf {
  static constexpr double straight_from = 1e30;

  template <bool Full, class L, std::size_t K> static CdfMixture<L, K> at(const CdfComponents<L, K>& c, L x) {
    using std::abs, std::exp, std::log, std::max, std::min;
    std::array<L, K> f, g, low, high, p, q;  // F, 1 - F, logits of the shares
    L top_p(0), top_q(0), sum_p(0), sum_q(0);
    for (std::size_t k = 0; k < K; ++k) {
      const L u = c.a[k] * x + c.b[k], e = exp(-abs(u)), r = L(1) / (L(1) + e);
      const auto negative = u < L(0);
      f[k] = select(negative, e * r, r), g[k] = select(negative, r, e * r), p[k] = r;
      low[k] = c.w[k] + min(u, L(0)), high[k] = c.w[k] - max(u, L(0));
      top_p = k == 0 ? low[k] : max(top_p, low[k]), top_q = k == 0 ? high[k] : max(top_q, high[k]);
    }
    for (std::size_t k = 0; k < K; ++k) {
      q[k] = exp(high[k] - top_q) * p[k], p[k] = exp(low[k] - top_p) * p[k];
      sum_p = sum_p + p[k], sum_q = sum_q + q[k];
    }
    CdfMixture<L, K> m;
    m.y = top_p - top_q + log(sum_p / sum_q);
    L P(0), Q(0);
    for (std::size_t k = 0; k < K; ++k) {
      p[k] = p[k] / sum_p, q[k] = q[k] / sum_q;
      P = P + c.a[k] * (p[k] * g[k]), Q = Q + c.a[k] * (q[k] * f[k]);
    }
    m.slope = P + Q;
    if constexpr (Full) {
      m.curvature = L(0);
      for (std::size_t k = 0; k < K; ++k) {
        m.y_u[k] = p[k] * g[k] + q[k] * f[k];
        m.y_w[k] = p[k] - q[k];
        m.slope_u[k] = c.a[k] * m.y_u[k] * (g[k] - f[k]) - p[k] * g[k] * P + q[k] * f[k] * Q;
        m.slope_w[k] = c.a[k] * m.y_u[k] - p[k] * P - q[k] * Q;
        m.curvature = m.curvature + c.a[k] * m.slope_u[k];
      }
    }
    return m;
  }
};

/// Normal F.  On the side where the mixture is small, with q_k the shares of 1 - S and M Mills' ratio, dy/du_k = q_k
/// M(y) / M(u_k). a_k x up to 1e9 in size: squares must stay far from the end of float.
struct NormalCdf {
  static constexpr double straight_from = 1e4;

  template <bool Full, class L, std::size_t K> static CdfMixture<L, K> at(const CdfComponents<L, K>& c, L x) {
    using std::abs, std::exp, std::log, std::max;
    std::array<L, K> u, ratio, tail, lesser, w, q;  // M(abs u), -log phi(u), Q(abs u), the weights
    L top_w = c.w[0], sum_w(0), left(0), right(0);
    for (std::size_t k = 1; k < K; ++k) top_w = max(top_w, c.w[k]);
    for (std::size_t k = 0; k < K; ++k) {
      u[k] = c.a[k] * x + c.b[k];
      tail[k] = L(0.5) * u[k] * u[k] + L(half_log_2pi), ratio[k] = mills(abs(u[k]));
      lesser[k] = exp(-tail[k]) * ratio[k], w[k] = exp(c.w[k] - top_w), sum_w = sum_w + w[k];
      const auto negative = u[k] < L(0);
      left = left + w[k] * select(negative, lesser[k], L(1) - lesser[k]),
      right = right + w[k] * select(negative, L(1) - lesser[k], lesser[k]);
    }
    const auto upper = right < left;  // which tail is the small one
    L top(0), total(0);
    for (std::size_t k = 0; k < K; ++k) {
      const auto outward = select(upper, u[k], -u[k]) < L(0);  // the component's mass beyond x is the large one
      q[k] = c.w[k] - top_w + select(outward, log1m_small(lesser[k]), log(ratio[k]) - tail[k]);
      top = k == 0 ? q[k] : max(top, q[k]);
    }
    for (std::size_t k = 0; k < K; ++k) q[k] = exp(q[k] - top), total = total + q[k];
    const L z = normal_tail_quantile(top + log(total / sum_w)), m_z = mills(z), sign = select(upper, L(1), L(-1));
    CdfMixture<L, K> m;
    m.y = sign * z, m.slope = L(0);
    for (std::size_t k = 0; k < K; ++k) {
      const auto outward = sign * u[k] < L(0);
      q[k] = q[k] / total, w[k] = w[k] / sum_w;
      m.y_u[k] = q[k] * m_z * select(outward, exp(-tail[k]) / (L(1) - lesser[k]), L(1) / ratio[k]);
      m.slope = m.slope + c.a[k] * m.y_u[k];
    }
    if constexpr (Full) {
      m.curvature = L(0);
      for (std::size_t k = 0; k < K; ++k) {
        m.y_w[k] = sign * (w[k] - q[k]) * m_z;
        m.slope_u[k] = m.y_u[k] * (m.y * m.slope - c.a[k] * u[k]);
        m.slope_w[k] = c.a[k] * m.y_u[k] - w[k] * m.slope + m.y * m.slope * m.y_w[k];
        m.curvature = m.curvature + c.a[k] * m.slope_u[k];
      }
    }
    return m;
  }
};

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
