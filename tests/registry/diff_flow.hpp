// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/stochastic/diff_flow.hpp"

#define RHEO_REGISTRY(entry)                                                                                          \
  entry(                                                                                                              \
      "diff flow",                                                                                                    \
      (DiffFlow<2, 4, Velocity<MlpOf<Tanh, 7, 6>>>{DiffFlowTime{.exponent = 0.9, .noise = 0.7, .last_noise = 1.1}})); \
  entry("diff flow, one step, context, Fourier point",                                                                \
        (DiffFlow<3, 1, Velocity<MlpOf<Gelu, 7>, FourierTime<1>, FourierPoint<2>>, 2>{                                \
            DiffFlowTime{.end = 0.5, .exponent = 1.5, .noise = 0.8, .last_noise = 0.8}}));                            \
  entry("diff flow, random times", (DiffFlow<2, 3, Velocity<MlpOf<Tanh, 5>>>{DiffFlowTime{                            \
                                       .exponent = 0.9, .noise = 0.7, .last_noise = 0.7, .jitter = 0.8}}));           \
  entry("diff flow's equation",                                                                                       \
        (Continuous<2, DiffFlowOde<Velocity<MlpOf<Tanh, 7, 6>, PlainTime, FourierPoint<1>>>, ExactTrace, Rk4<10>>{}))
