// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/affine.hpp"

#define RHEO_REGISTRY(entry)                                     \
  entry("elementwise affine", (Elementwise<2, ScaleShift<>>{})); \
  entry("conditional affine", (Conditional<2, ScaleShift<>, SmoothNet, 3>{}))
