// SPDX-License-Identifier: MIT
// Relaxed families of the study: surjective, augmented, indexed and latent-variable flows.
#include "families.hpp"
#include "rheo/flows/presets/latent_variable_flows.hpp"
#include "rheo/flows/presets/residual_flows.hpp"
#include "rheo/flows/presets/surjective_flows.hpp"

namespace study {

std::vector<Family> relaxed() {
  return {family<presets::AbsFlow<2, 8, Mlp<48, 48>>>("abs_flow", "moduli, then 8 affine couplings"),
          family<presets::AugmentedFlow<2, 2, 6, Mlp<48, 48>, Given<family::Normal<SoftBound>, Mlp<48>>>>(
              "augmented_flow", "two normal numbers beside the data, 6 affine couplings"),
          family<presets::Cif<presets::RealNvp<2, 5, Mlp<40, 40>>>>(
              "cif_real_nvp", "5 affine couplings, each indexed by a drawn number"),
          family<presets::Cif<presets::ResidualFlow<2, 4, LipschitzMlp<40, 40>>>>(
              "cif_residual_flow", "4 residual blocks, each indexed by a drawn number"),
          family<presets::Vae<2, 2, Mlp<96, 96>>>("vae", "a variational autoencoder with 2 latents")};
}

}  // namespace study
