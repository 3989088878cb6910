// SPDX-License-Identifier: MIT
// LinearRationalBin: one bin of the monotone linear-rational spline, value, inverse and pull.
//   Fuhr and Kallay 1992;  Dolatabadi et al. 2020, arXiv:2001.05168, sec. 4.
#pragma once

#include "rheo/math/clip.hpp"
#include "rheo/math/lane.hpp"
#include "rheo/math/rational_quadratic.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// From (x, y) to (x + w, y + h) with slopes d0 and d1 at the ends, by a quotient of linear functions to the left of x
/// + lambda w and another to the right, value and slope going on there; w, h, d0, d1 > 0, 0 < lambda < 1.
///
/// The right half is the left one seen from the far end.  With slope a at the end at hand, b at the other, l the half's
/// share of w, f in [0, l] the distance from the end over w:  m = w / h ((1 - l) sqrt(a b) + l a),  q = 1 + (m - 1) f /
/// l, the way on y is a w f / q and the slope a / q^2.
template <class L> struct LinearRationalBin {
  L x, y, w, h, d0, d1, lambda{};

  /// y(t) and log dy/dx for t in the bin; a t beside the bin counts as its nearer end.
  Placed<L> value(L t) const {
    const L u = clip((t - x) / w, L(0), L(1));
    const auto right = u > lambda;
    const Half s(*this, right);
    const L f = select(right, L(1) - u, u), q = s.quotient(f / s.l), up = s.a * w * f / q;
    return {y + select(right, h - up, up), s.log_slope(q)};
  }
  /// x(t) and log dy/dx for t between y and y + h, in closed form: f / l = r / (m (1 - r) + r) with r the share of the
  /// half's way on y.  abs(y(x(t)) - t) stays below 4 eps (|y| + h) and 12 times what y moves over eps of |x| + w:
  /// where the bin is parted the slope is a / m^2, which may pass d0 and d1 by far.
  Placed<L> inverse(L t) const {
    const L up = clip(t - y, L(0), h);
    const auto right = up > Half(*this, w < L(0)).way(w);
    const Half s(*this, right);
    const L r = clip(select(right, h - up, up) / s.way(w), L(0), L(1)), tau = r / (s.m * (L(1) - r) + r), f = tau * s.l;
    return {x + w * select(right, L(1) - f, f), s.log_slope(s.quotient(tau))};
  }
  /// Pull of value (Encode) or of inverse, both at the x-side point t: returns the cotangent of what went in,
  /// overwrites g with those of the bin.
  template <bool Encode> L pull(L t, L g_out, L g_v, LinearRationalBin& g) const {
    const L u = clip((t - x) / w, L(0), L(1));
    const auto right = u > lambda;
    const Half s(*this, right);
    const L f = select(right, L(1) - u, u), tau = f / s.l, q = s.quotient(tau), up = s.a * w * f / q;
    const L slope = s.a / (q * q), bend = (s.m - L(1)) / (s.l * w), v_x = L(-2) * select(right, -bend, bend) / q;
    const L g_y = Encode ? g_out : -(g_out + g_v * v_x) / slope;  // implicit function
    const L g_up = select(right, -g_y, g_y), g_q = -(g_up * up + L(2) * g_v) / q, g_m = g_q * tau;
    const L g_tau = g_q * (s.m - L(1)), g_f = g_up * s.a * w / q + g_tau / s.l, g_u = select(right, -g_f, g_f);
    const L c = w / h, half_root = L(0.5) * g_m * c * (L(1) - s.l) * s.root;
    const L g_l = g_m * c * (s.a - s.root) - g_tau * tau / s.l;
    const L g_a = (g_up * up + g_v + half_root) / s.a + g_m * c * s.l, g_b = half_root / s.b;
    g.lambda = select(right, -g_l, g_l);
    g.d0 = select(right, g_b, g_a), g.d1 = select(right, g_a, g_b);
    g.y = g_y, g.x = -(g_u / w);
    g.h = select(right, g_y, L(0)) - g_m * s.m / h;
    g.w = (g_m * s.m + g_up * up - g_u * u) / w;
    return Encode ? -g.x : -g_y;
  }

 private:
  struct Half {
    L a, b, l, root, m;
    template <class M> Half(const LinearRationalBin& bin, M right) {
      using std::sqrt;
      a = select(right, bin.d1, bin.d0), b = select(right, bin.d0, bin.d1);
      l = select(right, L(1) - bin.lambda, bin.lambda), root = sqrt(a) * sqrt(b);
      m = bin.w / bin.h * ((L(1) - l) * root + l * a);
    }
    L quotient(L tau) const { return (L(1) - tau) + m * tau; }
    L way(L width) const { return a * width * l / m; }  // of the whole half, on y
    L log_slope(L q) const {
      using std::log;
      return log(a) - L(2) * log(q);
    }
  };
};

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
