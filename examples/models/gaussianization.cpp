// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/residual_flows.hpp"

namespace models {
using namespace rheo;
Entry gaussianization() { return entry<presets::GaussianizationFlow<2>>("gaussianization", "6 times Gaussianized coordinates and a rotation"); }
}  // namespace models
