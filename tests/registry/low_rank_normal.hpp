// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/low_rank_normal.hpp"
#include "rheo/distributions/mixture_of.hpp"

#define RHEO_REGISTRY(entry)                                       \
  entry("low-rank normal", (LowRankNormal<2, 1>{}));               \
  entry("low-rank normal, 5 dimensions", (LowRankNormal<5, 2>{})); \
  entry("mixture of low-rank normals", (Mixture<2, LowRankNormal<2, 1>>{}))
