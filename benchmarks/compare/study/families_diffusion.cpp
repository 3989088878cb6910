// SPDX-License-Identifier: MIT
// Diffusions, scores and stochastic differential equations in the study.
#include "families.hpp"
#include "rheo/flows/presets/diffusions.hpp"
#include "rheo/training/denoising.hpp"

namespace study {

std::vector<Family> diffusions() {
  using Field = Velocity<MlpOf<Silu, 94, 94, 94>, FourierTime<4>>;
  return {
      family<presets::DiffFlow<2, 15, Velocity<BasicMlp<Gelu, WideZeroLast, 88, 88>, FourierTime<4>, FourierPoint<3>>>>(
          "diff_flow", "15 steps of a learned equation and of one back"),
      family<presets::Ddpm<2, 100, Field>, Denoising>("ddpm", "100 steps of noise and a net that takes it off", 2e-3,
                                                      false),
      family<presets::ScoreSde<2, VariancePreserving, Field>, Denoising>(
          "score_sde", "the same net as a score; the density of its probability flow", 2e-3, false)};
}

}  // namespace study
