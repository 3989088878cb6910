// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/coupling.hpp"

#define RHEO_REGISTRY(entry)                                                                                \
  entry("affine coupling, exp, split mask, context, ReLU",                                                  \
        (AffineCoupling<5, Mlp<8, 8>, 2, Exp, Mask<1, 0, 1, 0, 1>>{}));                                     \
  entry("affine coupling, softplus scale", (AffineCoupling<2, SmoothNet, 0, SoftplusScale, Mask<1, 0>>{})); \
  entry("affine coupling, sigmoid scale, alternating mask",                                                 \
        (AffineCoupling<4, SmoothNet, 0, SigmoidScale, AlternatingMask<4>>{}));                             \
  entry("GIN coupling", (GinCoupling<5, SmoothNet>{}));                                                     \
  entry("GIN coupling, context", (GinCoupling<4, SmoothNet, 1, Mask<1, 0, 1, 0>>{}))
