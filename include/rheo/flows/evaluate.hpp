// SPDX-License-Identifier: MIT
// Evaluator: the calls of a flow on one shard of rows, for models (rheo/flows/model.hpp) and for frozen flows
// (rheo/flows/frozen.hpp) alike.
#pragma once

#include <cmath>
#include <limits>
#include <type_traits>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/layer.hpp"

namespace rheo {

/// Rows of a shard: what keeps a shard's activations in the second-level cache.
template <class T> inline constexpr Index shard_rows = sizeof(T) <= 4 ? 128 : 64;

/// What one worker owns: a cache of the flow, scratch, and rooms for values and cotangents.
template <class F, class T> struct Worker {
  CacheOf<F, T> cache;  ///< of the flow
  Arena scratch;        ///< everything else
  Report report;        ///< what its calls met
};

namespace detail {

/// v of rows of x with a coordinate at infinity is -inf: there is no density there, whatever nets and maps made of it.
/// NaN in x is NaN.
template <class T> [[gnu::noinline]] void settle_infinity(CView<T> x, ColView<T> v) {
  if ((x - x).sum() == T(0)) return;  // all finite
  for (Index i = 0; i < x.rows(); ++i) {
    T infinite(0), unknown(0);
    for (Index j = 0; j < x.cols(); ++j) {
      const auto value = autodiff::value_of(x(i, j));
      if (std::isinf(value)) infinite = T(-std::numeric_limits<std::remove_const_t<decltype(value)>>::infinity());
      if (std::isnan(value)) unknown = x(i, j);
    }
    if (infinite != T(0) || unknown != T(0)) v(i) = infinite + unknown;
  }
}

/// An n x 0 view.
template <class U> auto nothing(Index n) { return view_of(static_cast<U*>(nullptr), n, 0, n); }

/// A flow and its numbers, looked at.  x, v and g are the rows [i, i + x.rows()) of a batch, `context` is that of the
/// whole batch (or one row for all), `noise` the batch's.
template <class F, class T> struct Evaluator {
  const F& flow;
  Params<const T> theta, buffers;

  /// Rows [i, i + n) of the user's context as the flow sees them, n x 0 without one.  Lives as long as the caller's
  /// scope of the scratch.
  CView<T> seen(CView<T> context, Index i, Index n, Arena& scratch) const {
    return F::Contexts::see(F::contexts(buffers), context, i, n, scratch);
  }
  /// v = V(x, .), overwritten; the context as seen() gives it, the noise from the shard's first row on.
  void encode(Worker<F, T>& worker, CView<T> x, ColView<T> v, CView<T> context, Noise noise, bool keep) const {
    v.setZero();
    flow.encode(Pass<T, CacheOf<F, T>>{x, nothing<T>(x.rows()), v, theta, buffers, context, noise, worker.cache,
                                       worker.scratch, keep, &worker.report});
  }
  /// v = log p(x), or one draw of the bound to it.
  void log_prob(Worker<F, T>& worker, CView<T> x, ColView<T> v, CView<T> context, Index i, Noise noise) const {
    Arena::Scope scope(worker.scratch);
    encode(worker, x, v, seen(context, i, x.rows(), worker.scratch), noise.from_row(i), false);
    settle_infinity<T>(x, v);
  }
  /// x drawn, v its log-density, or untold if it is not wanted.
  void sample(Worker<F, T>& worker, View<T> x, ColView<T> v, CView<T> context, Index i, Noise noise,
              bool wants_v = true) const {
    Arena::Scope scope(worker.scratch);
    v.setZero();
    flow.decode(Pass<T, CacheOf<F, T>>{nothing<const T>(x.rows()), x, v, theta, buffers,
                                       seen(context, i, x.rows(), worker.scratch), noise.from_row(i), worker.cache,
                                       worker.scratch, false, &worker.report, wants_v});
  }
  /// g = the gradient of log p in x.
  void score(Worker<F, T>& worker, CView<T> x, View<T> g, CView<T> context, Index i) const {
    Arena::Scope scope(worker.scratch);
    const Index n = x.rows();
    const CView<T> c = seen(context, i, n, worker.scratch);
    auto v = worker.scratch.template column<T>(n), one = worker.scratch.template column<T>(n);
    one.setOnes();
    encode(worker, x, v, c, Noise{}.from_row(i), true);
    auto g_theta = worker.scratch.template column<T>(F::param_count);
    g_theta.setZero();
    auto g_context = worker.scratch.template take<T>(n, F::context_dim);
    g_context.setZero();
    flow.encode_pull(Pull<T, CacheOf<F, T>>{x, nothing<const T>(n), nothing<const T>(n), read(one), g, theta,
                                            Params<T>(g_theta.data(), F::param_count), buffers, c, g_context,
                                            Noise{}.from_row(i), worker.cache, worker.scratch});
  }
};

}  // namespace detail
}  // namespace rheo
