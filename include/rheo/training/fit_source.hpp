// SPDX-License-Identifier: MIT
// fit from a source of rows: data larger than memory, several files, or a simulator.
#pragma once

#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>

#include "rheo/training/fit.hpp"
#include "rheo/training/row_windows.hpp"

namespace rheo {
namespace detail {

/// What options mean for an array and not for a source.
[[gnu::cold]] inline void check_source_options(const FitOptions& options, bool length_known) {
  if (!options.weights.empty()) {
    fail(
        "fit: FitOptions::weights has one weight for each row of an array: the rows of a source bring theirs with them "
        "(RowFileOptions::weight, RowSource::weighted)");
  }
  if (!length_known && !std::holds_alternative<Constant>(options.schedule.shape)) {
    fail(
        "fit: the schedule wants to know how long an epoch is, and this source does not know how many rows it has: set "
        "SourceOptions::rows_per_epoch");
  }
}

template <class F, class T, class Objective>
FitResult fit_source(Model<F, T>& model, RowSource<T>& source, const FitOptions& options,
                     const SourceOptions& source_options, const HeldOut<T>* held_out, Objective objective) {
  constexpr auto categories = x_categories<F>();
  constexpr auto support = F::x_support;
  std::optional<RowWindows<T>> windows;
  Batch<T> x, context;
  FitOptions with_weights = options;
  check_together(several(options.team), [&] {
    const Index context_dim = source.context_dim() - source.weighted();
    if (source.x_dim() != F::x_dim || context_dim != F::context_dim) {
      fail("fit: the source has " + std::to_string(source.x_dim()) + " columns of data and " +
           std::to_string(context_dim) + " of context, this model wants " + std::to_string(F::x_dim) + " and " +
           std::to_string(F::context_dim));
    }
    windows.emplace(source, source_options, support, categories);
    windows->first(x, context, with_weights.weights);
    check_source_options(options, windows->epoch_rows() >= 0);
    if (x.rows() < 2) {
      const BrokenRows& broken = windows->broken();
      fail("fit: the source has " + std::to_string(x.rows()) + " rows to train on, and a fit wants at least 2 rows" +
           (broken.count() == 0 ? ""
                                : "; " + std::to_string(broken.count()) + " are broken, the first: " + broken.first()));
    }
  });
  check_fit<F, T>(model, x, context, with_weights, held_out);
  FitResult r = fit_run<F, T>(model, x, context, with_weights, held_out, std::move(objective), &*windows);
  r.broken_rows = windows->broken().count();
  r.first_broken = windows->broken().first();
  r.notes = notes_of(r);
  return r;
}

template <class S, class T> constexpr bool has_scalar() {
  static_assert(
      std::is_same_v<typename std::remove_cvref_t<S>::Scalar, T>,
      "rheo: the source's scalar type differs from the model's: csv_rows<float>(...) and its like give floats");
  return std::is_same_v<typename std::remove_cvref_t<S>::Scalar, T>;
}

}  // namespace detail

/// Fits the model in place as `fit` of an array does, from a source of rows: io::csv_rows, io::npy_rows
/// (rheo/io/row_files.hpp), simulated_rows or a RowSource of one's own. SourceOptions says how many rows are in memory
/// and what an epoch is.  The held-out share (FitOptions::validation) is one of the first window, drawn at random from
/// it and never trained on; data-dependent starts, Standardize's mean and deviation among them, see the rest of that
/// window, or a sample of a whole pass (SourceOptions::first_pass).  Of rows that differ from place to place in the
/// source hand in a HeldOut, and mix them. The same bits with any number of threads.
///
/// Weights come with the rows (RowFileOptions::weight, RowSource::weighted): those of the first window's training rows
/// are scaled to mean one, the others by the same factor; FitResult::negative_weights and effective_rows tell of that
/// window.
///
/// A checkpoint is taken up at the row where it was kept, to the bits of a run that was never stopped: the first window
/// is read again, and the source skips to the one that was open (RowSource::skip; of a text file it reads that far).
/// That these windows hold the same numbers is checked, and what the source says of itself (RowSource::told_by).  Of a
/// team every rank reads all rows, of a source of its own that gives the same ones: what is shared out is the work of a
/// step, not the reading, and a window that differs from rank 0's ends the fit at all.
///
/// Broken rows (OnBroken) are told from others as they are read: what the source cannot read, numbers that are not
/// finite, numbers outside the sets that the names of the flow's support tell.  Rows that only a layer further in
/// refuses are looked for in the first window, and throw DataError; of later ones the step is left out, and counted in
/// FitResult::skipped_steps.  Row numbers in set_aside count the first window's good rows; `repeated` looks at that
/// window. Throws what `fit` of an array throws, DataError for a source that gives fewer or more rows in a later pass,
/// FileError and DataError for a broken row that stops, std::invalid_argument for a source whose columns are not the
/// model's, and for schedules of an unknown number of steps.  A row that stops in the midst of a fit leaves the best
/// parameters in place.
template <class F, class T, class Source, class Objective = MaximumLikelihood>
requires(detail::SomeRowSource<std::remove_cvref_t<Source>> && !detail::is_held_out<Objective>) FitResult
    fit(Model<F, T>& model, Source&& source, FitOptions options = {}, SourceOptions source_options = {},
        Objective objective = {}) {
  if constexpr (detail::has_scalar<Source, T>())
    return detail::fit_source<F, T, Objective>(model, source, options, source_options, nullptr, std::move(objective));
}
template <class F, class T, class Source, class Objective = MaximumLikelihood>
requires(detail::SomeRowSource<std::remove_cvref_t<Source>>) FitResult
    fit(Model<F, T>& model, Source&& source, FitOptions options, SourceOptions source_options,
        const std::type_identity_t<HeldOut<T>>& held_out, Objective objective = {}) {
  if constexpr (detail::has_scalar<Source, T>())
    return detail::fit_source<F, T, Objective>(model, source, options, source_options, &held_out, std::move(objective));
}

}  // namespace rheo
