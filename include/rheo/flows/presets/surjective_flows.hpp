// SPDX-License-Identifier: MIT
// Presets of surjective flows, most by the names of Nielsen et al. 2020, arXiv:2007.02731 (SurVAE flows).  AbsFlow,
// AbsUniform, SortFlow, MaxFlow, SliceFlow and MultiScale are exact; PermuteFlow and AugmentedFlow are bounds: elbo and
// log_prob_estimate score them.
#pragma once

#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/couplings.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/conv_1x1.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/on.hpp"
#include "rheo/layers/bijections/ordered.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/squeeze.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/layers/surjections/stochastic_permutation.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "rheo/transformers/rescale.hpp"

namespace rheo::presets {

namespace detail {
template <Index D, Index Steps, class Net, Index C> using Affines = Couplings<D, Steps, AffineCoupling<D, Net, C>>;
/// Two groups of as many coordinates change places and stay together; others are mixed.
template <Index D, Index M, Index Steps, class Net, Index C>
using Exchanging = std::conditional_t<D == M, Repeat<Steps, Chain<AffineCoupling<D + M, Net, C>, Flip<D + M>>>,
                                      Affines<D + M, Steps, Net, C>>;

template <Index K, bool Leading> struct LeadingMask {
  static constexpr bool transformed(Index j) { return (j < K) == Leading; }
};

/// Positive numbers given something: splines of their softplus inverse, whose parameters a net makes.  The logistic has
/// the tail that small numbers have there.
template <class Net, Index Bins> struct PositiveSplines {
  template <Index D, Index C>
  using law = Flow<SoftplusInverseMap<D>, Conditional<D, RationalQuadraticSpline<Bins>, Net, C>, Logistic<D>>;
};

template <Index C, Index H, Index W, class Net>
using ImageStep =
    Chain<ActNorm<C * H * W>, Conv1x1<C, H, W>, AffineCoupling<C * H * W, Net, 0, BoundedExp, ChannelMask<C, H, W>>>;
template <Index C, Index H, Index W, Index Levels, Index Steps, class Net, class Fibre> struct Scales {
  using Next = Scales<2 * C, H / 2, W / 2, Levels - 1, Steps, Net, Fibre>;
  using type = Chain<Squeeze<C, H, W>, Repeat<Steps, ImageStep<4 * C, H / 2, W / 2, Net>>,
                     Slice<C * H * W, C * H * W / 2, Fibre>, typename Next::type>;
};
template <Index C, Index H, Index W, Index Steps, class Net, class Fibre> struct Scales<C, H, W, 1, Steps, Net, Fibre> {
  using type = Chain<Squeeze<C, H, W>, Repeat<Steps, ImageStep<4 * C, H / 2, W / 2, Net>>>;
};
}  // namespace detail

/// Densities symmetric about 0 in every coordinate: moduli by Map to the line, standardised there, then affine
/// couplings.  Where the moduli are known to keep within a bound, Map = LogitUpToMap<D>: see abs_flow_up_to.  Signs =
/// Given<family::Bernoulli, Net> learns odds of the signs given the moduli. A range map onto a normal base: where the
/// true density is positive on an axis, the flow's vanishes or has a pole there. Exact zeros (rounded data) are point
/// masses, on which the density has no bound: add noise of the rounding's width, or Dequantize, first.
template <Index D, Index Steps = 8, class Net = Mlp<64, 64>, class Map = SoftplusInverseMap<D>, class Signs = FairSigns,
          Index C = 0>
using AbsFlow =
    Flow<Abs<D, Signs, AllMask<D>, C>, Map, Standardize<D>, detail::Affines<D, Steps, Net, C>, StandardNormal<D>>;

/// AbsFlow of moduli up to a known bound: abs_flow_up_to<2>(4).  Data beyond are off its support.  Throws
/// std::invalid_argument unless the bound is positive and finite.
template <Index D, Index Steps = 8, class Net = Mlp<64, 64>, class Signs = FairSigns, Index C = 0>
AbsFlow<D, Steps, Net, LogitUpToMap<D>, Signs, C> abs_flow_up_to(double bound) {
  AbsFlow<D, Steps, Net, LogitUpToMap<D>, Signs, C> flow;
  std::get<1>(flow.layers) = LogitUpToMap<D>(bound);
  return flow;
}

/// The first K coordinates' moduli and the other coordinates, uniform on a box; all structure is in the odds of the
/// signs, which a net makes from them: for anti-symmetric densities, as the checkerboard.  AbsUniform<2>{4} (the
/// default) has moduli up to 4; data beyond are off its support.
template <Index D, Index K = 1, class Net = Mlp<64, 64>>
struct AbsUniform : Flow<Abs<D, Given<family::Bernoulli, Net>, detail::LeadingMask<K, true>>,
                         On<D, detail::LeadingMask<K, true>, range::RescalePositive>,
                         On<D, detail::LeadingMask<K, false>, range::Rescale>, Uniform<D>> {
  static_assert(0 < K && K < D, "rheo: AbsUniform folds some coordinates and keeps some");
  AbsUniform() : AbsUniform(4) {}
  /// Throws std::invalid_argument unless the bound is positive and finite.
  explicit AbsUniform(double bound) {
    std::get<1>(this->layers).transformer =
        range::RescalePositive(0, range::detail::positive_bound(bound, "AbsUniform"));
    std::get<2>(this->layers).transformer = range::Rescale(-bound, bound);
  }
};

/// Exchangeable sets of N points of D coordinates, point by point in a row: sorted by coordinate Key, their steps'
/// logarithms standardised, then affine couplings. Ties of the keys (rounded data) are point masses, on which the
/// density has no bound: add noise of the rounding's width, or Dequantize, first.
template <Index N, Index D = 1, Index Steps = 8, class Net = Mlp<64, 64>, Index Key = 0, Index C = 0>
using SortFlow = Flow<SortPoints<N, D, Key>, OrderedPoints<N, D, Key>, Standardize<N * D>,
                      detail::Affines<N * D, Steps, Net, C>, StandardNormal<N * D>>;

/// Exchangeable sets again, shuffled first and before every affine coupling: a bound.  The order of a set changes the
/// noise of an estimate, and not what it estimates, whatever order the training data came in.
template <Index N, Index D = 1, Index Steps = 8, class Net = Mlp<64, 64>, Index C = 0>
using PermuteFlow = Flow<StochasticPermutation<N, D>, Standardize<N * D>,
                         Repeat<Steps, Chain<StochasticPermutation<N, D>, AffineCoupling<N * D, Net, C>, Deal<N * D>>>,
                         StandardNormal<N * D>>;

/// The largest of D numbers, each standardised, by a spline; given it, which it was by a categorical, and how far below
/// it the others lie by splines of their own. Ties of the largest (rounded data, also near ties of the standardised)
/// are point masses, on which the density has no bound: add noise of the rounding's width, or Dequantize, first.
template <Index D, class Net = Mlp<64, 64>, Index Bins = 16>
using MaxFlow = Flow<Standardize<D>, Max<D, detail::PositiveSplines<Net, Bins>, Given<family::Categorical<D>, Net>>,
                     Standardize<1>, Elementwise<1, RationalQuadraticSpline<Bins>>, DiagonalNormal<1>>;

/// Huang et al. 2020, arXiv:2002.07101, and Chen et al. 2020, arXiv:2002.09741 (VFlow): M normal numbers drawn given
/// the data stand behind them, and affine couplings change the two in turn (M = D: the one from the whole of the
/// other).  A bound.
template <Index D, Index M = D, Index Steps = 8, class Net = Mlp<64, 64>,
          class Fibre = Given<family::Normal<SoftBound>, Mlp<64>>, Index C = 0>
using AugmentedFlow =
    Flow<Standardize<D>, Augment<D, M, Fibre, C>, detail::Exchanging<D, M, Steps, Net, C>, StandardNormal<D + M>>;

/// Affine couplings; K coordinates go on, the others leave, normal given those: one level of a multi-scale flow, on
/// vectors.
template <Index D, Index K = (D + 1) / 2, Index Steps = 8, class Net = Mlp<64, 64>,
          class Fibre = Given<family::Normal<SoftBound>, Mlp<64>>, Index C = 0>
using SliceFlow = Flow<Standardize<D>, detail::Affines<D, Steps, Net, C>, Slice<D, K, Fibre, C>, DiagonalNormal<K>>;

/// Dinh et al. 2017, arXiv:1605.08803, sec. 3.6, with the steps of Glow, arXiv:1807.03039: images of C x H x W real
/// numbers, channel-major; at each level 2 x 2 pixels become channels, Steps of ActNorm, 1 x 1 convolution and channel
/// coupling follow, and half of the channels leave, normal given the other half.  H and W divisible by 2^Levels.
template <Index C, Index H, Index W, Index Levels = 2, Index Steps = 4, class Net = Mlp<64, 64>,
          class Fibre = Given<family::Normal<SoftBound>, Mlp<64>>>
using MultiScale = Flow<typename detail::Scales<C, H, W, Levels, Steps, Net, Fibre>::type,
                        StandardNormal<C * H * W / (Index(1) << (Levels - 1))>>;

}  // namespace rheo::presets
