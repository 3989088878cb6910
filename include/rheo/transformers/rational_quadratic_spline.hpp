// SPDX-License-Identifier: MIT
// RationalQuadraticSpline, on the line, on the unit interval and on the circle: K bins, in each a monotone quotient of
// two quadratics.
//   Durkan et al. 2019, arXiv:1906.04032;  circle: Rezende et al. 2020, arXiv:2002.02428, sec. 2.1.2.
#pragma once

#include <array>

#include "rheo/math/bins.hpp"
#include "rheo/math/rational_quadratic.hpp"
#include "rheo/transformers/knots.hpp"
#include "rheo/transformers/spline_ends.hpp"

namespace rheo {

namespace detail {

/// Slopes at the two outer knots: 1; numbers of their own; one number for both.
enum class EndSlopes { one, free, shared };

/// The spline on a box.  Raw numbers: K widths, K heights, then slopes from left to right (K - 1, K + 1 or K), then K
/// of the bins' own where the bins have a `lambda`.
template <Index K, EndSlopes Ends, class Knots, template <class> class Bin = math::RationalQuadraticBin>
struct RationalQuadraticCore {
  static_assert(K > 0, "rheo: a spline has at least one bin");
  static constexpr Index slopes = Ends == EndSlopes::one ? K - 1 : Ends == EndSlopes::free ? K + 1 : K;
  static constexpr bool split = requires(Bin<double> b) { b.lambda; };  // where a bin is parted, in (0.025, 0.975)
  static constexpr Index params = 2 * K + slopes + (split ? K : 0);
  static constexpr bool smooth = false;  // the second derivative jumps at the knots
  Knots knots;
  Box box;

  RationalQuadraticCore(Box b, Knots k) : knots(k), box(b) { check_bins(K, knots.template least<K>()); }

  template <bool Encode, class L, class Raw> Mapped<L> map(L at, Raw raw) const {
    const auto s = find<Encode>(at, raw);
    const auto p = Encode ? s.bin.value(at) : s.bin.inverse(at);
    return {p.at, p.v};
  }

  /// The bin that an inner point lies in, on the x side (OnX) or the y side.
  template <bool OnX, class L, class Raw> Bin<L> bin_at(L point, Raw raw) const { return find<OnX>(point, raw).bin; }

  template <bool Encode, class L, class Raw, class Give> L pull(L x, L g_out, L g_v, Raw raw, Give give) const {
    const auto s = find<true>(x, raw);
    Bin<L> g;
    const L g_in = s.bin.template pull<Encode>(x, g_out, g_v, g);
    std::array<L, bins> g_bin;
    math::spread(s.passed, g.x, g.w, g_bin);
    s.w.pull(g_bin, [&](Index k, L v) { give(k, knots.logit_pull(raw(k), v)); });
    math::spread(s.passed, g.y, g.h, g_bin);
    s.h.pull(g_bin, [&](Index k, L v) { give(K + k, knots.logit_pull(raw(K + k), v)); });
    const L g_a0 = knots.slope_pull(s.a0, s.bin.d0, g.d0), g_a1 = knots.slope_pull(s.a1, s.bin.d1, g.d1);
    if constexpr (split) {
      math::spread(s.passed, L(0), g.lambda, g_bin);
      for (Index k = 0; k < K; ++k) {
        const L p = math::sigmoid(raw(2 * K + slopes + k));
        give(2 * K + slopes + k, g_bin[at(k)] * L(0.95) * p * (L(1) - p));
      }
    }
    L first(0);
#pragma GCC unroll 17
    for (Index k = 0; k <= K; ++k) {
      const L as_right = k > 0 ? (k > 1 ? keep_where(s.passed[at(k - 1)], g_a1) : g_a1) : L(0);
      const L as_left = k > 0 && k < K ? select(s.passed[at(k)], g_a0, as_right) : (k == 0 ? g_a0 : as_right);
      const L g_k = k + 1 < K ? select(s.passed[at(k + 1)], L(0), as_left) : as_left;
      if constexpr (Ends == EndSlopes::shared) {
        if (k == 0) first = g_k;
        else give(2 * K + k % K, k == K ? first + g_k : g_k);
      } else if constexpr (Ends == EndSlopes::free) {
        give(2 * K + k, g_k);
      } else if (k > 0 && k < K) {
        give(2 * K + k - 1, g_k);
      }
    }
    return g_in;
  }

 private:
  static constexpr auto bins = static_cast<std::size_t>(K);
  static constexpr std::size_t at(Index k) { return static_cast<std::size_t>(k); }

  template <class L> struct Spot {
    math::SoftmaxBins<K, L> w, h;
    Bin<L> bin;
    L a0, a1;                                  // raw slopes at the bin's ends
    std::array<math::MaskOf<L>, bins> passed;  // [k]: knot k is not beyond the point, k > 0
  };

  template <class L, class Raw> L raw_slope(Index k, Raw raw) const {
    if constexpr (Ends == EndSlopes::one) return k == 0 || k == K ? L(knots.unit) : raw(2 * K + k - 1);
    else return raw(2 * K + (Ends == EndSlopes::free ? k : k % K));
  }

  /// The bin of a point on the x side (OnX) or the y side, chosen while the knots add up.  The last knot is the
  /// interval's end exactly.
  template <bool OnX, class L, class Raw> Spot<L> find(L point, Raw raw) const {
    Spot<L> s;
    const double least = knots.template least<K>();
    s.w = math::SoftmaxBins<K, L>::template of<Knots::bounded>([&](Index k) { return knots.logit(raw(k)); },
                                                               box.right - box.left, least);
    s.h = math::SoftmaxBins<K, L>::template of<Knots::bounded>([&](Index k) { return knots.logit(raw(K + k)); },
                                                               box.top - box.bottom, least);
    L x = L(box.left), y = L(box.bottom);
    s.bin = {x, y, s.w[0], s.h[0], L(0), L(0)};
    if constexpr (split) s.bin.lambda = raw(2 * K + slopes);
    s.a0 = raw_slope<L>(0, raw), s.a1 = raw_slope<L>(1, raw);
#pragma GCC unroll 16
    for (Index k = 1; k < K; ++k) {
      x += s.w[k - 1], y += s.h[k - 1];
      const L w = k + 1 < K ? s.w[k] : L(box.right) - x, h = k + 1 < K ? s.h[k] : L(box.top) - y;
      const auto m = (OnX ? x : y) <= point;
      s.passed[at(k)] = m;
      s.bin.x = select(m, x, s.bin.x), s.bin.y = select(m, y, s.bin.y);
      s.bin.w = select(m, w, s.bin.w), s.bin.h = select(m, h, s.bin.h);
      if constexpr (split) s.bin.lambda = select(m, L(raw(2 * K + slopes + k)), s.bin.lambda);
      s.a0 = select(m, raw_slope<L>(k, raw), s.a0), s.a1 = select(m, raw_slope<L>(k + 1, raw), s.a1);
    }
    s.bin.d0 = knots.slope(s.a0), s.bin.d1 = knots.slope(s.a1);
    if constexpr (split) s.bin.lambda = L(0.025) + L(0.95) * math::sigmoid(s.bin.lambda);
    return s;
  }
};

}  // namespace detail

/// Monotone from [-bound, bound] onto itself, the identity outside; slopes 1 at the ends, so that value and slope are
/// continuous everywhere. 3K - 1 raw numbers: K widths, K heights, K - 1 slopes, made into knots by the policy
/// (rheo/transformers/knots.hpp); with the default policy all zero is the identity.  Standardise the data: what lies
/// beyond the bound is not transformed.
template <Index K = 8, class Knots = SafeKnots>
struct RationalQuadraticSpline : detail::LinearTails<detail::RationalQuadraticCore<K, detail::EndSlopes::one, Knots>> {
  RationalQuadraticSpline() : RationalQuadraticSpline(5) {}
  /// Throws std::invalid_argument for a bound that is not positive and finite, and for a policy whose bins do not fit.
  explicit RationalQuadraticSpline(double bound, Knots policy = Knots())
      : detail::LinearTails<detail::RationalQuadraticCore<K, detail::EndSlopes::one, Knots>>(
            detail::Box::symmetric(bound), policy) {}
};

/// Monotone from [0, 1] onto itself, slopes at the ends free: 3K + 1 raw numbers, K widths, K heights, K + 1 slopes.  V
/// = -inf outside.
template <Index K = 8, class Knots = SafeKnots>
struct IntervalRationalQuadraticSpline
    : detail::OnUnit<detail::RationalQuadraticCore<K, detail::EndSlopes::free, Knots>> {
  explicit IntervalRationalQuadraticSpline(Knots policy = Knots())
      : detail::OnUnit<detail::RationalQuadraticCore<K, detail::EndSlopes::free, Knots>>(detail::Box::unit(), policy) {}
};

/// From the circle [-pi, pi) onto itself, one slope for both ends: 3K raw numbers, K widths, K heights, K slopes.  -pi
/// stays where it is: put a CircularShift (rheo/transformers/circular_shift.hpp) before or after it, wired as its own
/// layer, to let it move.
template <Index K = 8, class Knots = SafeKnots>
struct CircularRationalQuadraticSpline
    : detail::OnCircle<detail::RationalQuadraticCore<K, detail::EndSlopes::shared, Knots>> {
  explicit CircularRationalQuadraticSpline(Knots policy = Knots())
      : detail::OnCircle<detail::RationalQuadraticCore<K, detail::EndSlopes::shared, Knots>>(detail::Box::circle(),
                                                                                             policy) {}
};

}  // namespace rheo
