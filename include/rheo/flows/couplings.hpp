// SPDX-License-Identifier: MIT
// Couplings: layers of one type that each transform half of the coordinates, and the turns that belong between them for
// every number of those.
#pragma once

#include <type_traits>

#include "rheo/flows/chain.hpp"
#include "rheo/flows/repeat.hpp"
#include "rheo/layers/bijections/permute.hpp"

namespace rheo {

namespace detail {

template <Index D, Index Steps, class Layer> struct CouplingsOf {
  using Pairs = Repeat<Steps / 2, Chain<Deal<D>, Layer, Exchange<D>, Layer>>;
  using type = std::conditional_t<Steps % 2 == 0, Pairs, Chain<Pairs, Chain<Deal<D>, Layer>>>;
};
template <Index D, class Layer> struct CouplingsOf<D, 1, Layer> { using type = Chain<Deal<D>, Layer>; };
template <Index Steps, class Layer> struct CouplingsOf<2, Steps, Layer> {
  using type = Repeat<Steps, Chain<Layer, Flip<2>>>;
};
template <class Layer> struct CouplingsOf<2, 1, Layer> { using type = Repeat<1, Chain<Layer, Flip<2>>>; };

}  // namespace detail

/// Steps layers that transform HalfMask<D>'s half.  Two by two they transform every coordinate, and the next two see
/// other halves: those of the next binary digit, see Deal.  After four every latent coordinate depends on all of the
/// data.  Couplings<5, 8, AffineCoupling<5, Mlp<64, 64>>>.
template <Index D, Index Steps, class Layer> using Couplings = typename detail::CouplingsOf<D, Steps, Layer>::type;

}  // namespace rheo
