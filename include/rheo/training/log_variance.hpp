// SPDX-License-Identifier: MIT
// LogVariance: the variance of log weights over paths that are held, as an objective.
//   Nuesken and Richter 2021, arXiv:2005.05409; Richter et al. 2020, arXiv:2010.10436 (VarGrad); of controlled
//     diffusions: Richter and Berner 2024, arXiv:2307.01198.
#pragma once

#include <type_traits>

#include "rheo/training/objectives.hpp"

namespace rheo {
namespace detail {

/// v' dV/dtheta of a decode whose path is held: of layers that say it, of a law by its score; what has no parameters
/// has none of it.
template <class L, class T> void held_pull(const L& layer, Pull<T, CacheOf<L, T>> p) {
  if constexpr (HasDecodeHeldPull<L, T>) {
    layer.decode_held_pull(p);
  } else if constexpr (requires { layer.decode_pull_by(p, 0); }) {
    layer.decode_pull_by(p, [](const auto& part, auto q) { held_pull(part, q); });
  } else if constexpr (L::param_count > 0) {
    constexpr bool scored = L::z_dim == 0 && is_exact_v<L> && CanEncodePull<L, T>;
    static_assert(
        scored,
        "rheo: LogVariance: a layer with parameters that cannot hold its path: it fits ControlledLangevin, what "
        "has no parameters, and bases with an exact log-density");
    if constexpr (scored) {
      Arena::Scope scope(p.scratch);
      const View<T> g_x = p.scratch.template take<T>(p.out.rows(), L::x_dim);
      layer.encode(Pass<T, CacheOf<L, T>>{p.out, p.g_in, p.scratch.template column<T>(p.out.rows()), p.theta, p.buffers,
                                          p.context, p.noise, p.cache, p.scratch});
      layer.encode_pull(Pull<T, CacheOf<L, T>>{p.out, p.in, p.in, p.g_v, g_x, p.theta, p.g_theta, p.buffers, p.context,
                                               p.g_context, p.noise, p.cache, p.scratch});
    }
  }
}

}  // namespace detail

/// Half the variance of log w = -u(x) - log p(z) - sum V over the rows of a shard (shard_rows), with its gradient where
/// the paths are held: in all that the chain back does not know (all of an `undriven` one with fixed steps, the base)
/// that of ReverseKl in the mean.  No derivative of an energy is asked for beside the steps' own, so that a ValueEnergy
/// will do; without noise once all weights are equal.  For flows of ControlledLangevin, layers without parameters and a
/// base with an exact log-density, which may be one that has no decode_pull: a NormalMixture is learned beside the
/// drift. 0 is the least; a mode that no path reaches does not show.  Early weights have long tails: clip_norm = 1
/// holds a fit that 5 lets run away.
template <ValueEnergy E> struct LogVariance {
  E energy;  ///< u(x), nats
  /// Of any energy.
  explicit LogVariance(E e) : energy(std::move(e)) {}
  template <class F, class T> struct Room { typename E::template Workspace<T> energy; };

  template <class F, class T> double operator()(ObjectiveCall<F, T>& c, Room<F, T>& room) const {
    Arena& scratch = c.worker.scratch;
    Arena::Scope scope(scratch);
    const Index n = c.x.rows();
    const View<T> x = scratch.template take<T>(n, F::x_dim), none = Model<F, T>::template nothing<T>(n);
    ColView<T> v = scratch.template column<T>(n), u = scratch.template column<T>(n);
    detail::decode_draws(c, x, v, c.pull);
    detail::energy_of_draws(energy, c, read(x), u, static_cast<const View<T>*>(nullptr), room.energy);
    const auto weight = [&](Index i) { return c.weight ? c.weight[i] : 1.0; };
    ColView<double> off = scratch.template column<double>(n);
    double total = 0, mean = 0, loss = 0;
    Index rows = 0;
    for (Index i = 0; i < n; ++i) {
      off(i) = weight(i) == 0 ? 0 : -static_cast<double>(u(i) + v(i));
      total += weight(i), mean += weight(i) * off(i), rows += weight(i) != 0;
    }
    mean /= total;
    for (Index i = 0; i < n; ++i) {  // a variance of so many rows
      const double w = rows > 1 ? weight(i) * static_cast<double>(rows) / static_cast<double>(rows - 1) : 0;
      const double d = w == 0 ? 0 : off(i) - mean;
      loss += 0.5 * w * d * d;
      v(i) = T(-c.scale * w * d);
    }
    if (!c.pull) return loss;
    View<T> g_context = scratch.template take<T>(n, F::context_dim);
    g_context.setZero();
    detail::held_pull(c.model.flow(),
                      Pull<T, CacheOf<F, T>>{read(none), read(x), read(x), read(v), none, c.model.theta(), c.g_theta,
                                             c.model.state(), c.context, g_context, c.noise, c.worker.cache, scratch});
    return loss;
  }
};

/// `fit_energy(model, log_variance(energy))`.
template <ValueEnergy E> LogVariance<E> log_variance(E energy) { return LogVariance<E>(std::move(energy)); }

}  // namespace rheo
