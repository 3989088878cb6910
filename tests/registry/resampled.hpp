// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/resampled.hpp"

#define RHEO_REGISTRY(entry)                                \
  entry("resampled base", (ResampledBase<2, SmoothNet>{})); \
  entry("resampled base, 3 tries", (ResampledBase<1, MlpOf<Tanh, 6>, 3>{1000}))
