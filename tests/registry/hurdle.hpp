// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/hurdle.hpp"
#include "rheo/layers/bijections/elementwise.hpp"

#define RHEO_REGISTRY(entry)                                                                         \
  entry("hurdle, exponential", (HurdleExponential<2>{}));                                            \
  entry("hurdle, half-normal, given a context",                                                      \
        (ConditionalIndependent<1, family::Hurdle<family::HalfNormal<SoftBound>>, SmoothNet, 2>{})); \
  entry("logistic noise of scale 0.6 and more",                                                      \
        (ConditionalIndependent<2, family::Logistic<WideBound>, SmoothNet, 1>{}));                   \
  entry("slopes of 5/3 and less", (Conditional<2, ScaleShift<NarrowBound>, SmoothNet, 1>{}))
