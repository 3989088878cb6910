// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/correlation_cholesky.hpp"
#include "rheo/layers/bijections/ordered.hpp"
#include "rheo/layers/bijections/stick_breaking.hpp"

#define RHEO_REGISTRY(entry)                           \
  entry("stick breaking", (StickBreaking<4>{}));       \
  entry("ordered", (Ordered<3>{}));                    \
  entry("ordered points", (OrderedPoints<3, 2, 1>{})); \
  entry("correlation Cholesky", (CorrelationCholesky<4>{}))
