// SPDX-License-Identifier: MIT
// expect: rheo: a field is wanted, which knows the time: Velocity<MlpOf<Tanh, 64, 64>> in place of the bare net MlpOf<Tanh, 64, 64>
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/stochastic/diff_flow.hpp"
using namespace rheo;

int main() {
#ifdef RIGHT
  return static_cast<int>(Continuous<2, Velocity<MlpOf<Tanh, 8>>>::param_count +
                          DiffFlow<2, 3, Velocity<MlpOf<Tanh, 8>>>::param_count);
#else
  return static_cast<int>(Continuous<2, MlpOf<Tanh, 8>>::param_count);
#endif
}
