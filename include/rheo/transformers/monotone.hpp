// SPDX-License-Identifier: MIT
// MonotoneTransformer: what increasing maps without a closed inverse share: decode by a root, both pulls from one set
// of derivatives.
//   The implicit function theorem: with y = f(x; a) and s = df/dx, a cotangent G of x is G / s for y and -G / s df/da
//     for a.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "rheo/math/root.hpp"
#include "rheo/transformers/transformer.hpp"

namespace rheo {

namespace detail {
/// b, the bound that `who` was given.  Throws std::invalid_argument unless it is positive and finite.
inline double positive_bound(const char* who, double b) {
  if (!(b > 0 && std::isfinite(b)))
    fail(std::string(who) + ": the bound must be positive and finite, got " + std::to_string(b));
  return b;
}
}  // namespace detail

/// Makes a transformer of Self, which owes
///   parts<L>(raw)                    the parameters, made from the raw ones once a call
///   graph(parts, x)                  math::Graph: value and slope
///   local(parts, x)                  y, slope, curvature (the slope's slope in x), and whatever give_parameters reads
///   solve(parts, y)                  x, numbers and lanes only
///   give_parameters(local, parts, x, raw, g_y, g_slope, give)
template <class Self> struct MonotoneTransformer {
  /// decode leaves a residual of at most 4 eps (1 + abs(y)) or a bracket no wider than 4 eps abs(x), and one Newton
  /// step improves on it.
  template <class T> static constexpr double accuracy() {
    return 16 * static_cast<double>(std::numeric_limits<T>::epsilon());
  }

  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const {
    using std::log;
    const auto m = self().graph(self().template parts<L>(raw), x);
    return {m.y, log(m.slope)};
  }
  template <class L, class Raw> Mapped<L> decode(L y, Raw raw) const {
    using std::log;
    const auto parts = self().template parts<L>(raw);
    L x;
    if constexpr (autodiff::is_dual_v<L>) {
      using S = math::ScalarOf<L>;
      x = L(self().solve(self().template parts<S>([&](Index k) { return S(autodiff::value_of(raw(k))); }),
                         S(autodiff::value_of(y))));
      x = math::lift_root([&](L at) { return self().graph(parts, at); }, y, x);
    } else {
      x = self().solve(parts, y);
    }
    return {x, log(self().graph(parts, x).slope)};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_y, L g_v, Raw raw, Give give) const {
    const auto parts = self().template parts<L>(raw);
    const auto at = self().local(parts, x);
    const L g_slope = g_v / at.slope;
    self().give_parameters(at, parts, x, raw, g_y, g_slope, give);
    return g_y * at.slope + g_slope * at.curvature;
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw raw, Give give) const {
    const auto parts = self().template parts<L>(raw);
    const auto at = self().local(parts, x);
    const L g_slope = g_v / at.slope, g_y = (g_x + g_slope * at.curvature) / at.slope;
    self().give_parameters(at, parts, x, raw, -g_y, g_slope, give);
    return g_y;
  }

 private:
  const Self& self() const { return static_cast<const Self&>(*this); }
};

}  // namespace rheo
