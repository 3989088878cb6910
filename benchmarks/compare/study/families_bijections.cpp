// SPDX-License-Identifier: MIT
// Bijective families of the study, and the two cures that keep the flow bijective: a mixture and a resampled base.
#include "families.hpp"
#include "rheo/distributions/mixture.hpp"
#include "rheo/distributions/resampled.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"
#include "rheo/flows/presets/residual_flows.hpp"

namespace study {
namespace {

template <Index D> using Affine = presets::RealNvp<D, 8, Mlp<48, 48>>;
/// Nets narrower in more dimensions, where the splines' knots are more: the parameters stay the same.
constexpr Index spline_width(Index D) { return D == 2 ? 56 : D == 8 ? 36 : 32; }
template <Index D> using Spline = presets::Nsf<D, 4, Mlp<spline_width(D), spline_width(D)>>;
template <Index D> using Autoregressive = presets::Maf<D, 5, Made<58, 58>>;
template <Index D> using Residual = presets::ResidualFlow<D, 10, LipschitzMlp<42, 42>>;
template <Index D, Index Steps, class Net, class Base>
using OnBase = Flow<Standardize<D>, Couplings<D, Steps, AffineCoupling<D, Net>>, Base>;
template <Index D> using OnMixture = OnBase<D, 8, Mlp<48, 48>, NormalMixture<D, 10>>;
template <Index D> using OnResampled = OnBase<D, 6, Mlp<52, 52>, ResampledBase<D, Mlp<48, 48>>>;

}  // namespace

std::vector<Family> bijections() {
  return {preset<Affine>("real_nvp", "8 affine couplings"),
          preset<Spline>("nsf", "4 rational-quadratic couplings, 8 bins"),
          preset<Autoregressive>("maf", "5 affine autoregressive steps"),
          preset<Residual>("residual_flow", "10 residual blocks, exact log-det"),
          preset<OnMixture>("real_nvp_mixture", "real_nvp on 10 learned normals"),
          preset<OnResampled>("real_nvp_resampled", "6 affine couplings on a resampled base")};
}

}  // namespace study
