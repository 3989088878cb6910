// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/residual_flows.hpp"

namespace models {
using namespace rheo;
Entry residual_flow() { return entry<presets::ResidualFlow<2>>("residual_flow", "10 residual layers, nets 2-64-64-2 of Lipschitz constant 0.9"); }
}  // namespace models
