// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"

namespace models {
using namespace rheo;
Entry real_nvp() { return entry<presets::RealNvp<2>>("real_nvp", "8 affine couplings, nets 1-64-64-2"); }
}  // namespace models
