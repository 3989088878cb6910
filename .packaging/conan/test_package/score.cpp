// SPDX-License-Identifier: MIT
// The density of a row under a flow that has learned nothing: that of the standard normal.
#include <cmath>

#include "rheo/flows/model.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"

int main() {
  const auto model = rheo::make_model<double>(rheo::presets::RealNvp<2, 4, rheo::Mlp<8>>{}, rheo::Noise{1});
  const rheo::Batch<double> x = rheo::Batch<double>::Zero(1, 2);
  return std::abs(model.log_prob(x)(0) + 1.8378770664093453) < 1e-12 ? 0 : 1;
}
