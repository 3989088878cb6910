// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/cubic_spline.hpp"
#include "rheo/transformers/linear_spline.hpp"
#include "rheo/transformers/quadratic_spline.hpp"

#define RHEO_REGISTRY(entry)                                         \
  entry("linear spline", (Elementwise<1, LinearSpline<5>>{}));       \
  entry("quadratic spline", (Elementwise<1, QuadraticSpline<5>>{})); \
  entry("cubic spline", (Elementwise<1, CubicSpline<5>>{}))
