// SPDX-License-Identifier: MIT
// ImportanceWeighted: the bound of K draws a row, tighter than the elbo, as an objective.
//   Burda, Grosse, Salakhutdinov 2016, arXiv:1509.00519 (IWAE), eqs. 8 and 14;  Tucker et al. 2018, arXiv:1810.04152
//     (DReG).
#pragma once

#include <cmath>
#include <limits>
#include <string>

#include "rheo/training/objectives.hpp"

namespace rheo {

namespace detail {

/// How many layers draw in encode, those that path gradients cannot be led through counted as many.
template <class L, class T> struct PathEncoders {
  static constexpr Index value = !encodes_stochastically(L::kind) ? 0 : HasEncodePathPull<L, T> ? 1 : 99;
};
template <class... Ls, class T> struct PathEncoders<Chain<Ls...>, T> {
  static constexpr Index value = (Index(0) + ... + PathEncoders<Ls, T>::value);
};
template <class... Ls, class T> struct PathEncoders<Flow<Ls...>, T> : PathEncoders<Chain<Ls...>, T> {};

/// encode_pull of a chain, where the layer that draws, in whatever chain within it, goes by the path.
template <class L, class T> void encode_path_pull(const L& layer, const Pull<T, CacheOf<L, T>>& p, CColView<T> factor) {
  if constexpr (!encodes_stochastically(L::kind)) layer.encode_pull(p);
  else if constexpr (HasEncodePathPull<L, T>) layer.encode_path_pull(p, factor);
  else layer.encode_pull_by(p, [&](const auto& part, auto q) { encode_path_pull(part, q, factor); });
}

/// The loss of K draws a row and its gradient.
template <bool ByPath, class F, class T> double importance_weighted(ObjectiveCall<F, T>& c, const Index K) {
  Arena::Scope scope(c.worker.scratch);
  const Index n = c.x.rows();
  const auto encode = [&](ColView<T> to, Index k, bool keep) {
    c.model.encode_shard(c.worker, c.x, to, c.context, c.noise.fork(static_cast<std::uint64_t>(k)), keep);
  };
  View<T> v = c.worker.scratch.template take<T>(n, K);
  for (Index k = 0; k < K; ++k) encode(column(v, k), k, c.pull && k + 1 == K);
  double loss = 0;
  for (Index i = 0; i < n; ++i) {  // v becomes softmax(v) along the row
    T top = v(i, 0), total(0);
    for (Index k = 1; k < K; ++k) top = v(i, k) > top || v(i, k) != v(i, k) ? v(i, k) : top;
    const bool finite = std::isfinite(static_cast<double>(top));
    for (Index k = 0; k < K; ++k) {
      v(i, k) = finite ? std::exp(v(i, k) - top) : T(0);
      total += v(i, k);
    }
    const double bound = finite
                             ? static_cast<double>(top) + std::log(static_cast<double>(total) / static_cast<double>(K))
                             : static_cast<double>(top);
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
    if (k + 1 < K) encode(unused, k, true);
    for (Index i = 0; i < n; ++i) g_v(i) = T(-(c.weight ? c.weight[i] : 1) * c.scale) * v(i, k);
    const Pull<T, CacheOf<F, T>> pull{c.x,
                                      none,
                                      none,
                                      read(g_v),
                                      g_x,
                                      c.model.theta(),
                                      c.g_theta,
                                      c.model.state(),
                                      c.context,
                                      g_context,
                                      c.noise.fork(static_cast<std::uint64_t>(k)),
                                      c.worker.cache,
                                      c.worker.scratch};
    if constexpr (ByPath) encode_path_pull(c.model.flow(), pull, CColView<T>(column(v, k).data(), n));
    else c.model.flow().encode_pull(pull);
  }
  return loss;
}

}  // namespace detail

/// The mean of -log (1/K) sum_k exp(V_k), V_k the elbo of draw k, whose noise is call.noise.fork(k): minus what
/// log_prob_estimate(x, K, noise) gives. K = 1 is the negative elbo.  Its gradient weights the draws' pathwise
/// gradients by softmax(V): unbiased, each row's draws encoded twice.  The signal for the encoders shrinks beside its
/// noise as K grows (Rainforth et al. 2018, arXiv:1802.04537): some 5 to 50 draws. For flows whose log-density is a
/// bound; one that estimates log p would be biased under the logarithm.  Throws std::invalid_argument unless K >= 1.
class ImportanceWeighted {
 public:
  ImportanceWeighted() = default;
  /// draws >= 1 a row, or std::invalid_argument.
  explicit ImportanceWeighted(Index draws) : draws_(draws) {
    if (draws < 1) detail::fail("ImportanceWeighted wants at least one draw, got " + std::to_string(draws));
  }
  Index draws() const { return draws_; }

  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    static_assert(without_bound(F::exactness) == Exactness::exact,
                  "rheo: ImportanceWeighted: the logarithm of a mean of noisy estimates is biased; MaximumLikelihood "
                  "fits this flow");
    return detail::importance_weighted<false>(c, draws_);
  }

 private:
  Index draws_ = 5;
};

/// The same loss with the doubly reparameterised gradient (Tucker et al. 2018, arXiv:1810.04152, eq. 8): the law that
/// encode draws from learns by the draws' paths alone, weighted by softmax(V)^2, its score left out, so that its signal
/// grows beside its noise as K does; all other parameters as above.  The mean of the gradient is the same.  K = 1: the
/// elbo by sticking the landing (Roeder et al. 2017, arXiv:1703.09194), without variance for that law where it is the
/// exact posterior.  One pass of the law more a draw. For flows with one layer that draws in encode, a VaeLayer, an
/// Indexed or an Augment whose drawn law is exact and has a derivative (normals, logistics, flows), and any layers that
/// do not before and behind it.
class DoublyReparameterised {
 public:
  DoublyReparameterised() = default;
  /// draws >= 1 a row, or std::invalid_argument.
  explicit DoublyReparameterised(Index draws) : draws_(draws) {
    if (draws < 1) detail::fail("DoublyReparameterised wants at least one draw, got " + std::to_string(draws));
  }
  Index draws() const { return draws_; }

  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    static_assert(without_bound(F::exactness) == Exactness::exact,
                  "rheo: DoublyReparameterised: the logarithm of a mean of noisy estimates is biased; "
                  "MaximumLikelihood fits this flow");
    constexpr bool one = detail::PathEncoders<F, T>::value == 1;
    static_assert(one,
                  "rheo: DoublyReparameterised wants exactly one layer that draws in encode, a VaeLayer, an Indexed or "
                  "an Augment, from a law whose draws have a "
                  "derivative: ImportanceWeighted fits any bound");
    if constexpr (one) return detail::importance_weighted<true>(c, draws_);
    else return 0;
  }

 private:
  Index draws_ = 5;
};

}  // namespace rheo
