// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/surjections/max.hpp"

#define RHEO_REGISTRY(entry)                                                                                        \
  entry("max", (Max<2, Plain<family::HalfNormal<>>>{}));                                                            \
  entry("max, learned place, context",                                                                              \
        (Max<3, Given<family::Exponential<SoftBound>, SmoothNet>, Given<family::Categorical<3>, SmoothNet>, 1>{})); \
  entry("max pooling 2 x 2", (MaxPool2x2<2, 2, 4, Plain<family::HalfNormal<>>>{}))
