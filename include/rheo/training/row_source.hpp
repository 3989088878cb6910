// SPDX-License-Identifier: MIT
// RowSource: rows that are handed out a few at a time, so that data may be larger than memory; simulated_rows: a
// simulator as one.
#pragma once

#include <concepts>
#include <functional>
#include <string>
#include <type_traits>
#include <utility>

#include "rheo/core/batch.hpp"
#include "rheo/core/fail.hpp"
#include "rheo/core/noise.hpp"

namespace rheo {

/// What a broken row does: a line that holds no numbers, a number that is not finite, a row off the flow's support.
enum class OnBroken {
  stop,   ///< ends the fit by an exception that names the row
  count,  ///< is left out; FitResult::broken_rows and its notes say how many there were
};

/// Broken rows as they are met.
class BrokenRows {
 public:
  /// What the first one does; how many there were before, and what was said of the first.
  explicit BrokenRows(OnBroken what = OnBroken::stop, Index count = 0, std::string first = "")
      : what_(what), count_(count), first_(std::move(first)) {}
  /// `why` names the place and says what is wrong there.  Throws Error where a broken row stops.
  template <class Error = FileError> void add(const std::string& why, Index rows = 1) {
    if (what_ == OnBroken::stop) detail::fail<Error>(why);
    if (count_ == 0) first_ = why;
    count_ += rows;
  }
  OnBroken what() const { return what_; }              ///< what a broken row does
  Index count() const { return count_; }               ///< how many there were
  const std::string& first() const { return first_; }  ///< where the first was, and why

 private:
  OnBroken what_;
  Index count_;
  std::string first_;
};

/// Rows one after another, the same ones in every pass.  io::csv_rows and io::npy_rows read files
/// (rheo/io/row_files.hpp), simulated_rows asks a simulator; for anything else derive from this.
template <class T> class RowSource {
 public:
  using Scalar = T;  ///< of the rows
  virtual ~RowSource() = default;
  virtual Index x_dim() const = 0;  ///< columns of x
  /// Columns of the context, the weight's too, where rows have one.
  virtual Index context_dim() const { return 0; }
  /// Whether the last column of the context is no context but the row's weight (FitOptions::weights).
  virtual bool weighted() const { return false; }
  /// The next rows into the first of x (m x x_dim) and context (m x context_dim): how many, at most m, and 0 at the end
  /// alone. A row that cannot be read goes to `broken`, with its place, and is left out.
  virtual Index read(View<T> x, View<T> context, BrokenRows& broken) = 0;
  /// Back to the first row.
  virtual void rewind() = 0;
  /// Behind a rewind(): past so many rows of those that read() gives, as a fit asks that goes on from a checkpoint;
  /// false where that is no quicker than to read them, which is done then.
  virtual bool skip(Index) { return false; }
  /// By what a checkpoint tells this source from others, beside its first rows: the sizes of files, say.
  virtual std::string told_by() const { return ""; }
  /// Where row i of the last read() is: "events.csv:17".
  virtual std::string where(Index i) const = 0;
  /// How many rows a pass has, as far as that is known without reading them; -1: not.
  virtual Index rows() const { return -1; }
  /// Never at an end.
  virtual bool endless() const { return false; }
  /// What can be found out before hours of work: called once, before the first read().
  virtual void check(BrokenRows&) {}
};

namespace detail {

template <class T> class SimulatedRows final : public RowSource<T> {
 public:
  using Fill = std::function<void(View<T>, View<T>, Noise)>;
  SimulatedRows(Index x_dim, Index context_dim, Fill fill, Noise noise, bool weighted = false)
      : x_dim_(x_dim), context_dim_(context_dim), fill_(std::move(fill)), noise_(noise), weighted_(weighted) {
    if (x_dim < 1 || context_dim < (weighted ? 1 : 0)) {
      fail("simulated_rows: wants 1 column or more of data and " + std::to_string(weighted ? 1 : 0) +
           " or more of context, got " + std::to_string(x_dim) + " and " + std::to_string(context_dim));
    }
    if (!fill_) fail("simulated_rows: the function is empty");
  }
  Index x_dim() const override { return x_dim_; }
  Index context_dim() const override { return context_dim_; }
  Index read(View<T> x, View<T> context, BrokenRows&) override {
    fill_(x, context, noise_.from_row(next_));
    first_ = next_;
    next_ += x.rows();
    return x.rows();
  }
  void rewind() override { next_ = 0; }
  bool skip(Index n) override {
    next_ += n;
    return true;
  }
  bool weighted() const override { return weighted_; }
  std::string where(Index i) const override { return "simulated row " + std::to_string(first_ + i); }
  bool endless() const override { return true; }

 private:
  Index x_dim_, context_dim_;
  Fill fill_;
  Noise noise_;
  bool weighted_;
  Index first_ = 0, next_ = 0;
};

/// Any source, whatever its scalar.
template <class S>
concept SomeRowSource = requires {
  typename S::Scalar;
}
&&std::derived_from<S, RowSource<typename S::Scalar>>;

}  // namespace detail

/// An endless source: fill(x, noise) writes every number of x (m x x_dim), row i of it from row i of the noise
/// (noise.normal(i, j), noise.uniform(i, j), targets::moons<T>(x.rows(), noise)).  Row k of the source then depends on
/// `noise` and k alone, whatever m is.  Called by one thread, the fit's own.
template <class T, class Fill>
requires std::invocable<Fill&, View<T>, Noise> detail::SimulatedRows<T> simulated_rows(Index x_dim, Fill fill,
                                                                                       Noise noise) {
  return {x_dim, 0, [fill = std::move(fill)](View<T> x, View<T>, Noise n) mutable { fill(x, n); }, noise};
}
/// With a context, m x context_dim: fill(x, context, noise) writes both; `weighted`: its last column is the weights.
template <class T, class Fill>
requires std::invocable<Fill&, View<T>, View<T>, Noise> detail::SimulatedRows<T> simulated_rows(Index x_dim,
                                                                                                Index context_dim,
                                                                                                Fill fill, Noise noise,
                                                                                                bool weighted = false) {
  return {x_dim, context_dim, std::move(fill), noise, weighted};
}

}  // namespace rheo
