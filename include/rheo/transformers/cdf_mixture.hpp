// SPDX-License-Identifier: MIT
// CdfMixtureTransformer: what DeepSigmoid, LogisticMixtureCdf and Gaussianization share: K components, and a line
// beside them.
#pragma once

#include <limits>

#include "rheo/math/cdf_mixture.hpp"
#include "rheo/transformers/affine.hpp"
#include "rheo/transformers/monotone.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// y = k G(x) + (1 - k) (A x + B), G(x) = F^-1(sum_j softmax(w)_j F(a_j x + b_j)), A and B the means of a_j and b_j.
/// Raw parameters: w (K), scales (K), shifts (K), gate r.  Component makes a_j and b_j, the shifts counted from K
/// places spread over [-1.5, 1.5].
///
/// The published map is G alone.  The line is there for two reasons.  Between components far apart the slope of G
/// underflows, and its log is -infinity: with k <= 0.999 the slope stays above A / 1000.  And G is the identity only
/// where all components are alike, where nothing tells them how to part (the first derivatives of the likelihood, for
/// normal components the first three, see only A and B); with k = 0 at raw zero the map is the identity while the
/// components stand apart, and k has a gradient.  k = 0.999 tanh(r / 0.999) for r >= 0, tanh(2 K r) / (2 K) for r < 0,
/// where G' <= max a_j <= K A keeps the slope above A / 2.  For abs(x) > Cdf::straight_from the map goes on as a line.
template <class Self, Index Count, class Cdf, class Component>
struct CdfMixtureTransformer : MonotoneTransformer<Self> {
  static_assert(Count > 0, "rheo: a mixture wants a component at least");
  static constexpr std::size_t K = static_cast<std::size_t>(Count);
  static constexpr Index components = Count, params = 3 * Count + 1;
  Component component{};

  CdfMixtureTransformer() = default;
  explicit CdfMixtureTransformer(Component c) : component(c) {}

  template <class L> struct Parts {
    math::CdfComponents<L, K> c;
    L k, A, B;
  };
  template <class L, class Raw> Parts<L> parts(Raw raw) const {
    using std::tanh;
    Parts<L> p;
    p.A = L(0), p.B = L(0);
    for (std::size_t j = 0; j < K; ++j) {
      p.c.w[j] = raw(index(j));
      p.c.a[j] = component.scale(raw(Count + index(j)));
      p.c.b[j] = component.offset(p.c.a[j], raw(2 * Count + index(j)), place(j));
      p.A = p.A + L(1 / static_cast<double>(K)) * p.c.a[j], p.B = p.B + L(1 / static_cast<double>(K)) * p.c.b[j];
    }
    const L r = raw(3 * Count), end = gate_end(r);
    p.k = end * tanh(r / end);
    return p;
  }
  template <class L> math::Graph<L> graph(const Parts<L>& p, L x) const {
    const L inner = math::clamp(x, L(-Cdf::straight_from), L(Cdf::straight_from)), rest = L(1) - p.k;
    const auto m = Cdf::template at<false>(p.c, inner);
    const L slope = p.k * m.slope + rest * p.A;
    return {p.k * m.y + rest * (p.A * inner + p.B) + slope * (x - inner), slope};
  }
  template <class L> struct Local {
    L slope, curvature, inner;
    math::CdfMixture<L, K> mixture;
  };
  template <class L> Local<L> local(const Parts<L>& p, L x) const {
    using math::keep_where;
    const L inner = math::clamp(x, L(-Cdf::straight_from), L(Cdf::straight_from));
    Local<L> at{L(0), L(0), inner, Cdf::template at<true>(p.c, inner)};
    at.slope = p.k * at.mixture.slope + (L(1) - p.k) * p.A;
    at.curvature = keep_where(inner == x, p.k * at.mixture.curvature);
    return at;
  }
  /// G lies between the smallest and the largest a_j x + b_j, y between the lines that these make of it: each gives an
  /// end of the bracket.
  template <class L> L solve(const Parts<L>& p, L y) const {
    using std::abs, std::max, std::min;
    L lo(0), hi(0);
    const L rest = L(1) - p.k;
    for (std::size_t j = 0; j < K; ++j) {
      const L x = (y - (p.k * p.c.b[j] + rest * p.B)) / (p.k * p.c.a[j] + rest * p.A);
      lo = j == 0 ? x : min(lo, x), hi = j == 0 ? x : max(hi, x);
    }
    const L limit = L(std::numeric_limits<math::ScalarOf<L>>::max()), margin = L(1e-3),
            start = L(0.5) * lo + L(0.5) * hi;
    lo = math::clamp(lo - margin * (L(1) + abs(lo)), -limit, limit),
    hi = math::clamp(hi + margin * (L(1) + abs(hi)), -limit, limit);
    return math::root_between([&](L x) { return graph(p, x); }, y, lo, hi, start);
  }
  template <class L, class Raw, class Give>
  void give_parameters(const Local<L>& at, const Parts<L>& p, L x, Raw raw, L g_y, L g_slope, Give give) const {
    using std::tanh;
    const L g_s = g_slope + g_y * (x - at.inner), share = (L(1) - p.k) * L(1 / static_cast<double>(K)),
            g_A = share * (g_y * at.inner + g_s);
    for (std::size_t j = 0; j < K; ++j) {
      const L g_u = p.k * (g_y * at.mixture.y_u[j] + g_s * at.mixture.slope_u[j]);
      const L g_a = g_u * at.inner + p.k * g_s * at.mixture.y_u[j] + g_A, g_b = g_u + share * g_y;
      give(index(j), p.k * (g_y * at.mixture.y_w[j] + g_s * at.mixture.slope_w[j]));
      give(Count + index(j), component.scale_pull(raw(Count + index(j)), p.c.a[j], p.c.b[j], g_a, g_b));
      give(2 * Count + index(j), component.offset_pull(p.c.a[j], g_b));
    }
    const L r = raw(3 * Count), end = gate_end(r), t = p.k / end;
    give(3 * Count, (g_y * (at.mixture.y - p.A * at.inner - p.B) + g_s * (at.mixture.slope - p.A)) * (L(1) - t * t));
  }

 private:
  static constexpr Index index(std::size_t j) { return static_cast<Index>(j); }
  static constexpr double place(std::size_t j) {
    return 1.5 * ((2 * static_cast<double>(j) + 1) / static_cast<double>(K) - 1);
  }
  template <class L> static L gate_end(L r) {
    using math::select;
    return select(r < L(0), L(0.5 / static_cast<double>(K)), L(0.999));
  }
};

/// u = (x - m) e^-s with s softly bounded by +-bound: a location and a log-scale.
struct LocationScale {
  BoundedExp bound{4};
  template <class L> L scale(L s) const {
    using std::exp;
    return exp(-bound.log_scale(s));
  }
  template <class L> L offset(L a, L m, double place) const { return -(m + L(place)) * a; }
  template <class L> L scale_pull(L s, L a, L b, L g_a, L g_b) const {
    return -(a * g_a + b * g_b) * bound.slope(s, bound.log_scale(s));
  }
  template <class L> L offset_pull(L a, L g_b) const { return -a * g_b; }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
