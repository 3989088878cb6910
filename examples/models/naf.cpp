// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"

namespace models {
using namespace rheo;
Entry naf() { return entry<presets::Naf<2>>("naf", "3 autoregressive layers of deep sigmoids"); }
}  // namespace models
