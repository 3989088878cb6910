// SPDX-License-Identifier: MIT
// fit_energy: fits a flow to an energy from its own draws, with data or kept draws beside them if there are any, and the best parameters in place.
//   Noe et al. 2019, arXiv:1812.01729 (Boltzmann generators); Wu et al. 2020, arXiv:2002.06707, section 3.
#pragma once

#include "rheo/training/alpha_divergence.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/training/replay.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// Losses are means a row in nats: -log w by energy, the negative elbo by example, mixed by `data_share`.
struct EnergyReport {
  int step = 0, steps = 0;        ///< from 1
  double loss = 0;                ///< mean since the last report
  double check_loss = 0;          ///< on `check_rows` rows whose noise is the same in every check, less those of `check_not_finite`
  Index check_not_finite = 0;     ///< rows of the check without a finite loss, up to a hundredth or one; with more the check has none, and is no best
  double best_loss = 0;
  double acceptance = 0;          ///< of the accept/reject moves since the beginning; NaN without any
  double learning_rate = 0, seconds = 0;
  long skipped_steps = 0;
};

struct EnergyFitOptions {
  int steps = 1000;
  Index batch = 256;
  double learning_rate = 1e-3;
  double data_share = 0.5;        ///< weight of the likelihood of the data, or of kept draws, beside the energy; 1 looks at them alone
  double clip_norm = 5;           ///< 0: no clipping
  Optimizer optimizer = Adam{};
  Schedule schedule{};
  Noise noise{};
  int threads = 1;
  int check_every = 100;          ///< steps between checks; the parameters of the best check, or a later one as good, are what stays
  Index check_rows = 1024;
  double tolerance = 0.01;        ///< nats: a later check this near to the lowest is taken for better, since on few rows a loss may fall below -log Z
  int patience_non_finite = 10;   ///< non-finite steps in a row before going back to the best and halving the rate
  int halvings = 3;               ///< how often, before giving up as diverged
  bool standardize_context = true;  ///< as in FitOptions
  std::function<bool(const EnergyReport&)> callback{};  ///< after every check; false stops the fit
  StopToken stop{};  ///< std::stop_token where the library has it
};

struct EnergyFitResult {
  FitStatus status = FitStatus::budget_reached;
  std::vector<EnergyReport> history;
  int best_step = 0;              ///< whose parameters stay; 0: the beginning
  double best_loss = std::numeric_limits<double>::infinity(), seconds = 0;
  long steps = 0, skipped_steps = 0;
  Report report;                  ///< moves proposed and accepted, rows that met invalid energies, over the whole fit; of a replay or an alpha-divergence, without the checks
};

namespace detail {

/// An energy stands for the reverse KL to it; what is no energy is an objective already.
template <class E> auto objective_of(const E& e) {
  if constexpr (ValueEnergy<E>) {
    static_assert(Energy<E>, "rheo: fit_energy: an energy without a gradient: pass alpha_divergence<Estimator::weights>(energy, 1.0), say, in its place");
    return ReverseKl<E>(e);
  } else {
    return e;
  }
}

[[gnu::cold]] inline void check_options(const EnergyFitOptions& o) {
  if (o.steps < 0 || o.batch < 1 || o.check_every < 1 || o.check_rows < 1 || o.threads < 1) fail("fit_energy: steps, batch, check_every, check_rows and threads must be positive");
  if (!(o.clip_norm >= 0) || !(o.tolerance >= 0) || o.patience_non_finite < 1 || o.halvings < 0) fail("fit_energy: clip_norm, tolerance and halvings must not be negative, patience_non_finite must be positive");
  if (!(o.learning_rate > 0) || !std::isfinite(o.learning_rate)) fail("fit_energy: learning_rate must be positive, got " + number_text(o.learning_rate));
}

/// fit_energy, without the flow's type.  The loss of `checked` chooses the best parameters: over rows of the source, or, where those are `moving`, over draws alone.
template <class T>
EnergyFitResult fit_by_steps(Numbers<T>& theta, Numbers<T>& buffers, ShardTrainer<T>& trainer, ShardTrainer<T>& checked, RowSource<T>& source, bool moving, CView<T> context,
                             const EnergyFitOptions& o) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const Index most = std::max(o.batch, o.check_rows);
  const bool by_rows = source.x().cols() > 0 || context.cols() > 0;
  auto nothing = [](Index n) { return view_of(static_cast<const T*>(nullptr), n, 0, n); };
  const CView<T> x = by_rows ? source.x() : nothing(most), given = context.cols() > 0 ? context : nothing(x.rows());
  std::vector<Index> index(static_cast<std::size_t>(most));
  auto rows = [&](Index count, Noise noise) {
    for (Index i = 0; by_rows && i < count; ++i) index[static_cast<std::size_t>(i)] = source.row(noise, i);
    return BatchRows{0, count, by_rows ? index.data() : nullptr, nullptr};
  };
  Index not_finite = 0;
  auto check = [&] {
    const CView<T> at = moving ? nothing(most) : x, c = moving ? nothing(most) : given;
    const BatchRows b = moving ? BatchRows{0, o.check_rows} : rows(o.check_rows, o.noise.fork(0));
    return finite_mean(checked, at, c, b, o.noise.fork(1), not_finite);
  };
  Column<T> best = theta, best_buffers = buffers;
  auto restore = [&] {
    theta = best;
    buffers = best_buffers;
  };
  EnergyFitResult result;
  if (const double start = check(); std::isfinite(start)) result.best_loss = start;
  double loss = 0, rate = 0, halved = 1;
  long made = 0;
  int non_finite = 0, halvings = 0;
  for (int step = 1; step <= o.steps; ++step) {
    if (o.stop.stop_requested()) {
      result.status = FitStatus::interrupted;
      break;
    }
    rate = o.learning_rate * halved * o.schedule(step - 1, o.steps);
    const Noise noise = o.noise.fork(2).fork(static_cast<std::uint64_t>(step));
    source.before(step, noise.fork(2));
    const StepReport r = trainer.step(x, given, rows(o.batch, noise.fork(0)), noise.fork(1), rate, o.clip_norm);
    if (r.stepped) {
      loss += r.loss;
      ++made;
      non_finite = 0;
    } else if (++result.skipped_steps; ++non_finite >= o.patience_non_finite) {
      restore();
      trainer.reset();
      non_finite = 0;
      halved /= 2;
      if (++halvings > o.halvings) {
        result.status = FitStatus::diverged;
        break;
      }
    }
    if (step % o.check_every != 0 && step != o.steps) continue;
    const double check_loss = check();
    EnergyReport e{step, o.steps, loss / static_cast<double>(made), check_loss, not_finite, 0, 0, rate, std::chrono::duration<double>(Clock::now() - begin).count(), result.skipped_steps};
    result.steps += made;
    loss = 0, made = 0;
    if (e.check_loss < result.best_loss + (result.best_step > 0 ? o.tolerance : 0)) {
      result.best_loss = std::min(result.best_loss, e.check_loss);
      result.best_step = step;
      best = theta;
      best_buffers = buffers;
    }
    e.best_loss = result.best_loss;
    e.acceptance = trainer.report().acceptance();
    result.history.push_back(e);
    if (o.callback && !o.callback(e)) {
      result.status = FitStatus::interrupted;
      break;
    }
  }
  restore();
  if (result.status == FitStatus::budget_reached && result.best_step == 0 && !result.history.empty()) result.status = FitStatus::no_better_than_start;
  result.report = trainer.report();
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return result;
}

template <class F, class T, class Objective>
EnergyFitResult fit_by_steps(Model<F, T>& model, CView<T> data, CView<T> context, const EnergyFitOptions& o, Objective objective) {
  check_options(o);
  Trainer<F, T, Objective> trainer(model, o.optimizer, o.threads, objective);
  RowSource<T> source(data);
  if constexpr (HasJudge<Objective>) {
    Trainer<F, T, Objective> checked(model, o.optimizer, o.threads, objective.judge());
    return fit_by_steps<T>(model.parameters(), model.buffers(), trainer, checked, source, false, context, o);
  } else {
    return fit_by_steps<T>(model.parameters(), model.buffers(), trainer, trainer, source, false, context, o);
  }
}

}  // namespace detail

/// Fits the model in place to exp(-u) by reverse KL, from its own draws alone: it finds only the modes that its draws reach, and may leave those that
/// they reached, which no weight tells: a replay below, or alpha_divergence(energy, 0.5), keeps them better.  An objective may stand in the energy's place: that,
/// path_gradient(energy) (rheo/training/alpha_divergence.hpp).  Steps whose loss or gradient is not finite change nothing and are counted.  Throws
/// std::invalid_argument for wrong options.
template <class F, class T, class E> EnergyFitResult fit_energy(Model<F, T>& model, const E& energy, const EnergyFitOptions& options = {}) {
  static_assert(F::context_dim == 0, "rheo: fit_energy: this flow has a context: hand its rows, fit_energy(model, energy, context, options)");
  const CView<T> nothing = Model<F, T>::template nothing<const T>(0);
  return detail::fit_by_steps<F, T>(model, nothing, nothing, options, detail::objective_of(energy));
}

/// The same with data beside the energy: data_share * (-elbo of the data) + (1 - data_share) * (-log w of draws).  Data-dependent starts are run
/// first.  Throws DataError for values that are not finite and rows off the flow's support.
template <class F, class T, class E>
  requires(F::context_dim == 0)
EnergyFitResult fit_energy(Model<F, T>& model, const E& energy, const std::type_identity_t<Input<T>>& data, const EnergyFitOptions& options = {}) {
  model.check(data, Input<T>());
  if (data.rows() < 1) detail::fail("fit_energy: no data");
  detail::check_finite(data.view(), "the data");
  check_support<F, T>(model, data, Input<T>(), options.noise.fork(3));
  model.initialise(data);
  return detail::fit_by_steps<F, T>(model, data.view(), Model<F, T>::template nothing<const T>(0), options, Mixed(MaximumLikelihood{}, detail::objective_of(energy), options.data_share));
}

/// The same with the flow's own weighted draws in the place of data (rheo/training/replay.hpp): they keep modes that were found once and that reverse KL would leave.  The
/// replay is filled at the start and refreshed by draws of options.noise; it holds its last rows behind the fit, for another.  Checks look at the energy alone.  Throws
/// DataError where no kept draw has a weight above 0, std::invalid_argument for a replay that does not fit.
template <class F, class T, class E>
  requires(F::context_dim == 0)
EnergyFitResult fit_energy(Model<F, T>& model, const E& energy, Replay<T>& replay, const EnergyFitOptions& options = {}) {
  detail::check_options(options);
  const auto by_energy = detail::objective_of(energy);
  Trainer trainer(model, options.optimizer, options.threads, Mixed(MaximumLikelihood{}, by_energy, options.data_share));
  Trainer checked(model, options.optimizer, options.threads, detail::judge_of(by_energy));
  detail::ReplayRows<F, T, std::remove_cvref_t<decltype(by_energy.energy)>> source(model, trainer.workspace(), by_energy.energy, replay, options.noise.fork(4));
  return detail::fit_by_steps<T>(model.parameters(), model.buffers(), trainer, checked, source, true, Model<F, T>::template nothing<const T>(0), options);
}

/// A conditional flow, for all rows of the context (n x context_dim) at once: the mean over them of KL(flow given c || exp(-u) / Z(c)) - log Z(c), u an energy
/// of (x, c), c behind x, or of x alone.  Each step draws its rows from them.  Throws DataError for values that are not finite.
template <class F, class T, class E>
  requires(F::context_dim > 0)
EnergyFitResult fit_energy(Model<F, T>& model, const E& energy, const std::type_identity_t<Input<T>>& context, const EnergyFitOptions& options = {}) {
  detail::check_width(context, F::context_dim, "context");
  if (context.rows() < 1) detail::fail("fit_energy: no context");
  detail::check_finite(context.view(), "the context");
  detail::check_options(options);
  StartReport start;
  model.start_context(context, {options.standardize_context, false}, start);
  return detail::fit_by_steps<F, T>(model, Model<F, T>::template nothing<const T>(context.rows()), context.view(), options, detail::objective_of(energy));
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
