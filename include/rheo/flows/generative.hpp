// SPDX-License-Identifier: MIT
// The generative forms of surjections: the inference form run backwards.  All are bounds.
//   Nielsen et al. 2020, arXiv:2007.02731 (SurVAE flows);  Huang et al. 2020, arXiv:2002.07101, and Chen et al. 2020,
//   arXiv:2002.09741 (augmented flows, VFlow).
//
// Signs, places and windings are drawn here, and draws of whole numbers teach their law nothing
// (rheo/distributions/fibre.hpp): with a learned law these forms score and sample, but have no gradient; a fit refuses
// them.  The defaults have nothing to learn, and their gradients are exact.
#pragma once

#include "rheo/flows/invert.hpp"
#include "rheo/layers/surjections/abs.hpp"
#include "rheo/layers/surjections/max.hpp"
#include "rheo/layers/surjections/modulo.hpp"
#include "rheo/layers/surjections/slice.hpp"
#include "rheo/layers/surjections/sort.hpp"

namespace rheo {

/// D data coordinates pass, M more are drawn behind them by Recipe::law<M, D + C> given the data and the context;  V =
/// -log q(drawn | x).
template <Index D, Index M, class Recipe, Index C = 0> using Augment = Invert<Slice<D + M, D, Recipe, C>>;
/// Data on (0, inf) get signs: x = |z|, V = -log q(signs | x).
template <Index D, class Signs = FairSigns, class M = AllMask<D>, Index C = 0>
using Unfold = Invert<Abs<D, Signs, M, C>>;
/// Ascending data are shuffled: x = sort z, V = log D!.
template <Index D> using Unsort = Invert<Sort<D>>;
/// Points that ascend in coordinate Key are shuffled: V = log N!.
template <Index N, Index D, Index Key = 0> using UnsortPoints = Invert<SortPoints<N, D, Key>>;
/// One number gets D - 1 more below it: x = max z, V = -log q(place | x) - log q(gaps | x).
template <Index D, class Gaps, class Which = Plain<family::Fair<D>>, Index C = 0>
using Unmax = Invert<Max<D, Gaps, Which, C>>;
/// An image of C x H/2 x W/2 numbers grows to C x H x W, of whose windows it holds the largest.
template <Index C, Index H, Index W, class Gaps, class Which = Plain<family::Fair<4>>, Index Context = 0>
using Unpool2x2 = Invert<MaxPool2x2<C, H, W, Gaps, Which, Context>>;
/// Angles are unwound: x = z modulo 2 pi, V = -log q(windings | x).
template <Index D, class Winding = StandardWindings, class M = AllMask<D>, Index C = 0>
using Unwind = Invert<Modulo<D, Winding, M, C>>;

}  // namespace rheo
