// SPDX-License-Identifier: MIT
// Relaxed families of the study: surjective, augmented, indexed and latent-variable flows.
#include "families.hpp"
#include "rheo/flows/presets/discrete_flows.hpp"
#include "rheo/flows/presets/latent_variable_flows.hpp"
#include "rheo/flows/presets/residual_flows.hpp"
#include "rheo/flows/presets/surjective_flows.hpp"
#include "rheo/training/importance_weighted.hpp"

namespace study {
namespace {

template <Index D> using Moduli = presets::AbsFlow<D, 8, Mlp<48, 48>>;
template <Index D>
using Augmented = presets::AugmentedFlow<D, 2, 6, Mlp<48, 48>, Given<family::Normal<SoftBound>, Mlp<48>>>;
template <Index D> using Indexed = presets::Cif<presets::RealNvp<D, 5, Mlp<40, 40>>>;
template <Index D> using IndexedResidual = presets::Cif<presets::ResidualFlow<D, 4, LipschitzMlp<40, 40>>>;
template <Index D> using Autoencoder = presets::Vae<D, D, BasicMlp<Silu, UniformLast, 94, 94>>;
/// Decoders begin narrow, with deviations of about a twentieth: wide ones explain the data without a latent, and stay.
template <class Objective = MaximumLikelihood>
Family autoencoder(std::string name, std::string what, Objective objective = {}) {
  return family(std::move(name), std::move(what), true,
                [objective](auto dim, const Batch<double>& x, FitOptions options, const Place&) {
                  using F = Autoencoder<dim()>;
                  return fitted(F{}, x, std::move(options), objective, [](Model<F, float>& model) {
                    model.parameters().tail(F::x_dim) -= 3;  // the last layer's biases of the deviations' logarithms
                  });
                });
}

}  // namespace

std::vector<Family> relaxed() {
  return {preset<Moduli>("abs_flow", "moduli, then 8 affine couplings"),
          preset<Augmented>("augmented_flow", "two normal numbers beside the data, 6 affine couplings"),
          preset<Indexed>("cif_real_nvp", "5 affine couplings, each indexed by a drawn number"),
          preset<IndexedResidual>("cif_residual_flow", "4 residual blocks, each indexed by a drawn number"),
          autoencoder("vae", "a variational autoencoder with as many latents as coordinates"),
          autoencoder("iwae", "the same, trained by the bound of 16 draws", ImportanceWeighted(16))};
}

}  // namespace study
