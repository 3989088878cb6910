// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/linear_rational_spline.hpp"

#define RHEO_REGISTRY(entry)                                                                                      \
  entry("linear-rational spline, coupling", (Coupling<2, LinearRationalSpline<8>, SmoothNet, 0, HalfMask<2>>{})); \
  entry("linear-rational spline, autoregressive",                                                                 \
        (Autoregressive<3, LinearRationalSpline<4>, MadeOf<Tanh, 12, 9>, 1>{}));                                  \
  entry("linear-rational spline, elementwise", (Elementwise<2, LinearRationalSpline<5, DampedKnots<>>>{}));       \
  entry("linear-rational spline, unit interval", (Elementwise<1, IntervalLinearRationalSpline<4>>{}))
