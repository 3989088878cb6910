// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/nets/masked_residual.hpp"

#define RHEO_REGISTRY(entry)                                                                           \
  entry("masked residual net", (MaskedAffineAutoregressive<3, ResidualMadeOf<Tanh, 9, 2>>{}));         \
  entry("masked residual net, 1 dimension, context",                                                   \
        (MaskedAffineAutoregressive<1, ResidualMadeOf<Tanh, 5, 1>, 2>{}));                             \
  entry("masked residual net, SiLU, context, reversed",                                                \
        (MaskedAffineAutoregressive<5, ResidualMadeOf<Silu, 12, 2>, 2, BoundedExp, ReversedOrder>{})); \
  entry("masked residual net, degrees from 1, ReLU, context",                                          \
        (MaskedAffineAutoregressive<4, BasicResidualMade<DealtFromOne, Relu, ZeroLast, 7, 2>, 1>{}));  \
  entry("masked net, dealt degrees",                                                                   \
        (MaskedAffineAutoregressive<6, MadeBy<DealtDegrees, Tanh, ZeroLast, 13, 7>, 0, SoftclipScale>{}))
