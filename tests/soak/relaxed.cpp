// SPDX-License-Identifier: MIT
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/flows/presets/latent_variable_flows.hpp"
#include "rheo/flows/presets/surjective_flows.hpp"
#include "rheo/flows/presets/diffusions.hpp"
#include "soak.hpp"

namespace soak {
template <Index D> void relaxed(Run& run) {
  run.preset<D, presets::Cif<presets::RealNvp<D, 5>>>("Cif", D == 2 ? 0.5 : 1);
  run.preset<D, presets::Vae<D, D>>("Vae", D == 2 ? 1 : 2);
  run.preset<D, presets::Ddpm<D>, Denoising>("Ddpm", D == 2 ? 2 : 4);
}
template void relaxed<2>(Run&);
template void relaxed<6>(Run&);
}  // namespace soak
