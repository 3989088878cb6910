// SPDX-License-Identifier: MIT
#include "rheo/flows/presets/autoregressive_flows.hpp"
#include "soak.hpp"

namespace soak {
template <Index D> void autoregressive(Run& run) {
  run.preset<D, presets::Maf<D>>("Maf", D == 2 ? 0.3 : 0.6);
  run.preset<D, presets::Iaf<D>>("Iaf", D == 2 ? 0.3 : 0.6);
  run.preset<D, presets::NsfAutoregressive<D>>("NsfAutoregressive", D == 2 ? 0.3 : 0.6);
  run.preset<D, presets::Naf<D>>("Naf", D == 2 ? 0.3 : 0.6);
  run.preset<D, presets::Sospf<D>>("Sospf", D == 2 ? 0.3 : 0.6);
  run.preset<D, presets::BernsteinFlow<D>>("BernsteinFlow", D == 2 ? 0.3 : 0.6);
  run.preset<D, presets::Bnaf<D>>("Bnaf", D == 2 ? 0.3 : 0.6);
  if constexpr (D == 2) run.preset<D, presets::Umnn<D>>("Umnn", 0.3);  // slow
}
template void autoregressive<2>(Run&);
template void autoregressive<6>(Run&);
}  // namespace soak
