// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/coupling.hpp"

#define RHEO_REGISTRY(entry)                                      \
  entry("affine coupling", (SmoothCoupling{}));                   \
  entry("additive coupling", (AdditiveCoupling<3, SmoothNet>{})); \
  entry("affine coupling, bound 1/2", (SmoothCoupling{ScaleShift<BoundedExp>{{0.5}}}))
