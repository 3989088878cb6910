// SPDX-License-Identifier: MIT
// FitRun: one fit from its first step, or from a checkpoint, to its last, without the flow's type.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "rheo/training/fit_options.hpp"
#include "rheo/training/run_state.hpp"
#include "rheo/training/running_mean.hpp"
#include "rheo/training/windows.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {
namespace detail {

/// The context has no columns where the flow takes none; `given` are held-out rows of the user's own, or null.  Of a
/// fit from a source, `data` and `context` are its first window and `windows` gives the others.
template <class T> class FitRun final : RunState<T, FitOptions, FitResult> {
  using State = RunState<T, FitOptions, FitResult>;
  using State::best_, State::best_buffers_, State::finished_, State::start_loss_, State::loss_, State::made_;
  using State::halved_, State::team_, State::seconds, State::interrupt;
  using State::options_, State::theta_, State::buffers_, State::trainer_, State::checkpoints_, State::result_;
  using typename State::Restored;

 public:
  using Initialise = std::function<StartReport(const Batch<T>&, const Batch<T>&)>;

  FitRun(Numbers<T>& theta, Numbers<T>& buffers, ShardTrainer<T>& trainer, CView<T> data, CView<T> context,
         const FitOptions& options, const HeldOut<T>* given, Windows<T>* windows = nullptr)
      : State(theta, buffers, trainer, options),
        given_(given),
        windows_(windows),
        data_(data),
        context_(context),
        n_(data.rows()),
        held_(given ? 0 : held_rows(options.validation, n_)),
        kept_(n_ - held_),
        averaged_(theta, options.average) {
    if (kept_ < 2) {
      fail("fit: of " + std::to_string(n_) + " rows " + std::to_string(held_) +
           " were held out to choose the epoch by and fewer than 2 are left to train on: give more, or set "
           "FitOptions::validation = 0");
    }
  }

  FitResult run(const Initialise& initialise) {
    const bool resumed = this->meet();
    split();
    begin(initialise, resumed);
    if (!finished_) {
      Restored best_stays{*this};
      while (!settled() && epoch_ <= options_.epochs && run_epoch()) next_epoch();
    }
    if (!finished_) finish();
    conclude();
    return std::move(result_);
  }

  [[gnu::cold]] void visit(StateWalk& walk) override {
    constexpr auto most = std::numeric_limits<int>::max();
    this->visit_shared(walk);
    averaged_.visit(walk);
    walk("set_aside", aside_, validation_ ? validation_->rows() : 0);
    walk("epoch", epoch_, 1, std::int64_t(options_.epochs) + 1);
    walk("first", first_, 0, static_cast<std::int64_t>(rows_.size()) - 1);
    if (windows_) {
      walk("window", window_, 0, walk.any);
      windows_->visit(walk, finished_);
    }
    walk("planned", planned_, 0, walk.any);
    walk("rate", rate_);
    walk("last_loss", last_loss_);
    walk("since_best", since_best_, 0, most);
    walk("since_moved", since_moved_, 0, most);
    walk("best_epoch", result_.best_epoch, 0, options_.epochs);
    walk.list("history", result_.history, [](EpochReport& e, auto add) {
      add(e.epoch), add(e.epochs), add(e.train_loss), add(e.validation_loss), add(e.best_loss), add(e.learning_rate),
          add(e.seconds), add(e.skipped_steps);
    });
  }

  [[gnu::cold]] void describe(FactList& facts) const override {
    this->describe_shared("fit", facts);
    facts.add("data", data_);
    facts.add("context", context_);
    if (given_) {
      facts.add("held-out rows", given_->x.view());
      facts.add("held-out context", given_->context.view());
      facts.add("held-out weights", given_->weights.data(), static_cast<Index>(given_->weights.size()));
    } else {
      facts.add("held-out rows", "a share");
    }
    detail::describe(options_, facts);
    if (windows_) windows_->describe(facts);
  }

 private:
  Batch<T> take(CView<T> from, Index first, Index count) const {
    Batch<T> part(count, from.cols());
    for (Index i = 0; i < count; ++i) {
      for (Index j = 0; j < from.cols(); ++j) part(i, j) = from(order_[static_cast<std::size_t>(first + i)], j);
    }
    return part;
  }
  std::vector<double> take_weights(Index first, Index count) const {
    std::vector<double> part;
    for (Index i = 0; !options_.weights.empty() && i < count; ++i)
      part.push_back(options_.weights[static_cast<std::size_t>(order_[static_cast<std::size_t>(first + i)])]);
    return part;
  }
  /// The rows to train on and those to judge by.
  [[gnu::cold]] void split() {
    order_ = options_.noise.fork(0).permutation(n_);
    train_ = take(data_, 0, kept_), test_ = take(data_, kept_, held_);
    train_context_ = take(context_, 0, kept_), test_context_ = take(context_, kept_, held_);
    weights_ = take_weights(0, kept_);
    if (!weights_.empty()) {
      mean_weight_ = total_weight(weights_, "training rows", "") / static_cast<double>(kept_);
      for (double& w : weights_) w /= mean_weight_;
    }
    if (given_) {
      validation_.emplace(given_->x.view(), given_->context.view(), given_->weights, options_.noise.fork(2));
    } else if (held_ > 0) {
      validation_.emplace(view(std::as_const(test_)), view(std::as_const(test_context_)), take_weights(kept_, held_),
                          options_.noise.fork(2));
    }
    if (windows_) windows_->hold_out(order_.data() + kept_, held_);
    rows_.resize(static_cast<std::size_t>(windows_ ? windows_->most() : kept_));
    budget_ = static_cast<std::int64_t>(steps_per_epoch()) * options_.epochs;
  }
  /// At most; 0 where a source does not know how many rows it has.
  Index steps_per_epoch() const {
    const auto parts = [](Index n, Index size) { return (n + size - 1) / size; };
    if (!windows_ || windows_->all()) return parts(kept_, options_.batch);
    return parts(std::max<Index>(0, windows_->epoch_rows()), windows_->most()) *
           parts(windows_->most(), options_.batch);
  }

  /// The data-dependent start and its loss, or the state that was kept.
  [[gnu::cold]] void begin(const Initialise& initialise, bool resumed) {
    const Column<T> theta = theta_, buffers = buffers_;
    const Index start_rows = windows_ ? windows_->initial_rows() : 0;
    if (windows_ && windows_->first_pass() && !windows_->all()) {
      Batch<T> x = train_, c = train_context_;
      check_together(team_, [&] {
        windows_->sample(start_rows > 0 ? start_rows : windows_->most(), options_.noise.fork(6), x, c);
      });
      result_.start = initialise(x, c);
    } else if (start_rows > 0 && start_rows < kept_) {
      result_.start = initialise(Batch<T>(train_.topRows(start_rows)), Batch<T>(train_context_.topRows(start_rows)));
    } else {
      result_.start = initialise(train_, train_context_);
    }
    this->keep_best();
    averaged_.restart(theta_);
    const std::optional<HeldOutLoss<T>> untouched = validation_;
    start_loss_ = validation_ ? validate()
                              : trainer_.value(view(std::as_const(train_)), view(std::as_const(train_context_)),
                                               {0, kept_, nullptr, row_weights()}, options_.noise.fork(2));
    if (std::isfinite(start_loss_)) result_.best_loss = start_loss_;  // an epoch must beat the beginning to replace it
    if (!resumed) return;
    struct Unchanged {
      FitRun& run;
      const Column<T>&theta, &buffers;
      bool accepted = false;
      ~Unchanged() {
        if (accepted) return;
        run.theta_ = theta;
        run.buffers_ = buffers;
      }
    } unless{*this, theta, buffers};
    if (untouched) validation_.emplace(*untouched);
    std::string why = checkpoints_.resume(*this);
    if (why.empty() && windows_ && !finished_) why = go_back();
    if (!why.empty()) checkpoints_.refuse(why);
    unless.accepted = true;
    this->restart_clock();
    if (validation_) validation_->set_aside(aside_);
  }

  /// The rows of a state that was taken up; why they cannot be had, or an empty string.
  [[gnu::cold]] std::string go_back() {
    std::string why;
    check_together(team_, [&] {
      why = windows_->go_back(window_, train_, train_context_, weights_, kept_);
      if (team_ && !why.empty()) fail<DataError>("fit: " + why);
    });
    scale_weights();
    reopened_ = windows_->is_open();
    return why;
  }
  /// What is left of an epoch, and its report; false where the fit ends with it.
  bool run_epoch() {
    bool stop = false;
    for (; !stop && open(); ++window_, first_ = 0) {
      options_.noise.fork(1).fork(static_cast<std::uint64_t>(epoch_)).permutation(rows_.data(), kept_, window_);
      stop = !run_window();
    }
    result_.steps += made_;
    if (stop && result_.status == FitStatus::diverged) return false;
    if (made_ == 0) return !stop;
    const EpochReport e = judge();
    result_.history.push_back(e);
    if (stop) return false;
    if (!this->go_on(e)) {
      next_epoch();
      return interrupt();
    }
    return true;
  }
  /// Whether the epoch has this window; its rows are in train_ then.
  bool open() {
    if (!windows_) return window_ == 0;
    if (std::exchange(reopened_, false)) return true;
    bool there = false;
    check_together(team_, [&] { there = windows_->next(window_, train_, train_context_, weights_, kept_); });
    if (team_) team_->same_rows(static_cast<std::uint64_t>(windows_->hash()));
    if (there) scale_weights();
    return there;
  }
  /// Weights that a window brought, on the scale of the first one's training rows.
  void scale_weights() {
    if (!windows_ || !windows_->brought()) return;
    for (double& w : weights_) w /= mean_weight_;
  }
  /// What is left of a window; false where the fit ends with it.
  bool run_window() {
    for (; first_ < kept_; first_ += options_.batch, ++planned_) {
      checkpoints_.keep_when_due(*this);
      if (this->asked_to_stop()) return interrupt();
      if (!step()) return false;
    }
    return true;
  }
  /// Whether the epochs so far are enough.
  bool settled() {
    if (options_.patience <= 0) return false;
    const bool converged = options_.tolerance > 0 && since_moved_ >= options_.patience,
               early = since_best_ >= options_.patience && epoch_ <= options_.epochs;
    if (converged || early) result_.status = converged ? FitStatus::converged : FitStatus::early_stopped;
    return converged || early;
  }
  void next_epoch() {
    if (windows_) windows_->close();
    ++epoch_, window_ = 0, first_ = 0;
    loss_ = 0, rate_ = 0, made_ = 0;
  }
  /// False where the fit has diverged.
  bool step() {
    trainer_.ask_to_stop(options_.stop.stop_requested());
    rate_ = options_.learning_rate * halved_ * options_.schedule(planned_, budget_);
    const BatchRows b{0, std::min(options_.batch, kept_ - first_), rows_.data() + first_, row_weights()};
    const StepReport r =
        trainer_.step(view(std::as_const(train_)), view(std::as_const(train_context_)), b,
                      options_.noise.fork(3).fork(static_cast<std::uint64_t>(planned_)), rate_, options_.clip_norm);
    if (r.stepped) averaged_.add(theta_);
    return this->count(r);
  }
  /// Compares the epoch's end with the best.
  [[gnu::cold]] EpochReport judge() {
    EpochReport e;
    e.epoch = epoch_;
    e.epochs = options_.epochs;
    e.train_loss = loss_ / static_cast<double>(made_);
    averaged_.swap(theta_, buffers_, trainer_);
    e.validation_loss = validation_ ? validate() : std::numeric_limits<double>::quiet_NaN();
    const double judged = validation_ ? e.validation_loss : e.train_loss;
    if (judged < result_.best_loss) {
      result_.best_loss = judged;
      result_.best_epoch = epoch_;
      this->keep_best();
      since_best_ = 0;
    } else {
      ++since_best_;
    }
    averaged_.swap_back(theta_, buffers_);
    since_moved_ = std::abs(judged - last_loss_) < options_.tolerance ? since_moved_ + 1 : 0;
    last_loss_ = judged;
    e.best_loss = result_.best_loss;
    e.learning_rate = rate_;
    e.seconds = seconds();
    e.skipped_steps = result_.skipped_steps;
    return e;
  }
  double validate() {
    const double loss = (*validation_)(trainer_, [&] {  // the best is to be beaten on the rows that are left
      if (!std::isfinite(result_.best_loss)) return;
      theta_.swap(best_);
      buffers_.swap(best_buffers_);
      result_.best_loss = validation_->judge(trainer_);
      theta_.swap(best_);
      buffers_.swap(best_buffers_);
    });
    aside_ = validation_->set_aside();
    return loss;
  }
  void restore() override {
    State::restore();
    averaged_.restart(theta_);
  }

  [[gnu::cold]] void finish() {
    trainer_.refresh();  // what is drawn for the parameters has had a part in the choice of the epoch
    const bool ran_its_course = result_.status != FitStatus::interrupted && result_.status != FitStatus::diverged;
    const bool no_better = result_.best_epoch == 0 && !result_.history.empty();
    if (ran_its_course && no_better) result_.status = FitStatus::no_better_than_start;
    if (result_.steps == 0 && result_.skipped_steps > 0) result_.status = FitStatus::diverged;
    if (result_.status == FitStatus::interrupted) return;
    finished_ = true, first_ = 0;
    checkpoints_.keep(*this);
  }
  /// What the options and the rows alone tell.
  [[gnu::cold]] void conclude() {
    double sum = 0, squares = 0;
    for (const double w : options_.weights) sum += w, squares += w * w, result_.negative_weights += w < 0;
    if (result_.negative_weights > 0) result_.effective_rows = sum * sum / squares;
    for (const Index i : aside_)
      result_.set_aside.push_back(given_ ? i : order_[static_cast<std::size_t>(n_ - held_ + i)]);
    result_.seconds = seconds();
    result_.checkpoint_error = checkpoints_.error();
  }
  const double* row_weights() const { return weights_.empty() ? nullptr : weights_.data(); }

  const HeldOut<T>* given_;
  Windows<T>* windows_;
  CView<T> data_, context_;
  Index n_, held_, kept_;

  std::vector<Index> order_, rows_;
  Batch<T> train_, test_, train_context_, test_context_;
  std::vector<double> weights_;
  double mean_weight_ = 1;
  bool reopened_ = false;
  std::optional<HeldOutLoss<T>> validation_;
  std::int64_t budget_ = 0;

  // What visit() walks over beside what is shared.
  RunningMean<T> averaged_;
  std::vector<Index> aside_;
  int epoch_ = 1;
  Index window_ = 0;  // of the epoch
  Index first_ = 0;   // of the rows of the window, the next step's first
  std::int64_t planned_ = 0;
  double rate_ = 0, last_loss_ = std::numeric_limits<double>::quiet_NaN();
  int since_best_ = 0, since_moved_ = 0;
};

template <class T>
FitResult fit_rows(Numbers<T>& theta, Numbers<T>& buffers, ShardTrainer<T>& trainer, CView<T> data, CView<T> context,
                   const FitOptions& options, const HeldOut<T>* given, const typename FitRun<T>::Initialise& initialise,
                   Windows<T>* windows = nullptr) {
  return FitRun<T>(theta, buffers, trainer, data, context, options, given, windows).run(initialise);
}

RHEO_COMPILE(FitResult fit_rows<float>(Numbers<float>&, Numbers<float>&, ShardTrainer<float>&, CView<float>,
                                       CView<float>, const FitOptions&, const HeldOut<float>*,
                                       const FitRun<float>::Initialise&, Windows<float>*));
RHEO_COMPILE(FitResult fit_rows<double>(Numbers<double>&, Numbers<double>&, ShardTrainer<double>&, CView<double>,
                                        CView<double>, const FitOptions&, const HeldOut<double>*,
                                        const FitRun<double>::Initialise&, Windows<double>*));
}  // namespace detail

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
