// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/distributions/logistic_mixture.hpp"
#include "rheo/flows/dequantize.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/surjections/slice.hpp"

#define RHEO_REGISTRY(entry)                                                                                     \
  entry("logistic mixture", (Independent<2, family::LogisticMixture<3>>{}));                                     \
  entry("slice, mixture given what is kept", (Slice<2, 1, Given<family::LogisticMixture<3>, SmoothNet>>{}));     \
  entry("augment, mixture given what is kept", (Augment<1, 1, Given<family::LogisticMixture<2>, SmoothNet>>{})); \
  entry("dequantize, mixtures given the number", (Dequantize<1, UnitLogisticMixtureFibre<2, SmoothNet>>{}))
