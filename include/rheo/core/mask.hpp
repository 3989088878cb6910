// SPDX-License-Identifier: MIT
// Masks: which coordinates a layer transforms and which it passes, in the type.  A mask is any type with
// transformed(j).
#pragma once

#include <array>
#include <cstddef>

#include "rheo/core/kind.hpp"

namespace rheo {

/// The first floor(D / 2) coordinates pass, the rest are transformed: of an odd number the larger part.
template <Index D> struct HalfMask {
  static constexpr bool transformed(Index j) { return j >= D / 2; }
};
/// All coordinates are transformed: for layers whose parameters need no coordinate that passes.
template <Index D> struct AllMask {
  static constexpr bool transformed(Index) { return true; }
};
/// Coordinates j with (j + Parity) odd are transformed.
template <Index D, Index Parity = 0> struct AlternatingMask {
  static constexpr bool transformed(Index j) { return (j + Parity) % 2 != 0; }
};
/// Mask<0, 1, 1, 0>: 1 is transformed, 0 passes.
template <int... Bits> struct Mask {
  static constexpr std::array<int, sizeof...(Bits)> bits{Bits...};
  static constexpr bool transformed(Index j) { return bits[static_cast<std::size_t>(j)] != 0; }
};
/// Rows are images of C x H x W numbers, channel-major: pixels (y, x) with (y + x + Parity) odd are transformed, in
/// every channel.
///   Dinh et al. 2017, arXiv:1605.08803, sec. 3.4.
template <Index C, Index H, Index W, Index Parity = 0> struct CheckerboardMask {
  static constexpr bool transformed(Index j) { return (j / W % H + j % W + Parity) % 2 != 0; }
};
/// Images again: Parity 0 passes the first ceil(C / 2) channels and transforms the rest, Parity 1 the other way round.
///   Dinh et al. 2017, arXiv:1605.08803, sec. 3.4.
template <Index C, Index H, Index W, Index Parity = 0> struct ChannelMask {
  static constexpr bool transformed(Index j) { return (j / (H * W) >= (C + 1) / 2) == (Parity % 2 == 0); }
};

namespace detail {

/// How many of D coordinates a mask transforms.
template <Index D, class M>
inline constexpr Index transformed_count = [] {
  Index n = 0;
  for (Index j = 0; j < D; ++j) n += M::transformed(j);
  return n;
}();
/// The supports of a layer that takes or gives `transformed` there; the others pass.
template <Index D, class M> constexpr Supports<D> masked_supports(Support transformed) {
  Supports<D> s{};
  for (Index j = 0; j < D; ++j) s[static_cast<std::size_t>(j)] = M::transformed(j) ? transformed : Support::any;
  return s;
}

}  // namespace detail
}  // namespace rheo
