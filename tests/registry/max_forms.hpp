// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/surjections/max.hpp"
#include "rheo/layers/surjections/relu.hpp"

#define RHEO_REGISTRY(entry)                                                                                    \
  entry("max of two, learned place",                                                                            \
        (Max<2, Given<family::HalfNormal<SoftBound>, SmoothNet>, Given<family::Categorical<2>, SmoothNet>>{})); \
  entry("max, generative", (Invert<Max<2, Plain<family::HalfNormal<>>>>{}));                                    \
  entry("ReLU, context", (ReluSurjection<2, Given<family::HalfNormal<SoftBound>, SmoothNet>, 1>{}));            \
  entry("ReLU, inference", (Invert<ReluSurjection<2, Plain<family::Exponential<>>>>{}))
