// SPDX-License-Identifier: MIT
// Gaussianization: y = Phi^-1(sum_k w_k Phi((x - m_k) / s_k)), a mixture's distribution function followed by the normal
// quantile.
//   Meng et al. 2020, arXiv:2003.01941, eqs. 5-7, with normal components where the paper's experiments take logistic
//     ones: a logistic tail would make
//   y grow as sqrt(x), and raw zero would not be the identity.
#pragma once

#include "rheo/transformers/cdf_mixture.hpp"

namespace rheo {

/// K normal components; 3 K + 1 parameters: weights' logits, log s, m, and the gate of CdfMixtureTransformer, which the
/// paper does not have.  Identity at zero; whole line to whole line; tails are lines, exactly so for abs(x) > 1e4.
/// abs(log s_k) < bound, 4 by default; log slope >= -bound - 6.91. decode by root_between, closed bracket.
template <Index K = 8>
struct Gaussianization : CdfMixtureTransformer<Gaussianization<K>, K, math::NormalCdf, LocationScale> {
  Gaussianization() = default;
  /// Throws std::invalid_argument for a bound that is not positive and finite.
  explicit Gaussianization(double bound)
      : Gaussianization::CdfMixtureTransformer(LocationScale{{detail::positive_bound("Gaussianization", bound)}}) {}
};

}  // namespace rheo
