// SPDX-License-Identifier: MIT
// The flows that change all coordinates at once.
#include "models.hpp"
#include "rheo/flows/presets/residual_flows.hpp"

namespace models {
using namespace rheo;

Entry planar() { return entry<presets::PlanarFlow<2>>("planar", "32 planar layers"); }
Entry radial() { return entry<presets::RadialFlow<2>>("radial", "32 radial layers"); }
Entry sylvester() { return entry<presets::SylvesterFlow<2>>("sylvester", "16 Sylvester layers"); }
Entry residual_flow() {
  return entry<presets::ResidualFlow<2>>("residual_flow",
                                         "10 residual layers, nets 2-64-64-2 of Lipschitz constant 0.9");
}
Entry gaussianization() {
  return entry<presets::GaussianizationFlow<2>>("gaussianization", "6 times Gaussianized coordinates and a rotation");
}
Entry convex_potential() {
  return entry<presets::ConvexPotentialFlow<2>>("convex_potential", "gradients of strongly convex nets");
}
}  // namespace models
