// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"

namespace models {
using namespace rheo;
Entry flow_plus_plus() { return entry<presets::FlowPlusPlus<2>>("flow_plus_plus", "4 couplings by mixtures of 8 logistics"); }
}  // namespace models
