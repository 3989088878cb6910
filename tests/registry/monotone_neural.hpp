// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/monotone_neural.hpp"

#define RHEO_REGISTRY(entry)                                                                        \
  entry("monotone neural coupling", (Coupling<2, MonotoneNeural<4>, SmoothNet, 1, HalfMask<2>>{})); \
  entry("elementwise monotone neural", (Elementwise<1, MonotoneNeural<5>>{MonotoneNeural<5>{3.0}}))
