// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"

namespace models {
using namespace rheo;
Entry glow() { return entry<presets::Glow<2>>("glow", "8 times ActNorm, a linear mixing, an affine coupling"); }
}  // namespace models
