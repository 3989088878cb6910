// SPDX-License-Identifier: MIT
// Abs: the modulus; the signs are dropped.  A flow behind it models |x|, and so a symmetric density at half the work.
//   Nielsen et al. 2020, arXiv:2007.02731 (SurVAE flows): absolute value, inference.
#pragma once

#include "rheo/core/layer.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/fold.hpp"

namespace rheo {

/// Signs with probability 1/2 each.
using FairSigns = Plain<family::Fair<2>>;

namespace detail {
struct AbsFold {
  static constexpr Support x_support = Support::real, z_support = Support::positive;
  static constexpr Index pieces = 2;
  static constexpr bool isometric = true;
  template <class T> T code(T x) const { return x < T(0) ? T(1) : T(0); }
  template <class T> T fold(T x, T) const { return x < T(0) ? T(-x) : T(x + T(0)); }  // -0 + 0 is +0
  template <class T> T unfold(T z, T code) const { return code == T(1) ? T(-z) : z; }
  double slope(double code) const { return code == 1 ? -1 : 1; }
  bool inside_x(double) const { return true; }
  bool inside_z(double z) const { return !(z < 0); }
  template <class Add> void seams(Add add) const { add(0.0); }
};
}  // namespace detail

/// z_j = |x_j| where M::transformed(j) (everywhere without a mask), the others pass with their supports.  The signs
/// follow Signs::law<folded coordinates, D + C> on {0, 1}, 1 for minus, given the whole z and the context: FairSigns,
/// then V = - (folded coordinates) log 2 and p(x) = p(-x_j) to the last bit, or Given<family::Bernoulli, Net>.  Exact.
/// The sign of 0 and of -0 is plus, and z is +0 there.  decode of z_j < 0: v = -inf, gradient 0.  z lives on (0, inf):
/// a range map must follow before a base on the line.  decode has no gradient where Signs are learned. Exact zeros in
/// the data (rounded data) are point masses, on which the densities of such flows have no bound: add noise of the
/// rounding's width, or Dequantize, first.
template <Index D, class Signs = FairSigns, class M = AllMask<D>, Index C = 0>
struct Abs : detail::Folded<D, detail::AbsFold, Signs, M, C> {
  using detail::Folded<D, detail::AbsFold, Signs, M, C>::Folded;
};

}  // namespace rheo
