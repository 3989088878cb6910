// SPDX-License-Identifier: MIT
// LinearSpline: K equally wide bins, a straight line in each; the density is a histogram.
//   Mueller et al. 2019, arXiv:1808.03856, sec. 4.1.
#pragma once

#include <array>

#include "rheo/math/bins.hpp"
#include "rheo/transformers/knots.hpp"
#include "rheo/transformers/spline_ends.hpp"

namespace rheo {

namespace detail {

/// The spline on a box.  Raw numbers: K heights.
template <Index K, class Knots> struct LinearCore {
  static_assert(K > 0, "rheo: a spline has at least one bin");
  static constexpr Index params = K;
  static constexpr bool smooth = false;  // the slope jumps at the knots
  Knots knots;
  Box box;

  LinearCore(Box b, Knots k) : knots(k), box(b) { check_bins(K, knots.template least<K>()); }

  template <bool Encode, class L, class Raw> Mapped<L> map(L at, Raw raw) const {
    using std::log;
    const auto s = find<Encode>(at, raw);
    const L slope = s.size * L(per_width());
    return {Encode ? s.y + (at - s.x) * slope : s.x + (at - s.y) / slope, log(slope)};
  }
  template <bool Encode, class L, class Raw, class Give> L pull(L x, L g_out, L g_v, Raw raw, Give give) const {
    const auto s = find<true>(x, raw);
    const L slope = s.size * L(per_width()), g_y = Encode ? g_out : -g_out / slope;
    std::array<L, bins> g_h;
    math::spread(s.passed, g_y, g_y * (x - s.x) * L(per_width()) + g_v / s.size, g_h);
    s.h.pull(g_h, [&](Index k, L g) { give(k, knots.logit_pull(raw(k), g)); });
    return Encode ? g_y * slope : -g_y;
  }

 private:
  static constexpr auto bins = static_cast<std::size_t>(K);
  template <class L> struct Spot {
    math::SoftmaxBins<K, L> h;
    L x, y, size;
    std::array<math::MaskOf<L>, bins> passed;
  };
  double per_width() const { return static_cast<double>(K) / (box.right - box.left); }

  template <bool OnX, class L, class Raw> Spot<L> find(L point, Raw raw) const {
    Spot<L> s;
    s.h = math::SoftmaxBins<K, L>::template of<Knots::bounded>([&](Index k) { return knots.logit(raw(k)); },
                                                               box.top - box.bottom, knots.template least<K>());
    L y = L(box.bottom);
    s.x = L(box.left), s.y = y, s.size = s.h[0];
#pragma GCC unroll 16
    for (Index k = 1; k < K; ++k) {
      y += s.h[k - 1];
      const L x = L(box.left + static_cast<double>(k) / per_width()), h = k + 1 < K ? s.h[k] : L(box.top) - y;
      const auto m = (OnX ? x : y) <= point;
      s.passed[static_cast<std::size_t>(k)] = m;
      s.x = select(m, x, s.x), s.y = select(m, y, s.y), s.size = select(m, h, s.size);
    }
    return s;
  }
};

}  // namespace detail

/// Monotone from [-bound, bound] onto itself, the identity outside; K raw numbers, all zero is the identity.  V jumps
/// at the knots and at the bounds: the map is continuous, its slope is not.
template <Index K = 8, class Knots = SafeKnots>
struct LinearSpline : detail::LinearTails<detail::LinearCore<K, Knots>> {
  LinearSpline() : LinearSpline(5) {}
  /// Throws std::invalid_argument for a bound that is not positive and finite, and for a policy whose bins do not fit.
  explicit LinearSpline(double bound, Knots policy = Knots())
      : detail::LinearTails<detail::LinearCore<K, Knots>>(detail::Box::symmetric(bound), policy) {}
};

/// Monotone from [0, 1] onto itself: K raw numbers.  V = -inf outside.
template <Index K = 8, class Knots = SafeKnots>
struct IntervalLinearSpline : detail::OnUnit<detail::LinearCore<K, Knots>> {
  explicit IntervalLinearSpline(Knots policy = Knots())
      : detail::OnUnit<detail::LinearCore<K, Knots>>(detail::Box::unit(), policy) {}
};

}  // namespace rheo
