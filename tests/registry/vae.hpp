// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/stochastic/vae.hpp"

#define RHEO_REGISTRY(entry)                                                                                           \
  entry("vae, normal both ways",                                                                                       \
        (VaeLayer<2, 1, Given<family::Normal<SoftBound>, SmoothNet>, Given<family::Normal<SoftBound>, SmoothNet>>{})); \
  entry("vae, logistic decoder, a full normal as encoder, context",                                                    \
        (VaeLayer<1, 2, Fixed<FullNormal>, Given<family::Logistic<SoftBound>, SmoothNet>, 2>{}));                      \
  entry("vae, bits",                                                                                                   \
        (VaeLayer<3, 2, Given<family::Normal<SoftBound>, SmoothNet>, Given<family::Bernoulli, SmoothNet>>{}))
