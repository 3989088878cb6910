// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/stochastic/langevin.hpp"
#include "rheo/layers/stochastic/underdamped_langevin.hpp"
#include "soft_energy.hpp"

#define RHEO_REGISTRY(entry)                                                                            \
  entry("langevin, step and lambda learned", (Langevin<SoftPath, 3, Learned::both>(soft_path(), 0.1))); \
  entry("langevin, one step, step learned", (Langevin<Soft, 1, Learned::step>(Soft{}, 0.1)));           \
  entry("underdamped langevin", (UnderdampedLangevin<SoftPath, 3, Learned::both>(soft_path(), 0.2, 1.3)))
