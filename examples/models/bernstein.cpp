// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"

namespace models {
using namespace rheo;
Entry bernstein() { return entry<presets::BernsteinFlow<2>>("bernstein", "3 autoregressive layers of Bernstein polynomials"); }
}  // namespace models
