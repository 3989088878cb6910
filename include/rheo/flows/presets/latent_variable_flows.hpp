// SPDX-License-Identifier: MIT
// Presets of models with latents that are drawn both ways: autoencoders, and any preset continuously indexed.  Bounds:
// elbo and log_prob_estimate score them; fit takes the elbo, or ImportanceWeighted(K)
// (rheo/training/importance_weighted.hpp).
#pragma once

#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/layers/stochastic/indexed.hpp"
#include "rheo/layers/stochastic/vae.hpp"

namespace rheo::presets {

namespace detail {

template <Index U, class LawNet, class Net, Index C> struct IndexedBy {
  using Law = Given<family::Normal<SoftBound>, LawNet>;
  template <class L> struct Form { using type = Indexed<L, U, Law, Law, Net, C>; };
  template <Index D> struct Form<Standardize<D>> { using type = Standardize<D>; };
  template <Index D> struct Form<ActNorm<D>> { using type = ActNorm<D>; };
  template <Index K, class L> struct Form<Repeat<K, L>> { using type = Repeat<K, Indexed<L, U, Law, Law, Net, C>>; };
  template <Index K, class L, class Last> struct Form<Chain<Repeat<K, L>, Last>> {  // Couplings of an odd number
    using type = Chain<Repeat<K, Indexed<L, U, Law, Law, Net, C>>, Indexed<Last, U, Law, Law, Net, C>>;
  };
  template <class L>
  requires Distribution<L>
  struct Form<L> {
    using type = L;
  };
};
template <class F, Index U, class LawNet, class Net> struct CifOf;
template <class... Ls, Index U, class LawNet, class Net> struct CifOf<Flow<Ls...>, U, LawNet, Net> {
  using type = Flow<typename IndexedBy<U, LawNet, Net, Flow<Ls...>::context_dim>::template Form<Ls>::type...>;
};

}  // namespace detail

/// Kingma and Welling 2014, arXiv:1312.6114: D real numbers from Z latents, normal encoder and decoder with deviations
/// of their own. Its nets start at random to the last layer: latents that start unused are a saddle.
template <Index D, Index Z, class Net = BasicMlp<Relu, UniformLast, 64, 64>, Index C = 0>
using Vae = Flow<Standardize<D>,
                 VaeLayer<D, Z, Given<family::Normal<SoftBound>, Net>, Given<family::Normal<SoftBound>, Net>, C>,
                 StandardNormal<Z>>;
/// The same for D bits.
template <Index D, Index Z, class Net = BasicMlp<Relu, UniformLast, 64, 64>, Index C = 0>
using BitVae =
    Flow<VaeLayer<D, Z, Given<family::Normal<SoftBound>, Net>, Given<family::Bernoulli, Net>, C>, StandardNormal<Z>>;

/// Cornish et al. 2020, arXiv:1909.13833: a preset, or any flow, each of whose layers, or of its repeated steps, is
/// indexed by U coordinates with normal p(u | z) and q(u | x); Standardize, ActNorm and the base stay. Cif<RealNvp<2>>.
/// Its nets start at random to the last layer: an index that starts unused is a saddle, which training leaves slowly.
/// The bound is noisy and Adam's steps are short under noise: in two thousand steps it wants five times the learning
/// rate of the preset itself, at which it lags far behind it, in twenty thousand the same (4e-3).
template <class Preset, Index U = 1, class LawNet = BasicMlp<Relu, UniformLast, 32, 32>,
          class Net = BasicMlp<Relu, UniformLast, 10, 10>>
using Cif = typename detail::CifOf<Preset, U, LawNet, Net>::type;

}  // namespace rheo::presets
