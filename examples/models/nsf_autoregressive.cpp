// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"

namespace models {
using namespace rheo;
Entry nsf_autoregressive() { return entry<presets::NsfAutoregressive<2>>("nsf_autoregressive", "3 autoregressive spline layers of 8 bins"); }
}  // namespace models
