// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"

namespace models {
using namespace rheo;
Entry nsf() { return entry<presets::Nsf<2>>("nsf", "4 couplings by rational-quadratic splines of 8 bins, nets 1-64-64-23"); }
}  // namespace models
