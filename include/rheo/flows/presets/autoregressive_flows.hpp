// SPDX-License-Identifier: MIT
// Presets of autoregressive flows by their papers' names.  Scoring takes one pass of each net, sampling D dependent
// steps; Iaf the other way about, so that Iaf is for energies and Maf for data.
#pragma once

#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/block_autoregressive.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/transformers/bernstein.hpp"
#include "rheo/transformers/deep_sigmoid.hpp"
#include "rheo/transformers/monotone_neural.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "rheo/transformers/sum_of_squares.hpp"

namespace rheo::presets {

/// Autoregressive layers of any scalar transformer, the order reversed between them.
template <Index D, class Transformer, Index Steps, class Net, Index C>
using AutoregressiveFlow =
    Flow<Standardize<D>, Repeat<Steps, Chain<Autoregressive<D, Transformer, Net, C>, Flip<D>>>, StandardNormal<D>>;

/// Papamakarios et al. 2017, arXiv:1705.07057.
template <Index D, Index Steps = 5, class Net = Made<64, 64>, Index C = 0>
using Maf = AutoregressiveFlow<D, ScaleShift<>, Steps, Net, C>;

/// Kingma et al. 2016, arXiv:1606.04934.
template <Index D, Index Steps = 5, class Net = Made<64, 64>, Index C = 0>
using Iaf = Flow<Standardize<D>, Repeat<Steps, Chain<Invert<MaskedAffineAutoregressive<D, Net, C>>, Flip<D>>>,
                 StandardNormal<D>>;

/// Durkan et al. 2019, arXiv:1906.04032, autoregressive form.
template <Index D, Index Steps = 3, class Net = Made<64, 64>, Index C = 0, Index Bins = 8>
using NsfAutoregressive = AutoregressiveFlow<D, RationalQuadraticSpline<Bins>, Steps, Net, C>;

/// Huang et al. 2018, arXiv:1804.00779, deep sigmoidal flow.
template <Index D, Index Steps = 3, class Net = Made<64, 64>, Index C = 0, Index K = 8>
using Naf = AutoregressiveFlow<D, DeepSigmoid<K>, Steps, Net, C>;

/// Wehenkel and Louppe 2019, arXiv:1908.05164.
template <Index D, Index Steps = 3, class Net = Made<64, 64>, Index C = 0>
using Umnn = AutoregressiveFlow<D, MonotoneNeural<>, Steps, Net, C>;

/// Jaini et al. 2019, arXiv:1905.02325.
template <Index D, Index Steps = 3, class Net = Made<64, 64>, Index C = 0>
using Sospf = AutoregressiveFlow<D, SumOfSquares<>, Steps, Net, C>;

/// Ramasinghe et al. 2021, arXiv:2102.03509.
template <Index D, Index Steps = 3, class Net = Made<64, 64>, Index C = 0, Index Degree = 16>
using BernsteinFlow = AutoregressiveFlow<D, Bernstein<Degree>, Steps, Net, C>;

/// De Cao et al. 2019, arXiv:1904.04676.
template <Index D, Index Steps = 3, class Widths = Blocks<16, 16>, Index C = 0>
using Bnaf = Flow<Standardize<D>, Repeat<Steps, Chain<BlockAutoregressive<D, Widths, C>, Flip<D>>>, StandardNormal<D>>;

}  // namespace rheo::presets
