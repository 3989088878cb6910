// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/stochastic/hmc.hpp"
#include "soft_energy.hpp"

#define RHEO_REGISTRY(entry)                                                                           \
  entry("hmc, step and lambda learned", (Hmc<SoftPath, 2, 4, true, Learned::both>(soft_path(), 0.3))); \
  entry("hmc without accept test", (Hmc<SoftPath, 2, 4, false, Learned::both>(soft_path(), 0.1)))
