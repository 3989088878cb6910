// SPDX-License-Identifier: MIT
// Presets for discrete data: whole numbers by dequantization, categories by argmax.  Bounds: elbo and log_prob_estimate
// score them.
#pragma once

#include "rheo/distributions/normal.hpp"
#include "rheo/flows/dequantize.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/layers/surjections/argmax.hpp"

namespace rheo::presets {

/// Ho et al. 2019, arXiv:1902.00275, sec. 3.1: D >= 2 whole numbers 0 .. K - 1, variational dequantization, then affine
/// couplings.  Fibre = Fixed<Uniform> makes the dequantization uniform.
template <Index D, Index K, Index Steps = 8, class Net = Mlp<64, 64>, class Fibre = UnitFibre<4, Mlp<64>>, Index C = 0>
using DequantizedFlow = Flow<Dequantize<D, Fibre, K, C>, LevelMap<D, K>, Standardize<D>,
                             Couplings<D, Steps, AffineCoupling<D, Net, C>>, StandardNormal<D>>;

/// Hoogeboom et al. 2021, arXiv:2102.05379: D categories of K values each, logistic noise given the categories, of
/// scale 0.6 or more, then couplings and linear mixings.  Its elbo is loose: score with log_prob_estimate.
template <Index D, Index K, Index Steps = 6, class Net = Mlp<64, 64>,
          class Fibre = Given<family::Logistic<WideBound>, Mlp<64>>, Index C = 0>
using ArgmaxFlow =
    Flow<Argmax<D, K, Fibre, C>, Repeat<Steps, Chain<LuLinear<D * K>, AffineCoupling<D * K, Net, C>, Deal<D * K>>>,
         StandardNormal<D * K>>;

}  // namespace rheo::presets
