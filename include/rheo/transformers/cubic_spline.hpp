// SPDX-License-Identifier: MIT
// CubicSpline: K bins, a monotone cubic in each, slopes at the inner knots by Steffen's rule.
//   Steffen 1990, A&A 239, 443;  Durkan et al. 2019, arXiv:1906.02145, sec. 3.
#pragma once

#include <array>

#include "rheo/math/bins.hpp"
#include "rheo/math/monotone_cubic.hpp"
#include "rheo/transformers/knots.hpp"
#include "rheo/transformers/spline_ends.hpp"

namespace rheo {

namespace detail {

/// The spline on a box.  Raw numbers: K widths, K heights, the slopes at the left and the right end.
template <Index K, class Knots> struct CubicCore {
  static_assert(K > 0, "rheo: a spline has at least one bin");
  static constexpr Index params = 2 * K + 2;
  static constexpr bool smooth = false;  // V has corners at the knots, Steffen's rule has in the parameters
  template <class T> static constexpr double accuracy() { return math::monotone_cubic_accuracy<T>(); }
  Knots knots;
  Box box;

  CubicCore(Box b, Knots k) : knots(k), box(b) { check_bins(K, knots.template least<K>()); }

  template <bool Encode, class L, class Raw> Mapped<L> map(L at, Raw raw) const {
    const auto s = find<Encode>(at, raw);
    const auto p = Encode ? s.bin.value(at) : s.bin.inverse(at);
    return {p.at, p.v};
  }

  template <bool Encode, class L, class Raw, class Give> L pull(L x, L g_out, L g_v, Raw raw, Give give) const {
    const auto s = find<true>(x, raw);
    math::MonotoneCubicBin<L> g;
    const L g_in = s.bin.template pull<Encode>(x, g_out, g_v, g);
    const auto here = s.here();
    math::BinSize<L> g_before{L(0), L(0)}, g_after = g_before, g_here{g.w, g.h};
    // the inner rule's share goes to both bins at the knot, the end's to its bin and its raw number
    const L d0 = K > 1 ? keep_where(s.passed[1 % bins], g.d0) : L(0), e0 = g.d0 - d0;
    const L e1 = K > 1 ? keep_where(s.passed[bins - 1], g.d1) : g.d1, d1 = g.d1 - e1;
    math::steffen_pull(s.before, here, d0, g_before, g_here);
    math::steffen_pull(here, s.after, d1, g_here, g_after);
    give(2 * K, knots.end_pull(raw(2 * K), end_pull(here, s.p0, e0, g_here)));
    give(2 * K + 1, knots.end_pull(raw(2 * K + 1), end_pull(here, s.p1, e1, g_here)));
    std::array<L, bins> g_bin;
    math::spread(s.passed, g.x, g_here.w, g_bin);
    neighbours(s.passed, g_before.w, g_after.w, g_bin);
    s.w.pull(g_bin, [&](Index k, L v) { give(k, knots.logit_pull(raw(k), v)); });
    math::spread(s.passed, g.y, g_here.h, g_bin);
    neighbours(s.passed, g_before.h, g_after.h, g_bin);
    s.h.pull(g_bin, [&](Index k, L v) { give(K + k, knots.logit_pull(raw(K + k), v)); });
    return g_in;
  }

 private:
  static constexpr auto bins = static_cast<std::size_t>(K);
  static constexpr double third =
      -0.69314718055994531;  // logit of 1/3: an end slope of 3 h / w times 1/3 at raw number 0

  template <class L> struct Spot {
    math::SoftmaxBins<K, L> w, h;
    math::MonotoneCubicBin<L> bin;
    math::BinSize<L> before, after;
    L p0, p1;  // end slopes over 3 h / w
    std::array<math::MaskOf<L>, bins> passed;
    math::BinSize<L> here() const { return {bin.w, bin.h}; }
  };

  template <bool OnX, class L, class Raw> Spot<L> find(L point, Raw raw) const {
    Spot<L> s;
    const double least = knots.template least<K>();
    s.w = math::SoftmaxBins<K, L>::template of<Knots::bounded>([&](Index k) { return knots.logit(raw(k)); },
                                                               box.right - box.left, least);
    s.h = math::SoftmaxBins<K, L>::template of<Knots::bounded>([&](Index k) { return knots.logit(raw(K + k)); },
                                                               box.top - box.bottom, least);
    L x = L(box.left), y = L(box.bottom);
    // The last knot is the interval's end exactly: the last bin is what the others leave.
    L x_next = x + (K > 1 ? s.w[0] : L(0)), y_next = y + (K > 1 ? s.h[0] : L(0));
    auto sizes = [&](Index k) {
      return k + 1 < K ? math::BinSize<L>{s.w[k], s.h[k]}
                       : math::BinSize<L>{L(box.right) - x_next, L(box.top) - y_next};
    };
    math::BinSize<L> before = sizes(0), here = before, after = sizes(K > 1 ? 1 : 0);
    s.bin = {x, y, here.w, here.h, L(0), L(0)};
    s.before = before, s.after = after;
#pragma GCC unroll 16
    for (Index k = 1; k < K; ++k) {
      x += here.w, y += here.h;
      before = here, here = after;
      if (k + 1 < K) {
        x_next = x + here.w, y_next = y + here.h;
        after = sizes(k + 1);
      }
      const auto m = (OnX ? x : y) <= point;
      s.passed[static_cast<std::size_t>(k)] = m;
      s.bin.x = select(m, x, s.bin.x), s.bin.y = select(m, y, s.bin.y), s.bin.w = select(m, here.w, s.bin.w),
      s.bin.h = select(m, here.h, s.bin.h);
      s.before = {select(m, before.w, s.before.w), select(m, before.h, s.before.h)};
      s.after = {select(m, after.w, s.after.w), select(m, after.h, s.after.h)};
    }
    s.p0 = math::sigmoid(knots.end(raw(2 * K)) + L(third)), s.p1 = math::sigmoid(knots.end(raw(2 * K + 1)) + L(third));
    const L steep = L(3) * s.bin.h / s.bin.w, end0 = steep * s.p0, end1 = steep * s.p1;
    s.bin.d0 = K > 1 ? select(s.passed[1 % bins], math::steffen(s.before, s.here()), end0) : end0;
    s.bin.d1 = K > 1 ? select(s.passed[bins - 1], end1, math::steffen(s.here(), s.after)) : end1;
    return s;
  }

  /// The end slope 3 p h / w: adds to the bin's cotangent, returns that of p's logit.
  template <class L> static L end_pull(const math::BinSize<L>& b, L p, L g, math::BinSize<L>& g_b) {
    const L g_s = L(3) * g * p / b.w;
    g_b.h += g_s, g_b.w -= g_s * b.h / b.w;
    return g_s * b.h * (L(1) - p);
  }
  /// What the bins before and after the point's own receive.
  template <class L>
  static void neighbours(const std::array<math::MaskOf<L>, bins>& passed, L g_before, L g_after,
                         std::array<L, bins>& g) {
#pragma GCC unroll 16
    for (std::size_t k = 0; k < bins; ++k) {
      if (k + 1 < bins) {
        const L is_before = keep_where(passed[k + 1], g_before);
        g[k] += k + 2 < bins ? select(passed[k + 2], L(0), is_before) : is_before;
      }
      if (k > 0) g[k] += select(passed[k], L(0), k > 1 ? keep_where(passed[k - 1], g_after) : g_after);
    }
  }
};

}  // namespace detail

/// Monotone from [-bound, bound] onto itself, the identity outside: 2K + 2 raw numbers, K widths, K heights, the two
/// end slopes as logits of their share of three times the end bin's slope, shifted so that all zero is the identity.  A
/// monotone cubic cannot have slope 1 at the ends whatever its bins: V jumps at the bounds.  The inverse is iterated,
/// to the residual that all splines keep (LinearTails).
template <Index K = 8, class Knots = SafeKnots> struct CubicSpline : detail::LinearTails<detail::CubicCore<K, Knots>> {
  CubicSpline() : CubicSpline(5) {}
  /// Throws std::invalid_argument for a bound that is not positive and finite, and for a policy whose bins do not fit.
  explicit CubicSpline(double bound, Knots policy = Knots())
      : detail::LinearTails<detail::CubicCore<K, Knots>>(detail::Box::symmetric(bound), policy) {}
};

/// Monotone from [0, 1] onto itself: 2K + 2 raw numbers as above.  V = -inf outside.
template <Index K = 8, class Knots = SafeKnots>
struct IntervalCubicSpline : detail::OnUnit<detail::CubicCore<K, Knots>> {
  explicit IntervalCubicSpline(Knots policy = Knots())
      : detail::OnUnit<detail::CubicCore<K, Knots>>(detail::Box::unit(), policy) {}
};

}  // namespace rheo
