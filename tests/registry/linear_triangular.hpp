// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/conv_1x1.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"
#include "rheo/layers/bijections/triangular_linear.hpp"

#define RHEO_REGISTRY(entry)                           \
  entry("LU linear", (LuLinear<2>{}));                 \
  entry("LU linear, 5 dimensions", (LuLinear<5>{}));   \
  entry("LU mixing, 3 dimensions", (LuMixing<3>{}));   \
  entry("triangular linear", (TriangularLinear<2>{})); \
  entry("1 x 1 convolution", (Conv1x1<3, 2, 2>{}))
