// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"

#define RHEO_REGISTRY(entry)                                                                              \
  entry("masked affine autoregressive", (MaskedAffineAutoregressive<2, MadeOf<Tanh, 9, 8>>{}));           \
  entry("masked affine autoregressive, 1 dimension", (MaskedAffineAutoregressive<1, MadeOf<Tanh, 5>>{})); \
  entry("masked affine autoregressive, 5 dimensions, context, SiLU",                                      \
        (MaskedAffineAutoregressive<5, MadeOf<Silu, 12, 9>, 2>{}))
