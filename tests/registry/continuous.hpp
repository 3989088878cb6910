// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/continuous.hpp"

#define RHEO_REGISTRY(entry)                                                                                          \
  entry("continuous, Rk4", (Continuous<3, Velocity<MlpOf<Tanh, 7, 6>>, ExactTrace, Rk4<12>>{}));                      \
  entry(                                                                                                              \
      "continuous, Rk4, Gaussian probes, Fourier point",                                                              \
      (Continuous<3, Velocity<MlpOf<Gelu, 7, 6>, PlainTime, FourierPoint<1>>, HutchinsonTrace<Gaussian>, Rk4<6>>{})); \
  entry("continuous, Rk4, context, Fourier time and point",                                                           \
        (Continuous<3, Velocity<MlpOf<Silu, 7, 6>, FourierTime<2>, FourierPoint<2>>, ExactTrace, Rk4<12>, 2>{}))
