// SPDX-License-Identifier: MIT
// SphereMoebius: a conformal map of the sphere, on its chart of equal areas: a push away from a direction, then a turn.
//   Kato and McCullagh 2020, arXiv:1510.07679; Rezende et al. 2020, arXiv:2002.02428, sec. 2.3 has it for the circle.
#pragma once

#include <cmath>
#include <limits>

#include "rheo/core/layer.hpp"
#include "rheo/math/clip.hpp"
#include "rheo/math/sphere.hpp"

namespace rheo {

/// x, z: longitude, a circle, and height in [0, 1] (rheo/math/sphere.hpp), as SphereChart gives them.  Six parameters:
/// boost u (the map is smooth in any, and stretches by 3600 at most) and turn r; all conformal maps that keep the
/// orientation up to that, but for half turns.  V = 2 log s, s the map's stretch.  Starts at the identity.  A height
/// off [0, 1] is off the support: v = -inf, gradient 0.  It moves poles and seam, where splines of the chart are apart,
/// to other places: in front of them, to where no data are.  Directions about the north pole: as rheo/math/sphere.hpp
/// says.
struct SphereMoebius {
  static constexpr Index x_dim = 2, z_dim = 2, context_dim = 0, param_count = 6, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<2> x_support = {Support::circle, Support::unit}, z_support = x_support;
  template <class T> using Cache = NoCache;

  template <class P> static auto unpack(P p) {
    using V = decltype(p.vector(0));
    struct Parts {
      V boost, turn;
    };
    return Parts{p.vector(3, "boost"), p.vector(3, "turn")};
  }
  template <class T> void init(Params<T> theta, Params<T>, Noise) const {
    auto [boost, turn] = unpack(theta);
    boost.setZero();
    turn.setZero();
  }

  template <class T> void encode(Pass<T, NoCache> p) const { run<true>(p); }
  template <class T> void decode(Pass<T, NoCache> p) const { run<false>(p); }
  template <class T> void encode_pull(Pull<T, NoCache> p) const { pull<true>(p); }
  template <class T> void decode_pull(Pull<T, NoCache> p) const { pull<false>(p); }

 private:
  /// The maps of one direction; decode's are the inverses in the other order.
  template <bool Encode, class T> struct Maps {
    math::Boost<T> boost;
    math::Turn<T> turn;
    explicit Maps(Params<const T> theta) : Maps(unpack(theta)) {}
    template <class Parts>
    explicit Maps(const Parts& q)
        : boost({q.boost(0), q.boost(1), q.boost(2)}, T(Encode ? 1 : -1)),
          turn({q.turn(0), q.turn(1), q.turn(2)}, T(Encode ? 1 : -1)) {}
  };
  template <bool Encode, class T> void run(Pass<T, NoCache>& p) const {
    using std::log;
    const Maps<Encode, T> maps(p.theta);
    for (Index i = 0; i < p.in.rows(); ++i) {
      const T height = p.in(i, 1);
      const math::Point3<T> at = math::from_chart<T>({p.in(i, 0), math::clip(height, T(0), T(1))});
      T s;
      const math::Place<T> to = math::to_chart(Encode ? maps.turn(maps.boost(at, s)) : maps.boost(maps.turn(at), s));
      p.out(i, 0) = to.longitude;
      p.out(i, 1) = to.height;
      p.v(i) += math::off_chart(height) ? T(-std::numeric_limits<double>::infinity()) : T(Encode ? 2 : -2) * log(s);
    }
  }
  template <bool Encode, class T> void pull(Pull<T, NoCache>& p) const {
    const Maps<Encode, T> maps(p.theta);
    math::Point3<T> g_boost{}, g_turn{};
    for (Index i = 0; i < p.in.rows(); ++i) {
      const math::Place<T> place{p.in(i, 0), p.in(i, 1)};
      if (math::off_chart(place.height)) {
        p.g_in(i, 0) = p.g_in(i, 1) = T(0);
        continue;
      }
      const math::Point3<T> at = math::from_chart(place);
      const T g_log_s = T(Encode ? 2 : -2) * p.g_v(i);
      const math::Place<T> g_out{p.g_out(i, 0), p.g_out(i, 1)};
      math::Point3<T> g;
      T s;
      if constexpr (Encode) {
        const math::Point3<T> pushed = maps.boost(at, s);
        g = maps.turn.pull(pushed, math::to_chart_pull(maps.turn(pushed), g_out), g_turn);
        g = maps.boost.pull(at, g, g_log_s, g_boost);
      } else {
        const math::Point3<T> turned = maps.turn(at);
        g = maps.boost.pull(turned, math::to_chart_pull(maps.boost(turned, s), g_out), g_log_s, g_boost);
        g = maps.turn.pull(at, g, g_turn);
      }
      const math::Place<T> g_in = math::from_chart_pull(place, g);
      p.g_in(i, 0) = g_in.longitude;
      p.g_in(i, 1) = g_in.height;
    }
    auto to = unpack(p.g_theta);
    for (Index k = 0; k < 3; ++k) {
      to.boost(k) += g_boost[static_cast<std::size_t>(k)];
      to.turn(k) += g_turn[static_cast<std::size_t>(k)];
    }
  }
};

}  // namespace rheo
