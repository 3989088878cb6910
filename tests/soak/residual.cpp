// SPDX-License-Identifier: MIT
#include "rheo/flows/presets/residual_flows.hpp"
#include "soak.hpp"

namespace soak {
template <Index D> void residual(Run& run) {
  run.preset<D, presets::PlanarFlow<D>>("PlanarFlow", D == 2 ? 1 : 2);
  run.preset<D, presets::RadialFlow<D>>("RadialFlow", D == 2 ? 1 : 2);
  run.preset<D, presets::SylvesterFlow<D>>("SylvesterFlow", D == 2 ? 1 : 2);
  run.preset<D, presets::ResidualFlow<D>>("ResidualFlow", D == 2 ? 0.3 : 0.8);
  run.preset<D, presets::GaussianizationFlow<D>>("GaussianizationFlow", D == 2 ? 0.5 : 1);
  run.preset<D, presets::ConvexPotentialFlow<D>>("ConvexPotentialFlow", D == 2 ? 0.5 : 1);
}
template void residual<2>(Run&);
template void residual<6>(Run&);
}  // namespace soak
