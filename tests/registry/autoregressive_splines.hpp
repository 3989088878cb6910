// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

#define RHEO_REGISTRY(entry)                                  \
  entry("rational-quadratic spline, autoregressive, context", \
        (Autoregressive<3, RationalQuadraticSpline<5>, MadeOf<Tanh, 12, 9>, 1>{}))
