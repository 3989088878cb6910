// SPDX-License-Identifier: MIT
// A program that scores points by a flow whose parameters are in memory.
#include <rheo/flows/model.hpp>
#include <rheo/flows/presets/coupling_flows.hpp>

float parameters[rheo::presets::RealNvp<2>::param_count];  // in place of trained ones

int main() {
  using namespace rheo;
  Model<presets::RealNvp<2>, float> model{presets::RealNvp<2>{}};
  model.parameters() = Eigen::Map<const Column<float>>(parameters, model.parameters().size());
  return model.log_prob(Batch<float>::Zero(10, 2)).allFinite() ? 0 : 1;
}
