// SPDX-License-Identifier: MIT
// Dequantize: whole numbers into continuous space, and flows on the unit cube to do it with.
//   Uniform: Theis et al. 2016, arXiv:1511.01844;  variational: Ho et al. 2019, arXiv:1902.00275, sec. 3.1, eq. 12.
#pragma once

#include "rheo/distributions/location_scale.hpp"
#include "rheo/distributions/logistic_mixture.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/couplings.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/surjections/round.hpp"

namespace rheo {

/// D whole numbers x to z = x + u, u in [0, 1)^D: V = -log q(u | x), a bound.  Round says the rest.  Uniform
/// dequantization without a fibre, V = 0; variational with one: Dequantize<64, UnitFibre<4, Mlp<64>>, 17>.
template <Index D, class Fibre = Fixed<Uniform>, Index K = 0, Index C = 0>
using Dequantize = Invert<Round<D, Fibre, K, C>>;

/// The interval [0, K] to the line by the logit: what follows a Dequantize of K whole numbers.
template <Index K> struct Levels : range::Interval {
  static constexpr Index categories = K;
  Levels() : range::Interval(0, static_cast<double>(K)) {}
};
/// Levels on every coordinate.
template <Index D, Index K> using LevelMap = Elementwise<D, Levels<K>>;

/// A density on (0, 1)^D given C numbers, two coordinates at least: logit, then Steps of an affine coupling and a turn,
/// then logistic noise.  It starts as the uniform density.  Where the slopes of several couplings multiply to 2 or more
/// at an end, the density vanishes there so fast that importance weights 1 / q have no variance: nothing keeps it from
/// that.
template <Index D, Index C, Index Steps, class Net>
using UnitCouplings = Flow<LogitMap<D>, Couplings<D, Steps, AffineCoupling<D, Net, C>>, Logistic<D>>;
/// Independent coordinates given the C numbers: each logit has a location and a scale that a net makes.  C > 0.  With
/// slope e^a of the logit the density goes as u^(e^a - 1) at an end: importance weights 1 / q have a variance for e^a <
/// 2, which NarrowBound keeps.
template <Index D, Index C, class Net>
using UnitLogistics = Flow<LogitMap<D>, Conditional<D, ScaleShift<NarrowBound>, Net, C>, Logistic<D>>;

/// Independent coordinates given the C numbers, each logit a mixture of K logistics whose weights, means and scales a
/// net makes.  C > 0.  Scales never below 0.6: the density goes as u^(1 / scale - 1) at an end, and importance weights
/// 1 / q have a variance for scales above 1/2.
template <Index D, Index C, Index K, class Net>
using UnitLogisticMixtures =
    Flow<LogitMap<D>, ConditionalIndependent<D, family::LogisticMixture<K, WideBound>, Net, C>>;

/// The fibre of UnitCouplings: Dequantize<64, UnitFibre<4, Mlp<64>>, 17>.
template <Index Steps, class Net> struct UnitFibre {
  /// Of D coordinates, given C numbers.
  template <Index D, Index C> using law = UnitCouplings<D, C, Steps, Net>;
};
/// The fibre of UnitLogistics.
template <class Net> struct UnitLogisticFibre {
  /// Of D coordinates, given C numbers.
  template <Index D, Index C> using law = UnitLogistics<D, C, Net>;
};

/// The fibre of UnitLogisticMixtures.
template <Index K, class Net> struct UnitLogisticMixtureFibre {
  /// Of D coordinates, given C numbers.
  template <Index D, Index C> using law = UnitLogisticMixtures<D, C, K, Net>;
};

}  // namespace rheo
