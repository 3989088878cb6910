// SPDX-License-Identifier: MIT
// What generated chains are made of.
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
