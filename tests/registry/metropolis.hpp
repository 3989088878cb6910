// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/stochastic/mala.hpp"
#include "rheo/layers/stochastic/metropolis.hpp"
#include "soft_energy.hpp"

#define RHEO_REGISTRY(entry)                                                                                \
  entry("metropolis, step and lambda learned", (Metropolis<SoftPath, 5, Learned::both>(soft_path(), 0.6))); \
  entry("metropolis", (Metropolis<Soft, 4>(Soft{}, 0.6)));                                                  \
  entry("mala, step and lambda learned", (Mala<SoftPath, 3, Learned::both>(soft_path(), 0.3)))
