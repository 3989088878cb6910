// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/residual.hpp"

#define RHEO_REGISTRY(entry)                                                                               \
  entry("residual with roulette, 3-D and a context", (Residual<3, LipschitzMlp<9, 8>, Roulette, 2>{0.7})); \
  entry("residual with roulette, 2-D", (Residual<2, LipschitzMlpOf<LipSoftplus, 7>, Roulette>{0.5, Roulette{3, 0.6}}))
