// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"

namespace models {
using namespace rheo;
Entry iaf() { return entry<presets::Iaf<2>>("iaf", "5 inverse autoregressive layers: fast to sample, slow to fit"); }
}  // namespace models
