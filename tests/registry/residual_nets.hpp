// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/nets/residual.hpp"

#define RHEO_REGISTRY(entry)                                                                 \
  entry("residual net", (AffineCoupling<3, ResidualMlpOf<Tanh, 7, 2>>{}));                   \
  entry("residual net with ReLU, floored softplus scale",                                    \
        (AffineCoupling<4, ResidualMlp<8>, 0, FlooredSoftplusScale, AlternatingMask<4>>{})); \
  entry("residual net with SiLU, context, softly clipped scale",                             \
        (AffineCoupling<3, ResidualMlpOf<Silu, 6, 1>, 2, SoftclipScale>{}))
