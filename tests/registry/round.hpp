// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/dequantize.hpp"
#include "rheo/layers/surjections/round.hpp"

#define RHEO_REGISTRY(entry)                                                                                         \
  entry("round, uniform", (Round<3, Fixed<Uniform>>{}));                                                             \
  entry("round, a flow of what is kept and a context, 4 numbers", (Round<2, UnitLogisticFibre<SmoothNet>, 4, 2>{})); \
  entry("dequantize, uniform, 5 numbers", (Dequantize<2, Fixed<Uniform>, 5>{}))
