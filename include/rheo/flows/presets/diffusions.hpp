// SPDX-License-Identifier: MIT
// Presets of diffusions and score-based models by their papers' names, and the exact density that comes with a
// DiffFlow.
#pragma once

#include "rheo/distributions/diffusion_prior.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/layers/stochastic/diff_flow.hpp"
#include "rheo/layers/stochastic/diffusion.hpp"

namespace rheo::presets {

/// What the presets learn unless told otherwise, and what to write for another size: Velocity<BasicMlp<Silu,
/// WideZeroLast, 64, 64>, FourierTime<4>>.
using DiffusionField = Velocity<BasicMlp<Silu, WideZeroLast, 128, 128, 128>, FourierTime<4>>;

/// Ho et al. 2020, arXiv:2006.11239, with step variances that rise linearly unless other levels are given.  Train it
/// with Denoising{} (simple), VelocityDenoising{} or Variational{}; sample() is ancestral, ddim() takes fewer steps,
/// elbo() is the bound.
template <Index D, Index N = 100, class Field = DiffusionField, Index C = 0>
using Ddpm = Flow<Standardize<D>, Diffusion<D, N, Field, C>, StandardNormal<D>>;

/// Song et al. 2021, arXiv:2011.13456; Sde: VariancePreserving, VarianceExploding or SubVariancePreserving.  Train it
/// with Denoising{} or VelocityDenoising{}; log_prob() and sample() are those of the probability flow (exact),
/// predictor_corrector() samples by the stochastic equation, which is about twice as sensitive to a score that is
/// wrong: VelocityDenoising{} is the one for it.
template <Index D, class Sde = VariancePreserving, class Field = DiffusionField, class Trace = ExactTrace,
          class Solver = Dopri5<>, Index C = 0>
using ScoreSde =
    Flow<Standardize<D>, Continuous<D, ProbabilityFlow<Field, Sde>, Trace, Solver, C>, DiffusionPrior<D, Sde>>;

/// What DiffFlow learns: it sees Fourier features of the point, without which edges come out several times as blurred
/// (benchmarks/compare/diffusions.cpp).
using DiffFlowField = Velocity<BasicMlp<Gelu, WideZeroLast, 128, 128, 128>, FourierTime<4>, FourierPoint<3>>;

/// Zhang and Chen 2021, arXiv:2110.07579: trained by its bound, as any flow.
template <Index D, Index N = 30, class Field = DiffFlowField, Index C = 0>
using DiffFlow = Flow<Standardize<D>, rheo::DiffFlow<D, N, Field, C>, StandardNormal<D>>;
template <Index D, class Field = DiffFlowField, class Trace = ExactTrace, class Solver = Dopri5<>, Index C = 0>
using DiffFlowDensity = Flow<Standardize<D>, Continuous<D, DiffFlowOde<Field>, Trace, Solver, C>, StandardNormal<D>>;

}  // namespace rheo::presets

namespace rheo {

/// The probability flow of a fitted presets::DiffFlow, with its parameters: an exact log_prob, of the law whose
/// marginals the two equations would share if the score were right.
template <Index D, Index N, class Field, Index C, class T, class Trace = ExactTrace, class Solver = Dopri5<>>
Model<presets::DiffFlowDensity<D, Field, Trace, Solver, C>, T> probability_flow(
    const Model<Flow<Standardize<D>, DiffFlow<D, N, Field, C>, StandardNormal<D>>, T>& model) {
  using Layer = Continuous<D, DiffFlowOde<Field>, Trace, Solver, C>;
  using Density = presets::DiffFlowDensity<D, Field, Trace, Solver, C>;
  const auto& layers = model.flow().layers;
  Model<Density, T> density(
      Density(std::get<0>(layers), Layer(typename Layer::Net(std::get<1>(layers).time)), StandardNormal<D>{}));
  density.parameters() = model.parameters();
  density.buffers() = model.buffers();
  return density;
}
template <class F, class T> Model<F, T> probability_flow(const Model<F, T>& model) {
  static_assert(F::x_dim < 0,
                "rheo: probability_flow wants a model of the form of presets::DiffFlow: Flow<Standardize<D>, "
                "DiffFlow<D, N, Field, C>, StandardNormal<D>>");
  return model;
}

}  // namespace rheo
