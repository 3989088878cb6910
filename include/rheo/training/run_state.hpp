// SPDX-License-Identifier: MIT
// RunState: what fit and fit_energy are alike in while they run: the best so far, what steps that are not finite do,
// the clock, their team, and their part of a checkpoint.
#pragma once

#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>

#include "rheo/training/fit_options.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {
namespace detail {

/// Options: patience_non_finite, halvings, callback, stop, team, checkpoint.  Result: status, best_loss, seconds,
/// steps, skipped_steps.
template <class T, class Options, class Result> class RunState : public TrainerRun {
 public:
  bool valid_buffers(const std::vector<double>& buffers) const final { return trainer_.valid_buffers(buffers); }

 protected:
  RunState(Numbers<T>& theta, Numbers<T>& buffers, ShardTrainer<T>& trainer, const Options& options)
      : options_(options),
        theta_(theta),
        buffers_(buffers),
        trainer_(trainer),
        team_(several(options.team)),
        checkpoints_(team_ ? team_->by_first_rank(options.checkpoint) : options.checkpoint) {}
  ~RunState() = default;

  /// Puts the best parameters in place where steps end, or an exception ends them.
  struct Restored {
    RunState& run;
    ~Restored() { run.restore(); }
  };

  [[gnu::cold]] void visit_shared(StateWalk& walk) {
    constexpr auto most = std::numeric_limits<int>::max();
    walk("parameters", theta_);
    walk("buffers", buffers_);
    trainer_.visit(walk);
    walk("best", best_);
    walk("best_buffers", best_buffers_);
    walk.same("start_loss", start_loss_, std::sqrt(static_cast<double>(std::numeric_limits<T>::epsilon())));
    walk("finished", finished_);
    walk("loss", loss_);
    walk("made", made_, 0, walk.any);
    walk("halved", halved_);
    walk("non_finite", non_finite_, 0, most);
    walk("halvings", halvings_, 0, most);
    walk("status", result_.status, 0, static_cast<int>(FitStatus::no_better_than_start));
    walk("best_loss", result_.best_loss);
    walk("steps", result_.steps, 0, walk.any);
    walk("skipped_steps", result_.skipped_steps, 0, walk.any);
    if (!walk.loading()) result_.seconds = seconds();
    walk("seconds", result_.seconds);
  }
  /// What tells this run from others, as far as trainers of the kind share it.
  [[gnu::cold]] void describe_shared(const char* kind, FactList& facts) const {
    facts.add("trainer", kind);
    trainer_.describe(facts);
    facts.add("parameters at the start", theta_.data(), theta_.size());
    facts.add("buffers at the start", buffers_.data(), buffers_.size());
  }
  /// Whether a checkpoint of this run is kept.
  bool meet() {
    if (team_) team_->same_facts(*this);
    return checkpoints_.find(*this);
  }

  /// Takes a step into account; false where the run has diverged with it.
  bool count(const StepReport& r) {
    if (r.stepped) {
      loss_ += r.loss;
      ++made_;
      non_finite_ = 0;
      return true;
    }
    ++result_.skipped_steps;
    if (++non_finite_ < options_.patience_non_finite) return true;
    restore();
    trainer_.reset();
    non_finite_ = 0;
    halved_ /= 2;
    if (++halvings_ <= options_.halvings) return true;
    result_.status = FitStatus::diverged;
    return false;
  }
  void keep_best() { best_ = theta_, best_buffers_ = buffers_; }
  virtual void restore() { theta_ = best_, buffers_ = best_buffers_; }
  /// Ends the run where it stands, to be taken up again.
  bool interrupt() {
    checkpoints_.keep(*this);
    result_.status = FitStatus::interrupted;
    return false;
  }
  /// Whether the stop token, of a team any rank's, asked by the step before this one.
  bool asked_to_stop() const { return team_ ? trainer_.asked_to_stop() : options_.stop.stop_requested(); }
  /// What the callback says, rank 0's for all of a team, who still hold the same parameters.
  template <class Progress> bool go_on(const Progress& progress) {
    const auto told = [&] { return !options_.callback || options_.callback(progress); };
    if (!team_) return told();
    BitHash bits;
    for (Index i = 0; i < theta_.size(); ++i) bits.add(static_cast<double>(theta_(i)));
    team_->same_parameters(bits.value());
    return team_->by_first_rank("the callback", told);
  }
  /// Behind a state that was taken up.
  void restart_clock() {
    before_ = result_.seconds;
    begin_ = Clock::now();
  }
  double seconds() const { return before_ + std::chrono::duration<double>(Clock::now() - begin_).count(); }

  const Options& options_;
  Numbers<T>&theta_, &buffers_;
  ShardTrainer<T>& trainer_;
  Team* team_;
  Checkpoints checkpoints_;

  // What visit_shared() walks over.
  Column<T> best_, best_buffers_;
  bool finished_ = false;
  double start_loss_ = 0, loss_ = 0, halved_ = 1;
  std::int64_t made_ = 0;
  int non_finite_ = 0, halvings_ = 0;
  Result result_;

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_ = Clock::now();
  double before_ = 0;  // seconds of the runs before this one
};

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
