// SPDX-License-Identifier: MIT
// ImportanceWeighted: the bound of K draws a row, tighter than the elbo, as an objective.
//   Burda, Grosse, Salakhutdinov 2016, arXiv:1509.00519 (IWAE), eqs. 8 and 14.
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "rheo/training/objectives.hpp"

namespace rheo {

/// The mean of -log (1/K) sum_k exp(V_k), V_k the elbo of draw k, whose noise is call.noise.fork(k): minus what log_prob_estimate(x, K, noise) gives.
/// K = 1 is the negative elbo.  Its gradient weights the draws' pathwise gradients by softmax(V): unbiased, each row's draws encoded twice.  The
/// signal for the encoders shrinks beside its noise as K grows (Rainforth et al. 2018, arXiv:1802.04537): some 5 to 50 draws.
/// For flows whose log-density is a bound; one that estimates log p would be biased under the logarithm.  Throws std::invalid_argument unless K >= 1.
class ImportanceWeighted {
 public:
  ImportanceWeighted() = default;
  explicit ImportanceWeighted(Index draws) : draws_(draws) {
    if (draws < 1) detail::fail("ImportanceWeighted wants at least one draw, got " + std::to_string(draws));
  }
  Index draws() const { return draws_; }

  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    static_assert(without_bound(F::exactness) == Exactness::exact, "rheo: ImportanceWeighted: the logarithm of a mean of noisy estimates is biased; MaximumLikelihood fits this flow");
    Arena::Scope scope(c.worker.scratch);
    const Index n = c.x.rows(), K = draws_;
    View<T> v = c.worker.scratch.template take<T>(n, K);
    for (Index k = 0; k < K; ++k) encode(c, column(v, k), k, c.pull && k + 1 == K);
    double loss = 0;
    for (Index i = 0; i < n; ++i) {  // v becomes softmax(v) along the row
      T top = v(i, 0), total(0);
      for (Index k = 1; k < K; ++k) top = v(i, k) > top || v(i, k) != v(i, k) ? v(i, k) : top;
      const bool finite = std::isfinite(static_cast<double>(top));
      for (Index k = 0; k < K; ++k) {
        v(i, k) = finite ? std::exp(v(i, k) - top) : T(0);
        total += v(i, k);
      }
      const double bound = finite ? static_cast<double>(top) + std::log(static_cast<double>(total) / static_cast<double>(K)) : static_cast<double>(top);
      const double w = c.weight ? c.weight[i] : 1;
      if (w != 0) loss -= w * bound;
      for (Index k = 0; k < K && finite; ++k) v(i, k) /= total;
    }
    if (!c.pull) return loss;
    const View<T> g_x = c.worker.scratch.template take<T>(n, F::x_dim);
    View<T> g_context = c.worker.scratch.template take<T>(n, F::context_dim);
    g_context.setZero();
    ColView<T> g_v = c.worker.scratch.template column<T>(n), unused = c.worker.scratch.template column<T>(n);
    const auto none = Model<F, T>::template nothing<const T>(n);
    for (Index k = K; k-- > 0;) {
      if (k + 1 < K) encode(c, unused, k, true);
      for (Index i = 0; i < n; ++i) g_v(i) = T(-(c.weight ? c.weight[i] : 1) * c.scale) * v(i, k);
      c.model.flow().encode_pull(Pull<T, CacheOf<F, T>>{c.x, none, none, read(g_v), g_x, c.model.theta(), c.g_theta, c.model.state(), c.context, g_context,
                                                        c.noise.fork(static_cast<std::uint64_t>(k)), c.worker.cache, c.worker.scratch});
    }
    return loss;
  }

 private:
  template <class F, class T> static void encode(ObjectiveCall<F, T>& c, ColView<T> v, Index k, bool keep) {
    c.model.encode_shard(c.worker, c.x, v, c.context, c.noise.fork(static_cast<std::uint64_t>(k)), keep);
  }
  Index draws_ = 5;
};

}  // namespace rheo
