// SPDX-License-Identifier: MIT
// Squeeze: space to depth: every 2 x 2 block of pixels becomes four channels of one pixel.
//   Dinh et al. 2017, arXiv:1605.08803, sec. 3.6.
#pragma once

#include "rheo/math/reorder.hpp"

namespace rheo {

namespace detail {
template <Index C, Index H, Index W> struct SpaceToDepth {
  static constexpr Index source(Index j) {
    const Index h = H / 2, w = W / 2, channel = j / (h * w), y = j / w % h, x = j % w;
    const Index c = channel / 4, dy = channel / 2 % 2, dx = channel % 2;
    return (c * H + 2 * y + dy) * W + 2 * x + dx;
  }
};
}  // namespace detail

/// Rows are C x H x W numbers, channel-major, H and W even; they come out as 4C x H/2 x W/2, channel 4 c + 2 dy + dx
/// holding the pixels (2 y + dy, 2 x + dx) of channel c.  V = 0; supports travel with their coordinates.
/// Invert<Squeeze> is depth to space.
template <Index C, Index H, Index W> struct Squeeze : detail::Reordered<C * H * W, detail::SpaceToDepth<C, H, W>> {
  static_assert(H % 2 == 0 && W % 2 == 0, "rheo: Squeeze: height and width must be even");
};

}  // namespace rheo
