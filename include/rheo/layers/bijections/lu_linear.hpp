// SPDX-License-Identifier: MIT
// LuLinear: z = P L U x + b, with a fixed permutation P, L unit lower triangular, U upper triangular with diagonal e^s.
// LuMixing: without P.
//   Kingma and Dhariwal 2018, arXiv:1807.03039, sec. 3.2, eq. 10;  Oliva et al. 2018, arXiv:1801.09819.
#pragma once

#include "rheo/math/triangular.hpp"

namespace rheo {

/// V = sum s, exact, s = 10 tanh(a / 10): invertible for every parameter; both directions cost n D^2.  Starts at the
/// permutation, drawn or given; P is a buffer "order": z_j = y_(order_j).  The condition grows with the off-diagonal
/// numbers, which are free.
template <Index D>
struct LuLinear
    : math::FactoredLinear<D, 1, math::Triangle<D, false, false>, math::Triangle<D, true, true>, math::Shuffle<D>> {
  LuLinear() = default;
  /// Throws std::invalid_argument unless `order` is a permutation of 0 .. D - 1.
  explicit LuLinear(const std::array<Index, static_cast<std::size_t>(D)>& order) {
    std::get<2>(this->factors) = math::Shuffle<D>(order);
  }
  template <class P> static auto unpack_buffers(P p) { return p.vector(D, "order"); }
};

/// LuLinear without its permutation, z = L U x + b: starts as the identity, as what mixes coordinates between couplings
/// should.
template <Index D>
struct LuMixing : math::FactoredLinear<D, 1, math::Triangle<D, false, false>, math::Triangle<D, true, true>> {};

}  // namespace rheo
