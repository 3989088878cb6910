// SPDX-License-Identifier: MIT
// Model: a flow with its parameters and buffers, and the calls that users make on it.
#pragma once

#include <cmath>
#include <utility>
#include <vector>

#include "rheo/flows/flow.hpp"
#include "rheo/flows/shards.hpp"
#include "rheo/flows/summary.hpp"

namespace rheo {

/// An estimate of log p(x) per row from K draws, with its standard error.
template <class T> struct LogProbEstimate {
  Column<T> value, standard_error;
};

/// A batch of samples and their log-densities.  Of a bound: log p(z) + V of the path that made them.  Its z comes from p(z | x) and not from q(z | x),
/// so that it is an upper bound of log p(x) in the mean, where an elbo is a lower one: the two enclose log p(x).
template <class T> struct ScoredSample {
  Batch<T> x;
  Column<T> log_prob;
};

namespace detail {

/// log_prob_estimate from its draws w (n x K).
template <class T> [[gnu::noinline]] LogProbEstimate<T> estimate(const Batch<T>& w, bool bound) {
  constexpr T infinity = std::numeric_limits<T>::infinity(), unknown = std::numeric_limits<T>::quiet_NaN();
  const Index K = w.cols();
  LogProbEstimate<T> e{Column<T>(w.rows()), Column<T>::Zero(w.rows())};
  for (Index i = 0; i < w.rows(); ++i) {
    if (!bound) {
      const T mean = w.row(i).mean();
      e.value(i) = mean;
      if (K > 1) e.standard_error(i) = std::sqrt((w.row(i) - mean).square().sum() / T(K - 1) / T(K));
      if (!(e.standard_error(i) > T(0))) e.standard_error(i) = (w.row(i) == -infinity).all() ? T(0) : unknown;
      continue;
    }
    const T top = w.row(i).maxCoeff();
    if (!(top > -infinity)) {
      e.value(i) = top;
      if (K == 1 || top != top) e.standard_error(i) = unknown;
      continue;
    }
    const auto relative = (w.row(i) - top).exp();
    const T mean = relative.mean();
    e.value(i) = top + std::log(mean);
    e.standard_error(i) = K > 1 ? T(std::sqrt((relative - mean).square().sum() / T(K - 1) / T(K)) / mean) : unknown;
  }
  return e;
}

/// v of rows of x with a coordinate at infinity is -inf: there is no density there, whatever nets and maps made of it.  NaN in x is NaN.
template <class T> [[gnu::noinline]] void settle_infinity(CView<T> x, ColView<T> v) {
  if ((x - x).sum() == T(0)) return;  // all finite
  for (Index i = 0; i < x.rows(); ++i) {
    T infinite(0), unknown(0);
    for (Index j = 0; j < x.cols(); ++j) {
      if (std::isinf(x(i, j))) infinite = -std::numeric_limits<T>::infinity();
      if (std::isnan(x(i, j))) unknown = x(i, j);
    }
    if (infinite != T(0) || unknown != T(0)) v(i) = infinite + unknown;
  }
}

}  // namespace detail

/// Const calls may run in many threads at once; each call makes a workspace of its own unless it is handed one.
/// x is n x x_dim, context n x context_dim (left out when unconditional); results have n rows; log-densities are in nats, in the units of x.
/// Wrong widths throw std::invalid_argument.  Rows with NaN give NaN and leave the others alone; a point at
/// infinity has no density, log p = -inf; zero rows give empty results.
template <class F, class T> class Model {
 public:
  using Scalar = T;
  using FlowType = F;
  using Work = Workspace<F, T>;
  static constexpr Index dim = F::x_dim, latent_dim = F::latent_dim, context_dim = F::context_dim, param_count = F::param_count;

  explicit Model(F flow) : flow_(std::move(flow)), theta_(Column<T>::Zero(F::param_count)), buffers_(Column<T>::Zero(F::buffer_count)) {}

  const F& flow() const { return flow_; }
  Column<T>& parameters() { return theta_; }
  const Column<T>& parameters() const { return theta_; }
  Column<T>& buffers() { return buffers_; }
  const Column<T>& buffers() const { return buffers_; }
  Params<const T> theta() const { return {theta_.data(), theta_.size()}; }
  Params<T> theta() { return {theta_.data(), theta_.size()}; }
  Params<const T> state() const { return {buffers_.data(), buffers_.size()}; }
  Params<T> state() { return {buffers_.data(), buffers_.size()}; }
  Work workspace(int threads = 1) const { return Work(threads); }

  /// log p(x), exact.
  Column<T> log_prob(const Input<T>& x, const Input<T>& context = {}) const {
    Work ws;
    return log_prob(x, context, ws);
  }
  /// The same without allocation: the view lives until the workspace's next call.
  CColView<T> log_prob(const Input<T>& x, const Input<T>& context, Work& ws) const {
    static_assert(is_exact_v<F>, "rheo: the log-density of this flow is a bound or an estimate: call elbo(x, noise) or log_prob_estimate(x, K, noise)");
    return total(x, Noise{}, context, ws);
  }
  /// log p(x) or, for a flow with stochastic encoders, one draw of a lower bound to it in expectation.
  Column<T> elbo(const Input<T>& x, Noise noise, const Input<T>& context = {}) const {
    Work ws;
    return total(x, noise, context, ws);
  }
  /// Of a bound: the log of the mean of K importance weights, which rises with K in the mean and tends to log p(x); its error by the delta
  /// method, NaN for K = 1.  Of an exact density: that density, scored once, and 0.  Of an unbiased estimate of log p(x) (roulette, Hutchinson): the mean of K draws; of a bound of an estimate: the mean, which
  /// estimates the elbo.  The error is NaN where the draws do not differ though the density is an estimate (a resampled base).  K >= 1.
  LogProbEstimate<T> log_prob_estimate(const Input<T>& x, Index K, Noise noise, const Input<T>& context = {}) const {
    if (K < 1) detail::fail("log_prob_estimate wants K >= 1, got " + std::to_string(K));
    Work ws;
    if constexpr (is_exact_v<F>) {
      return {total(x, noise, context, ws), Column<T>::Zero(x.rows())};
    } else {
      Batch<T> w(x.rows(), K);
      for (Index k = 0; k < K; ++k) w.col(k) = total(x, noise.fork(static_cast<std::uint64_t>(k)), context, ws);
      return detail::estimate<T>(w, F::exactness == Exactness::bound);
    }
  }

  Batch<T> sample(Index n, Noise noise, const Input<T>& context = {}) const { return sample_and_log_prob(n, noise, context).x; }
  ScoredSample<T> sample_and_log_prob(Index n, Noise noise, const Input<T>& context = {}) const {
    Work ws;
    return sample_and_log_prob(n, noise, context, ws);
  }
  ScoredSample<T> sample_and_log_prob(Index n, Noise noise, const Input<T>& context, Work& ws) const {
    if (n < 0) detail::fail("cannot draw " + std::to_string(n) + " samples");
    check_context(context, n);
    ScoredSample<T> s{Batch<T>(n, dim), Column<T>::Zero(n)};
    ws.shards(n, [&](auto& worker, Index i, Index m) {
      flow_.decode(Pass<T, CacheOf<F, T>>{nothing<const T>(m), rows(view(s.x), i, m), ColView<T>(s.log_prob.data() + i, m), theta(), state(),
                                          given(context, i, m), noise.from_row(i), worker.cache, worker.scratch, false, &worker.report});
    });
    return s;
  }

  /// x to z, n x latent_dim.
  Batch<T> encode(const Input<T>& x, Noise noise = {}, const Input<T>& context = {}) const {
    detail::check_width(x, dim, "x");
    return through<true>(x, latent_dim, noise, context);
  }
  /// z to x.
  Batch<T> decode(const Input<T>& z, Noise noise = {}, const Input<T>& context = {}) const {
    detail::check_width(z, latent_dim, "z");
    return through<false>(z, dim, noise, context);
  }
  /// The gradient of log p in x, n x x_dim.
  Batch<T> score(const Input<T>& x, const Input<T>& context = {}) const {
    static_assert(is_exact_v<F>,
                  "rheo: the score needs an exact log-density: that of this flow is a bound or an estimate; take a flow of exact layers, or differentiate elbo(x, noise) yourself");
    check(x, context);
    Work ws;
    Batch<T> g(x.rows(), dim);
    const Column<T> one = Column<T>::Ones(x.rows());
    Column<T> v(x.rows());
    ws.shards(x.rows(), [&](auto& worker, Index i, Index m) {
      encode_shard(worker, rows(x.view(), i, m), ColView<T>(v.data() + i, m), given(context, i, m), Noise{}.from_row(i), true);
      Arena::Scope scope(worker.scratch);
      auto g_theta = worker.scratch.template column<T>(param_count);
      g_theta.setZero();
      auto g_context = worker.scratch.template take<T>(m, context_dim);
      g_context.setZero();
      flow_.encode_pull(Pull<T, CacheOf<F, T>>{rows(x.view(), i, m), nothing<const T>(m), nothing<const T>(m), CColView<T>(one.data() + i, m), rows(view(g), i, m),
                                               theta(), Params<T>(g_theta.data(), param_count), state(), given(context, i, m), g_context, Noise{}.from_row(i),
                                               worker.cache, worker.scratch});
    });
    return g;
  }

  /// Runs the data-dependent starts (ActNorm, Standardize, ...) that have not been run yet, on these rows.
  void initialise(const Input<T>& x, const Input<T>& context = {}) {
    check(x, context);
    struct Rollback {  // an error half-way leaves the model as it was
      Model& model;
      Column<T> theta, buffers;
      bool done = false;
      ~Rollback() {
        if (done) return;
        model.theta_.swap(theta);
        model.buffers_.swap(buffers);
      }
    } rollback{*this, theta_, buffers_};
    flow_.initialise(InitPass<T>{x.view(), theta(), state(), given(context, 0, x.rows())});
    rollback.done = true;
  }
  /// The same model in another scalar.
  template <class U> Model<F, U> cast() const {
    Model<F, U> m(flow_);
    m.parameters() = theta_.template cast<U>();
    m.buffers() = buffers_.template cast<U>();
    return m;
  }
  /// Names, offsets and row-major shapes of all parameters.
  std::vector<ParamInfo> describe() const {
    std::vector<ParamInfo> info;
    F::unpack(Layout(info, "", 0));
    return info;
  }

  /// What the flow is made of and what its directions cost, a line a layer (rheo/flows/summary.hpp).
  static std::string summary() { return rheo::summary<F>(); }

  /// For trainers: one shard through the flow, v overwritten.
  void encode_shard(Worker<F, T>& worker, CView<T> x, ColView<T> v, CView<T> context, Noise noise, bool keep) const {
    v.setZero();
    flow_.encode(Pass<T, CacheOf<F, T>>{x, nothing<T>(x.rows()), v, theta(), state(), context, noise, worker.cache, worker.scratch, keep, &worker.report});
  }
  /// An n x 0 view.
  template <class U> static auto nothing(Index n) { return view_of(static_cast<U*>(nullptr), n, 0, n); }
  /// Rows of the context, n x 0 without one.
  static CView<T> given(const Input<T>& context, Index i, Index n) {
    if constexpr (context_dim == 0) {
      return nothing<const T>(n);
    } else {
      return rows(context.view(), i, n);
    }
  }
  void check(const Input<T>& x, const Input<T>& context) const {
    detail::check_width(x, dim, "x");
    check_context(context, x.rows());
  }

 private:
  void check_context(const Input<T>& context, Index n) const {
    if (context_dim == 0 && context.cols() == 0) return;
    detail::check_width(context, context_dim, "context");
    if (context.rows() != n) detail::fail("context has " + std::to_string(context.rows()) + " rows for a batch of " + std::to_string(n) + ": it wants one for each");
  }
  CColView<T> total(const Input<T>& x, Noise noise, const Input<T>& context, Work& ws) const {
    check(x, context);
    const Index n = x.rows();
    T* out = ws.values.column(n).data();
    ws.shards(n, [&](auto& worker, Index i, Index m) {
      encode_shard(worker, rows(x.view(), i, m), ColView<T>(out + i, m), given(context, i, m), noise.from_row(i), false);
      detail::settle_infinity<T>(rows(x.view(), i, m), ColView<T>(out + i, m));
    });
    return {out, n};
  }
  template <bool Encode> Batch<T> through(const Input<T>& in, Index width, Noise noise, const Input<T>& context) const {
    check_context(context, in.rows());
    Batch<T> out(in.rows(), width);
    if constexpr (!F::has_layers) {
      out = in.view();
    } else {
      const auto body = flow_.body();
      using B = std::remove_const_t<decltype(body)>;
      Workspace<B, T> ws;
      Column<T> v = Column<T>::Zero(in.rows());
      ws.shards(in.rows(), [&](auto& worker, Index i, Index m) {
        Pass<T, CacheOf<B, T>> p{rows(in.view(), i, m), rows(view(out), i, m), ColView<T>(v.data() + i, m), {theta_.data(), B::param_count},
                                 {buffers_.data(), B::buffer_count}, columns(given(context, i, m), 0, B::context_dim), noise.from_row(i), worker.cache, worker.scratch, false, &worker.report};
        if constexpr (Encode) {
          body.encode(p);
        } else {
          body.decode(p);
        }
      });
    }
    return out;
  }

  F flow_;
  Column<T> theta_, buffers_;
};

/// A flow with starting parameters drawn from `noise`.
template <class T, class F> Model<F, T> make_model(F flow, Noise noise) {
  Model<F, T> model(std::move(flow));
  model.flow().init(model.theta(), model.state(), noise);
  return model;
}

}  // namespace rheo
