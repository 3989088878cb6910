// SPDX-License-Identifier: MIT
// fit: maximum likelihood on data, with a validation split, early stopping, and the best parameters in place whatever happens.
#pragma once

#include <algorithm>
#include <chrono>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "rheo/math/whole_part.hpp"
#include "rheo/training/held_out.hpp"
#include "rheo/training/repeated.hpp"
#include "rheo/training/schedule.hpp"
#include "rheo/training/support.hpp"
#include "rheo/training/trainer.hpp"
#include "rheo/platform/compiled.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// How a fit ended.  converged: the validation loss moved less than `tolerance` for `patience` epochs; early_stopped: it found no new best for
/// `patience` epochs; budget_reached: all epochs were run; interrupted: the stop token or the callback asked; diverged: losses or gradients
/// stayed non-finite after every halving of the rate; no_better_than_start: it ended in one of the first three ways, and no epoch was better than the
/// beginning.  In every case the model holds the best parameters seen.
enum class FitStatus { converged, early_stopped, budget_reached, interrupted, diverged, no_better_than_start };

inline const char* to_string(FitStatus s) {
  constexpr const char* names[] = {"converged", "early_stopped", "budget_reached", "interrupted", "diverged", "no_better_than_start"};
  return names[static_cast<int>(s)];
}

/// Losses are mean negative log-densities (or negative elbos) per row, in nats.
struct EpochReport {
  int epoch = 0, epochs = 0;      ///< from 1
  double train_loss = 0;          ///< mean over the epoch's steps
  double validation_loss = 0;     ///< NaN without a validation part
  double best_loss = 0;
  double learning_rate = 0;
  double seconds = 0;             ///< since the beginning
  long skipped_steps = 0;         ///< steps not made since the beginning, for a non-finite loss or gradient
};

struct FitOptions {
  int epochs = 100;
  Index batch = 256;
  double learning_rate = 1e-3;
  double validation = 0.1;        ///< share of the rows held out to choose the best epoch; 0 chooses by the training loss; a HeldOut stands in its place
  int patience = 20;              ///< epochs without a new best before stopping; 0: never
  double tolerance = 0;
  double clip_norm = 5;           ///< 0: no clipping
  Optimizer optimizer = Adam{};
  Schedule schedule{};
  double average = 0;             ///< share of its past that a running mean of the parameters keeps a step, 0.999 say.  The means are what validation judges and what stays; callbacks see the model's own.  0: none
  Noise noise{};                  ///< decides the split, the order of rows and the draws
  int threads = 1;
  /// One per row; empty: all one.  Scaled to mean one over the training part.  Negative ones, as event generators write them, take away what others gave
  /// too much: the weighted mean is that of the law they tell together, steady where batches are so large that their sum is near its mean.
  std::vector<double> weights{};
  /// Contexts as columns of mean 0 and deviation 1 over the training part, stored with the model; false: as they are, now and in later fits, for layers of
  /// one's own that take them at their word.
  bool standardize_context = true;
  /// Data and contexts standardised by these rows even where an earlier fit's standardisation is stored; trained parameters stay, and learn anew.
  bool restandardize = false;
  int patience_non_finite = 10;   ///< non-finite steps in a row before going back to the best and halving the rate
  int halvings = 3;               ///< how often, before giving up as diverged
  std::function<bool(const EpochReport&)> callback{};  ///< after every epoch; false stops the fit
  StopToken stop{};  ///< std::stop_token where the library has it
};

struct FitResult {
  FitStatus status = FitStatus::budget_reached;
  std::vector<EpochReport> history;
  int best_epoch = 0;             ///< 0: the beginning
  double best_loss = std::numeric_limits<double>::infinity();
  double seconds = 0;
  long steps = 0, skipped_steps = 0;
  std::vector<Index> set_aside;   ///< held-out rows whose loss was not finite in some epoch and that none was judged by: of the data, or of the HeldOut
  StartReport start;              ///< constant columns of the context, and standardisations kept from an earlier fit
  std::vector<RepeatedValues> repeated;  ///< columns of the data with numbers that many rows share
  Index negative_weights = 0;     ///< how many weights of the data are negative
  double effective_rows = 0;      ///< then (sum w)^2 / sum w^2: equal rows would tell as much
  std::vector<std::string> notes;  ///< all of them in a sentence each, for people
};

namespace detail {

/// What a user should hear of a fit that went through.  Result is FitResult: a template is compiled where it is called, or once.
template <class Result> [[gnu::cold]] std::vector<std::string> notes_of(const Result& r) {
  std::vector<std::string> notes;
  if (!r.set_aside.empty()) {
    notes.push_back(std::to_string(r.set_aside.size()) + " held-out rows had no finite loss and were set aside, the first is row " + std::to_string(r.set_aside[0]));
  }
  const auto of = [](auto x) { return std::is_integral_v<decltype(x)> ? std::to_string(x) : number_text(static_cast<double>(x)); };
  for (Index j : r.start.constant_context) {
    notes.push_back("column " + of(j) + " of the context is constant over the training rows: nothing can be learned from it");
  }
  for (const auto& k : r.start.kept) {
    notes.push_back("column " + of(k.column) + (k.of_context ? " of the context" : "") + " is still standardised by an earlier fit's mean " + of(k.mean) +
                    " and deviation " + of(k.deviation) + ", these rows have " + of(k.mean_here) + " and " + of(k.deviation_here) +
                    ": FitOptions::restandardize takes theirs");
  }
  if (r.negative_weights > 0) {
    notes.push_back(of(r.negative_weights) + " weights are negative, and the rows tell as much as " + of(static_cast<Index>(r.effective_rows)) + " of equal weight: where such weights all but cancel, the " +
                    "loss has no lower bound, and a fit that goes below any density's is none; large batches, more rows or fewer epochs keep it steady");
  }
  for (const auto& v : r.repeated) {
    notes.push_back("column " + of(v.column) + ": " + of(static_cast<int>(100 * v.share + 0.5)) + " % of " + of(v.rows) +
                    " rows repeat another's value, most often " + of(v.value) + " (" + of(v.count) + " rows): a continuous density has no bound there, and its " +
                    "loss says little; dequantise such values, give them a mass of their own, or add noise");
  }
  return notes;
}

template <class T> void check_finite(CView<T> x, const char* what) {
  Index bad = 0, row = -1, col = -1;
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < x.cols(); ++j) {
      if (std::isfinite(x(i, j))) continue;
      if (bad++ == 0) row = i, col = j;
    }
  }
  if (bad > 0) {
    fail<DataError>(std::to_string(bad) + " values of " + what + " are not finite, the first in row " + std::to_string(row) + ", column " + std::to_string(col));
  }
}

[[gnu::cold]] inline void check_options(const FitOptions& o, Index n) {
  if (o.epochs < 0) fail("fit: epochs must not be negative, got " + std::to_string(o.epochs));
  if (o.batch < 1) fail("fit: batch must be at least 1, got " + std::to_string(o.batch));
  if (!(o.learning_rate > 0) || !std::isfinite(o.learning_rate)) fail("fit: learning_rate must be positive, got " + number_text(o.learning_rate));
  if (!(o.validation >= 0 && o.validation < 1)) fail("fit: validation must be in [0, 1), got " + number_text(o.validation));
  if (!(o.average >= 0 && o.average < 1)) fail("fit: average must be in [0, 1), got " + number_text(o.average));
  if (o.threads < 1) fail("fit: threads must be at least 1, got " + std::to_string(o.threads));
  if (n < 2) fail("fit: wants at least 2 rows, got " + std::to_string(n));
  check_weights(o.weights, n, "rows");
  if (!o.weights.empty()) total_weight(o.weights, "rows", "");
}

/// An exponential moving average of the parameters, that forgets its start quickly: of step k it keeps min(average, k / (k + 9)).
template <class T> class RunningMean {
 public:
  RunningMean(const Numbers<T>& theta, double average) : average_(average) { restart(theta); }
  void restart(const Numbers<T>& theta) {
    if (average_ > 0) mean_ = theta, steps_ = 0;
  }
  void add(const Numbers<T>& theta) {
    if (average_ == 0) return;
    ++steps_;
    mean_ += T(1 - std::min(average_, static_cast<double>(steps_) / static_cast<double>(steps_ + 9))) * (theta - mean_);
  }
  /// The mean in the parameters' place, with the buffers that belong to it, until swap_back.
  void swap(Numbers<T>& theta, Numbers<T>& buffers, ShardTrainer<T>& trainer) {
    if (average_ == 0) return;
    own_buffers_ = buffers;
    theta.swap(mean_);
    trainer.refresh();
  }
  void swap_back(Numbers<T>& theta, Numbers<T>& buffers) {
    if (average_ == 0) return;
    theta.swap(mean_);
    buffers = own_buffers_;
  }

 private:
  double average_;
  Column<T> mean_, own_buffers_;
  long steps_ = 0;
};

/// How many of n rows the share holds out: at least one, unless it is 0.
inline Index held_rows(double share, Index n) { return share > 0 ? std::max<Index>(1, static_cast<Index>(math::whole_part(share * static_cast<double>(n)))) : 0; }

/// fit, without the flow's type: the context has no columns where the flow takes none; `given` are held-out rows of the user's own, or null.
template <class T>
FitResult fit_rows(Numbers<T>& theta, Numbers<T>& buffers, ShardTrainer<T>& trainer, CView<T> data, CView<T> context, const FitOptions& options, const HeldOut<T>* given,
                   const std::function<StartReport(const Batch<T>&, const Batch<T>&)>& initialise) {
  using Clock = std::chrono::steady_clock;
  const auto begin = Clock::now();
  const Index n = data.rows();
  const Index held = given ? 0 : held_rows(options.validation, n), kept = n - held;
  if (kept < 2) {
    fail("fit: of " + std::to_string(n) + " rows " + std::to_string(held) + " were held out to choose the epoch by and fewer than 2 are left to train on: give more, or set FitOptions::validation = 0");
  }
  const std::vector<Index> order = options.noise.fork(0).permutation(n);
  auto take = [&](CView<T> from, Index first, Index count) {
    Batch<T> part(count, from.cols());
    for (Index i = 0; i < count; ++i) {
      for (Index j = 0; j < from.cols(); ++j) part(i, j) = from(order[static_cast<std::size_t>(first + i)], j);
    }
    return part;
  };
  auto take_weights = [&](Index first, Index count) {
    std::vector<double> part;
    for (Index i = 0; !options.weights.empty() && i < count; ++i) part.push_back(options.weights[static_cast<std::size_t>(order[static_cast<std::size_t>(first + i)])]);
    return part;
  };
  const Batch<T> train = take(data, 0, kept), test = take(data, kept, held);
  const Batch<T> train_context = take(context, 0, kept), test_context = take(context, kept, held);
  std::vector<double> weights = take_weights(0, kept);
  if (!weights.empty()) {
    const double mean = total_weight(weights, "training rows", "") / static_cast<double>(kept);
    for (double& w : weights) w /= mean;
  }
  std::optional<HeldOutLoss<T>> validation;
  if (given) {
    validation.emplace(given->x.view(), given->context.view(), given->weights, options.noise.fork(2));
  } else if (held > 0) {
    validation.emplace(view(test), view(test_context), take_weights(kept, held), options.noise.fork(2));
  }
  FitResult result;
  result.start = initialise(train, train_context);

  Column<T> best = theta, best_buffers = buffers;
  RunningMean<T> averaged(theta, options.average);
  std::vector<Index> rows(static_cast<std::size_t>(kept));
  const long per_epoch = static_cast<long>((kept + options.batch - 1) / options.batch), budget = per_epoch * options.epochs;
  double halved = 1, last_loss = std::numeric_limits<double>::quiet_NaN();
  int non_finite = 0, halvings = 0, since_best = 0, since_moved = 0;
  long planned = 0;
  result.status = FitStatus::budget_reached;

  auto validate = [&] {
    return (*validation)(trainer, [&] {  // the best is to be beaten on the rows that are left
      if (!std::isfinite(result.best_loss)) return;
      theta.swap(best);
      buffers.swap(best_buffers);
      result.best_loss = validation->judge(trainer);
      theta.swap(best);
      buffers.swap(best_buffers);
    });
  };
  auto restore = [&] {
    theta = best;
    buffers = best_buffers;
    averaged.restart(theta);
  };

  const double start = validation ? validate() : trainer.value(view(train), view(train_context), {0, kept, nullptr, weights.empty() ? nullptr : weights.data()}, options.noise.fork(2));
  if (std::isfinite(start)) result.best_loss = start;  // an epoch must beat the beginning to replace it

  bool stop = false;
  for (int epoch = 1; epoch <= options.epochs && !stop; ++epoch) {
    const auto shuffled = options.noise.fork(1).fork(static_cast<std::uint64_t>(epoch)).permutation(kept);
    rows = shuffled;
    double loss = 0, rate = 0;
    long made = 0;
    for (Index first = 0; first < kept && !stop; first += options.batch, ++planned) {
      if (options.stop.stop_requested()) {
        result.status = FitStatus::interrupted;
        stop = true;
        break;
      }
      rate = options.learning_rate * halved * options.schedule(planned, budget);
      const BatchRows b{0, std::min(options.batch, kept - first), rows.data() + first, weights.empty() ? nullptr : weights.data()};
      const StepReport r = trainer.step(view(train), view(train_context), b, options.noise.fork(3).fork(static_cast<std::uint64_t>(planned)), rate, options.clip_norm);
      if (r.stepped) {
        loss += r.loss;
        ++made;
        non_finite = 0;
        averaged.add(theta);
        continue;
      }
      ++result.skipped_steps;
      if (++non_finite < options.patience_non_finite) continue;
      restore();
      trainer.reset();
      non_finite = 0;
      halved /= 2;
      if (++halvings > options.halvings) {
        result.status = FitStatus::diverged;
        stop = true;
      }
    }
    result.steps += made;
    if (stop && result.status == FitStatus::diverged) break;
    if (made == 0) continue;
    EpochReport e;
    e.epoch = epoch;
    e.epochs = options.epochs;
    e.train_loss = loss / static_cast<double>(made);
    averaged.swap(theta, buffers, trainer);
    e.validation_loss = validation ? validate() : std::numeric_limits<double>::quiet_NaN();
    const double judged = validation ? e.validation_loss : e.train_loss;
    if (judged < result.best_loss) {
      result.best_loss = judged;
      result.best_epoch = epoch;
      best = theta;
      best_buffers = buffers;
      since_best = 0;
    } else {
      ++since_best;
    }
    averaged.swap_back(theta, buffers);
    since_moved = std::abs(judged - last_loss) < options.tolerance ? since_moved + 1 : 0;
    last_loss = judged;
    e.best_loss = result.best_loss;
    e.learning_rate = rate;
    e.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    e.skipped_steps = result.skipped_steps;
    result.history.push_back(e);
    if (stop) break;
    if (options.callback && !options.callback(e)) {
      result.status = FitStatus::interrupted;
      break;
    }
    if (options.patience > 0 && options.tolerance > 0 && since_moved >= options.patience) {
      result.status = FitStatus::converged;
      break;
    }
    if (options.patience > 0 && since_best >= options.patience && epoch < options.epochs) {
      result.status = FitStatus::early_stopped;
      break;
    }
  }
  restore();
  trainer.refresh();  // what is drawn for the parameters has had a part in the choice of the epoch
  const bool ran_its_course = result.status != FitStatus::interrupted && result.status != FitStatus::diverged;
  if (ran_its_course && result.best_epoch == 0 && !result.history.empty()) result.status = FitStatus::no_better_than_start;
  if (result.steps == 0 && result.skipped_steps > 0) result.status = FitStatus::diverged;
  double sum = 0, squares = 0;
  for (const double w : options.weights) sum += w, squares += w * w, result.negative_weights += w < 0;
  if (result.negative_weights > 0) result.effective_rows = sum * sum / squares;
  if (validation) {
    for (Index i : validation->set_aside()) result.set_aside.push_back(given ? i : order[static_cast<std::size_t>(kept + i)]);
  }
  result.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  return result;
}

template <class F, class T, class Objective>
FitResult fit_checked(Model<F, T>& model, const Input<T>& data, const Input<T>& context, const FitOptions& options, const HeldOut<T>* held_out, Objective objective) {
  const auto check = [&](const Input<T>& x, const Input<T>& c, const char* rows, const char* contexts) {
    model.check(x, c);
    if (F::context_dim > 0 && c.rows() != x.rows()) fail("fit: the context has one row, the data " + std::to_string(x.rows()) + ": a fit wants one for each");
    check_finite(x.view(), rows);
    check_finite(c.view(), contexts);
  };
  check_options(options, data.rows());
  check(data, context, "the data", "the context");
  check_support<F, T>(model, data, context, options.noise.fork(4));
  if (held_out) {
    if (held_out->x.rows() < 1) fail("fit: the HeldOut has no rows");
    check(held_out->x, held_out->context, "the held-out rows", "the held-out context");
    check_weights(held_out->weights, held_out->x.rows(), "held-out rows");
    Model<F, T> started = model;
    started.initialise(data, context);
    check_support<F, T>(started, held_out->x, held_out->context, options.noise.fork(5));
  }
  Trainer<F, T, Objective> trainer(model, options.optimizer, options.threads, std::move(objective));
  const StartOptions start{options.standardize_context, options.restandardize};
  FitResult r = fit_rows<T>(model.parameters(), model.buffers(), trainer, data.view(), context.view(), options, held_out,
                            [&](const Batch<T>& x, const Batch<T>& c) { return model.initialise(x, c, start); });
  r.repeated = repeated_values(data.view(), F::x_support);
  r.notes = notes_of(r);
  return r;
}

}  // namespace detail

/// Fits the model in place by maximum likelihood, or by another objective (rheo/training/objectives.hpp).  x is n x x_dim, context n x context_dim.  Data-dependent starts are run first, on the training part alone.
/// Held-out rows choose the best epoch: a share of the rows (FitOptions::validation), or a HeldOut of the user's own, and then all of x is trained on.
/// Throws std::invalid_argument for wrong shapes and options and for weights, of the training or of the held-out rows, whose sum is not positive;
/// DataError for values that are not finite and for rows off the flow's support (rheo/training/support.hpp), before anything has changed.
template <class F, class T, class Objective = MaximumLikelihood>
FitResult fit(Model<F, T>& model, const std::type_identity_t<Input<T>>& data, const std::type_identity_t<Input<T>>& context, FitOptions options,
              const std::type_identity_t<HeldOut<T>>& held_out, Objective objective = {}) {
  return detail::fit_checked<F, T, Objective>(model, data, context, options, &held_out, std::move(objective));
}
template <class F, class T, class Objective = MaximumLikelihood>
FitResult fit(Model<F, T>& model, const std::type_identity_t<Input<T>>& data, FitOptions options, const std::type_identity_t<HeldOut<T>>& held_out,
              Objective objective = {}) {
  return detail::fit_checked<F, T, Objective>(model, data, Input<T>(), options, &held_out, std::move(objective));
}
template <class F, class T, class Objective = MaximumLikelihood>
  requires(!detail::is_held_out<Objective>)
FitResult fit(Model<F, T>& model, const std::type_identity_t<Input<T>>& data, const std::type_identity_t<Input<T>>& context, FitOptions options = {},
              Objective objective = {}) {
  return detail::fit_checked<F, T, Objective>(model, data, context, options, nullptr, std::move(objective));
}
template <class F, class T, class Objective = MaximumLikelihood>
  requires(!detail::is_held_out<Objective>)
FitResult fit(Model<F, T>& model, const std::type_identity_t<Input<T>>& data, FitOptions options = {}, Objective objective = {}) {
  return detail::fit_checked<F, T, Objective>(model, data, Input<T>(), options, nullptr, std::move(objective));
}
/// Not of a model that is const, and says so.
template <class M, class... Rest>
  requires std::is_const_v<M>
FitResult fit(M&, const Rest&...) {
  static_assert(!std::is_const_v<M>, "rheo: fit changes the model that it is given, and this one is const");
  return {};
}

namespace detail {
RHEO_COMPILE(std::vector<std::string> notes_of<FitResult>(const FitResult&));
RHEO_COMPILE(FitResult fit_rows<float>(Numbers<float>&, Numbers<float>&, ShardTrainer<float>&, CView<float>, CView<float>, const FitOptions&, const HeldOut<float>*,
                                const std::function<StartReport(const Batch<float>&, const Batch<float>&)>&));
RHEO_COMPILE(FitResult fit_rows<double>(Numbers<double>&, Numbers<double>&, ShardTrainer<double>&, CView<double>, CView<double>, const FitOptions&, const HeldOut<double>*,
                                const std::function<StartReport(const Batch<double>&, const Batch<double>&)>&));
}  // namespace detail

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
