// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/fold.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/surjections/abs.hpp"

#define RHEO_REGISTRY(entry)                                                                   \
  entry("abs", (Abs<2>{}));                                                                    \
  entry("abs, learned signs", (Abs<2, Given<family::Bernoulli, SmoothNet>>{}));                \
  entry("abs on two of three coordinates, learned signs, context",                             \
        (Abs<3, Given<family::Bernoulli, SmoothNet>, Mask<0, 1, 1>, 1>{}));                    \
  entry("abs, generative", (Unfold<2>{}));                                                     \
  entry("abs, generative, learned signs", (Unfold<2, Given<family::Bernoulli, SmoothNet>>{})); \
  entry("fair categories", (Independent<2, family::Fair<3>>{}))
