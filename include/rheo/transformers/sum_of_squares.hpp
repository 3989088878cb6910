// SPDX-License-Identifier: MIT
// SumOfSquares: a polynomial whose slope is a sum of squares of polynomials.
//   Jaini et al. 2019, arXiv:1905.02325, eq. 8.
#pragma once

#include <array>
#include <cmath>

#include "rheo/math/soft_clamp.hpp"
#include "rheo/transformers/monotone.hpp"

namespace rheo {

/// P(x) = b + m x + (1 - m) int_0^x sum_k p_k(u)^2 du with K polynomials p_k of degree R: a polynomial of degree 2 R +
/// 1; 1 + K (R + 1) parameters: b, then the coefficients of p_1, p_2, ... by rising power, those of power zero counted
/// from k sqrt(6 / (K (K + 1) (2 K + 1))), so that the squares sum to one.
///
/// Identity at zero.  The share m = 1e-3 is ours: squares may have a common zero, where the published slope is 0.  So
/// is the outside: beyond abs(x) = B = 3 the polynomial is led by soft_clamp over a width B to lines of slope 1.  And
/// so is the bound: the published coefficients are free, and where a net meets no data they make slopes like 1e6 and
/// log p like -1e19.  The coefficients r_k of p_k count as r_k / sqrt(1 + D / M), D the sum of (r_ki (1.5 B)^i)^2 and
/// (R + 1) M = 900: small ones as they are, and the squares never sum to more than 31^2 whatever the numbers given. log
/// 1e-3 <= log slope < log 962, twice continuously differentiable, whole line to whole line.  decode by root_between
/// inside, closed outside.
template <Index K = 3, Index R = 3> struct SumOfSquares : MonotoneTransformer<SumOfSquares<K, R>> {
  static_assert(K >= 1 && R >= 0, "rheo: SumOfSquares: one polynomial at least");
  static constexpr Index params = 1 + K * (R + 1);
  static constexpr double least_slope = 1e-3;
  static constexpr double most = 900 / static_cast<double>(R + 1);  // M
  double bound = 3;

  SumOfSquares() = default;
  /// Throws std::invalid_argument for a bound that is not positive and finite.
  explicit SumOfSquares(double b) : bound(detail::positive_bound("SumOfSquares", b)) {}

  template <class L> struct Parts {
    L shift;
    std::array<std::array<L, R + 1>, K> a;
    std::array<L, 2 * R + 1> square;  // coefficients of the sum of squares, over power + 1
    L held;                           // 1 / sqrt(1 + D / M)
  };
  template <class L, class Raw> Parts<L> parts(Raw raw) const {
    using std::sqrt;
    Parts<L> p;
    p.shift = raw(0);
    p.square.fill(L(0));
    L D(0);
    for (std::size_t r = 0; r <= at(R); ++r) {
      for (std::size_t k = 0; k < at(K); ++k) {
        const L weighed = raw(index(k, r)) * L(reach(r));
        D = D + weighed * weighed;
      }
    }
    p.held = L(1) / sqrt(L(1) + D * L(1 / most));
    for (std::size_t k = 0; k < at(K); ++k) {
      for (std::size_t r = 0; r <= at(R); ++r) p.a[k][r] = raw(index(k, r)) * p.held;
      p.a[k][0] =
          p.a[k][0] + L(static_cast<double>(k + 1) * std::sqrt(6.0 / static_cast<double>(K * (K + 1) * (2 * K + 1))));
      for (std::size_t r = 0; r <= at(R); ++r) {
        for (std::size_t s = 0; s <= at(R); ++s) p.square[r + s] = p.square[r + s] + p.a[k][r] * p.a[k][s];
      }
    }
    for (std::size_t i = 0; i < p.square.size(); ++i) p.square[i] = p.square[i] * L(1 / static_cast<double>(i + 1));
    return p;
  }
  template <class L> math::Graph<L> graph(const Parts<L>& p, L x) const {
    const auto l = local(p, x);
    return {l.y, l.slope};
  }
  template <class L> struct Local {
    L y, slope, curvature;
    math::SoftClamp<L> c;
    std::array<L, K> value;  // p_k(c)
  };
  template <class L> Local<L> local(const Parts<L>& p, L x) const {
    Local<L> l;
    l.c = math::soft_clamp(x, bound, bound);
    const L c = l.c.c;
    L integral(0), squares(0), bend(0);
    for (std::size_t i = p.square.size(); i-- > 0;) integral = (integral * c) + p.square[i];
    for (std::size_t k = 0; k < at(K); ++k) {
      L u(0), d(0);
      for (std::size_t r = at(R) + 1; r-- > 0;) d = d * c + u, u = u * c + p.a[k][r];
      l.value[k] = u, squares = squares + u * u, bend = bend + L(2) * u * d;
    }
    const L slope = L(least_slope) + L(1 - least_slope) * squares;
    l.y = p.shift + c * (L(least_slope) + L(1 - least_slope) * integral) + (x - c);
    l.slope = slope * l.c.slope + (L(1) - l.c.slope);
    l.curvature = L(1 - least_slope) * bend * l.c.slope * l.c.slope + (slope - L(1)) * l.c.curvature;
    return l;
  }
  template <class L> L solve(const Parts<L>& p, L y) const {
    using math::select;
    const L hi = L(2 * bound), lo = -hi, y_lo = local(p, lo).y, y_hi = local(p, hi).y;
    const L inner =
        math::root_between([&](L x) { return graph(p, x); }, math::clamp(y, y_lo, y_hi), lo, hi, y - p.shift);
    return select(y < y_lo, lo + (y - y_lo), select(y > y_hi, hi + (y - y_hi), inner));
  }
  template <class L, class Raw, class Give>
  void give_parameters(const Local<L>& l, const Parts<L>& p, L, Raw raw, L g_y, L g_slope, Give give) const {
    give(0, g_y);
    const L c = l.c.c, g_square = L(2 * (1 - least_slope)) * g_slope * l.c.slope,
            g_integral = L(2 * (1 - least_slope)) * g_y;
    std::array<std::array<L, R + 1>, K> g;
    L along(0);  // what all coefficients lose when D rises
    for (std::size_t k = 0; k < at(K); ++k) {
      L power(1);
      for (std::size_t r = 0; r <= at(R); ++r) {
        L integral(0);  // int_0^c p_k(u) u^r du
        for (std::size_t s = at(R) + 1; s-- > 0;)
          integral = integral * c + p.a[k][s] * L(1 / static_cast<double>(r + s + 1));
        g[k][r] = power * (g_integral * integral * c + g_square * l.value[k]);
        along = along + g[k][r] * (raw(index(k, r)) * p.held);
        power = power * c;
      }
    }
    along = along * p.held * L(1 / most);
    for (std::size_t k = 0; k < at(K); ++k) {
      for (std::size_t r = 0; r <= at(R); ++r) {
        give(index(k, r), p.held * g[k][r] - along * (raw(index(k, r)) * p.held) * L(reach(r) * reach(r)));
      }
    }
  }

 private:
  static constexpr std::size_t at(Index k) { return static_cast<std::size_t>(k); }
  static constexpr Index index(std::size_t k, std::size_t r) {
    return 1 + static_cast<Index>(k) * (R + 1) + static_cast<Index>(r);
  }
  double reach(std::size_t r) const { return std::pow(1.5 * bound, static_cast<double>(r)); }
};

}  // namespace rheo
