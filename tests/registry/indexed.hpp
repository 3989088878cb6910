// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/stochastic/indexed.hpp"
#include "rheo/transformers/affine.hpp"

namespace rheo_test {
using IndexLaw = Given<family::Normal<SoftBound>, SmoothNet>;
}

#define RHEO_REGISTRY(entry)                                                                          \
  entry("indexed coupling", (Indexed<SmoothCoupling, 1, IndexLaw, IndexLaw, SmoothNet>{}));           \
  entry("indexed elementwise, context, a prior that is not given",                                    \
        (Indexed<Elementwise<1, ScaleShift<>>, 2, IndexLaw, Fixed<StandardNormal>, SmoothNet, 2>{})); \
  entry("shift, then scale", (Elementwise<2, ShiftScale<>>{}))
