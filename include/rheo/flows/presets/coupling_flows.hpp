// SPDX-License-Identifier: MIT
// Presets of coupling flows by their papers' names: one line to a working model.  Both directions take one pass of each
// net.  Masks and mixings are those that did best for 3 to 20 coordinates in benchmarks/compare/wirings.cpp.
#pragma once

#include "rheo/distributions/circle.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/couplings.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/nets/periodic.hpp"
#include "rheo/transformers/logistic_mixture_cdf.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

namespace rheo::presets {

namespace detail {
/// Spline couplings gain by a learned mixing behind each, which two coordinates do not need.
template <Index D, class Layer> using Mixed = std::conditional_t<(D > 2), Chain<Layer, LuMixing<D>>, Layer>;
/// And by knots that move slowly, which the plane's sharp densities do not like.
template <Index D, Index Bins>
using CouplingSpline = RationalQuadraticSpline<Bins, std::conditional_t<(D > 2), DampedKnots<>, SafeKnots>>;
}  // namespace detail

/// Dinh et al. 2014, arXiv:1410.8516: additive couplings, a learned scale at the end.
template <Index D, Index Steps = 8, class Net = Mlp<64, 64>, Index C = 0>
using Nice = Flow<Standardize<D>, Couplings<D, Steps, AdditiveCoupling<D, Net, C>>, ActNorm<D>, StandardNormal<D>>;

/// Dinh et al. 2017, arXiv:1605.08803: affine couplings, log-scales softly bounded by 2.
template <Index D, Index Steps = 8, class Net = Mlp<64, 64>, Index C = 0>
using RealNvp = Flow<Standardize<D>, Couplings<D, Steps, AffineCoupling<D, Net, C>>, StandardNormal<D>>;

/// Kingma and Dhariwal 2018, arXiv:1807.03039, on vectors: ActNorm, a learned linear mixing, an affine coupling.
template <Index D, Index Steps = 8, class Net = Mlp<64, 64>, Index C = 0>
using Glow = Flow<Standardize<D>, Repeat<Steps, Chain<ActNorm<D>, Deal<D>, LuMixing<D>, AffineCoupling<D, Net, C>>>,
                  StandardNormal<D>>;

/// Durkan et al. 2019, arXiv:1906.04032, coupling form: rational-quadratic splines of 8 bins on [-5, 5].
template <Index D, Index Steps = 4, class Net = Mlp<64, 64>, Index C = 0, Index Bins = 8>
using Nsf =
    Flow<Standardize<D>, Couplings<D, Steps, detail::Mixed<D, Coupling<D, detail::CouplingSpline<D, Bins>, Net, C>>>,
         StandardNormal<D>>;

/// Ho et al. 2019, arXiv:1902.00275: mixtures of logistics as the couplings' maps.
template <Index D, Index Steps = 4, class Net = Mlp<64, 64>, Index C = 0, Index K = 8>
using FlowPlusPlus =
    Flow<Standardize<D>, Couplings<D, Steps, detail::Mixed<D, Coupling<D, LogisticMixtureCdf<K>, Net, C>>>,
         StandardNormal<D>>;

/// Rezende et al. 2020, arXiv:2002.02428: angles in [-pi, pi)^D, circular splines whose nets see cosines and sines,
/// uniform base.
template <Index D, Index Steps = 4, class Net = MlpOf<Silu, 64, 64>, Index C = 0, Index Bins = 8>
using CircularNsf =
    Flow<Couplings<D, Steps, Coupling<D, CircularRationalQuadraticSpline<Bins>, Periodic<Net>, C>>, UniformCircle<D>>;

}  // namespace rheo::presets
