// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/knots.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "rheo/transformers/spline_ends.hpp"

#define RHEO_REGISTRY(entry)                                                                    \
  entry("rational-quadratic spline, coupling",                                                  \
        (Coupling<2, RationalQuadraticSpline<8>, SmoothNet, 0, HalfMask<2>>{}));                \
  entry("rational-quadratic spline, coupling, damped knots",                                    \
        (Coupling<2, RationalQuadraticSpline<6, DampedKnots<>>, SmoothNet, 0, HalfMask<2>>{})); \
  entry("rational-quadratic spline, elementwise, nflows' knots",                                \
        (Elementwise<1, RationalQuadraticSpline<5, NflowsKnots>>{}));                           \
  entry("rational-quadratic spline, conditional, zuko's knots",                                 \
        (Conditional<1, RationalQuadraticSpline<4, ZukoKnots>, SmoothNet, 2>{}))
