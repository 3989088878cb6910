// SPDX-License-Identifier: MIT
// LowRankLinear: z = diag(e^s) (I + U U') x + b, U of D x R: diagonal plus low rank, n D R operations in both
// directions.
//   Determinant lemma and Woodbury 1950.
#pragma once

#include "rheo/math/low_rank.hpp"

namespace rheo {

/// V = sum s + log det(I + U' U), exact, s = 10 tanh(a / 10).  I + U U' is positive definite, so every parameter is
/// invertible.  Starts as the identity, up to rounding: U at the first R unit vectors, where I + U U' is 2 and e^s is
/// 1/2.
template <Index D, Index R> struct LowRankLinear : math::FactoredLinear<D, 1, math::LowRank<D, R>, math::Diagonal<D>> {
  using Base = math::FactoredLinear<D, 1, math::LowRank<D, R>, math::Diagonal<D>>;
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    Base::init(theta, buffers, noise);
    for (Index j = 0; j < R; ++j)
      theta.data()[D * R + j] = T(math::log_diagonal_bound * std::atanh(-std::log(2.0) / math::log_diagonal_bound));
  }
};

}  // namespace rheo
