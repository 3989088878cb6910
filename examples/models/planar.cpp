// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/residual_flows.hpp"

namespace models {
using namespace rheo;
Entry planar() { return entry<presets::PlanarFlow<2>>("planar", "32 planar layers"); }
Entry radial() { return entry<presets::RadialFlow<2>>("radial", "32 radial layers"); }
Entry sylvester() { return entry<presets::SylvesterFlow<2>>("sylvester", "16 Sylvester layers"); }
}  // namespace models
