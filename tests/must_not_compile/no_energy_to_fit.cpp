// SPDX-License-Identifier: MIT
// only: rheo: this lambda is neither an energy nor an objective: an energy is made of one, by energy_of<D>(
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/training/fit_energy.hpp"
using namespace rheo;
int main() {
  auto model = make_model<double>(Flow{ActNorm<2>{}, StandardNormal<2>{}}, Noise{1});
  const auto u = [](const auto& x) { return x[0] * x[0] + x[1] * x[1]; };
#ifdef RIGHT
  return static_cast<int>(fit_energy(model, energy_of<2>(u)).steps);
#else
  return static_cast<int>(fit_energy(model, u).steps);
#endif
}
