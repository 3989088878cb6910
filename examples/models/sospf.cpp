// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"

namespace models {
using namespace rheo;
Entry sospf() { return entry<presets::Sospf<2>>("sospf", "3 autoregressive layers of sum-of-squares polynomials"); }
}  // namespace models
