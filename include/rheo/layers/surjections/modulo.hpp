// SPDX-License-Identifier: MIT
// Modulo: the line wrapped around the circle; the winding number is dropped.  Its inverse unwraps angles by windings
// drawn from a law.
//   Nielsen et al. 2020, arXiv:2007.02731 (SurVAE flows);  Falorsi et al. 2019, arXiv:1903.02958 (densities pushed onto
//     compact groups).
#pragma once

#include <cmath>
#include <numbers>

#include "rheo/core/layer.hpp"
#include "rheo/distributions/discretized_logistic.hpp"
#include "rheo/distributions/fold.hpp"
#include "rheo/math/angle.hpp"

namespace rheo {

/// Winding numbers with nothing to learn: a standard logistic number, rounded.
using StandardWindings = Plain<family::StandardDiscretizedLogistic>;

namespace detail {
struct CircleFold {
  static constexpr Support x_support = Support::real, z_support = Support::circle;
  static constexpr Index pieces = 0;
  static constexpr bool isometric = true;
  template <class T> T code(T x) const {
    const auto u = static_cast<double>(autodiff::value_of(x)),
               z = static_cast<double>(autodiff::value_of(math::wrap_angle(x)));
    return T(std::nearbyint((u - z) / (2 * std::numbers::pi)));
  }
  template <class T> T fold(T x, T) const { return math::wrap_angle(x); }
  template <class T> T canonical(T z) const { return math::wrap_angle(z); }
  template <class T> T unfold(T z, T code) const { return math::wrap_angle(z) + T(2 * std::numbers::pi) * code; }
  double slope(double) const { return 1; }
  bool inside_x(double) const { return true; }
  bool inside_z(double) const { return true; }
  template <class Add> void seams(Add add) const {
    for (int k = -25; k <= 25; ++k) add((2 * k + 1) * std::numbers::pi);
  }
};
}  // namespace detail

/// z_j = x_j modulo 2 pi, in [-pi, pi), where M::transformed(j) (everywhere without a mask); the others pass.  The
/// winding numbers (x_j - z_j) / 2 pi follow Winding::law<wrapped coordinates, D + C> on the whole numbers, negative
/// ones too, given the whole z and the context, as Given<family::DiscretizedLogistic<>, Net>;  V = log p(windings | z).
/// Exact. decode takes any angle modulo 2 pi; the law sees the one in [-pi, pi).  z is as good as x: its error is the
/// rounding of x.  Infinite x gives NaN. decode has no gradient where Winding is learned: run backwards, take
/// StandardWindings.
template <Index D, class Winding = Plain<family::DiscretizedLogistic<>>, class M = AllMask<D>, Index C = 0>
struct Modulo : detail::Folded<D, detail::CircleFold, Winding, M, C> {
  using detail::Folded<D, detail::CircleFold, Winding, M, C>::Folded;
};

}  // namespace rheo
