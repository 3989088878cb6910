// SPDX-License-Identifier: MIT
// What generated chains are made of.  They are of ten layers and more: parameters lie nearer to the start than those of
// one layer, since stretches multiply, and what quadrature and rounding are asked for is that of the laws all the same.
#pragma once

#include "registry.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/cayley_orthogonal.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/exponential_orthogonal.hpp"
#include "rheo/layers/bijections/householder.hpp"
#include "rheo/layers/bijections/low_rank_linear.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/qr_linear.hpp"
#include "rheo/layers/bijections/svd_linear.hpp"
#include "rheo/layers/bijections/triangular_linear.hpp"
#include "rheo/layers/surjections/abs.hpp"
#include "rheo/layers/surjections/slice.hpp"
#include "rheo/layers/surjections/stochastic_permutation.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

namespace rheo_test {
/// A Standardize of data that are nearly standard.
template <Index D> struct Shifted : Standardize<D> {
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    Standardize<D>::init(theta, buffers, noise);
    auto [m, d, done] = Standardize<D>::unpack_buffers(buffers);
    for (Index j = 0; j < D; ++j) m(j) = T(0.1 * static_cast<double>(j)), d(j) = T(j % 2 ? 0.9 : 1.1);
    done(0) = T(1);
  }
};
}  // namespace rheo_test
