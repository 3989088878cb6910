// SPDX-License-Identifier: MIT
// Bernstein: a Bernstein polynomial with increasing coefficients on [-B, B], straight lines outside.
//   Ramasinghe et al. 2021, arXiv:2102.03509, sec. 3;  Sick et al. 2020, arXiv:2004.00464, eq. 5.
#pragma once

#include <array>

#include "rheo/math/softplus.hpp"
#include "rheo/transformers/monotone.hpp"

namespace rheo {

/// Degree N >= 4; N - 1 parameters: a shift and N - 2 rises of the coefficients, each 1e-3 + (1 - 1e-3) softplus(raw +
/// log(e - 1)) times its share 2 B / N.
///
/// Identity at zero.  The first rise is taken twice, and the last, so that the second slope vanishes at +-B and the
/// lines outside, whose slopes are those rises, continue the polynomial twice continuously.  log slope >= log 1e-3.  B
/// = 5 by default.  decode by root_between inside, closed outside.
template <Index N = 16> struct Bernstein : MonotoneTransformer<Bernstein<N>> {
  static_assert(N >= 4, "rheo: Bernstein: the degree is 4 at least");
  static constexpr Index params = N - 1;
  static constexpr double least_rise = 1e-3, start = 0.54132485461291808;  // log(e - 1)
  double bound = 5;

  Bernstein() = default;
  /// Throws std::invalid_argument for a bound that is not positive and finite.
  explicit Bernstein(double b) : bound(detail::positive_bound("Bernstein", b)) {}

  /// rise[k] = theta_{k+1} - theta_k in units of its value at the identity.
  template <class L> struct Parts {
    L shift;
    std::array<L, N> rise;
  };
  template <class L, class Raw> Parts<L> parts(Raw raw) const {
    Parts<L> p;
    p.shift = raw(0);
    for (Index j = 0; j < N - 2; ++j) {
      p.rise[at(j + 1)] = L(least_rise) + L(1 - least_rise) * math::softplus(raw(1 + j) + L(start));
    }
    p.rise[0] = p.rise[1], p.rise[at(N - 1)] = p.rise[at(N - 2)];
    return p;
  }
  template <class L> math::Graph<L> graph(const Parts<L>& p, L x) const {
    const auto l = at_inner<false>(p, math::clamp(x, L(-bound), L(bound)));
    return {l.y + l.slope * (x - l.inner), l.slope};
  }
  template <class L> struct Local {
    L y, slope, curvature, inner;
    std::array<L, N> step, density;  // slopes of y and of the slope in rise[k]
  };
  template <class L> Local<L> local(const Parts<L>& p, L x) const {
    using math::keep_where;
    auto l = at_inner<true>(p, math::clamp(x, L(-bound), L(bound)));
    l.curvature = keep_where(l.inner == x, l.curvature);
    return l;
  }
  template <class L> L solve(const Parts<L>& p, L y) const {
    using math::select;
    const L lo = L(-bound), hi = L(bound), y_lo = at_inner<false>(p, lo).y, y_hi = at_inner<false>(p, hi).y;
    const auto under = y<y_lo, over = y> y_hi;
    const L inner =
        math::root_between([&](L x) { return graph(p, x); }, math::clamp(y, y_lo, y_hi), lo, hi, (y - p.shift));
    return select(under, lo + (y - y_lo) / p.rise[0], select(over, hi + (y - y_hi) / p.rise[at(N - 1)], inner));
  }
  template <class L, class Raw, class Give>
  void give_parameters(const Local<L>& l, const Parts<L>&, L x, Raw raw, L g_y, L g_slope, Give give) const {
    const L g_s = g_slope + g_y * (x - l.inner);
    const auto g = [&](Index k) { return g_y * l.step[at(k)] + g_s * l.density[at(k)]; };
    give(0, g_y);
    for (Index j = 0; j < N - 2; ++j) {
      L sum = g(j + 1);
      if (j == 0) sum = sum + g(0);
      if (j == N - 3) sum = sum + g(N - 1);
      give(1 + j, sum * L(1 - least_rise) * math::sigmoid(raw(1 + j) + L(start)));
    }
  }

 private:
  static constexpr std::size_t at(Index k) { return static_cast<std::size_t>(k); }
  static constexpr std::array<double, N> choose = [] {
    std::array<double, N> c{};
    c[0] = 1;
    for (std::size_t k = 1; k < c.size(); ++k)
      c[k] = c[k - 1] * static_cast<double>(c.size() - k) / static_cast<double>(k);
    return c;
  }();
  /// In [-B, B].  The slope is sum_k rise[k] b_{k,N-1}(t); y the shift plus 2 B / N sum_k rise[k] (C_k - 1/2), C_k the
  /// sum of b_{j,N} over j > k: the middle of the coefficients stands at the shift.
  template <bool Full, class L> Local<L> at_inner(const Parts<L>& p, L inner) const {
    const L t = (L(bound) + inner) * L(0.5 / bound), s = (L(bound) - inner) * L(0.5 / bound),
            unit = L(2 * bound / static_cast<double>(N));
    std::array<L, N> b;  // b_{k,N-1}
    L power(1);
    for (std::size_t k = 0; k < at(N); ++k) b[k] = L(choose[k]) * power, power = power * t;
    L top = power;  // b_{N,N} = t^N; going down, the sum of b_{j,N} over j > k by b_{j,N} = t b_{j-1,N-1} + s b_{j,N-1}
    power = L(1);
    for (std::size_t k = at(N); k-- > 0;) b[k] = b[k] * power, power = power * s;
    Local<L> l;
    l.inner = inner, l.y = L(0), l.slope = L(0), l.curvature = L(0);
    for (std::size_t k = at(N); k-- > 0;) {
      if (k + 1 < at(N)) top = top + t * b[k] + s * b[k + 1];
      const L step = unit * (top - L(0.5));
      l.y = l.y + p.rise[k] * step, l.slope = l.slope + p.rise[k] * b[k];
      if constexpr (Full) l.step[k] = step, l.density[k] = b[k];
    }
    l.y = l.y + p.shift;
    if constexpr (Full) {
      // b'_{k,N-1} = (N - 1) (b_{k-1,N-2} - b_{k,N-2}): the slope of the slope is a polynomial of the differences of
      // the rises.
      L t_power(1), s_power(1);
      std::array<L, N> d;
      double c = 1;
      for (std::size_t k = 0; k + 1 < at(N); ++k) {
        d[k] = L(c) * t_power, t_power = t_power * t;
        c = c * static_cast<double>(N - 2 - static_cast<Index>(k)) / static_cast<double>(k + 1);
      }
      for (std::size_t k = at(N) - 1; k-- > 0;)
        l.curvature = l.curvature + d[k] * s_power * (p.rise[k + 1] - p.rise[k]), s_power = s_power * s;
      l.curvature = l.curvature * L(static_cast<double>(N - 1) * 0.5 / bound);
    }
    return l;
  }
};

}  // namespace rheo
