// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/mixture.hpp"
#include "rheo/distributions/uniform.hpp"

#define RHEO_REGISTRY(entry)                                     \
  entry("normal mixture", (NormalMixture<2, 3>{}));              \
  entry("normal mixture, 1 dimension", (NormalMixture<1, 4>{})); \
  entry("uniform", (Uniform<2>{}))
