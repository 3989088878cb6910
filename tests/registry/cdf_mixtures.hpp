// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/cdf_mixture.hpp"
#include "rheo/transformers/deep_sigmoid.hpp"
#include "rheo/transformers/monotone.hpp"

#define RHEO_REGISTRY(entry)                                                                  \
  entry("deep sigmoid coupling", (Coupling<3, DeepSigmoid<4>, SmoothNet, 0, HalfMask<3>>{})); \
  entry("elementwise deep sigmoid", (Elementwise<2, DeepSigmoid<3>>{}));                      \
  entry("conditional deep sigmoid", (Conditional<2, DeepSigmoid<5>, SmoothNet, 2>{}))
