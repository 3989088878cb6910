// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/flows/dequantize.hpp"

#define RHEO_REGISTRY(entry)                                                                                       \
  entry("dequantize, couplings given the number and a context", (Dequantize<4, UnitFibre<2, SmoothNet>, 4, 2>{})); \
  entry("dequantize all whole numbers, independent fractions", (Dequantize<1, UnitLogisticFibre<SmoothNet>>{}))
