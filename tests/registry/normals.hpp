// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/normal.hpp"

#define RHEO_REGISTRY(entry)                       \
  entry("standard normal", (StandardNormal<2>{})); \
  entry("diagonal normal", (DiagonalNormal<1>{})); \
  entry("full normal", (FullNormal<2>{}));         \
  entry("full normal, 4 dimensions", (FullNormal<4>{}))
