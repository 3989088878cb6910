// SPDX-License-Identifier: MIT
// Presets of flows whose layers change all coordinates at once, by their papers' names.  Their inverses iterate.
#pragma once

#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/convex_potential.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/free_form.hpp"
#include "rheo/layers/bijections/householder.hpp"
#include "rheo/layers/bijections/planar.hpp"
#include "rheo/layers/bijections/radial.hpp"
#include "rheo/layers/bijections/residual.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/layers/bijections/sylvester.hpp"
#include "rheo/nets/lipschitz.hpp"
#include "rheo/transformers/gaussianization.hpp"

namespace rheo::presets {

/// Rezende and Mohamed 2015, arXiv:1505.05770.
template <Index D, Index Steps = 32>
using PlanarFlow = Flow<Standardize<D>, Repeat<Steps, Planar<D>>, DiagonalNormal<D>>;
template <Index D, Index Steps = 32>
using RadialFlow = Flow<Standardize<D>, Repeat<Steps, Radial<D>>, DiagonalNormal<D>>;

/// van den Berg et al. 2018, arXiv:1803.05649.
template <Index D, Index Steps = 16>
using SylvesterFlow = Flow<Standardize<D>, Repeat<Steps, Sylvester<D>>, DiagonalNormal<D>>;

/// Chen et al. 2019, arXiv:1906.02735, with the exact log-determinant (LogDet = Roulette above some 64 coordinates).
template <Index D, Index Steps = 10, class Net = LipschitzMlp<64, 64>, class LogDet = ExactLogDet>
using ResidualFlow =
    Flow<Standardize<D>, Repeat<Steps, Chain<Residual<D, Net, LogDet>, ActNorm<D>>>, StandardNormal<D>>;

/// Meng et al. 2020, arXiv:2003.01941: coordinates Gaussianized one by one, then turned.
template <Index D, Index Steps = 6, Index K = 8>
using GaussianizationFlow =
    Flow<Standardize<D>, Repeat<Steps, Chain<Elementwise<D, Gaussianization<K>>, Householder<D>>>, StandardNormal<D>>;

/// Huang et al. 2021, arXiv:2012.05942: gradients of strongly convex nets, H units in two layers; D <= 16.
template <Index D, Index Steps = 4, Index H = 32>
using ConvexPotentialFlow =
    Flow<Standardize<D>, Repeat<Steps, Chain<ConvexPotential<D, H>, ActNorm<D>>>, StandardNormal<D>>;

/// Draxler et al. 2024, arXiv:2310.16624: to be fitted by FreeFormLikelihood (rheo/training/free_form.hpp).
template <Index D, class Net = BasicMlp<Silu, WideZeroLast, 64, 64, 64, 64>, Index C = 0>
using FreeFormFlow = Flow<Standardize<D>, FreeForm<D, Net, Net, C>, StandardNormal<D>>;

}  // namespace rheo::presets
