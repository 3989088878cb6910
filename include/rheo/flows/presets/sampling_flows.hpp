// SPDX-License-Identifier: MIT
// Presets of flows towards an energy: stochastic normalizing flows and annealed importance sampling, as functions of
// the energy.
#pragma once

#include <limits>

#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/moves.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/layers/stochastic/controlled_langevin.hpp"

namespace rheo::presets {

/// RealNVP's block of Wu et al.: two affine couplings, so that every coordinate is moved; the next block has other
/// halves.
template <Index D, class Net = Mlp<64, 64>> using RealNvpBlock = Couplings<D, 2, AffineCoupling<D, Net>>;
/// The same of spline couplings, rational-quadratic with Bins bins on [-5, 5].
template <Index D, class Net = Mlp<64, 64>, Index Bins = 8>
using NsfBlock = Couplings<D, 2, Coupling<D, RationalQuadraticSpline<Bins>, Net>>;

namespace detail {

template <Index D, class Block, class E, class Move, std::size_t... Is>
auto snf(const E& target, const Move& move, const Block& block, std::index_sequence<Is...>) {
  constexpr std::size_t n = sizeof...(Is);
  using Path = Interpolated<NormalEnergy<D>, E>;
  using Moves = decltype(move(std::declval<Path>()));
  auto moves = [&](double lambda) { return move(Path(NormalEnergy<D>{}, target, lambda)); };
  // data first: block n - 1 and the moves behind it on the target's side come first
  return Flow<Chain<std::enable_if_t<(Is < n), Moves>, Block>..., Moves, StandardNormal<D>>(
      Chain<Moves, Block>(moves(Is == 0 ? 1.0 : static_cast<double>(n - 1 - Is) / static_cast<double>(n - 1)),
                          block)...,
      moves(0.0), StandardNormal<D>{});
}
template <Index D, class E, class Move, std::size_t... Is>
auto ais(const E& target, const Move& move, std::index_sequence<Is...>) {
  constexpr double n = sizeof...(Is);
  using Path = Interpolated<NormalEnergy<D>, E>;
  using Moves = decltype(move(std::declval<Path>()));
  return Flow<std::enable_if_t<(Is < sizeof...(Is)), Moves>..., StandardNormal<D>>(
      move(Path(NormalEnergy<D>{}, target, (n - static_cast<double>(Is)) / n))..., StandardNormal<D>{});
}

}  // namespace detail

/// Wu et al. 2020, arXiv:2002.06707 (stochastic normalizing flows): from N(0, I), moves at lambda = 0, then Blocks flow
/// blocks, each with moves behind it at (1 - lambda) u_N(0, I) + lambda u: lambda = i / (Blocks - 1) behind block i =
/// 0, ..., Blocks - 2, and 1 behind the last.
///     auto model = make_model<double>(presets::snf<3, presets::RealNvpBlock<2>>(well, moves::Metropolis<20>{0.25}),
///       Noise{1});
/// Affine blocks serve better between moves where they do not start as the identity: RealNvpBlock<2, BasicMlp<Relu,
/// UniformLast, 64, 64>>.  On that paper's double well 600 steps left weights of effective share 0.53 to 0.68 in five
/// runs, from the identity 0.03 to 0.61; more steps did not mend a low one.
template <Index Blocks, class Block, Energy E, class Move>
auto snf(const E& target, const Move& move, const Block& block = Block{}) {
  static_assert(Blocks > 0 && Block::x_dim == E::dim && Block::z_dim == E::dim);
  return detail::snf<E::dim, Block>(target, move, block, std::make_index_sequence<static_cast<std::size_t>(Blocks)>{});
}
/// What is no energy is told what makes one.
template <Index Blocks, class Block, class E, class Move>
requires(!ValueEnergy<E>) auto snf(const E&, const Move&, const Block& = Block{}) {
  return rheo::detail::wants_energy<E>();
}
/// The type of what snf returns.
template <Index Blocks, class Block, Energy E, class Move>
using Snf = decltype(snf<Blocks, Block>(std::declval<E>(), std::declval<Move>()));

/// Neal 2001, Annealed importance sampling, as a flow of K sampling layers at lambda = 1 / K, ..., 1 from N(0, I);
/// steps and lambdas can be learned.  annealed_sample (rheo/evaluation/importance.hpp) takes any number of temperatures
/// and resamples.
template <Index K, Energy E, class Move> auto ais(const E& target, const Move& move) {
  static_assert(K > 0);
  return detail::ais<E::dim>(target, move, std::make_index_sequence<static_cast<std::size_t>(K)>{});
}
/// The type of what ais returns.
template <Index K, Energy E, class Move> using Ais = decltype(ais<K>(std::declval<E>(), std::declval<Move>()));

/// Vargas et al. 2024, arXiv:2307.01050 (controlled Monte Carlo diffusions): N Langevin steps of length `step` from
/// N(0, I) with a learned drift; steps and lambdas are learned too.  A slope_limit of some 100 serves steep energies.
///     auto model = make_model<double>(presets::cmcd<32>(well, 0.02), Noise{1});
///     fit_energy(model, well, {.clip_norm = 1});  // reverse KL; log_variance(well) in its place: no derivative of u'
///     auto s = weighted_sample(model, well, 10'000, Noise{2});
template <Index N, class Field = Velocity<MlpOf<Silu, 64, 64>, FourierTime<4>>, Learned Train = Learned::both, Energy E>
auto cmcd(const E& target, double step = 0.01, double slope_limit = std::numeric_limits<double>::infinity()) {
  using Steps = ControlledLangevin<NormalEnergy<E::dim>, E, N, Field, Train>;
  return Flow{Steps({}, target, step, slope_limit), StandardNormal<E::dim>{}};
}

/// Vargas et al. 2023, arXiv:2302.13834 (denoising diffusion samplers): N steps from N(0, I) with a learned drift that
/// sees the target's slope, weighed against steps of the process that leaves N(0, I) as it is, back to it; the lengths
/// of the steps are learned.  N step of about 2 and more: less does not forget where it began.  Fitted and drawn from
/// as cmcd is; the target should be of about unit scale.  A tail that it seldom draws wants more steps of training than
/// a mode: look at k-hat of several noises.  Throws std::invalid_argument unless step and limit are positive and the
/// step 2 at most, beyond which the process back swings to infinity.
template <Index N, class Field = Velocity<MlpOf<Silu, 64, 64>, FourierTime<4>>, Energy E>
auto dds(const E& target, double step = 2.0 / static_cast<double>(N),
         double slope_limit = std::numeric_limits<double>::infinity()) {
  using Steps = ControlledLangevin<NormalEnergy<E::dim>, E, N, Field, Learned::step, ChainBack::undriven>;
  if (step > 2) rheo::detail::fail("dds wants a step of 2 at most: the process back would swing to infinity");
  Steps steps({}, target, step, slope_limit);
  steps.lambdas.fill(0);
  return Flow{std::move(steps), StandardNormal<E::dim>{}};
}

}  // namespace rheo::presets
