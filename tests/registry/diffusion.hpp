// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/stochastic/diffusion.hpp"
#include "rheo/nets/probability_flow.hpp"

namespace rheo_test {
using MildProbabilityFlow = ProbabilityFlow<Velocity<MlpOf<Tanh, 7, 6>>, SubVariancePreserving>;
}

#define RHEO_REGISTRY(entry)                                                                                       \
  entry("diffusion",                                                                                               \
        (Diffusion<2, 5, Velocity<MlpOf<Tanh, 7, 6>, FourierTime<2>>>{levels_of<5>(VariancePreserving{0.1, 4})})); \
  entry("diffusion, levels of an equation, small deviations, context",                                             \
        (Diffusion<3, 3, Velocity<MlpOf<Gelu, 7>>, 2>{levels_of<3>(VarianceExploding{0.1, 2}),                     \
                                                      BackwardDeviation::lower}));                                 \
  entry("probability flow", (Continuous<2, MildProbabilityFlow, ExactTrace, Rk4<12>>{                              \
                                MildProbabilityFlow::field<2, 0>{SubVariancePreserving{{0.1, 2, 0.05}}}}))
