// SPDX-License-Identifier: MIT
// MonotoneCubicBin: one bin of a monotone cubic spline, value, inverse and pull; Steffen's slopes between two bins.
//   Fritsch and Carlson 1980, SIAM J. Numer. Anal. 17, 238;  Steffen 1990, A&A 239, 443;  Durkan et al. 2019,
//     arXiv:1906.02145, sec. 3.
#pragma once

#include <limits>

#include "rheo/math/clip.hpp"
#include "rheo/math/rational_quadratic.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// What the inverse's residual is held to, relative to the bin's height, before theta becomes an x.
template <class T> constexpr double monotone_cubic_accuracy() {
  return 8 * static_cast<double>(std::numeric_limits<decltype(autodiff::value_of(T()))>::epsilon());
}

template <class L> struct BinSize { L w, h; };

/// Slope at the knot between two bins: the parabola's through both, at most twice either bin's own.
template <class L> L steffen(const BinSize<L>& a, const BinSize<L>& b) {
  using std::min;
  const L s = a.h / a.w, t = b.h / b.w;
  return min(min(s + s, t + t), (s * b.w + t * a.w) / (a.w + b.w));
}
/// Adds the slope's cotangent g to those of both bins.
template <class L> void steffen_pull(const BinSize<L>& a, const BinSize<L>& b, L g, BinSize<L>& g_a, BinSize<L>& g_b) {
  const L s = a.h / a.w, t = b.h / b.w, per = L(1) / (a.w + b.w), p = (s * b.w + t * a.w) * per;
  const auto right = t + t < s + s;
  const auto parabola = p < select(right, t + t, s + s);
  const L two = g + g, g_p = keep_where(parabola, g * per);
  const L g_s = select(parabola, g_p * b.w, select(right, L(0), two)),
          g_t = select(parabola, g_p * a.w, keep_where(right, two));
  g_a.h += g_s / a.w, g_a.w += g_p * (t - p) - g_s * s / a.w;
  g_b.h += g_t / b.w, g_b.w += g_p * (s - p) - g_t * t / b.w;
}

/// From (x, y) to (x + w, y + h) with slopes d0 and d1 at the ends, both in (0, 3 h / w): Fritsch and Carlson's square,
/// where a cubic is monotone.
template <class L> struct MonotoneCubicBin {
  L x, y, w, h, d0, d1;

  /// y(t) and log dy/dx for t in the bin; a t beside the bin counts as its nearer end.
  Placed<L> value(L t) const {
    using std::log, std::max, std::min;
    const L theta = math::clip((t - x) / w, L(0), L(1)), omega = L(1) - theta;
    return {y + h * theta * theta * (L(3) - L(2) * theta) + w * theta * omega * (d0 * omega - d1 * theta),
            log(slope(theta, omega))};
  }

  /// x(t) and log dy/dx for t between y and y + h, by Newton's steps inside a bracket that halves where they leave it:
  /// until the residual is below monotone_cubic_accuracy times h, and one step more where that is better still.  NaN
  /// where 100 steps do not do (bisection alone takes 60).  With x's own rounding |y(x(t)) - t| stays below 8 eps (|y|
  /// + h + slope (|x| + w)), slope as for RationalQuadraticBin.
  Placed<L> inverse(L t) const {
    using std::log, std::max, std::min, std::abs;
    if constexpr (autodiff::is_dual_v<L>) {  // the root of the values; Newton's step from there gives the tangents
      using std::exp;
      const L found(MonotoneCubicBin<decltype(t.a)>{x.a, y.a, w.a, h.a, d0.a, d1.a}.inverse(t.a).at);
      const Placed<L> there = value(found);
      const L root = found - (there.at - t) * exp(-there.v);
      return {root, value(root).v};
    } else {
      const L over_s = w / h, e0 = d0 * over_s, e1 = d1 * over_s, m = L(2) * (L(3) - e0 - e1), u = (t - y) / h,
              tol = tolerance();
      L theta = math::clip(u, L(0), L(1)), low(0), high(1), residual(0), newton(0);
      auto step = [&] {
        const L omega = L(1) - theta;
        residual = theta * theta * (L(3) - L(2) * theta) + theta * omega * (e0 * omega - e1 * theta) - u;
        newton = theta - residual / (e0 * omega * omega + m * theta * omega + e1 * theta * theta);
      };
      for (int k = 0; k < 100; ++k) {
        step();
        const auto busy = abs(residual) > tol;  // the others stand still: a lane's root is that of its row alone
        if (!any(busy)) break;
        const auto above = residual > L(0);
        high = select(above, theta, high), low = select(above, low, theta);
        theta = select(busy, select(both(low < newton, newton < high), newton, L(0.5) * (low + high)), theta);
      }
      const L found = theta, left = abs(residual);
      theta = math::clip(newton, L(0), L(1));
      step();
      theta =
          select(abs(residual) <= left, theta, select(left <= tol, found, L(std::numeric_limits<double>::quiet_NaN())));
      return {x + theta * w, log(slope(theta, L(1) - theta))};
    }
  }

  /// Pull of value (Encode) or of inverse, both at the x-side point t: returns the cotangent of what went in,
  /// overwrites g with those of the bin.
  template <bool Encode> L pull(L t, L g_out, L g_v, MonotoneCubicBin& g) const {
    using std::max, std::min;
    const L per = L(1) / w, theta = math::clip((t - x) * per, L(0), L(1)), omega = L(1) - theta, o = theta * omega,
            m = L(3) * h * per - d0 - d1;
    const L f = slope(theta, omega), g_f = g_v / f;
    const L v_x = L(2) * (d1 * theta - d0 * omega + m * (omega - theta)) * per / f;
    const L g_y = Encode ? g_out : -(g_out + g_v * v_x) / f;
    const L g_x = Encode ? g_out * f + g_v * v_x : -g_out;
    const L g_s = L(6) * o * g_f;
    g.d0 = g_y * w * o * omega + g_f * (omega * omega - L(2) * o);
    g.d1 = -g_y * w * o * theta + g_f * (theta * theta - L(2) * o);
    g.h = g_y * theta * theta * (L(3) - L(2) * theta) + g_s * per;
    g.w = g_y * o * (d0 * omega - d1 * theta) - g_s * h * per * per - g_x * theta;
    g.x = -g_x;
    g.y = g_y;
    return Encode ? g_x : -g_y;
  }

 private:
  L slope(L theta, L omega) const {
    return d0 * omega * omega + L(2) * (L(3) * h / w - d0 - d1) * theta * omega + d1 * theta * theta;
  }
  static L tolerance() {
    if constexpr (is_lane_v<L>) return L(monotone_cubic_accuracy<decltype(sum(L()))>());
    else return L(monotone_cubic_accuracy<L>());
  }
};

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
