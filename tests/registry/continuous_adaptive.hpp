// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/continuous.hpp"

#define RHEO_REGISTRY(entry)                                                                                    \
  entry("continuous, Dopri5, 1 dimension", (Continuous<1, Velocity<MlpOf<Tanh, 6>>, ExactTrace, Dopri5<6>>{})); \
  entry("continuous, Dopri5", (Continuous<3, Velocity<MlpOf<Tanh, 7, 6>>, ExactTrace, Dopri5<8>>{}));           \
  entry("continuous, Dopri5, Hutchinson's trace, context",                                                      \
        (Continuous<4, Velocity<MlpOf<Softplus, 7, 6>>, HutchinsonTrace<>, Dopri5<7>, 2>{}))
