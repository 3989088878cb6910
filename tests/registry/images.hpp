// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/squeeze.hpp"

#define RHEO_REGISTRY(entry)                                                            \
  entry("squeeze", (Squeeze<2, 2, 4>{}));                                               \
  entry("affine coupling, checkerboard",                                                \
        (AffineCoupling<8, SmoothNet, 0, BoundedExp, CheckerboardMask<2, 2, 2, 1>>{})); \
  entry("affine coupling, channels", (AffineCoupling<6, SmoothNet, 0, BoundedExp, ChannelMask<3, 1, 2, 1>>{}))
