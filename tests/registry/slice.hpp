// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/surjections/slice.hpp"

#define RHEO_REGISTRY(entry)                                                    \
  entry("slice", (Slice<2, 1, Given<family::Normal<SoftBound>, SmoothNet>>{})); \
  entry("slice, any fibre, context", (Slice<4, 1, Fixed<FullNormal>, 2>{}));    \
  entry("augment, context", (Augment<1, 2, Given<family::Normal<SoftBound>, SmoothNet>, 2>{}))
