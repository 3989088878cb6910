// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/residual_flows.hpp"

namespace models {
using namespace rheo;
Entry convex_potential() { return entry<presets::ConvexPotentialFlow<2>>("convex_potential", "gradients of strongly convex nets"); }
}  // namespace models
