// SPDX-License-Identifier: MIT
// QuadraticSpline: K bins, a parabola in each; the density is a polygon.
//   Mueller et al. 2019, arXiv:1808.03856, sec. 4.2;  tails: Durkan et al. 2019, arXiv:1906.02145.
#pragma once

#include <array>
#include <cmath>

#include "rheo/math/bins.hpp"
#include "rheo/math/clip.hpp"
#include "rheo/transformers/knots.hpp"
#include "rheo/transformers/spline_ends.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

namespace detail {

/// The spline on a box.  Raw numbers: K widths, then the densities at the vertices, K + 1 of them, or K - 1 when those
/// at the ends are 1.
template <Index K, bool OneAtEnds, class Knots> struct QuadraticCore {
  static_assert(K > (OneAtEnds ? 1 : 0), "rheo: a quadratic spline has at least one bin, two with linear tails");
  static constexpr Index params = OneAtEnds ? 2 * K - 1 : 2 * K + 1;
  static constexpr bool smooth = false;  // V has corners at the knots
  Knots knots;
  Box box;

  QuadraticCore(Box b, Knots k) : knots(k), box(b) { check_bins(K, knots.template least<K>()); }

  template <bool Encode, class L, class Raw> Mapped<L> map(L at, Raw raw) const {
    using std::log, std::max, std::min, std::sqrt;
    const L t = Encode ? (at - L(box.left)) * L(1 / wide()) : (at - L(box.bottom)) * L(1 / high());
    const auto s = find<Encode>(t, raw);
    const L d = s.right - s.left;
    if constexpr (Encode) {
      const L a = math::clip((t - s.x) / s.w, L(0), L(1));
      const L y = min(s.c + s.w * a * (s.left + L(0.5) * d * a), L(1));
      return {L(box.bottom) + y * L(high()), log(s.left + d * a) + L(std::log(high() / wide()))};
    } else {
      // 2c / (b + root), b > 0: exact where neighbouring densities agree and the other form is 0 / 0
      const L c0 = max(t - s.c, L(0)) / s.w, root = sqrt(max(s.left * s.left + L(2) * d * c0, L(0)));
      const L a = min(L(2) * c0 / (s.left + root), L(1));
      return {L(box.left) + min(s.x + a * s.w, L(1)) * L(wide()), log(s.left + d * a) + L(std::log(high() / wide()))};
    }
  }

  template <bool Encode, class L, class Raw, class Give> L pull(L x, L g_out, L g_v, Raw raw, Give give) const {
    using std::max, std::min;
    const auto s = find<true>((x - L(box.left)) * L(1 / wide()), raw);
    const L t = (x - L(box.left)) * L(1 / wide()), d = s.right - s.left, a = math::clip((t - s.x) / s.w, L(0), L(1)),
            p = s.left + d * a;
    const L v_x = d / (p * s.w), slide = Encode ? L(0) : g_out * L(wide()) + g_v * v_x;
    const L g_y = Encode ? g_out * L(high()) : -slide / p, g_x = g_y * p + g_v * v_x;
    const L g_left = g_y * s.w * a * (L(1) - L(0.5) * a) + g_v * (L(1) - a) / p,
            g_right = g_y * s.w * L(0.5) * a * a + g_v * a / p;
    std::array<L, bins> g_w;
    math::spread(s.passed, -g_x, g_y * a * (s.left + L(0.5) * d * a) - g_x * a, g_w);
    std::array<L, bins + 1> g_d;  // cotangents of the vertices' densities
    L g_n(0);
#pragma GCC unroll 17
    for (std::size_t k = 0; k <= bins; ++k) {
      L g(0);
      if (k > 0 && k < bins) g += keep_where(s.passed[k], g_y * L(0.5) * s.widths[index(k - 1)]);
      if (k + 1 < bins) g += keep_where(s.passed[k + 1], g_y * L(0.5) * s.widths[index(k)]);
      const L as_right = k == 0 ? L(0) : k == 1 ? g_right : keep_where(s.passed[k - 1], g_right);
      const L as_left = k == 0 ? g_left : k < bins ? select(s.passed[k], g_left, as_right) : as_right;
      g += k + 1 < bins ? select(s.passed[k + 1], L(0), as_left) : as_left;
      if (k + 1 < bins) g_w[k] += keep_where(s.passed[k + 1], g_y * L(0.5) * (density(s, k) + density(s, k + 1)));
      g_d[k] = g;
      if (!OneAtEnds || (k > 0 && k < bins)) g_n += g * s.u[k];
    }
    const L g_area = -g_n * s.n / s.area / s.rest;
#pragma GCC unroll 17
    for (std::size_t k = 0; k <= bins; ++k) {
      if (k < bins) g_w[k] += g_area * L(0.5) * (s.u[k] + s.u[k + 1]);
      if (OneAtEnds && (k == 0 || k == bins)) continue;
      L g = s.n * g_d[k];
      if (k > 0) g += g_area * L(0.5) * s.widths[index(k - 1)];
      if (k < bins) g += g_area * L(0.5) * s.widths[index(k)];
      const Index at = K + index(k) - (OneAtEnds ? 1 : 0);
      give(at, knots.slope_pull(raw(at), s.u[k], g));
    }
    s.widths.pull(g_w, [&](Index k, L g) { give(k, knots.logit_pull(raw(k), g)); });
    return Encode ? g_x * L(1 / wide()) : -g_y * L(1 / high());
  }

 private:
  static constexpr auto bins = static_cast<std::size_t>(K);
  static constexpr Index index(std::size_t k) { return static_cast<Index>(k); }
  double wide() const { return box.right - box.left; }
  double high() const { return box.top - box.bottom; }

  /// In units of the box: densities least + n u_k, n = (1 - least) / area, so that they integrate to 1.
  template <class L> struct Spot {
    math::SoftmaxBins<K, L> widths;
    std::array<L, bins + 1> u;
    L area, rest, n, least;  // area = (what inner vertices give) / rest
    L x, w, c, left, right;
    std::array<math::MaskOf<L>, bins> passed;
  };
  template <class L> static L density(const Spot<L>& s, std::size_t k) {
    return OneAtEnds && (k == 0 || k == bins) ? L(1) : s.least + s.n * s.u[k];
  }

  template <bool OnX, class L, class Raw> Spot<L> find(L point, Raw raw) const {
    Spot<L> s;
    s.widths = math::SoftmaxBins<K, L>::template of<Knots::bounded>([&](Index k) { return knots.logit(raw(k)); }, 1,
                                                                    knots.template least<K>());
    L area(0);
#pragma GCC unroll 17
    for (std::size_t k = 0; k <= bins; ++k) {
      if (OneAtEnds && (k == 0 || k == bins)) continue;
      s.u[k] = knots.slope(raw(K + index(k) - (OneAtEnds ? 1 : 0)));
      area += L(0.5) * s.u[k] *
              (k == 0      ? s.widths[0]
               : k == bins ? s.widths[K - 1]
                           : s.widths[index(k) - 1] + s.widths[index(k)]);
    }
    s.rest = OneAtEnds ? L(1) - L(0.5) * (s.widths[0] + s.widths[K - 1]) : L(1);
    s.area = OneAtEnds ? area / s.rest : area;
    if constexpr (OneAtEnds) s.u[0] = s.u[bins] = s.area;
    s.least = L(knots.least_density());
    s.n = L(1 - knots.least_density()) / s.area;
    L x(0), c(0), left = density(s, 0), right = density(s, 1);
    s.x = x, s.c = c, s.w = s.widths[0], s.left = left, s.right = right;
#pragma GCC unroll 16
    for (std::size_t k = 1; k < bins; ++k) {
      x += s.widths[index(k) - 1], c += L(0.5) * s.widths[index(k) - 1] * (left + right);
      left = right, right = density(s, k + 1);
      const L w = k + 1 < bins ? s.widths[index(k)] : L(1) - x;
      const auto m = (OnX ? x : c) <= point;
      s.passed[k] = m;
      s.x = select(m, x, s.x), s.w = select(m, w, s.w), s.c = select(m, c, s.c);
      s.left = select(m, left, s.left), s.right = select(m, right, s.right);
    }
    return s;
  }
};

}  // namespace detail

/// Monotone from [-bound, bound] onto itself, the identity outside, slope 1 at the ends: 2K - 1 raw numbers, K widths,
/// K - 1 densities at the inner vertices; all zero is the identity.  The ends' density is solved for, so that it is 1
/// after all are scaled to the total mass.
template <Index K = 8, class Knots = SafeKnots>
struct QuadraticSpline : detail::LinearTails<detail::QuadraticCore<K, true, Knots>> {
  QuadraticSpline() : QuadraticSpline(5) {}
  /// Throws std::invalid_argument for a bound that is not positive and finite, and for a policy whose bins do not fit.
  explicit QuadraticSpline(double bound, Knots policy = Knots())
      : detail::LinearTails<detail::QuadraticCore<K, true, Knots>>(detail::Box::symmetric(bound), policy) {}
};

/// Monotone from [0, 1] onto itself: 2K + 1 raw numbers, K widths, K + 1 densities at the vertices.  V = -inf outside.
template <Index K = 8, class Knots = SafeKnots>
struct IntervalQuadraticSpline : detail::OnUnit<detail::QuadraticCore<K, false, Knots>> {
  explicit IntervalQuadraticSpline(Knots policy = Knots())
      : detail::OnUnit<detail::QuadraticCore<K, false, Knots>>(detail::Box::unit(), policy) {}
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
