// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/gaussianization.hpp"

#define RHEO_REGISTRY(entry)                                                                         \
  entry("Gaussianization coupling", (Coupling<2, Gaussianization<4>, SmoothNet, 1, HalfMask<2>>{})); \
  entry("elementwise Gaussianization", (Elementwise<2, Gaussianization<3>>{Gaussianization<3>{2.0}}))
