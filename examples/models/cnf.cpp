// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/continuous_flows.hpp"
#include "rheo/training/flow_matching.hpp"

namespace models {
using namespace rheo;
Entry cnf() { return entry<presets::Cnf<2>, FlowMatching>("cnf", "an integrated velocity net 10-128-128-128-2, by flow matching"); }
}  // namespace models
