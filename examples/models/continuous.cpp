// SPDX-License-Identifier: MIT
// The continuous flows.
#include "models.hpp"
#include "rheo/flows/presets/continuous_flows.hpp"
#include "rheo/training/flow_matching.hpp"

namespace models {
using namespace rheo;

Entry ffjord() { return entry<presets::Ffjord<2>>("ffjord", "an integrated velocity net 3-64-64-64-2, by likelihood"); }
Entry cnf() {
  return entry<presets::Cnf<2>, FlowMatching>("cnf", "an integrated velocity net 10-128-128-128-2, by flow matching");
}
}  // namespace models
