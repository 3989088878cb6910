// SPDX-License-Identifier: MIT
// SphereChart: the unit sphere to longitude and height, a chart that keeps areas.
//   Lambert's cylinder, 1772.
#pragma once

#include <cmath>
#include <limits>

#include "rheo/core/layer.hpp"
#include "rheo/math/sphere.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// x: a point of the unit sphere, three numbers;  z: its longitude in [-pi, pi), a circle, and (1 + x_3) / 2 in
/// [0, 1].  Densities of x are per area of the sphere (that of the uniform law is 1 / (4 pi)): V = -log 2, that of
/// areas.  A length farther than 1/100 from 1 is off the support: v = -inf, gradient 0; closer ones are taken as
/// rounding, only the direction matters to z.  At the poles the longitude is 0, and its gradient counts as 0;
/// directions within 2 sqrt(eps) of the north pole are not told apart: fit in double what lies so close.  Behind it:
/// SphereMoebius, circular splines, and at the end CutCircle on the longitude and Uniform<2>.
struct SphereChart {
  static constexpr Index x_dim = 3, z_dim = 2, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<3> x_support = all_of<3>(Support::sphere);
  static constexpr Supports<2> z_support = {Support::circle, Support::unit};
  template <class T> using Cache = NoCache;

  template <class T> void encode(Pass<T, NoCache> p) const {
    for (Index i = 0; i < p.in.rows(); ++i) {
      const math::Point3<T> x = row(p.in, i);
      const bool off = outside(x);
      const math::Place<T> z = off ? math::Place<T>{T(0), T(0.5)} : math::to_chart(x);
      p.out(i, 0) = z.longitude;
      p.out(i, 1) = z.height;
      p.v(i) += T(off ? -std::numeric_limits<double>::infinity() : -log_2);
    }
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    for (Index i = 0; i < p.in.rows(); ++i) {
      const math::Point3<T> x = row(p.in, i);
      const math::Point3<T> g =
          outside(x) ? math::Point3<T>{} : math::to_chart_pull(x, math::Place<T>{p.g_out(i, 0), p.g_out(i, 1)});
      for (Index k = 0; k < 3; ++k) p.g_in(i, k) = g[static_cast<std::size_t>(k)];
    }
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    for (Index i = 0; i < p.in.rows(); ++i) {
      const T height = p.in(i, 1);
      const bool off = math::off_chart(height);
      const math::Point3<T> x = math::from_chart<T>({p.in(i, 0), off ? T(0.5) : height});
      for (Index k = 0; k < 3; ++k) p.out(i, k) = x[static_cast<std::size_t>(k)];
      p.v(i) += T(off ? -std::numeric_limits<double>::infinity() : -log_2);
    }
  }
  template <class T> void decode_pull(Pull<T, NoCache> p) const {
    for (Index i = 0; i < p.in.rows(); ++i) {
      const T height = p.in(i, 1);
      const math::Place<T> g = math::off_chart(height)
                                   ? math::Place<T>{T(0), T(0)}
                                   : math::from_chart_pull<T>({p.in(i, 0), height}, row(p.g_out, i));
      p.g_in(i, 0) = g.longitude;
      p.g_in(i, 1) = g.height;
    }
  }

 private:
  static constexpr double log_2 = 0.69314718055994531;
  template <class In> static auto row(const In& x, Index i) {
    return math::Point3<std::remove_cvref_t<decltype(x(i, 0))>>{x(i, 0), x(i, 1), x(i, 2)};
  }
  /// NaN is not: it comes through.
  template <class T> static bool outside(const math::Point3<T>& x) {
    using std::abs;
    return abs(math::dot(x, x) - T(1)) > T(0.02);
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
