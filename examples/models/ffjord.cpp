// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/continuous_flows.hpp"

namespace models {
using namespace rheo;
Entry ffjord() { return entry<presets::Ffjord<2>>("ffjord", "an integrated velocity net 3-64-64-64-2, by likelihood"); }
}  // namespace models
