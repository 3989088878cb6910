// SPDX-License-Identifier: MIT
// fit_energy: fits a flow to an energy from its own draws, with data or kept draws beside them if there are any, and
// the best parameters in place.
//   Noe et al. 2019, arXiv:1812.01729 (Boltzmann generators); Wu et al. 2020, arXiv:2002.06707, section 3.
#pragma once

#include <cstdint>

#include "rheo/training/alpha_divergence.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/training/replay.hpp"
#include "rheo/training/run_state.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// Losses are means a row in nats: -log w by energy, the negative elbo by example, mixed by `data_share`.
struct EnergyReport {
  int step = 0;     ///< from 1
  int steps = 0;    ///< how many there will be
  double loss = 0;  ///< mean since the last report
  double check_loss =
      0;  ///< on `check_rows` rows whose noise is the same in every check, less those of `check_not_finite`
  Index check_not_finite = 0;      ///< rows of the check without a finite loss, up to a hundredth or one; with more the
                                   ///< check has none, and is no best
  double best_loss = 0;            ///< the lowest of the checks so far
  double acceptance = 0;           ///< of the accept/reject moves since the beginning; NaN without any
  double learning_rate = 0;        ///< of the last step
  double seconds = 0;              ///< since the beginning
  std::int64_t skipped_steps = 0;  ///< not made, for a non-finite loss or gradient
};

/// What fit_energy may be told.
struct EnergyFitOptions {
  int steps = 1000;             ///< how many
  Index batch = 256;            ///< draws a step, and rows of the data beside them
  double learning_rate = 1e-3;  ///< positive; the schedule multiplies it
  double data_share =
      0.5;  ///< weight of the likelihood of the data, or of kept draws, beside the energy; 1 looks at them alone
  double clip_norm = 5;          ///< 0: no clipping
  Optimizer optimizer = Adam{};  ///< Adam or Sgd
  Schedule schedule{};           ///< of the rate over the run
  Noise noise{};                 ///< decides draws and the order of rows
  int threads = 1;               ///< their number changes no bit of the result
  Executor* executor = nullptr;  ///< as in FitOptions
  /// As in FitOptions: the shards of a batch, of a check and of a replay's draws are shared out, and a step has a
  /// second message, of the ranks' counts for EnergyFitResult::report.
  Team* team = nullptr;
  int check_every =
      100;  ///< steps between checks; the parameters of the best check, or a later one as good, are what stays
  Index check_rows = 1024;  ///< draws a check
  double tolerance = 0.01;  ///< nats: a later check this near to the lowest is taken for better, since on few rows a
                            ///< loss may fall below -log Z
  int patience_non_finite = 10;     ///< non-finite steps in a row before going back to the best and halving the rate
  int halvings = 3;                 ///< how often, before giving up as diverged
  bool standardize_context = true;  ///< as in FitOptions
  std::function<bool(const EnergyReport&)> callback{};  ///< after every check; false stops the fit
  StopToken stop{};                                     ///< std::stop_token where the library has it
  Checkpoint checkpoint{};                              ///< as in FitOptions; a replay's rows are kept with it
};

/// What fit_energy tells.
struct EnergyFitResult {
  FitStatus status = FitStatus::budget_reached;                ///< how it ended
  std::vector<EnergyReport> history;                           ///< one a check
  int best_step = 0;                                           ///< whose parameters stay; 0: the beginning
  double best_loss = std::numeric_limits<double>::infinity();  ///< of the check whose parameters stay, nats a row
  double seconds = 0;                                          ///< of wall clock
  std::int64_t steps = 0;                                      ///< made
  std::int64_t skipped_steps = 0;                              ///< not made, for a non-finite loss or gradient
  Report report;  ///< moves proposed and accepted, rows that met invalid energies, over the whole fit; of a replay or
                  ///< an alpha-divergence, without the checks
  std::string checkpoint_error;  ///< why the last checkpoint could not be written; empty where it was
};

namespace detail {

/// An energy stands for the reverse KL to it; what is no energy is an objective already.
template <class E> auto objective_of(const E& e) {
  if constexpr (ValueEnergy<E>) {
    static_assert(Energy<E>,
                  "rheo: fit_energy: an energy without a gradient: pass alpha_divergence<Estimator::weights>(energy, "
                  "1.0), say, in its place");
    return ReverseKl<E>(e);
  } else {
    return e;
  }
}

[[gnu::cold]] inline void check_options(const EnergyFitOptions& o) {
  if (o.steps < 0 || o.batch < 1 || o.check_every < 1 || o.check_rows < 1 || o.threads < 1)
    fail("fit_energy: steps, batch, check_every, check_rows and threads must be positive");
  if (!(o.clip_norm >= 0) || !(o.tolerance >= 0) || o.patience_non_finite < 1 || o.halvings < 0)
    fail("fit_energy: clip_norm, tolerance and halvings must not be negative, patience_non_finite must be positive");
  if (!(o.learning_rate > 0) || !std::isfinite(o.learning_rate))
    fail("fit_energy: learning_rate must be positive, got " + number_text(o.learning_rate));
}

/// The options that a run is told from others by.
[[gnu::cold]] inline void describe(const EnergyFitOptions& o, FactList& facts) {
  facts.add("steps", o.steps);
  facts.add("batch", o.batch);
  facts.add("learning_rate", o.learning_rate);
  facts.add("data_share", o.data_share);
  facts.add("clip_norm", o.clip_norm);
  facts.add("optimizer", o.optimizer);
  facts.add("schedule", o.schedule);
  facts.add("noise", o.noise);
  facts.add("check_every", o.check_every);
  facts.add("check_rows", o.check_rows);
  facts.add("tolerance", o.tolerance);
  facts.add("patience_non_finite", o.patience_non_finite);
  facts.add("halvings", o.halvings);
  facts.add("standardize_context", o.standardize_context);
}

/// fit_energy, without the flow's type.  The loss of `checked` chooses the best parameters: over rows of the source,
/// or, where those are `moving`, over draws alone.
template <class T> class EnergyRun final : RunState<T, EnergyFitOptions, EnergyFitResult> {
  using State = RunState<T, EnergyFitOptions, EnergyFitResult>;
  using State::finished_, State::start_loss_, State::loss_, State::made_, State::halved_;
  using State::options_, State::theta_, State::buffers_, State::trainer_, State::checkpoints_, State::result_;
  using State::team_, State::seconds, State::interrupt;
  using typename State::Restored;

 public:
  EnergyRun(Numbers<T>& theta, Numbers<T>& buffers, ShardTrainer<T>& trainer, ShardTrainer<T>& checked,
            StepRows<T>& source, bool moving, CView<T> context, const EnergyFitOptions& o)
      : State(theta, buffers, trainer, o), checked_(checked), source_(source), moving_(moving), context_(context) {}

  /// `start`, if any, changes the model before the first step.
  EnergyFitResult run(const std::function<void()>& start) {
    const bool resumed = this->meet();
    begin(start, resumed);
    if (!finished_) {
      Restored best_stays{*this};
      while (step_ <= options_.steps && run_step()) ++step_;
    }
    if (!finished_) finish();
    result_.report = trainer_.whole_report();
    result_.seconds = seconds();
    result_.checkpoint_error = checkpoints_.error();
    return std::move(result_);
  }

  [[gnu::cold]] void visit(StateWalk& walk) override {
    this->visit_shared(walk);
    source_.visit(walk);
    walk("step", step_, 1, std::int64_t(options_.steps) + 1);
    walk("best_step", result_.best_step, 0, options_.steps);
    walk.list("history", result_.history, [](EnergyReport& e, auto add) {
      add(e.step), add(e.steps), add(e.loss), add(e.check_loss), add(e.check_not_finite), add(e.best_loss),
          add(e.acceptance), add(e.learning_rate), add(e.seconds), add(e.skipped_steps);
    });
  }
  [[gnu::cold]] void describe(FactList& facts) const override {
    this->describe_shared("fit_energy", facts);
    source_.describe(facts);
    facts.add("context", context_);
    detail::describe(options_, facts);
  }

 private:
  /// The start and its loss, or the state that was kept.  Where it is refused, all is as it was handed in.
  [[gnu::cold]] void begin(const std::function<void()>& start, bool resumed) {
    struct Unchanged {
      EnergyRun& run;
      Column<T> theta, buffers;
      bool accepted = false;
      ~Unchanged() {
        if (accepted) return;
        run.theta_ = theta;
        run.buffers_ = buffers;
        run.source_.refused();
      }
    } unless{*this, theta_, buffers_};
    if (start) start();
    source_.start(resumed);
    by_rows_ = source_.x().cols() > 0 || context_.cols() > 0;
    index_.resize(static_cast<std::size_t>(most_rows()));
    this->keep_best();
    start_loss_ = check();
    trainer_.gather_reports();
    if (std::isfinite(start_loss_)) result_.best_loss = start_loss_;
    if (resumed) {
      if (const std::string why = checkpoints_.resume(*this); !why.empty()) checkpoints_.refuse(why);
      this->restart_clock();
    }
    unless.accepted = true;
  }

  Index most_rows() const { return std::max(options_.batch, options_.check_rows); }
  CView<T> nothing(Index n) const { return view_of(static_cast<const T*>(nullptr), n, 0, n); }
  CView<T> x() const { return by_rows_ ? source_.x() : nothing(most_rows()); }
  CView<T> given() const { return context_.cols() > 0 ? context_ : nothing(x().rows()); }
  BatchRows rows(Index count, Noise noise) {
    for (Index i = 0; by_rows_ && i < count; ++i) index_[static_cast<std::size_t>(i)] = source_.row(noise, i);
    return BatchRows{0, count, by_rows_ ? index_.data() : nullptr, nullptr};
  }
  double check() {
    const CView<T> at = moving_ ? nothing(most_rows()) : x(), c = moving_ ? nothing(most_rows()) : given();
    const BatchRows b = moving_ ? BatchRows{0, options_.check_rows} : rows(options_.check_rows, options_.noise.fork(0));
    return finite_mean(checked_, at, c, b, options_.noise.fork(1), not_finite_);
  }

  /// One step, and a check where it is due; false where the fit ends with it.
  bool run_step() {
    const EnergyFitOptions& o = options_;
    checkpoints_.keep_when_due(*this);
    if (this->asked_to_stop()) return interrupt();
    trainer_.ask_to_stop(o.stop.stop_requested());
    const double rate = o.learning_rate * halved_ * o.schedule(step_ - 1, o.steps);
    const Noise noise = o.noise.fork(2).fork(static_cast<std::uint64_t>(step_));
    source_.before(step_, noise.fork(2));
    const StepReport r = trainer_.step(x(), given(), rows(o.batch, noise.fork(0)), noise.fork(1), rate, o.clip_norm);
    trainer_.gather_reports();
    if (!this->count(r)) return false;
    if (step_ % o.check_every != 0 && step_ != o.steps) return true;
    const double check_loss = check();
    trainer_.gather_reports();
    EnergyReport e{step_,
                   o.steps,
                   loss_ / static_cast<double>(made_),
                   check_loss,
                   not_finite_,
                   0,
                   0,
                   rate,
                   seconds(),
                   result_.skipped_steps};
    result_.steps += made_;
    loss_ = 0, made_ = 0;
    if (e.check_loss < result_.best_loss + (result_.best_step > 0 ? o.tolerance : 0)) {
      result_.best_loss = std::min(result_.best_loss, e.check_loss);
      result_.best_step = step_;
      this->keep_best();
    }
    e.best_loss = result_.best_loss;
    e.acceptance = trainer_.whole_report().acceptance();
    result_.history.push_back(e);
    if (this->go_on(e)) return true;
    ++step_;
    return interrupt();
  }
  void finish() {
    if (result_.status == FitStatus::budget_reached && result_.best_step == 0 && !result_.history.empty())
      result_.status = FitStatus::no_better_than_start;
    if (result_.status == FitStatus::interrupted) return;
    finished_ = true;
    checkpoints_.keep(*this);
  }

  ShardTrainer<T>& checked_;
  StepRows<T>& source_;
  bool moving_, by_rows_ = false;
  CView<T> context_;
  std::vector<Index> index_;
  Index not_finite_ = 0;

  int step_ = 1;  // the next; walked over beside what is shared
};

template <class F, class T, class Objective>
EnergyFitResult fit_by_steps(Model<F, T>& model, CView<T> data, CView<T> context, const EnergyFitOptions& o,
                             Objective objective, const std::function<void()>& start = {}) {
  check_together(several(o.team), [&] { check_options(o); });
  Trainer<F, T, Objective> trainer(model, o.optimizer, Threads(o.threads, o.executor), objective);
  trainer.join(o.team);
  StepRows<T> source(data);
  if constexpr (HasJudge<Objective>) {
    Trainer<F, T, Objective> checked(model, o.optimizer, Threads(o.threads, o.executor), objective.judge());
    checked.join(o.team);
    return EnergyRun<T>(model.parameters(), model.buffers(), trainer, checked, source, false, context, o).run(start);
  } else {
    return EnergyRun<T>(model.parameters(), model.buffers(), trainer, trainer, source, false, context, o).run(start);
  }
}

}  // namespace detail

/// Fits the model in place to exp(-u) by reverse KL, from its own draws alone: it finds only the modes that its draws
/// reach, and may leave those that they reached, which no weight tells: a replay below, or alpha_divergence(energy,
/// 0.5), keeps them better.  An objective may stand in the energy's place: that, path_gradient(energy)
/// (rheo/training/alpha_divergence.hpp).  Steps whose loss or gradient is not finite change nothing and are counted.
/// Throws std::invalid_argument for wrong options.
template <class F, class T, class E>
EnergyFitResult fit_energy(Model<F, T>& model, const E& energy, const EnergyFitOptions& options = {}) {
  static_assert(
      F::context_dim == 0,
      "rheo: fit_energy: this flow has a context: hand its rows, fit_energy(model, energy, context, options)");
  const CView<T> nothing = Model<F, T>::template nothing<const T>(0);
  return detail::fit_by_steps<F, T>(model, nothing, nothing, options, detail::objective_of(energy));
}

/// The same with data beside the energy: data_share * (-elbo of the data) + (1 - data_share) * (-log w of draws).
/// Data-dependent starts are run first.  Throws DataError for values that are not finite and rows off the flow's
/// support.
template <class F, class T, class E>
requires(F::context_dim == 0) EnergyFitResult
    fit_energy(Model<F, T>& model, const E& energy, const std::type_identity_t<Input<T>>& data,
               const EnergyFitOptions& options = {}) {
  detail::check_together(detail::several(options.team), [&] {
    model.check(data, Input<T>());
    if (data.rows() < 1)
      detail::fail("fit_energy: the data have no rows: without data it is fit_energy(model, energy, options)");
    detail::check_finite(data.view(), "the data");
    check_support<F, T>(model, data, Input<T>(), options.noise.fork(3));
  });
  return detail::fit_by_steps<F, T>(model, data.view(), Model<F, T>::template nothing<const T>(0), options,
                                    Mixed(MaximumLikelihood{}, detail::objective_of(energy), options.data_share),
                                    [&] { model.initialise(data); });
}

/// The same with the flow's own weighted draws in the place of data (rheo/training/replay.hpp): they keep modes that
/// were found once and that reverse KL would leave.  The replay is filled at the start and refreshed by draws of
/// options.noise; it holds its last rows behind the fit, for another.  Checks look at the energy alone.  Throws
/// DataError where no kept draw has a weight above 0, std::invalid_argument for a replay that does not fit.
template <class F, class T, class E>
requires(F::context_dim == 0) EnergyFitResult
    fit_energy(Model<F, T>& model, const E& energy, Replay<T>& replay, const EnergyFitOptions& options = {}) {
  Team* const team = detail::several(options.team);
  detail::check_together(team, [&] {
    detail::check_options(options);
    detail::check_replay(replay, F::x_dim);
  });
  const auto by_energy = detail::objective_of(energy);
  Trainer trainer(model, options.optimizer, Threads(options.threads, options.executor),
                  Mixed(MaximumLikelihood{}, by_energy, options.data_share));
  Trainer checked(model, options.optimizer, Threads(options.threads, options.executor), detail::judge_of(by_energy));
  trainer.join(team);
  checked.join(team);
  detail::ReplayRows<F, T, std::remove_cvref_t<decltype(by_energy.energy)>> source(
      model, trainer.workspace(), by_energy.energy, replay, options.noise.fork(4), team);
  return detail::EnergyRun<T>(model.parameters(), model.buffers(), trainer, checked, source, true,
                              Model<F, T>::template nothing<const T>(0), options)
      .run({});
}

/// A conditional flow, for all rows of the context (n x context_dim) at once: the mean over them of KL(flow given c ||
/// exp(-u) / Z(c)) - log Z(c), u an energy of (x, c), c behind x, or of x alone.  Each step draws its rows from them.
/// Throws DataError for values that are not finite.
template <class F, class T, class E>
requires(F::context_dim > 0) EnergyFitResult
    fit_energy(Model<F, T>& model, const E& energy, const std::type_identity_t<Input<T>>& context,
               const EnergyFitOptions& options = {}) {
  detail::check_together(detail::several(options.team), [&] {
    detail::check_context_width(context.rows(), context.cols(), F::context_dim);
    if (context.rows() < 1) detail::fail("fit_energy: no context");
    detail::check_finite(context.view(), "the context");
  });
  return detail::fit_by_steps<F, T>(model, Model<F, T>::template nothing<const T>(context.rows()), context.view(),
                                    options, detail::objective_of(energy), [&] {
                                      StartReport start;
                                      model.start_context(context, {options.standardize_context, false}, start);
                                    });
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
