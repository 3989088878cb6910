// SPDX-License-Identifier: MIT
// Moves: recipes of sampling layers, which a preset lays on whatever energy is due at a place of the path:
// presets::snf, annealed_sample.
//   A recipe is anything callable as recipe(energy) that returns a layer; a lambda will do.
#pragma once

#include "rheo/flows/generative.hpp"
#include "rheo/layers/stochastic/hmc.hpp"
#include "rheo/layers/stochastic/langevin.hpp"
#include "rheo/layers/stochastic/mala.hpp"
#include "rheo/layers/stochastic/metropolis.hpp"
#include "rheo/layers/stochastic/underdamped_langevin.hpp"

namespace rheo::moves {

/// Steps random-walk proposals, accepted or not.
template <Index Steps = 20, Learned Train = Learned::none> struct Metropolis {
  double step = 0.25;  ///< deviation of a proposal, in the units of x
  template <ValueEnergy E> auto operator()(E e) const { return rheo::Metropolis<E, Steps, Train>(std::move(e), step); }
};
/// Steps Langevin proposals, accepted or not.
template <Index Steps = 10, Learned Train = Learned::none> struct Mala {
  double step = 0.05;  ///< as rheo::Mala has it
  template <Energy E> auto operator()(E e) const { return rheo::Mala<E, Steps, Train>(std::move(e), step); }
};
/// Steps of overdamped Langevin dynamics, all taken.
template <Index Steps = 10, Learned Train = Learned::none> struct Langevin {
  double step = 0.01;  ///< as rheo::Langevin has it
  template <Energy E> auto operator()(E e) const { return rheo::Langevin<E, Steps, Train>(std::move(e), step); }
};
/// Steps trajectories of Leaps leapfrog steps each, with fresh velocities, accepted or, without Accept, all taken.
template <Index Steps = 2, Index Leaps = 5, bool Accept = true, Learned Train = Learned::none> struct Hmc {
  double step = 0.1;  ///< of time, a leapfrog step
  template <Energy E> auto operator()(E e) const {
    return rheo::Hmc<E, Steps, Leaps, Accept, Train>(std::move(e), step);
  }
};
/// Velocities are drawn beside the positions, and dropped behind the moves.
template <Index Steps = 10, Learned Train = Learned::none> struct UnderdampedLangevin {
  double step = 0.1;    ///< of time
  double friction = 1;  ///< 1 / time
  template <Energy E> auto operator()(E e) const {
    constexpr Index D = E::dim;
    using Moves = rheo::UnderdampedLangevin<E, Steps, Train>;
    return Chain<Augment<D, D, Fixed<StandardNormal>>, Moves, Slice<2 * D, D, Fixed<StandardNormal>>>(
        {}, Moves(std::move(e), step, friction), {});
  }
};

}  // namespace rheo::moves
