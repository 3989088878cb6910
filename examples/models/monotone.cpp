// SPDX-License-Identifier: MIT
// The autoregressive flows whose inverses are roots.
#include "models.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"

namespace models {
using namespace rheo;

Entry naf() { return entry<presets::Naf<2>>("naf", "3 autoregressive layers of deep sigmoids"); }
Entry umnn() { return entry<presets::Umnn<2>>("umnn", "3 autoregressive layers of integrated monotone nets"); }
Entry sospf() { return entry<presets::Sospf<2>>("sospf", "3 autoregressive layers of sum-of-squares polynomials"); }
Entry bernstein() {
  return entry<presets::BernsteinFlow<2>>("bernstein", "3 autoregressive layers of Bernstein polynomials");
}
Entry bnaf() { return entry<presets::Bnaf<2>>("bnaf", "3 block neural autoregressive layers"); }
}  // namespace models
