// SPDX-License-Identifier: MIT
#include "rheo/flows/presets/coupling_flows.hpp"
#include "soak.hpp"

namespace soak {
template <Index D> void couplings(Run& run) {
  run.preset<D, presets::Nice<D>>("Nice", D == 2 ? 0.5 : 1);
  run.preset<D, presets::RealNvp<D>>("RealNvp", D == 2 ? 0.3 : 0.6);
  run.preset<D, presets::Glow<D>>("Glow", D == 2 ? 0.3 : 0.6);
  run.preset<D, presets::Nsf<D>>("Nsf", D == 2 ? 0.3 : 0.6);
  run.preset<D, presets::FlowPlusPlus<D>>("FlowPlusPlus", D == 2 ? 0.3 : 0.6);
}
template void couplings<2>(Run&);
template void couplings<6>(Run&);
}  // namespace soak
