// SPDX-License-Identifier: MIT
// Model: a flow with its parameters and buffers, and the calls that users make on it.
#pragma once

#include <cmath>
#include <cstdio>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "rheo/core/narrow.hpp"
#include "rheo/core/numbers.hpp"
#include "rheo/core/type_name.hpp"
#include "rheo/flows/evaluate.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/shards.hpp"
#include "rheo/flows/summary.hpp"
#include "rheo/platform/compiled.hpp"

namespace rheo {

/// An estimate of log p(x) per row from K draws, with its standard error.
template <class T> struct LogProbEstimate {
  Column<T> value;           ///< n, nats
  Column<T> standard_error;  ///< n; NaN where it cannot be told
};

/// A batch of samples and their log-densities.  Of a bound: log p(z) + V of the path that made them.  Its z comes from
/// p(z | x) and not from q(z | x), so that it is an upper bound of log p(x) in the mean, where an elbo is a lower one:
/// the two enclose log p(x).
template <class T> struct ScoredSample {
  Batch<T> x;          ///< n x dim
  Column<T> log_prob;  ///< n, nats
};

/// What data-dependent starts do beside the layers' own.
struct StartOptions {
  bool standardize_context = true;  ///< contexts are seen less their means, in units of their deviations
                                    ///< (rheo/flows/context.hpp); false: as they are, now and later
  bool anew = false;  ///< data and contexts are standardised by these rows even where earlier ones did; trained starts
                      ///< (ActNorm) stay
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
    const T top = w.row(i).template maxCoeff<Eigen::PropagateNaN>();
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

}  // namespace detail

/// Const calls may run in many threads at once; each call makes a workspace of its own unless it is handed one.
/// x is n x x_dim, context n x context_dim or one row for all (left out when unconditional); results have n rows;
/// log-densities are in nats, in the units of x.  Wrong widths throw std::invalid_argument.  Rows with NaN give NaN and
/// leave the others alone; a point at infinity has no density, log p = -inf; zero rows give empty results.
template <class F, class T> class Model {
 public:
  using Scalar = T;                                     ///< float or double
  using FlowType = F;                                   ///< the flow
  using Work = Workspace<F, T>;                         ///< memory and threads for its calls
  using Contexts = typename F::Contexts;                ///< how contexts are standardised
  static constexpr Index dim = F::x_dim;                ///< coordinates of x
  static constexpr Index latent_dim = F::latent_dim;    ///< coordinates of the base
  static constexpr Index context_dim = F::context_dim;  ///< numbers of a context; 0: unconditional
  static constexpr Index param_count = F::param_count;  ///< trained numbers

  /// All parameters zero: make_model gives them starting values.
  explicit Model(F flow)
      : flow_(std::move(flow)),
        theta_(F::param_count, "vector of parameters"),
        buffers_(F::buffer_count, "vector of buffers") {
    detail::check_arithmetic();
  }

  const F& flow() const { return flow_; }  ///< the flow, without parameters
  /// An array of param_count numbers, which may be assigned and calculated with like any other; their count stays
  /// (rheo/core/numbers.hpp).
  Numbers<T>& parameters() { return theta_; }
  const Numbers<T>& parameters() const { return theta_; }
  /// Untrained state: buffer_count numbers.
  Numbers<T>& buffers() { return buffers_; }
  const Numbers<T>& buffers() const { return buffers_; }
  /// The parameters as layers see them.
  Params<const T> theta() const { return params<const T>(theta_); }
  Params<T> theta() { return params<T>(theta_); }
  /// The buffers as layers see them.
  Params<const T> state() const { return params<const T>(buffers_); }
  Params<T> state() { return params<T>(buffers_); }
  /// A workspace of so many threads, or of an executor.
  Work workspace(Threads threads = 1) const { return Work(threads); }

  /// log p(x), exact.
  Column<T> log_prob(const Input<T>& x, const Input<T>& context = {}) const {
    Work ws;
    return log_prob(x, context, ws);
  }
  /// The same without allocation: the view lives until the workspace's next call.
  CColView<T> log_prob(const Input<T>& x, const Input<T>& context, Work& ws) const {
    static_assert(is_exact_v<F>,
                  "rheo: the log-density of this flow is a bound or an estimate: call elbo(x, noise) or "
                  "log_prob_estimate(x, K, noise)");
    return total(x, Noise{}, context, ws);
  }
  /// log p(x) or, for a flow with stochastic encoders, one draw of a lower bound to it in expectation.
  Column<T> elbo(const Input<T>& x, Noise noise, const Input<T>& context = {}) const {
    Work ws;
    return total(x, noise, context, ws);
  }
  /// Of a bound: the log of the mean of K importance weights, which rises with K in the mean and tends to log p(x); its
  /// error by the delta method, NaN for K = 1.  Of an exact density: that density, scored once, and 0.  Of an unbiased
  /// estimate of log p(x) (roulette, Hutchinson): the mean of K draws; of a bound of an estimate: the mean, which
  /// estimates the elbo.  The error is NaN where the draws do not differ though the density is an estimate (a resampled
  /// base).  K >= 1.
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

  /// n x dim draws, decoded from the base.  Row i depends on the noise, i and the context alone.  They are those of
  /// sample_and_log_prob (of continuous layers with adaptive steps, as far as their accuracy() goes), at less cost
  /// where a layer's V is dear: continuous, residual, free-form and convex ones.
  Batch<T> sample(Index n, Noise noise, const Input<T>& context = {}) const {
    Work ws;
    return sample(n, noise, context, ws);
  }
  Batch<T> sample(Index n, Noise noise, const Input<T>& context, Work& ws) const {
    if (n < 0) detail::fail("cannot draw " + std::to_string(n) + " samples");
    Batch<T> x(n, dim);
    sample_into(view(x), noise, context, ws);
    return x;
  }
  /// The same into the caller's own room, n x dim, without allocation.
  void sample_into(View<T> x, Noise noise, const Input<T>& context, Work& ws) const {
    draw(x, nullptr, noise, context, ws);
  }
  /// Draws and their log-densities in one pass.
  ScoredSample<T> sample_and_log_prob(Index n, Noise noise, const Input<T>& context = {}) const {
    Work ws;
    return sample_and_log_prob(n, noise, context, ws);
  }
  ScoredSample<T> sample_and_log_prob(Index n, Noise noise, const Input<T>& context, Work& ws) const {
    if (n < 0) detail::fail("cannot draw " + std::to_string(n) + " samples");
    ScoredSample<T> s{Batch<T>(n, dim), Column<T>(n)};
    sample_into(view(s.x), ColView<T>(s.log_prob.data(), n), noise, context, ws);
    return s;
  }
  /// The same into the caller's own rooms, x n x dim and log_prob n numbers, without allocation.
  void sample_into(View<T> x, ColView<T> log_prob, Noise noise, const Input<T>& context, Work& ws) const {
    if (log_prob.size() != x.rows())
      detail::fail("sample_into: " + std::to_string(x.rows()) + " rows of x for " + std::to_string(log_prob.size()) +
                   " log-densities");
    draw(x, log_prob.data(), noise, context, ws);
  }

  /// x to z, n x latent_dim.
  Batch<T> encode(const Input<T>& x, Noise noise = {}, const Input<T>& context = {}) const {
    return through<true>(x, noise, context, nullptr);
  }
  /// z to x.
  Batch<T> decode(const Input<T>& z, Noise noise = {}, const Input<T>& context = {}) const {
    return through<false>(z, noise, context, nullptr);
  }
  /// The same, where what the call met, rows that were not solved or moves that were accepted, is added to `met`.
  Batch<T> encode(const Input<T>& x, Noise noise, const Input<T>& context, Report& met) const {
    return through<true>(x, noise, context, &met);
  }
  Batch<T> decode(const Input<T>& z, Noise noise, const Input<T>& context, Report& met) const {
    return through<false>(z, noise, context, &met);
  }
  /// The gradient of log p in x, n x x_dim.
  Batch<T> score(const Input<T>& x, const Input<T>& context = {}) const {
    static_assert(is_exact_v<F>,
                  "rheo: the score needs an exact log-density: that of this flow is a bound or an estimate; take a "
                  "flow of exact layers, or differentiate elbo(x, noise) yourself");
    check(x, context);
    Work ws;
    Batch<T> g(x.rows(), dim);
    ws.shards(x.rows(), [&, at = evaluator()](auto& worker, Index i, Index m) {
      at.score(worker, rows(x.view(), i, m), rows(view(g), i, m), context.view(), i);
    });
    return g;
  }

  /// Runs the data-dependent starts (ActNorm, Standardize, the standardisation of contexts) that have not been run yet,
  /// on these rows.
  StartReport initialise(const Input<T>& x, const Input<T>& context = {}, const StartOptions& options = {}) {
    check(x, context);
    StartReport report;
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
    start_context(context, options, report);
    Arena scratch;
    flow_.initialise(
        InitPass<T>{x.view(), theta(), state(), seen(context.view(), 0, x.rows(), scratch), options.anew, &report});
    rollback.done = true;
    return report;
  }
  /// The contexts' share of it, for flows that are fitted without data.
  void start_context(const Input<T>& context, const StartOptions& options, StartReport& report) {
    Contexts::start(F::contexts(state()), context.view(), options.standardize_context, options.anew, report);
  }
  /// The same model in another scalar.  A parameter or buffer that would become infinite there, or a buffer that would
  /// become 0, is a std::range_error that names it; parameters too small for the other scalar become 0.
  template <class U> Model<F, U> cast() const {
    for (Index i = 0; i < theta().size(); ++i) {
      if (detail::narrowed<U>(theta_(i)) == detail::Narrowed::too_large) cannot_hold<U>(name_of(i), theta_(i));
    }
    for (Index i = 0; i < state().size(); ++i) {
      if (detail::narrowed<U>(buffers_(i)) != detail::Narrowed::kept)
        cannot_hold<U>("buffer " + std::to_string(i), buffers_(i));
    }
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

  /// For trainers: one shard through the flow, v overwritten; the context as seen() gives it.
  void encode_shard(Worker<F, T>& worker, CView<T> x, ColView<T> v, CView<T> context, Noise noise, bool keep) const {
    evaluator().encode(worker, x, v, context, noise, keep);
  }
  /// An n x 0 view.
  template <class U> static auto nothing(Index n) { return detail::nothing<U>(n); }
  /// Rows [i, i + n) of the user's context as the flow sees them, n x 0 without one.  Lives as long as the caller's
  /// scope of the scratch.
  CView<T> seen(CView<T> context, Index i, Index n, Arena& scratch) const {
    return evaluator().seen(context, i, n, scratch);
  }
  /// Throws std::invalid_argument unless x and context have the widths and rows that calls want.
  void check(const Input<T>& x, const Input<T>& context) const {
    detail::check_width(x, dim, "x");
    check_context(context, x.rows());
  }

 private:
  detail::Evaluator<F, T> evaluator() const { return {flow_, theta(), state()}; }
  template <class U, class N> static Params<U> params(N& numbers) {
    if (numbers.moved_from())
      detail::fail("this model has been moved from: assign a model to it before it is used again");
    return {numbers.data(), numbers.size()};
  }
  std::string name_of(Index i) const {
    std::string name;
    Index offset = 0;
    for (const ParamInfo& p : describe()) {
      if (p.offset <= i) name = p.name, offset = p.offset;
    }
    return "parameter '" + name + "', number " + std::to_string(i - offset) + ",";
  }
  template <class U> [[noreturn]] static void cannot_hold(const std::string& what, T x) {
    std::string text(32, '\0');
    text.resize(static_cast<std::size_t>(std::snprintf(text.data(), text.size(), "%.9g", static_cast<double>(x))));
    detail::fail<std::range_error>("cast: " + what + " is " + text + ", which " + std::string(type_name<U>()) +
                                   " cannot hold");
  }
  void check_context(const Input<T>& context, Index n) const {
    static_cast<void>(theta());  // throws in a model that has been moved from
    if (context_dim == 0 && context.cols() == 0) return;
    detail::check_context_width(context.rows(), context.cols(), context_dim);
    detail::check_context_rows(context.rows(), n);
  }
  CColView<T> total(const Input<T>& x, Noise noise, const Input<T>& context, Work& ws) const {
    static_assert(CanEncode<F, T>,
                  "rheo: log_prob: a layer or the base of this flow has no encode: it samples and does not score");
    check(x, context);
    const Index n = x.rows();
    T* out = ws.values.column(n).data();
    ws.shards(n, [&, at = evaluator()](auto& worker, Index i, Index m) {
      at.log_prob(worker, rows(x.view(), i, m), ColView<T>(out + i, m), context.view(), i, noise);
    });
    return {out, n};
  }
  /// x drawn; log_prob null: alone.
  void draw(View<T> x, T* log_prob, Noise noise, const Input<T>& context, Work& ws) const {
    static_assert(CanDecode<F, T>,
                  "rheo: sample: a layer or the base of this flow has no decode: it scores and does not sample");
    detail::check_width<T>(x, dim, "x");
    check_context(context, x.rows());
    ws.shards(x.rows(), [&, at = evaluator()](auto& worker, Index i, Index m) {
      Arena::Scope scope(worker.scratch);
      const ColView<T> v = log_prob ? ColView<T>(log_prob + i, m) : worker.scratch.template column<T>(m);
      at.sample(worker, rows(x, i, m), v, context.view(), i, noise, log_prob != nullptr);
    });
  }
  template <bool Encode> Batch<T> through(const Input<T>& in, Noise noise, const Input<T>& context, Report* met) const {
    detail::check_width(in, Encode ? dim : latent_dim, Encode ? "x" : "z");
    check_context(context, in.rows());
    Batch<T> out(in.rows(), Encode ? latent_dim : dim);
    if constexpr (!F::has_layers) {
      out = in.view();
    } else {
      const auto body = flow_.body();
      using B = std::remove_const_t<decltype(body)>;
      static_assert(Encode ? CanEncode<B, T> : CanDecode<B, T>,
                    "rheo: encode, decode: a layer of this flow lacks the direction that is asked for");
      Workspace<B, T> ws;
      Column<T> v = Column<T>::Zero(in.rows());
      ws.shards(in.rows(), [&](auto& worker, Index i, Index m) {
        Arena::Scope scope(worker.scratch);
        Pass<T, CacheOf<B, T>> p{rows(in.view(), i, m),
                                 rows(view(out), i, m),
                                 ColView<T>(v.data() + i, m),
                                 {theta().data(), B::param_count},
                                 {state().data(), B::buffer_count},
                                 columns(seen(context.view(), i, m, worker.scratch), 0, B::context_dim),
                                 noise.from_row(i),
                                 worker.cache,
                                 worker.scratch,
                                 false,
                                 &worker.report,
                                 false};
        if constexpr (Encode) {
          body.encode(p);
        } else {
          body.decode(p);
        }
      });
      if (met) *met += ws.report();
    }
    return out;
  }

  F flow_;
  Numbers<T> theta_, buffers_;
};

/// A flow with starting parameters drawn from `noise`.
template <class T, class F> Model<F, T> make_model(F flow, Noise noise) {
  Model<F, T> model(std::move(flow));
  model.flow().init(model.theta(), model.state(), noise);
  return model;
}

namespace detail {
RHEO_COMPILE(LogProbEstimate<float> estimate<float>(const Batch<float>&, bool));
RHEO_COMPILE(LogProbEstimate<double> estimate<double>(const Batch<double>&, bool));
}  // namespace detail

}  // namespace rheo
