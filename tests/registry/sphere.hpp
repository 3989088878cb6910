// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/sphere_chart.hpp"
#include "rheo/layers/bijections/sphere_moebius.hpp"

#define RHEO_REGISTRY(entry)                   \
  entry("sphere, its chart", (SphereChart{})); \
  entry("sphere, Moebius", (SphereMoebius{}))
