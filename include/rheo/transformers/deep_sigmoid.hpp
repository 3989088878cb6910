// SPDX-License-Identifier: MIT
// DeepSigmoid: y = logit(sum_k w_k sigmoid(a_k x + b_k)), a_k > 0, the transformer of neural autoregressive flows.
//   Huang et al. 2018, arXiv:1804.00779, eq. 8 (DSF).
#pragma once

#include "rheo/transformers/cdf_mixture.hpp"

namespace rheo {

/// a = 1e-3 + (1 - 1e-3) softplus(s + log(e - 1)), 1 at s = 0; b free.
struct SlopeOffset {
  static constexpr double start = 0.54132485461291808;  // log(e - 1)
  template <class L> L scale(L s) const { return L(1e-3) + L(1 - 1e-3) * math::softplus(s + L(start)); }
  template <class L> L offset(L, L b, double place) const { return b - L(place); }
  template <class L> L scale_pull(L s, L, L, L g_a, L) const { return L(1 - 1e-3) * g_a * math::sigmoid(s + L(start)); }
  template <class L> L offset_pull(L, L g_b) const { return g_b; }
};

/// K sigmoids; 3 K + 1 parameters: w, s, b, and the gate of CdfMixtureTransformer, which the paper does not have.
/// Identity at zero; whole line to whole line; tails are lines.  log slope >= log 1e-6.  decode by root_between, closed
/// bracket.
template <Index K = 8> struct DeepSigmoid : CdfMixtureTransformer<DeepSigmoid<K>, K, math::LogisticCdf, SlopeOffset> {};

}  // namespace rheo
