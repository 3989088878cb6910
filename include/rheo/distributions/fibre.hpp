// SPDX-License-Identifier: MIT
// Fibres: recipes for the distribution of what a surjection drops, given what it keeps.
//
// A recipe F owes `template <Index D, Index C> using law`: a distribution on D coordinates whose context_dim is C (what the layer keeps, and
// the user's context behind it) or 0 (it looks at neither).  A flow is a law too: that makes a fibre as rich as one likes.
#pragma once

#include "rheo/distributions/independent.hpp"

namespace rheo {

/// Independent coordinates with parameters of their own, whatever is kept: Plain<family::Normal<>>.
template <class Family> struct Plain {
  template <Index D, Index C> using law = Independent<D, Family>;
};
/// Independent coordinates whose parameters a net makes from what is kept: Given<family::Normal<>, Mlp<64, 64>>.
template <class Family, class Net> struct Given {
  template <Index D, Index C> using law = ConditionalIndependent<D, Family, Net, C>;
};
/// The distribution L as it is: Fixed<StandardNormal> takes L<D>.
template <template <Index> class L> struct Fixed {
  template <Index D, Index C> using law = L<D>;
};
/// A flow, or any law with two sizes of its own: FlowFibre<F> takes F<D, C>, whose parts all have context_dim C or 0.
template <template <Index, Index> class F> struct FlowFibre {
  template <Index D, Index C> using law = F<D, C>;
};

}  // namespace rheo
