// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/core/mask.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/on.hpp"
#include "rheo/transformers/line.hpp"

#define RHEO_REGISTRY(entry)                                                   \
  entry("arsinh", (ArcsinhMap<2>{}));                                          \
  entry("sinh", (SinhMap<1>{}));                                               \
  entry("LOFT", (LoftMap<2>{range::Loft{0.4}}));                               \
  entry("inverse LOFT", (InverseLoftMap<1>{range::InverseLoft{0.7}}));         \
  entry("leaky ReLU", (LeakyReluMap<3>{range::LeakyRelu{0.1}}));               \
  entry("scale and shift", (ScaleShiftMap<2>{range::ScaleShift{-2, 0.5}}));    \
  entry("log on the second coordinate", (On<3, Mask<0, 1, 0>, range::Log>{})); \
  entry("affine on two of three coordinates", (On<3, Mask<1, 0, 1>, ScaleShift<>>{}))
