// SPDX-License-Identifier: MIT
// only: rheo: LogVariance: a layer with parameters that cannot hold its path: it fits ControlledLangevin
#include "rheo/distributions/location_scale.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/wells.hpp"
#include "rheo/training/fit_energy.hpp"
#include "rheo/training/log_variance.hpp"
using namespace rheo;

int main() {
  const targets::DoubleWell well;
  using Steps = ControlledLangevin<NormalEnergy<2>, targets::DoubleWell, 2, Velocity<MlpOf<Tanh, 4>>>;
#ifdef RIGHT
  auto model = make_model<double>(Flow{Steps({}, well), DiagonalNormal<2>{}}, Noise{1});
#else
  auto model = make_model<double>(Flow{Steps({}, well), AffineCoupling<2, Mlp<8>>{}, StandardNormal<2>{}}, Noise{1});
#endif
  fit_energy(model, log_variance(well));
}
