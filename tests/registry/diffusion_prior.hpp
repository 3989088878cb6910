// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/diffusion_prior.hpp"

#define RHEO_REGISTRY(entry) \
  entry("diffusion prior", (DiffusionPrior<2, VarianceExploding>{VarianceExploding{0.01, 3}}))
