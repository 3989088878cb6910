// SPDX-License-Identifier: MIT
// The unit sphere: its chart of equal areas, and its conformal maps, a turn behind a boost.
//   The chart: Lambert's cylinder.  The boost: Kato and McCullagh 2020, arXiv:1510.07679, eq. 2 (a Moebius map of the
//   ball, on its border).  The turn: Rodrigues' formula in Cayley's parameters.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include "rheo/math/angle.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// A point of space.
template <class T> using Point3 = std::array<T, 3>;

template <class T> T dot(const Point3<T>& a, const Point3<T>& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }
template <class T> Point3<T> cross(const Point3<T>& a, const Point3<T>& b) {
  return {a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]};
}
/// a + f b.
template <class T> Point3<T> plus(const Point3<T>& a, T f, const Point3<T>& b) {
  return {a[0] + f * b[0], a[1] + f * b[1], a[2] + f * b[2]};
}

/// A place of the chart: longitude in [-pi, pi), a circle, and height (1 + p_3) / 2 in [0, 1].  An area of the sphere
/// is twice that of its image.  At the poles any longitude is the same point, and slopes count as 0.  A height near 1
/// is as coarse as T is there: about the north pole directions are told apart down to 2 sqrt(eps), 7e-4 in float and
/// 3e-8 in double, about the south pole without such an end.
template <class T> struct Place { T longitude, height; };

template <class T> bool off_chart(const T& height) { return height < T(0) || height > T(1); }
/// 0 at the poles, and beyond them.
template <class T> T distance_from_axis(const T& height) {
  using std::sqrt;
  const T area = height * (T(1) - height);
  return area > T(0) ? T(2) * sqrt(area) : area * T(0);
}

/// The point there.
template <class T> Point3<T> from_chart(const Place<T>& c) {
  using std::cos, std::sin;
  const T radius = distance_from_axis(c.height);
  return {radius * cos(c.longitude), radius * sin(c.longitude), T(2) * c.height - T(1)};
}
/// g: the cotangent of the point.
template <class T> Place<T> from_chart_pull(const Place<T>& c, const Point3<T>& g) {
  using std::cos, std::sin;
  const T radius = distance_from_axis(c.height);
  const T x = cos(c.longitude), y = sin(c.longitude);
  const T slope = radius > T(0) ? T(2) * (T(1) - T(2) * c.height) / radius : radius * T(0);
  return {radius * (x * g[1] - y * g[0]), slope * (x * g[0] + y * g[1]) + T(2) * g[2]};
}
/// The place of a point other than 0, of which the direction alone matters.
template <class T> Place<T> to_chart(const Point3<T>& p) {
  using std::atan2, std::sqrt;
  const T length = sqrt(dot(p, p)), z = p[2] / length, x = p[0] / length, y = p[1] / length;
  const T across = x * x + y * y;
  // Half of 1 + z, without cancellation near the south pole.
  T height = z < T(0) ? across / (T(2) * (T(1) - z)) : (T(1) + z) * T(0.5);
  if (height > T(1)) height = T(1);  // rounding
  return {across > T(0) ? wrap_angle(T(atan2(y, x))) : across, height};
}
/// g: the cotangents of the place.
template <class T> Point3<T> to_chart_pull(const Point3<T>& p, const Place<T>& g) {
  using std::sqrt;
  const T square = dot(p, p), across = p[0] * p[0] + p[1] * p[1];
  using S = std::remove_cvref_t<decltype(autodiff::value_of(across))>;
  const T turn = across >= T(std::numeric_limits<S>::min()) ? g.longitude / across : across * T(0),
          rise = g.height / (T(2) * sqrt(square) * square), along = rise * p[2];
  return {-p[1] * turn - along * p[0], p[0] * turn - along * p[1], rise * across};
}

/// p -> s (p - w) - w with s = (1 - |w|^2) / |p - w|^2, from the sphere to itself, w inside it: pushes away from w's
/// direction; its inverse is that of -w.  Areas are multiplied by s^2.  The centre is given by any u: w = v / sqrt(1 +
/// |v|^2) with v = u / sqrt(1 + |u|^2 / 30^2), so that s stays below 3600 and its error below 3600 eps.
template <class T> class Boost {
 public:
  Boost(const Point3<T>& u, T sign) {
    using std::sqrt;
    const T square = dot(u, u), whole = T(1) + T(1 + soft) * square;
    rest_ = (T(1) + T(soft) * square) / whole;
    shrink_ = T(1) / sqrt(whole);
    for (std::size_t k = 0; k < 3; ++k) w_[k] = sign * shrink_ * u[k];
    u_ = u, sign_ = sign;
  }
  Point3<T> operator()(const Point3<T>& p, T& s) const {
    const Point3<T> d = plus(p, T(-1), w_);
    s = rest_ / dot(d, d);
    return plus(Point3<T>{s * d[0], s * d[1], s * d[2]}, T(-1), w_);
  }
  /// The cotangent of p, given that of the image and that of log s; that of u is added to g_u.
  Point3<T> pull(const Point3<T>& p, const Point3<T>& g, T g_log_s, Point3<T>& g_u) const {
    const Point3<T> d = plus(p, T(-1), w_);
    const T square = dot(d, d), s = rest_ / square, g_s = dot(g, d) + g_log_s / s;
    Point3<T> g_d = {s * g[0], s * g[1], s * g[2]};
    g_d = plus(g_d, T(-2) * g_s * s / square, d);
    // w: by d, by the last term, and by 1 - |w|^2.
    Point3<T> g_w;
    for (std::size_t k = 0; k < 3; ++k) g_w[k] = -g_d[k] - g[k] - T(2) * g_s / square * w_[k];
    const T by_w = sign_ * shrink_, inward = by_w * T(1 + soft) * shrink_ * shrink_ * dot(g_w, u_);
    for (std::size_t k = 0; k < 3; ++k) g_u[k] += by_w * g_w[k] - inward * u_[k];
    return g_d;
  }

 private:
  static constexpr double soft = 1.0 / 900;
  Point3<T> w_, u_;
  T rest_, shrink_, sign_;
};

/// The turn about the axis r by the angle 2 atan |r|; half a turn lies at infinity.  Its inverse is that of -r.
template <class T> class Turn {
 public:
  Turn(const Point3<T>& r, T sign) : r_{sign * r[0], sign * r[1], sign * r[2]}, sign_(sign) {
    twice_ = T(2) / (T(1) + dot(r, r));
  }
  Point3<T> operator()(const Point3<T>& p) const {
    const Point3<T> a = cross(r_, p);
    return plus(plus(p, twice_, a), twice_, cross(r_, a));
  }
  /// The cotangent of p, given that of the image; that of r is added to g_r.
  Point3<T> pull(const Point3<T>& p, const Point3<T>& g, Point3<T>& g_r) const {
    const Point3<T> a = cross(r_, p), b = cross(r_, a);
    const T g_twice = dot(g, a) + dot(g, b);
    const Point3<T> g_b = {twice_ * g[0], twice_ * g[1], twice_ * g[2]};
    const Point3<T> g_a = plus(g_b, T(1), cross(g_b, r_));
    const Point3<T> one = cross(a, g_b), other = cross(p, g_a);
    const T by_length = -twice_ * twice_ * g_twice;
    for (std::size_t k = 0; k < 3; ++k) g_r[k] += sign_ * (one[k] + other[k] + by_length * r_[k]);
    return plus(g, T(1), cross(g_a, r_));
  }

 private:
  Point3<T> r_;
  T sign_, twice_;
};

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
