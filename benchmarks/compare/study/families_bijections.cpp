// SPDX-License-Identifier: MIT
// Bijective families of the study, and the two cures that keep the flow bijective: a mixture and a resampled base.
#include "families.hpp"
#include "rheo/distributions/mixture.hpp"
#include "rheo/distributions/resampled.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"
#include "rheo/flows/presets/residual_flows.hpp"

namespace study {

std::vector<Family> bijections() {
  using Body = Repeat<6, Chain<AffineCoupling<2, Mlp<52, 52>>, Flip<2>>>;
  return {
      family<presets::RealNvp<2, 8, Mlp<48, 48>>>("real_nvp", "8 affine couplings"),
      family<presets::Nsf<2, 4, Mlp<56, 56>>>("nsf", "4 rational-quadratic couplings, 8 bins"),
      family<presets::Maf<2, 5, Made<58, 58>>>("maf", "5 affine autoregressive steps"),
      family<presets::ResidualFlow<2, 10, LipschitzMlp<42, 42>>>("residual_flow", "10 residual blocks, exact log-det"),
      family<Flow<Standardize<2>, Repeat<8, Chain<AffineCoupling<2, Mlp<48, 48>>, Flip<2>>>, NormalMixture<2, 10>>>(
          "real_nvp_mixture", "real_nvp on 10 learned normals"),
      family<Flow<Standardize<2>, Body, ResampledBase<2, Mlp<48, 48>>>>("real_nvp_resampled",
                                                                        "6 affine couplings on a resampled base")};
}

}  // namespace study
