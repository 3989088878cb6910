// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"

namespace models {
using namespace rheo;
Entry umnn() { return entry<presets::Umnn<2>>("umnn", "3 autoregressive layers of integrated monotone nets"); }
}  // namespace models
