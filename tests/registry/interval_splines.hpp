// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/cubic_spline.hpp"
#include "rheo/transformers/linear_spline.hpp"
#include "rheo/transformers/quadratic_spline.hpp"

#define RHEO_REGISTRY(entry)                                                                              \
  entry("linear spline, unit interval", (Elementwise<1, IntervalLinearSpline<4>>{}));                     \
  entry("quadratic spline, unit interval", (Conditional<1, IntervalQuadraticSpline<4>, SmoothNet, 2>{})); \
  entry("cubic spline, unit interval", (Elementwise<1, IntervalCubicSpline<4, NflowsKnots>>{}))
