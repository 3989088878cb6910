// SPDX-License-Identifier: MIT
// RationalQuadraticBin: one bin of the monotone rational-quadratic spline, value, inverse and pull.
//   Gregory and Delbourgo 1982;  Durkan et al. 2019, arXiv:1906.04032, eqs. 4-8 and appendix A.
#pragma once

#include "rheo/math/clip.hpp"
#include "rheo/math/lane.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// A point and the log of the map's slope there, dy/dx in both directions.
template <class L> struct Placed { L at, v; };

/// From (x, y) to (x + w, y + h) with slopes d0 and d1 at the ends; w, h, d0, d1 > 0.
template <class L> struct RationalQuadraticBin {
  L x, y, w, h, d0, d1;

  /// y(t) and log dy/dx for t in the bin; a t beside the bin counts as its nearer end.
  Placed<L> value(L t) const {
    using std::log, std::max, std::min;
    const L s = h / w, theta = math::clip((t - x) / w, L(0), L(1)), omega = L(1) - theta, o = theta * omega;
    const L D = denominator(s, o), r = s / D;
    return {y + h * (s * theta * theta + d0 * o) / D, log(r * r * slope(s, theta, omega, o))};
  }

  /// x(t) and log dy/dx for t between y and y + h.  With t parting h into `up` and `down`, eq. 4 is s down theta^2 + b
  /// theta omega = s up omega^2, b = d0 down - d1 up, in which only b can cancel, as harmless as an error of t; the
  /// root is written so that nothing is taken from itself. |y(x(t)) - t| stays below 4 eps (|y| + h + slope (|x| + w)),
  /// slope the steepest within eps (|x| + w) of x(t): what t's and x's own rounding leave.
  Placed<L> inverse(L t) const {
    using std::abs, std::log, std::max, std::min, std::sqrt;
    if constexpr (autodiff::is_dual_v<L>) {  // the root of the values; Newton's step from there gives the tangents, at
                                             // double roots too
      using std::exp;
      const L found(RationalQuadraticBin<decltype(t.a)>{x.a, y.a, w.a, h.a, d0.a, d1.a}.inverse(t.a).at);
      const Placed<L> there = value(found);
      const L root = found - (there.at - t) * exp(-there.v);
      return {root, value(root).v};
    } else {
      const L s = h / w, up = math::clip(t - y, L(0), h), down = h - up, b = d0 * down - d1 * up;
      const L two_s = s + s, big = abs(b) + sqrt(b * b + two_s * two_s * up * down);
      const auto turned = b < L(0);  // then theta : omega is big : 2 s down, else 2 s up : big
      const L little = two_s * select(turned, down, up), share = L(1) / (little + big),
              theta = select(turned, big, little) * share;
      const L omega = select(turned, little, big) * share, o = theta * omega, r = s / denominator(s, o);
      return {x + theta * w, log(r * r * slope(s, theta, omega, o))};
    }
  }

  /// Pull of value (Encode) or of inverse, both at the x-side point t: returns the cotangent of what went in,
  /// overwrites g with those of the bin.
  template <bool Encode> L pull(L t, L g_out, L g_v, RationalQuadraticBin& g) const {
    using std::max, std::min;
    const L one_over_w = L(1) / w, s = h * one_over_w, theta = math::clip((t - x) * one_over_w, L(0), L(1)),
            omega = L(1) - theta, o = theta * omega;
    const L q = d0 + d1 - L(2) * s, D = s + q * o, one_over_D = L(1) / D, r = s * one_over_D;
    const L P = slope(s, theta, omega, o), one_over_P = L(1) / P, f = r * r * P, N = s * theta * theta + d0 * o;
    const L tilt = omega - theta;
    const L v_x =
        (L(2) * (d1 * theta + s * tilt - d0 * omega) * one_over_P - L(2) * q * tilt * one_over_D) * one_over_w;
    const L slide = Encode ? L(0) : g_out + g_v * v_x;  // what the inverse's own point is worth
    const L g_y = Encode ? g_out : -slide / f;          // implicit function: the value's cotangent that stands for it
    const L g_x = Encode ? g_out * f + g_v * v_x : -g_out;
    const L per = h * one_over_D * one_over_D, from_D = L(2) * g_v * one_over_D;
    g.d1 = -g_y * per * o * N - from_D * o + g_v * theta * theta * one_over_P;
    g.d0 = g_y * per * o * (omega * (s * omega + d1 * theta)) - from_D * o + g_v * omega * omega * one_over_P;
    const L bend = L(1) - L(2) * o;
    const L g_s = g_y * per * (theta * theta * D - N * bend) + L(2) * g_v * (L(1) / s + o * one_over_P) - from_D * bend;
    g.h = g_y * N * one_over_D + g_s * one_over_w;
    g.w = -(g_s * s * one_over_w) - g_x * theta;
    g.x = -g_x;
    g.y = g_y;
    return Encode ? g_x : -g_y;
  }

 private:
  /// eq. 4's denominator, never below s / 2.
  L denominator(L s, L o) const { return s + (d0 + d1 - L(2) * s) * o; }
  /// eq. 5's bracket; the slope is it times (s / D)^2, and s / D <= 2, so that no square leaves float's range.
  L slope(L s, L theta, L omega, L o) const { return d1 * theta * theta + L(2) * s * o + d0 * omega * omega; }
};

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
