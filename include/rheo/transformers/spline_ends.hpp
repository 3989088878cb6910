// SPDX-License-Identifier: MIT
// What happens at the ends of a spline's interval: LinearTails (the identity beyond), OnUnit (nothing beyond), OnCircle
// (the ends are one point).
//
// A Core maps Box's [left, right] onto [bottom, top], with
//   static constexpr Index params;   Box box;
//   map<Encode>(L at, raw)                                  Mapped: value or inverse of an inner point, and log dy/dx
//   pull<Encode>(L x, L g_out, L g_v, raw, give)            as a transformer's pulls, x inside
// Points are clamped into the interval before any arithmetic and the results chosen afterwards: a point outside cannot
// reach its neighbours, nor the gradients, as a NaN.  Its cotangents are set to zero before the Core sees them.
#pragma once

#include <cmath>
#include <limits>
#include <numbers>
#include <string>

#include "rheo/math/clip.hpp"
#include "rheo/transformers/transformer.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::detail {

using math::both, math::select, math::keep_where;

/// [left, right] goes to [bottom, top].
struct Box {
  double left, right, bottom, top;
  static Box symmetric(double bound) {
    if (!(bound > 0 && std::isfinite(bound)))
      fail("a spline's bound must be positive and finite, got " + std::to_string(bound));
    return {-bound, bound, -bound, bound};
  }
  static constexpr Box unit() { return {0, 1, 0, 1}; }
  static constexpr Box circle() { return {-std::numbers::pi, std::numbers::pi, -std::numbers::pi, std::numbers::pi}; }
};

/// A floor on K bins must leave something to distribute.
inline void check_bins(Index K, double least) {
  if (!(static_cast<double>(K) * least < 1))
    fail(std::to_string(K) + " bins of at least " + std::to_string(least) + " do not fit into the interval");
}

template <class L> L clamp(L x, double low, double high) { return math::clip(x, L(low), L(high)); }

/// Inside the interval the Core, outside the identity (V = 0); the bounds belong to the inside.  Round trip:
/// |f(f^-1(z)) - z| stays below 8 eps bound (1 + slope), slope the steepest within rounding of f^-1(z).
template <class Core> struct LinearTails : Core {
  using Core::box, Core::Core;
  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const { return run<true>(x, raw); }
  template <class L, class Raw> Mapped<L> decode(L z, Raw raw) const { return run<false>(z, raw); }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw raw, Give give) const {
    return back<true>(x, g_z, g_v, raw, give);
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw raw, Give give) const {
    return back<false>(x, g_x, g_v, raw, give);
  }

 private:
  template <bool Encode, class L, class Raw> Mapped<L> run(L at, Raw raw) const {
    const auto inside = both(L(box.left) <= at, at <= L(box.right));
    const auto m = Core::template map<Encode>(clamp(at, box.left, box.right), raw);
    // rounding must not push an inner point's image out: the other direction would take it for an outer one
    return {select(inside, clamp(m.y, box.left, box.right), at), keep_where(inside, m.v)};
  }
  template <bool Encode, class L, class Raw, class Give> L back(L x, L g_out, L g_v, Raw raw, Give give) const {
    const auto inside = both(L(box.left) <= x, x <= L(box.right));
    const L g = Core::template pull<Encode>(clamp(x, box.left, box.right), keep_where(inside, g_out),
                                            keep_where(inside, g_v), raw, give);
    return select(inside, g, g_out);
  }
};

/// [0, 1] onto itself.  Outside: the point itself, V = -inf, no gradient.
template <class Core> struct OnUnit : Core {
  static constexpr Support x_support = Support::unit, z_support = Support::unit;
  using Core::box, Core::Core;
  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const { return run<true>(x, raw); }
  template <class L, class Raw> Mapped<L> decode(L z, Raw raw) const { return run<false>(z, raw); }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw raw, Give give) const {
    return back<true>(x, g_z, g_v, raw, give);
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw raw, Give give) const {
    return back<false>(x, g_x, g_v, raw, give);
  }

 private:
  template <bool Encode, class L, class Raw> Mapped<L> run(L at, Raw raw) const {
    const auto inside = both(L(0) <= at, at <= L(1));
    const auto m = Core::template map<Encode>(clamp(at, 0, 1), raw);
    return {select(inside, clamp(m.y, 0, 1), at), select(inside, m.v, L(-std::numeric_limits<double>::infinity()))};
  }
  template <bool Encode, class L, class Raw, class Give> L back(L x, L g_out, L g_v, Raw raw, Give give) const {
    const auto inside = both(L(0) <= x, x <= L(1));
    const L g =
        Core::template pull<Encode>(clamp(x, 0, 1), keep_where(inside, g_out), keep_where(inside, g_v), raw, give);
    return keep_where(inside, g);
  }
};

/// x moved by whole turns into [-pi, pi]; points that are there stay as they are.
template <class L> L wrap(L x) {
  using std::floor;
  const double pi = std::numbers::pi;
  const L turned = clamp(x - L(2 * pi) * floor((x + L(pi)) * L(0.5 / pi)), -pi, pi);
  return select(both(L(-pi) <= x, x <= L(pi)), x, turned);
}

/// [-pi, pi) onto itself with -pi fixed.  Points outside are turned in first.
template <class Core> struct OnCircle : Core {
  static constexpr Support x_support = Support::circle, z_support = Support::circle;
  using Core::Core;
  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const { return Core::template map<true>(wrap(x), raw); }
  template <class L, class Raw> Mapped<L> decode(L z, Raw raw) const { return Core::template map<false>(wrap(z), raw); }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw raw, Give give) const {
    return Core::template pull<true>(wrap(x), g_z, g_v, raw, give);
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw raw, Give give) const {
    return Core::template pull<false>(wrap(x), g_x, g_v, raw, give);
  }
};

}  // namespace rheo::detail

#include "rheo/platform/macros_on.hpp"
