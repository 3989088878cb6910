// SPDX-License-Identifier: MIT
// fit from a source of rows: data larger than memory, several files, or a simulator.
#pragma once

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
  if (!options.weights.empty())
    fail("fit: FitOptions::weights has one weight for each row of an array: a source of rows takes none");
  if (options.checkpoint.store)
    fail("fit: a fit from a source of rows keeps no checkpoints: leave FitOptions::checkpoint empty");
  if (!length_known && !std::holds_alternative<Constant>(options.schedule.shape)) {
    fail(
        "fit: the schedule wants to know how long an epoch is, and this source does not know how many rows it has: set "
        "SourceOptions::rows_per_epoch");
  }
}

template <class F, class T, class Objective>
FitResult fit_source(Model<F, T>& model, RowSource<T>& source, const FitOptions& options,
                     const SourceOptions& source_options, const HeldOut<T>* held_out, Objective objective) {
  if (options.team) fail("fit: a team wants the whole of the data at every rank, and cannot share a source of rows");
  if (source.x_dim() != F::x_dim || source.context_dim() != F::context_dim) {
    fail("fit: the source has " + std::to_string(source.x_dim()) + " columns of data and " +
         std::to_string(source.context_dim()) + " of context, this model wants " + std::to_string(F::x_dim) + " and " +
         std::to_string(F::context_dim));
  }
  constexpr auto categories = x_categories<F>();
  constexpr auto support = F::x_support;
  RowWindows<T> windows(source, source_options, support, categories);
  Batch<T> x, context;
  windows.first(x, context);
  check_source_options(options, windows.epoch_rows() >= 0);
  check_fit<F, T>(model, x, context, options, held_out);
  FitResult r = fit_run<F, T>(model, x, context, options, held_out, std::move(objective), &windows);
  r.broken_rows = windows.broken().count();
  r.first_broken = windows.broken().first();
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
/// it and never trained on; data-dependent starts see the rest of that window.  Of rows that differ from place to place
/// in the source hand in a HeldOut, and mix them. The same bits with any number of threads.
///
/// Broken rows (OnBroken) are told from others as they are read: what the source cannot read, numbers that are not
/// finite, numbers outside the sets that the names of the flow's support tell.  Rows that only a layer further in
/// refuses are looked for in the first window, and throw DataError; of later ones the step is left out, and counted in
/// FitResult::skipped_steps.  Row numbers in set_aside count the first window's good rows; `repeated` looks at that
/// window. Checkpoints and weights are refused.  Throws what `fit` of an array throws, FileError and DataError for a
/// broken row that stops, std::invalid_argument for a source whose columns are not the model's, and for schedules of an
/// unknown number of steps.  A row that stops in the midst of a fit leaves the best parameters in place.
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
