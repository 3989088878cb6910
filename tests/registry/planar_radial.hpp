// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/planar.hpp"
#include "rheo/layers/bijections/radial.hpp"

#define RHEO_REGISTRY(entry)           \
  entry("planar, 1-D", (Planar<1>{})); \
  entry("planar, 2-D", (Planar<2>{})); \
  entry("planar, 5-D", (Planar<5>{})); \
  entry("radial, 1-D", (Radial<1>{})); \
  entry("radial, 2-D", (Radial<2>{})); \
  entry("radial, 4-D", (Radial<4>{}))
