// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"

#define RHEO_REGISTRY(entry)                                                                        \
  entry("inverse autoregressive", (Invert<MaskedAffineAutoregressive<2, MadeOf<Tanh, 9, 8>>>{}));   \
  entry("inverse autoregressive, reversed, context",                                                \
        (Invert<MaskedAffineAutoregressive<5, MadeOf<Tanh, 12>, 2, BoundedExp, ReversedOrder>>{})); \
  entry("autoregressive shift without hidden layers", (Autoregressive<3, Shift, MadeOf<Tanh>, 2>{}))
