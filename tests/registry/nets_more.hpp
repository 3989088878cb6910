// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/nets/periodic.hpp"

#define RHEO_REGISTRY(entry)                                                                            \
  entry("net with leaky ReLU", (AffineCoupling<2, MlpOf<LeakyRelu, 7, 6>>{}));                          \
  entry("net of angles", (AffineCoupling<3, Periodic<MlpOf<Tanh, 7>>, 2>{}));                           \
  entry("net of waves on the interval", (AffineCoupling<3, Harmonics<MlpOf<Tanh, 7>, 3, false>, 1>{})); \
  entry("linear net", (AffineCoupling<2, MlpOf<Tanh>, 3>{}))
