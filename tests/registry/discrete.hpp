// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/discrete.hpp"

#define RHEO_REGISTRY(entry)                                                 \
  entry("Bernoulli", (Bernoulli<3>{}));                                      \
  entry("categorical", (Categorical<2, 4>{}));                               \
  entry("conditional Bernoulli", (ConditionalBernoulli<2, SmoothNet, 3>{})); \
  entry("conditional categorical", (ConditionalCategorical<2, 3, SmoothNet, 2>{}))
