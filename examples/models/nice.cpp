// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"

namespace models {
using namespace rheo;
Entry nice() { return entry<presets::Nice<2>>("nice", "8 additive couplings, nets 1-64-64-1, a learned scale at the end"); }
}  // namespace models
