// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/circular_shift.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

#define RHEO_REGISTRY(entry)                                                                                 \
  entry("rational-quadratic spline, unit interval", (Elementwise<1, IntervalRationalQuadraticSpline<5>>{})); \
  entry("rational-quadratic spline, circle", (Elementwise<1, CircularRationalQuadraticSpline<5>>{}));        \
  entry("circular shift", (Elementwise<1, CircularShift>{}))
