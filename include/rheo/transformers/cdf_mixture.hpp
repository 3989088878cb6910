// SPDX-License-Identifier: MIT
// CdfMixtureTransformer: what DeepSigmoid, LogisticMixtureCdf and Gaussianization share: K components, and a guard on the slope.
#pragma once

#include <limits>

#include "rheo/math/cdf_mixture.hpp"
#include "rheo/transformers/affine.hpp"
#include "rheo/transformers/monotone.hpp"

namespace rheo {

/// y = (1 - m) F^-1(sum_k softmax(w)_k F(a_k x + b_k)) + m x with raw parameters w (K), scales (K), shifts (K).  Component makes a_k, b_k.
///
/// The share m of x is ours: between components that lie far apart the published slope underflows, and log of it is -infinity.  With it the slope is
/// at least m.  Raw zero is the identity: all components alike.  There the slopes in the K components coincide, so each raw scale and shift is
/// multiplied by a gain of its own, 1/2 to 3/2, without which they would stay alike for ever.
/// For abs(x) > Cdf::straight_from the map goes on as a line.
template <class Self, Index Count, class Cdf, class Component> struct CdfMixtureTransformer : MonotoneTransformer<Self> {
  static_assert(Count > 0, "rheo: a mixture wants a component at least");
  static constexpr std::size_t K = static_cast<std::size_t>(Count);
  static constexpr Index components = Count, params = 3 * Count;
  static constexpr double least_slope = 1e-3;
  Component component{};

  CdfMixtureTransformer() = default;
  explicit CdfMixtureTransformer(Component c) : component(c) {}

  template <class L, class Raw> math::CdfComponents<L, K> parts(Raw raw) const {
    math::CdfComponents<L, K> c;
    for (std::size_t k = 0; k < K; ++k) {
      c.w[k] = raw(index(k));
      const L s = L(gain(k)) * raw(Count + index(k));
      c.a[k] = component.scale(s);
      c.b[k] = component.offset(c.a[k], L(gain(k)) * raw(2 * Count + index(k)));
    }
    return c;
  }
  template <class L> math::Graph<L> graph(const math::CdfComponents<L, K>& c, L x) const {
    const L inner = math::clamp(x, L(-Cdf::straight_from), L(Cdf::straight_from));
    const auto m = Cdf::template at<false>(c, inner);
    const L slope = L(1 - least_slope) * m.slope + L(least_slope);
    return {L(1 - least_slope) * m.y + L(least_slope) * inner + slope * (x - inner), slope};
  }
  template <class L> struct Local {
    L slope, curvature, inner;
    math::CdfMixture<L, K> mixture;
  };
  template <class L> Local<L> local(const math::CdfComponents<L, K>& c, L x) const {
    using math::keep_where;
    const L inner = math::clamp(x, L(-Cdf::straight_from), L(Cdf::straight_from));
    Local<L> at{L(0), L(0), inner, Cdf::template at<true>(c, inner)};
    at.slope = L(1 - least_slope) * at.mixture.slope + L(least_slope);
    at.curvature = keep_where(inner == x, L(1 - least_slope) * at.mixture.curvature);
    return at;
  }
  /// y lies between the smallest and the largest of the lines (1 - m) (a_k x + b_k) + m x: each gives an end of the bracket.
  template <class L> L solve(const math::CdfComponents<L, K>& c, L y) const {
    using std::abs, std::max, std::min;
    L lo(0), hi(0);
    for (std::size_t k = 0; k < K; ++k) {
      const L x = (y - L(1 - least_slope) * c.b[k]) / (L(1 - least_slope) * c.a[k] + L(least_slope));
      lo = k == 0 ? x : min(lo, x), hi = k == 0 ? x : max(hi, x);
    }
    const L far = L(std::numeric_limits<math::ScalarOf<L>>::max()), margin = L(1e-3);
    const L start = L(0.5) * lo + L(0.5) * hi;
    lo = math::clamp(lo - margin * (L(1) + abs(lo)), -far, far), hi = math::clamp(hi + margin * (L(1) + abs(hi)), -far, far);
    return math::root_between([&](L x) { return graph(c, x); }, y, lo, hi, start);
  }
  template <class L, class Raw, class Give>
  void give_parameters(const Local<L>& at, const math::CdfComponents<L, K>& c, L x, Raw raw, L g_y, L g_slope, Give give) const {
    const L g_m = L(1 - least_slope) * g_y, g_ms = L(1 - least_slope) * (g_slope + g_y * (x - at.inner));
    for (std::size_t k = 0; k < K; ++k) {
      const L g_u = g_m * at.mixture.y_u[k] + g_ms * at.mixture.slope_u[k], g_a = g_u * at.inner + g_ms * at.mixture.y_u[k];
      give(index(k), g_m * at.mixture.y_w[k] + g_ms * at.mixture.slope_w[k]);
      give(Count + index(k), L(gain(k)) * component.scale_pull(L(gain(k)) * raw(Count + index(k)), c.a[k], c.b[k], g_a, g_u));
      give(2 * Count + index(k), L(gain(k)) * component.offset_pull(c.a[k], g_u));
    }
  }

 private:
  static constexpr Index index(std::size_t k) { return static_cast<Index>(k); }
  static constexpr double gain(std::size_t k) { return 0.5 + (static_cast<double>(k) + 0.5) / static_cast<double>(K); }
};

/// u = (x - m) e^-s with s softly bounded by +-bound: a location and a log-scale.
struct LocationScale {
  BoundedExp bound{4};
  template <class L> L scale(L s) const {
    using std::exp;
    return exp(-bound.log_scale(s));
  }
  template <class L> L offset(L a, L m) const { return -m * a; }
  template <class L> L scale_pull(L s, L a, L b, L g_a, L g_b) const { return -(a * g_a + b * g_b) * bound.slope(s, bound.log_scale(s)); }
  template <class L> L offset_pull(L a, L g_b) const { return -a * g_b; }
};

}  // namespace rheo
