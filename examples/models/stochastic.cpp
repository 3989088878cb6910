// SPDX-License-Identifier: MIT
// Models whose latents are drawn both ways; their log-densities are bounds.
#include "models.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/flows/presets/latent_variable_flows.hpp"

namespace models {
using namespace rheo;
Entry vae() { return entry<presets::Vae<2, 2>>("vae", "a variational autoencoder, 2 latents, nets 2-64-64-4"); }
Entry cif_real_nvp() {
  return entry<presets::Cif<presets::RealNvp<2, 5>>>("cif_real_nvp",
                                                     "5 affine couplings, each indexed by a drawn number");
}
}  // namespace models
