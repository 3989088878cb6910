// SPDX-License-Identifier: MIT
// CircularShift: z = x + t on the circle, so that circular splines need not keep -pi where it is.
//   Rezende et al. 2020, arXiv:2002.02428, sec. 2.1 (phase translation).
#pragma once

#include "rheo/transformers/spline_ends.hpp"

namespace rheo {

/// z = x + t turned into [-pi, pi], parameter (t); V = 0.
struct CircularShift {
  static constexpr Index params = 1;
  static constexpr Support x_support = Support::circle, z_support = Support::circle;
  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const { return {detail::wrap(x + raw(0)), L(0)}; }
  template <class L, class Raw> Mapped<L> decode(L z, Raw raw) const { return {detail::wrap(z - raw(0)), L(0)}; }
  template <class L, class Raw, class Give> L encode_pull(L, L g_z, L, Raw, Give give) const {
    give(0, g_z);
    return g_z;
  }
  template <class L, class Raw, class Give> L decode_pull(L, L g_x, L, Raw, Give give) const {
    give(0, -g_x);
    return g_x;
  }
};

}  // namespace rheo
