// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"

#define RHEO_REGISTRY(entry)                                                                                         \
  entry("repeat of a chain", (Repeat<3, Chain<SmoothCoupling, Flip<2>>>{}));                                         \
  entry("inverse", (Invert<Chain<SmoothCoupling, Permute<2>>>{Chain{SmoothCoupling{}, Permute<2>{{{1, 0}}}}}));      \
  entry("flow", (Flow{Standardized<2>{}, ActNorm<2>{}, Repeat<2, Chain<AffineCoupling<2, SmoothNet, 1>, Flip<2>>>{}, \
                      DiagonalNormal<2>{}}))
