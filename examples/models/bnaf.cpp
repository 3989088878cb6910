// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"

namespace models {
using namespace rheo;
Entry bnaf() { return entry<presets::Bnaf<2>>("bnaf", "3 block neural autoregressive layers"); }
}  // namespace models
