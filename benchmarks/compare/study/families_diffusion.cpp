// SPDX-License-Identifier: MIT
// Diffusions, scores and stochastic differential equations in the study.  Their nets see Fourier features of the point
// in the plane, without which edges come out several times as blurred.
#include "families.hpp"
#include "rheo/flows/presets/diffusions.hpp"
#include "rheo/training/denoising.hpp"

namespace study {
namespace {

template <Index D, class Net> using Field = Velocity<Net, FourierTime<4>, FourierPoint<D == 2 ? 3 : 1>>;
template <Index D> using Denoiser = Field<D, BasicMlp<Silu, WideZeroLast, 92, 92, 92>>;
template <Index D> using Noised = presets::Ddpm<D, 100, Denoiser<D>>;
template <Index D> using Scored = presets::ScoreSde<D, VariancePreserving, Denoiser<D>>;
template <Index D> using Steered = presets::DiffFlow<D, 15, Field<D, BasicMlp<Gelu, WideZeroLast, 88, 88>>>;

}  // namespace

std::vector<Family> diffusions() {
  return {
      preset<Steered>("diff_flow", "15 steps of a learned equation and of one back"),
      preset<Noised>("ddpm", "100 steps of noise and a net that takes it off", Denoising{}, false),
      preset<Scored>("score_sde", "the same net as a score; the density of its probability flow", Denoising{}, false)};
}

}  // namespace study
