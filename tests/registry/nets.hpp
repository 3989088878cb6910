// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/coupling.hpp"

#define RHEO_REGISTRY(entry)                                        \
  entry("net with SiLU", (AffineCoupling<2, MlpOf<Silu, 7, 6>>{})); \
  entry("net with GELU", (AffineCoupling<3, MlpOf<Gelu, 7>>{}));    \
  entry("net with softplus, wide", (AffineCoupling<12, MlpOf<Softplus, 40, 33>>{}))
