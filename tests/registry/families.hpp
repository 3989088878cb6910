// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/independent.hpp"
#include "rheo/distributions/location_scale.hpp"

#define RHEO_REGISTRY(entry)                \
  entry("logistic", (Logistic<2>{}));       \
  entry("Laplace", (Laplace<2>{}));         \
  entry("half-normal", (HalfNormal<1>{}));  \
  entry("exponential", (Exponential<2>{})); \
  entry("conditional normal", (ConditionalNormal<2, SmoothNet, 3>{SoftBound{3}}))
