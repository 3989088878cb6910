// SPDX-License-Identifier: MIT
// Evidence upper bound from samples of the target: it sees the modes that a sampler has lost, as what the sampler's own
// draws tell does not.
//   Blessing et al. 2024, arXiv:2406.07423.
#pragma once

#include "rheo/evaluation/importance.hpp"

namespace rheo {

/// The mean over x (n x dim, draws of exp(-u) / Z) of -u(x) - log p(x), p the model: log Z + KL(target || model), so
/// never below log Z but by chance, and its standard error over the rows.  Of a bound one draw of elbo(x, noise) stands
/// for log p(x), which raises it further.  The other side is the mean of weighted_sample(...).log_w.  Infinite, its
/// error NaN, where the model has no density at a row.
template <class F, class T, ValueEnergy E>
Estimate eubo(const Model<F, T>& model, const E& energy, const Batch<T>& x, Noise noise) {
  static_assert(E::dim == F::x_dim, "rheo: eubo: the energy and the flow have different dimensions");
  detail::check_width<T>(x, F::x_dim, "x");
  typename E::template Workspace<T> w;
  Column<T> u;
  detail::energies(energy, view(x), u, w);
  const Column<double> log_w = -u.template cast<double>() - model.elbo(x, noise).template cast<double>();
  return mean_and_error(log_w);
}

}  // namespace rheo
