// SPDX-License-Identifier: MIT
// expect: DoublyReparameterised wants exactly one layer that draws in encode
// once: DoublyReparameterised wants exactly one layer that draws in encode
#include "rheo/flows/presets/latent_variable_flows.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/training/importance_weighted.hpp"
using namespace rheo;
#ifdef RIGHT
using F = presets::Vae<2, 1>;
#else
using F = presets::Cif<presets::RealNvp<2> >;
#endif
int main() {
  auto model = make_model<double>(F{}, Noise{1});
  fit(model, Batch<double>::Ones(10, 2), {}, DoublyReparameterised(5));
}
