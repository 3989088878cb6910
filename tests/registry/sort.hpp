// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/orders.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/surjections/sort.hpp"
#include "rheo/layers/surjections/stochastic_permutation.hpp"

#define RHEO_REGISTRY(entry)                                                                                  \
  entry("sort", (Sort<2>{}));                                                                                 \
  entry("sort points by their second coordinate", (SortPoints<3, 2, 1>{}));                                   \
  entry("sort, generative", (Unsort<3>{}));                                                                   \
  entry("sort, odds of the orders given the numbers and a context", (Sort<3, PlackettLuce<SmoothNet>, 2>{})); \
  entry("stochastic permutation", (StochasticPermutation<3, 2>{}))
