// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/circle.hpp"
#include "rheo/distributions/mixture_of.hpp"
#include "rheo/distributions/normal.hpp"

#define RHEO_REGISTRY(entry)                                                                       \
  entry("mixture of von Mises", (Mixture<3, VonMises<2>>{}));                                      \
  entry("mixture of conditional logistics", (Mixture<2, ConditionalLogistic<1, SmoothNet, 2>>{})); \
  entry("mixture of full normals", (Mixture<2, FullNormal<2>>{}))
