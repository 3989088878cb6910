// SPDX-License-Identifier: MIT
// What fit is told and what it tells: options, reports, results, and the notes for people.
#pragma once

#include <cmath>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "rheo/core/finite.hpp"
#include "rheo/training/checkpoint.hpp"
#include "rheo/training/held_out.hpp"
#include "rheo/training/outlying.hpp"
#include "rheo/training/repeated.hpp"
#include "rheo/training/schedule.hpp"
#include "rheo/training/support.hpp"
#include "rheo/training/trainer.hpp"
#include "rheo/platform/compiled.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// How a fit ended.  converged: the validation loss moved less than `tolerance` for `patience` epochs; early_stopped:
/// it found no new best for `patience` epochs; budget_reached: all epochs were run; interrupted: the stop token or the
/// callback asked; diverged: losses or gradients stayed non-finite after every halving of the rate;
/// no_better_than_start: it ended in one of the first three ways, and no epoch was better than the beginning.  In every
/// case the model holds the best parameters seen.
enum class FitStatus { converged, early_stopped, budget_reached, interrupted, diverged, no_better_than_start };

/// The status by its name.
inline const char* to_string(FitStatus s) {
  constexpr const char* names[] = {"converged",   "early_stopped", "budget_reached",
                                   "interrupted", "diverged",      "no_better_than_start"};
  return names[static_cast<int>(s)];
}

/// Losses are mean negative log-densities (or negative elbos) per row, in nats.
struct EpochReport {
  int epoch = 0;                   ///< from 1
  int epochs = 0;                  ///< the most that there will be
  double train_loss = 0;           ///< mean over the epoch's steps
  double validation_loss = 0;      ///< NaN without a validation part
  double best_loss = 0;            ///< the lowest so far, by which the parameters that stay are chosen
  double learning_rate = 0;        ///< of the last step
  double seconds = 0;              ///< since the beginning
  std::int64_t skipped_steps = 0;  ///< steps not made since the beginning, for a non-finite loss or gradient
};

/// What a fit may be told.  Wrong values throw std::invalid_argument before anything has changed.
struct FitOptions {
  int epochs = 100;             ///< the most passes over the training part
  Index batch = 256;            ///< rows a step, at least 1
  double learning_rate = 1e-3;  ///< positive; the schedule multiplies it
  double validation = 0.1;  ///< share of the rows held out to choose the best epoch; 0 chooses by the training loss; a
                            ///< HeldOut stands in its place
  int patience = 20;        ///< epochs without a new best before stopping; 0: never
  double tolerance = 0;     ///< nats: a loss that moves less for `patience` epochs has converged; 0: never
  double clip_norm = 5;     ///< 0: no clipping
  Optimizer optimizer = Adam{};  ///< Adam or Sgd
  Schedule schedule{};           ///< of the rate over the run; constant without it
  double average = 0;  ///< share of its past that a running mean of the parameters keeps a step, 0.999 say.  The means
                       ///< are what validation judges and what stays; callbacks see the model's own.  0: none
  Noise noise{};       ///< decides the split, the order of rows and the draws
  int threads = 1;     ///< at least 1; their number changes no bit of the result
  Executor* executor = nullptr;  ///< works in the place of our threads (rheo/flows/executor.hpp)
  /// The processes that fit together, each of which makes this very call with the same model, data and options
  /// (rheo/mpi.hpp); null: this one alone. The shards of a batch, and of the held-out rows, are shared out; the
  /// parameters are the same at every rank, and a step's one process's up to rounding, which a long fit makes larger as
  /// it does any change of a last bit. Callback and checkpoints are rank 0's, the stop token any rank's, a step later;
  /// what makes one rank throw makes all throw.  Facts that differ are refused.
  Team* team = nullptr;
  /// One per row; empty: all one.  Scaled to mean one over the training part.  Negative ones, as event generators write
  /// them, take away what others gave too much: the weighted mean is that of the law they tell together, steady where
  /// batches are so large that their sum is near its mean.
  std::vector<double> weights{};
  /// Contexts as columns of mean 0 and deviation 1 over the training part, stored with the model; false: as they are,
  /// now and in later fits, for layers of one's own that take them at their word.
  bool standardize_context = true;
  /// Data and contexts standardised by these rows even where an earlier fit's standardisation is stored; trained
  /// parameters stay, and learn anew.
  bool restandardize = false;
  int patience_non_finite = 10;  ///< non-finite steps in a row before going back to the best and halving the rate
  int halvings = 3;              ///< how often, before giving up as diverged
  std::function<bool(const EpochReport&)> callback{};  ///< after every epoch; false stops the fit
  StopToken stop{};                                    ///< std::stop_token where the library has it
  Checkpoint checkpoint{};  ///< io::checkpoint("fit.ckpt") (rheo/io/checkpoint.hpp): a run that is killed goes on where
                            ///< it was when it is started again
};

/// What a fit tells.
struct FitResult {
  FitStatus status = FitStatus::budget_reached;                ///< how it ended
  std::vector<EpochReport> history;                            ///< one an epoch
  int best_epoch = 0;                                          ///< 0: the beginning
  double best_loss = std::numeric_limits<double>::infinity();  ///< of the parameters that stay, nats a row
  double seconds = 0;                                          ///< of wall clock
  std::int64_t steps = 0;                                      ///< made
  std::int64_t skipped_steps = 0;                              ///< not made, for a non-finite loss or gradient
  std::vector<Index> set_aside;  ///< held-out rows whose loss was not finite in some epoch and that none was judged by:
                                 ///< of the data, or of the HeldOut
  StartReport start;  ///< constant columns of the context, standardisations kept from an earlier fit, columns
                      ///< that nothing standardised
  std::vector<RepeatedValues> repeated;  ///< columns of the data with numbers that many rows share
  std::vector<OutlyingRow> outlying;     ///< columns of the data with a number far from all others
  Index negative_weights = 0;            ///< how many weights of the data are negative
  double effective_rows = 0;             ///< then (sum w)^2 / sum w^2: equal rows would tell as much
  Index broken_rows = 0;           ///< rows of a source that were left out (OnBroken::count), met in its first pass
  std::string first_broken;        ///< where the first of them is, and what is wrong there
  std::string checkpoint_error;    ///< why the last checkpoint could not be written; empty where it was
  std::vector<std::string> notes;  ///< all of them in a sentence each, for people
};

namespace detail {

/// What a user should hear of a fit that went through.  Result is FitResult: a template is compiled where it is called,
/// or once.
template <class Result> [[gnu::cold]] std::vector<std::string> notes_of(const Result& r) {
  std::vector<std::string> notes;
  if (!r.set_aside.empty()) {
    notes.push_back(std::to_string(r.set_aside.size()) +
                    " held-out rows had no finite loss and were set aside, the first is row " +
                    std::to_string(r.set_aside[0]));
  }
  const auto of = [](auto x) {
    return std::is_integral_v<decltype(x)> ? std::to_string(x) : number_text(static_cast<double>(x));
  };
  for (Index j : r.start.constant_context) {
    notes.push_back("column " + of(j) +
                    " of the context is constant over the training rows: nothing can be learned from it");
  }
  for (const auto& k : r.start.kept) {
    notes.push_back("column " + of(k.column) + (k.of_context ? " of the context" : "") +
                    " is still standardised by an earlier fit's mean " + of(k.mean) + " and deviation " +
                    of(k.deviation) + ", these rows have " + of(k.mean_here) + " and " + of(k.deviation_here) +
                    ": FitOptions::restandardize takes theirs");
  }
  if (!r.start.off_scale.empty() && r.start.kept.empty()) {
    const auto& away = r.start.off_scale[0];
    notes.push_back("column " + of(away.column) + " comes to the base with mean " + of(away.mean) + " and deviation " +
                    of(away.deviation) +
                    ", and nets and splines are made for numbers of order one: begin the flow with Standardize<D>{}; "
                    "densities stay in your units");
  }
  if (r.negative_weights > 0) {
    notes.push_back(of(r.negative_weights) + " weights are negative, and the rows tell as much as " +
                    of(static_cast<Index>(r.effective_rows)) +
                    " of equal weight: where such weights all but cancel, the " +
                    "loss has no lower bound, and a fit that goes below any density's is none; large batches, more "
                    "rows or fewer epochs keep it steady");
  }
  if (!r.repeated.empty()) {  // one note: a table that was rounded has many such columns
    std::string columns;
    for (const auto& v : r.repeated)
      columns += (columns.empty() ? "column " : "; column ") + of(v.column) + ": " +
                 of(static_cast<int>(100 * v.share + 0.5)) + " % of " + of(v.rows) +
                 " rows repeat another's value, most often " + of(v.value) + " (" + of(v.count) + " rows)";
    notes.push_back(
        columns +
        ". A continuous density has no bound there, and its loss says little: add uniform noise of the "
        "rounding's width, take Dequantize for whole numbers, or drop the column by a Slice with a law that "
        "gives values a mass, as family::Hurdle or family::Categorical "
        "(examples/guides/mixed_columns.md)");
  }
  for (const auto& v : r.outlying) {
    notes.push_back("column " + of(v.column) + ": row " + of(v.row) + " is " + of(v.value) + ", the median " +
                    of(v.median) + " and the quartiles " + of(v.quartiles) +
                    " apart: such a number decides the column's mean and deviation; leave it out, or take the column's "
                    "logarithm where it is meant");
  }
  if (r.broken_rows > 0)
    notes.push_back(of(r.broken_rows) + (r.broken_rows == 1 ? " row was" : " rows were") +
                    " broken and left out, the first: " + r.first_broken);
  if (!r.checkpoint_error.empty()) notes.push_back("the last checkpoint was not kept: " + r.checkpoint_error);
  return notes;
}

[[gnu::cold]] inline void check_options(const FitOptions& o, Index n) {
  if (o.epochs < 0) fail("fit: epochs must not be negative, got " + std::to_string(o.epochs));
  if (o.batch < 1) fail("fit: batch must be at least 1, got " + std::to_string(o.batch));
  if (!(o.learning_rate > 0) || !std::isfinite(o.learning_rate))
    fail("fit: learning_rate must be positive, got " + number_text(o.learning_rate));
  if (!(o.validation >= 0 && o.validation < 1))
    fail("fit: validation must be in [0, 1), got " + number_text(o.validation));
  if (!(o.average >= 0 && o.average < 1)) fail("fit: average must be in [0, 1), got " + number_text(o.average));
  if (o.threads < 1) fail("fit: threads must be at least 1, got " + std::to_string(o.threads));
  if (n < 2) fail("fit: wants at least 2 rows, got " + std::to_string(n));
  check_weights(o.weights, n, "rows");
  if (!o.weights.empty()) total_weight(o.weights, "rows", "");
}

/// The options that a run is told from others by.
[[gnu::cold]] inline void describe(const FitOptions& o, FactList& facts) {
  facts.add("epochs", o.epochs);
  facts.add("batch", o.batch);
  facts.add("learning_rate", o.learning_rate);
  facts.add("validation", o.validation);
  facts.add("patience", o.patience);
  facts.add("tolerance", o.tolerance);
  facts.add("clip_norm", o.clip_norm);
  facts.add("optimizer", o.optimizer);
  facts.add("schedule", o.schedule);
  facts.add("average", o.average);
  facts.add("noise", o.noise);
  facts.add("standardize_context", o.standardize_context);
  facts.add("restandardize", o.restandardize);
  facts.add("patience_non_finite", o.patience_non_finite);
  facts.add("halvings", o.halvings);
  facts.add("weights", o.weights.data(), static_cast<Index>(o.weights.size()));
}

RHEO_COMPILE(std::vector<std::string> notes_of<FitResult>(const FitResult&));

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
