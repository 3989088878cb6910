// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/coupling.hpp"

#define RHEO_REGISTRY(entry) \
  entry("net with leaky ReLU", (AffineCoupling<2, MlpOf<LeakyRelu, 7, 6>>{})); \
  entry("linear net", (AffineCoupling<2, MlpOf<Tanh>, 3>{}))
