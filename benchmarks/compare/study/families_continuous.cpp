// SPDX-License-Identifier: MIT
// The continuous families of the study.
#include "families.hpp"
#include "rheo/flows/presets/continuous_flows.hpp"
#include "rheo/training/flow_matching.hpp"

namespace study {

std::vector<Family> continuous() {
  return {family<presets::Cnf<2, Velocity<MlpOf<Silu, 94, 94, 94>, FourierTime<4>>>, FlowMatching>(
      "cnf", "continuous, by flow matching", 2e-3, false)};
}

}  // namespace study
