// SPDX-License-Identifier: MIT
// The autoregressive flows with closed inverses.
#include "models.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"

namespace models {
using namespace rheo;

Entry maf() { return entry<presets::Maf<2>>("maf", "5 masked affine autoregressive layers, nets 2-64-64-4"); }
Entry iaf() { return entry<presets::Iaf<2>>("iaf", "5 inverse autoregressive layers: fast to sample, slow to fit"); }
Entry nsf_autoregressive() {
  return entry<presets::NsfAutoregressive<2>>("nsf_autoregressive", "3 autoregressive spline layers of 8 bins");
}
}  // namespace models
