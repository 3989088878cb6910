// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"

#define RHEO_REGISTRY(entry)                                                                            \
  entry("masked affine autoregressive, reversed, ReLU",                                                 \
        (MaskedAffineAutoregressive<5, Made<11, 6>, 0, BoundedExp, ReversedOrder>{}));                  \
  entry("masked affine autoregressive, any order, context, 1 dimension of it",                          \
        (MaskedAffineAutoregressive<3, MadeOf<Tanh, 7, 7>, 1, BoundedExp, Order<2, 0, 1>>{}));          \
  entry("masked affine autoregressive, wide", (MaskedAffineAutoregressive<6, MadeOf<Tanh, 80, 70>>{})); \
  entry("masked affine autoregressive, fewer units than coordinates",                                   \
        (MaskedAffineAutoregressive<11, MadeOf<Tanh, 5, 7>>{}))
