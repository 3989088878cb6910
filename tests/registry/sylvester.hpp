// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/sylvester.hpp"

#define RHEO_REGISTRY(entry)                 \
  entry("sylvester, 1-D", (Sylvester<1>{})); \
  entry("sylvester, 2-D", (Sylvester<2>{})); \
  entry("sylvester, 5-D, 3 columns", (Sylvester<5, 3>{}))
