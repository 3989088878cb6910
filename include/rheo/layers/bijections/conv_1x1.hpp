// SPDX-License-Identifier: MIT
// Conv1x1: Glow's invertible 1 x 1 convolution: the channels of every pixel mixed by one matrix W = P L U.
//   Kingma and Dhariwal 2018, arXiv:1807.03039, sec. 3.2, eqs. 9-11.
#pragma once

#include "rheo/math/triangular.hpp"

namespace rheo {

/// Rows are C x H x W numbers, channel-major.  V = H W sum s, exact, s = 10 tanh(a / 10): invertible for every
/// parameter.  With a bias per channel (Glow leaves it to ActNorm).  Starts at the permutation of channels, drawn or
/// given, not at Glow's random rotation.
template <Index C, Index H, Index W>
struct Conv1x1
    : math::FactoredLinear<C, H * W, math::Triangle<C, false, false>, math::Triangle<C, true, true>, math::Shuffle<C>> {
  Conv1x1() = default;
  /// Throws std::invalid_argument unless `order` is a permutation of 0 .. C - 1.
  explicit Conv1x1(const std::array<Index, static_cast<std::size_t>(C)>& order) {
    std::get<2>(this->factors) = math::Shuffle<C>(order);
  }
  template <class P> static auto unpack_buffers(P p) { return p.vector(C, "order"); }
};

}  // namespace rheo
