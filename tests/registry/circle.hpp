// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/circle.hpp"

#define RHEO_REGISTRY(entry)                                                \
  entry("uniform on the torus", (UniformCircle<2>{}));                      \
  entry("von Mises", (VonMises<2>{}));                                      \
  entry("conditional von Mises", (ConditionalVonMises<1, SmoothNet, 2>{})); \
  entry("wrapped normal", (WrappedNormal<2>{}));                            \
  entry("conditional wrapped normal", (ConditionalWrappedNormal<1, SmoothNet, 2>{}))
