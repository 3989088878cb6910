// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/logistic_mixture_cdf.hpp"

#define RHEO_REGISTRY(entry)                                                                                 \
  entry("mixture of logistics coupling", (Coupling<2, LogisticMixtureCdf<4>, SmoothNet, 1, HalfMask<2>>{})); \
  entry("elementwise mixture of logistics", (Elementwise<2, LogisticMixtureCdf<3>>{LogisticMixtureCdf<3>{2.0}}))
