// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/convex_potential.hpp"

#define RHEO_REGISTRY(entry)                                                      \
  entry("convex potential", (ConvexPotential<2, 8>{}));                           \
  entry("convex potential, one layer, context", (ConvexPotential<3, 6, 1, 2>{})); \
  entry("convex potential, three layers, context", (ConvexPotential<2, 5, 3, 1>{}))
