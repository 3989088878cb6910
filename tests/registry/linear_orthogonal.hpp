// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/cayley_orthogonal.hpp"
#include "rheo/layers/bijections/exponential_orthogonal.hpp"
#include "rheo/layers/bijections/low_rank_linear.hpp"

#define RHEO_REGISTRY(entry)                                     \
  entry("Cayley orthogonal", (CayleyOrthogonal<4>{}));           \
  entry("exponential orthogonal", (ExponentialOrthogonal<3>{})); \
  entry("low-rank linear", (LowRankLinear<2, 1>{}));             \
  entry("low-rank linear, rank 2 of 5", (LowRankLinear<5, 2>{}))
