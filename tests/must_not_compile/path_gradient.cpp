// SPDX-License-Identifier: MIT
// expect: this estimator needs an exact log-density with a gradient
// once: this estimator needs an exact log-density with a gradient
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/energies.hpp"
#include "rheo/training/fit_energy.hpp"
using namespace rheo;
int main() {
  const targets::Banana<2> energy;
#ifdef RIGHT
  auto model = make_model<double>(presets::RealNvp<2>{}, Noise{1});
#else
  auto model = make_model<double>(presets::snf<1, presets::RealNvpBlock<2> >(energy, moves::Langevin<>{}), Noise{1});
#endif
  fit_energy(model, path_gradient(energy));
}
