// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"

namespace models {
using namespace rheo;
Entry maf() { return entry<presets::Maf<2>>("maf", "5 masked affine autoregressive layers, nets 2-64-64-4"); }
}  // namespace models
