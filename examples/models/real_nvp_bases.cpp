// SPDX-License-Identifier: MIT
#include "models.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/distributions/mixture.hpp"
#include "rheo/distributions/resampled.hpp"

namespace models {
using namespace rheo;
using Body = Repeat<8, Chain<AffineCoupling<2, Mlp<64, 64>>, Reverse<2>>>;
using OnMixture = Flow<Standardize<2>, Body, NormalMixture<2, 10>>;
using OnResampled = Flow<Standardize<2>, Body, ResampledBase<2, Mlp<64, 64>>>;
Entry real_nvp_mixture() { return entry<OnMixture>("real_nvp_mixture", "real_nvp on a learned mixture of 10 normals"); }
Entry real_nvp_resampled() { return entry<OnResampled>("real_nvp_resampled", "real_nvp on a resampled base"); }
}  // namespace models
