// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/range.hpp"

#define RHEO_REGISTRY(entry)                                             \
  entry("log", (LogMap<2>{}));                                           \
  entry("logit up to a bound", (LogitUpToMap<1>{range::LogitUpTo{20}})); \
  entry("exp", (ExpMap<2>{}));                                           \
  entry("softplus inverse", (SoftplusInverseMap<2>{}));                  \
  entry("softplus", (SoftplusMap<2>{}));                                 \
  entry("power", (PowerMap<1>{range::Power{1.5}}));                      \
  entry("power, falling", (PowerMap<3>{range::Power{-0.5}}))
