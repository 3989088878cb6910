// SPDX-License-Identifier: MIT
#include "registry.hpp"
#include "rheo/layers/stochastic/controlled_langevin.hpp"
#include "soft_energy.hpp"

namespace rheo_test {
template <Index N, Learned Train, ChainBack Back, Index C>
using Controlled = ControlledLangevin<NormalEnergy<2>, Soft, N, Velocity<MlpOf<Tanh, 6>>, Train, Back, C>;
}

#define RHEO_REGISTRY(entry)                                                           \
  entry("controlled langevin, steps and lambdas learned, slopes bent",                 \
        (Controlled<3, Learned::both, ChainBack::mirrored, 0>({}, Soft{}, 0.1, 2.0))); \
  entry("controlled langevin, one step, context",                                      \
        (Controlled<1, Learned::step, ChainBack::mirrored, 2>({}, Soft{}, 0.1)));      \
  entry("controlled langevin, undriven back", (Controlled<2, Learned::none, ChainBack::undriven, 0>({}, Soft{}, 0.15)))
