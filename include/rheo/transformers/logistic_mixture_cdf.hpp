// SPDX-License-Identifier: MIT
// LogisticMixtureCdf: y = logit(sum_k w_k sigmoid((x - m_k) / s_k)) e^a + b, the transformer of Flow++.
//   Ho et al. 2019, arXiv:1902.00275, eqs. 8-11.
#pragma once

#include "rheo/transformers/cdf_mixture.hpp"

namespace rheo {

/// The mixture alone: everything but the affine map after it.
template <Index K>
struct LogisticMixture : CdfMixtureTransformer<LogisticMixture<K>, K, math::LogisticCdf, LocationScale> {
  LogisticMixture() = default;
  /// Throws std::invalid_argument for a bound that is not positive and finite.
  explicit LogisticMixture(double bound)
      : LogisticMixture::CdfMixtureTransformer(LocationScale{{detail::positive_bound("LogisticMixture", bound)}}) {}
};

/// K logistic components; 3 K + 3 parameters: weights' logits, log s, m, the gate of CdfMixtureTransformer, which the
/// paper does not have, then b and a. Identity at zero; whole line to whole line; tails are lines.  abs(log s_k) <
/// bound, 4 by default; a softly bounded by 2; log slope >= -bound - 8.91. decode by root_between, closed bracket.
template <Index K = 8> struct LogisticMixtureCdf {
  static constexpr Index params = 3 * K + 3;
  LogisticMixture<K> mixture{};
  ScaleShift<> affine{};

  LogisticMixtureCdf() = default;
  /// Throws std::invalid_argument for a bound that is not positive and finite.
  explicit LogisticMixtureCdf(double bound) : mixture(bound) {}
  template <class T> static constexpr double accuracy() { return LogisticMixture<K>::template accuracy<T>(); }

  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const {
    const Mapped<L> inner = mixture.encode(x, raw), outer = affine.encode(inner.y, after(raw));
    return {outer.y, inner.v + outer.v};
  }
  template <class L, class Raw> Mapped<L> decode(L y, Raw raw) const {
    const Mapped<L> outer = affine.decode(y, after(raw)), inner = mixture.decode(outer.y, raw);
    return {inner.y, inner.v + outer.v};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_y, L g_v, Raw raw, Give give) const {
    const L middle = mixture.graph(mixture.template parts<L>(raw), x).y;
    const L g = affine.encode_pull(middle, g_y, g_v, after(raw), [&](Index k, L value) { give(3 * K + 1 + k, value); });
    return mixture.encode_pull(x, g, g_v, raw, give);
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw raw, Give give) const {
    const L middle = mixture.graph(mixture.template parts<L>(raw), x).y;
    const L g = mixture.decode_pull(x, g_x, g_v, raw, give);
    return affine.decode_pull(middle, g, g_v, after(raw), [&](Index k, L value) { give(3 * K + 1 + k, value); });
  }

 private:
  template <class Raw> static auto after(Raw raw) {
    return [raw](Index k) { return raw(3 * K + 1 + k); };
  }
};

}  // namespace rheo
