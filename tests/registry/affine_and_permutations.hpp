// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"

#define RHEO_REGISTRY(entry)                                             \
  entry("act norm", (ActNorm<2>{}));                                     \
  entry("standardize", (Standardized<2>{}));                             \
  entry("standardize two of three", (Standardized<3, Mask<1, 0, 1>>{})); \
  entry("flip", (Flip<3>{}));                                            \
  entry("exchange", (Exchange<3>{}));                                    \
  entry("deal, odd", (Deal<5>{}));                                       \
  entry("deal, even", (Deal<4>{}));                                      \
  entry("permute", (Permute<3>{{{1, 2, 0}}}))
