// SPDX-License-Identifier: MIT
// The coupling flows.
#include "models.hpp"
#include "rheo/distributions/mixture.hpp"
#include "rheo/distributions/resampled.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"

namespace models {
using namespace rheo;

Entry nice() {
  return entry<presets::Nice<2>>("nice", "8 additive couplings, nets 1-64-64-1, a learned scale at the end");
}
Entry real_nvp() { return entry<presets::RealNvp<2>>("real_nvp", "8 affine couplings, nets 1-64-64-2"); }
Entry glow() { return entry<presets::Glow<2>>("glow", "8 times ActNorm, a linear mixing, an affine coupling"); }
using Body = Repeat<8, Chain<AffineCoupling<2, Mlp<64, 64>>, Deal<2>>>;
using OnMixture = Flow<Standardize<2>, Body, NormalMixture<2, 10>>;
using OnResampled = Flow<Standardize<2>, Body, ResampledBase<2, Mlp<64, 64>>>;
Entry real_nvp_mixture() { return entry<OnMixture>("real_nvp_mixture", "real_nvp on a learned mixture of 10 normals"); }
Entry real_nvp_resampled() { return entry<OnResampled>("real_nvp_resampled", "real_nvp on a resampled base"); }
}  // namespace models
