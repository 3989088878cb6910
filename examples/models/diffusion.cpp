// SPDX-License-Identifier: MIT
// Diffusions, scores, and flows of stochastic differential equations.
#include "models.hpp"
#include "rheo/flows/presets/diffusions.hpp"
#include "rheo/training/denoising.hpp"

namespace models {
using namespace rheo;

Entry ddpm() {
  return entry<presets::Ddpm<2>, Denoising>("ddpm",
                                            "100 steps of noise and a net 10-128-128-128-2 that takes it off; a bound");
}
Entry score_sde() {
  return entry<presets::ScoreSde<2>, Denoising>(
      "score_sde", "the same net as the score of an equation; the density of its probability flow");
}
Entry diff_flow() {
  return entry<
      presets::DiffFlow<2, 30, Velocity<BasicMlp<Gelu, WideZeroLast, 64, 64>, FourierTime<4>, FourierPoint<3>>>>(
      "diff_flow", "30 steps of a learned equation, and of one back; a bound");
}
}  // namespace models
