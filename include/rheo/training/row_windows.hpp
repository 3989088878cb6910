// SPDX-License-Identifier: MIT
// RowWindows: a source's rows as windows that fit into memory, the broken and the held-out ones left out.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "rheo/training/row_source.hpp"
#include "rheo/training/support.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// How a fit goes through a source.
///
/// `window` rows are in memory at a time, with a copy of those that are held out: rows are shuffled within a window, by
/// FitOptions::noise, and windows follow one another in the source's order.  So a file whose rows are sorted wants a
/// window that mixes them, or a shuffle beforehand.  A window's last batch is what is left of it.  A source that ends
/// within its first window is read once, and the fit has the bits of a fit of the same rows as an array.
struct SourceOptions {
  Index window = 100'000;
  Index rows_per_epoch = 0;  ///< 0: an epoch is a pass.  Else this many rows, from where the last epoch ended, and
                             ///< again from the first row behind the last one; endless sources want it
  Index initial_rows =
      0;  ///< data-dependent starts (standardisation too) see so many training rows of the first window; 0: all of them
  OnBroken on_broken = OnBroken::stop;
};

namespace detail {

template <class T> class RowWindows {
 public:
  /// Support and categories of each column of the data.
  RowWindows(RowSource<T>& source, const SourceOptions& options, std::span<const Support> support,
             std::span<const Index> categories)
      : source_(source),
        options_(options),
        support_(support),
        categories_(categories),
        broken_(options.on_broken),
        again_(options.on_broken) {
    if (options.window < 2)
      fail("fit: SourceOptions::window must be at least 2 rows, got " + std::to_string(options.window));
    if (options.rows_per_epoch < 0)
      fail("fit: SourceOptions::rows_per_epoch must not be negative, got " + std::to_string(options.rows_per_epoch));
    if (options.initial_rows < 0)
      fail("fit: SourceOptions::initial_rows must not be negative, got " + std::to_string(options.initial_rows));
    if (source.endless() && options.rows_per_epoch == 0)
      fail("fit: the source has no end: SourceOptions::rows_per_epoch says how many rows an epoch has");
    size_ = options.rows_per_epoch > 0 ? std::min(options.window, options.rows_per_epoch) : options.window;
    const Index block = std::min<Index>(block_rows, size_);
    block_.resize(block, source.x_dim());
    block_context_.resize(block, source.context_dim());
    source_.check(broken_);
  }

  /// The rows to split and to start from: the first window.
  void first(Batch<T>& x, Batch<T>& context) {
    source_.rewind();
    make_room(x, context);
    first_ = fill(x, context, size_, broken_);
    all_ = options_.rows_per_epoch == 0 && (first_ < size_ || !more(broken_));
    x.conservativeResize(first_, x.cols());
    context.conservativeResize(first_, context.cols());
    held_.assign(static_cast<std::size_t>(first_), false);
    left_ = budget() - first_;
  }
  /// These rows of the first window are handed out no more.
  void hold_out(const Index* rows, Index n) {
    for (Index i = 0; i < n; ++i) held_[static_cast<std::size_t>(rows[i])] = true;
  }
  /// The next window of an epoch, window 0 its first, into the first `kept` rows of x and context: false at the epoch's
  /// end.  What first() gave is the first window of the first epoch, and stays as it is.
  bool next(Index window, Batch<T>& x, Batch<T>& context, Index& kept) {
    if (fresh_ || all_) {
      fresh_ = false;
      return window == 0;
    }
    if (window == 0) {
      left_ = budget();
      if (options_.rows_per_epoch == 0) start_over();
    }
    make_room(x, context);
    const Index want = std::min(size_, left_);
    for (kept = 0; kept < want;) {
      const Index got = fill(x, context, want, again() ? again_ : broken_, kept);
      kept += got;
      if (kept == want || options_.rows_per_epoch == 0) break;
      if (pass_was_empty()) fail<DataError>("fit: a whole pass over the source gave no row to train on");
      start_over();
    }
    left_ -= kept;
    return kept > 0;
  }

  Index most() const { return size_; }
  const BrokenRows& broken() const { return broken_; }
  Index initial_rows() const { return options_.initial_rows; }
  /// Whether the first window is all there is.
  bool all() const { return all_; }
  /// Rows of an epoch; -1: not known.
  Index epoch_rows() const {
    return all_ ? first_ : options_.rows_per_epoch > 0 ? options_.rows_per_epoch : source_.rows();
  }
  /// Of the block that rows come in by; windows are the run's own.
  static constexpr Index block_rows = 4096, most_refused = 1'000'000;

 private:
  Index budget() const {
    return options_.rows_per_epoch > 0 ? options_.rows_per_epoch : std::numeric_limits<Index>::max();
  }
  /// Broken rows are counted in the first pass.
  bool again() const { return passes_ > 0; }
  bool pass_was_empty() const { return given_ == 0; }
  void start_over() {
    source_.rewind();
    ++passes_;
    at_ = filled_ = 0;
    seen_ = given_ = 0;
  }
  void make_room(Batch<T>& x, Batch<T>& context) const {
    if (x.rows() == size_) return;
    x.resize(size_, block_.cols());
    context.resize(size_, block_context_.cols());
  }
  /// Whether the pass has another row; reads the next block where this one is used up.
  bool more(BrokenRows& broken) {
    if (at_ < filled_) return true;
    at_ = 0;
    filled_ = source_.read(view(block_), view(block_context_), broken);
    if (filled_ < 0 || filled_ > block_.rows()) {
      fail("RowSource::read gave " + std::to_string(filled_) + " rows where " + std::to_string(block_.rows()) +
           " were asked for");
    }
    return filled_ > 0;
  }
  /// Good rows into x from row `have` on, until there are `want`; how many.
  Index fill(Batch<T>& x, Batch<T>& context, Index want, BrokenRows& broken, Index have = 0) {
    const Index before = have;
    while (have < want && more(broken)) {
      for (; at_ < filled_ && have < want; ++at_) {
        if (!good(broken)) {
          if (++refused_ > most_refused && source_.endless()) {
            fail<DataError>(source_.where(at_) + ": the " + std::to_string(refused_) +
                            " rows before it were broken too, and the source has no end");
          }
          continue;
        }
        refused_ = 0;
        const Index place = seen_++;
        if (place < static_cast<Index>(held_.size()) && held_[static_cast<std::size_t>(place)]) continue;
        for (Index j = 0; j < x.cols(); ++j) x(have, j) = block_(at_, j);
        for (Index j = 0; j < context.cols(); ++j) context(have, j) = block_context_(at_, j);
        ++have;
        ++given_;
      }
    }
    return have - before;
  }
  bool good(BrokenRows& broken) {
    for (Index j = 0; j < block_.cols(); ++j) {
      const auto k = static_cast<std::size_t>(j);
      const double value = static_cast<double>(block_(at_, j));
      if (!std::isfinite(value)) return refuse(broken, "column " + std::to_string(j) + " is not finite");
      if (!holds(support_[k], value, categories_[k])) {
        return refuse(broken, "column " + std::to_string(j) + " is " + number_text(value) + ", it wants " +
                                  name_of(support_[k], categories_[k]));
      }
    }
    for (Index j = 0; j < block_context_.cols(); ++j) {
      if (!std::isfinite(block_context_(at_, j)))
        return refuse(broken, "column " + std::to_string(j) + " of the context is not finite");
    }
    return true;
  }
  [[gnu::cold]] bool refuse(BrokenRows& broken, const std::string& why) {
    broken.add<DataError>(source_.where(at_) + ": " + why);
    return false;
  }

  RowSource<T>& source_;
  SourceOptions options_;
  std::span<const Support> support_;
  std::span<const Index> categories_;
  BrokenRows broken_, again_;
  Batch<T> block_, block_context_;
  Index at_ = 0, filled_ = 0;                // of the block: the next row, and how many there are
  Index size_ = 0, first_ = 0, left_ = 0;    // rows of a window, of the first one, and left of an epoch
  Index seen_ = 0, given_ = 0, passes_ = 0;  // of this pass: good rows, and those handed out
  Index refused_ = 0;                        // one behind another
  std::vector<bool> held_;
  bool fresh_ = true, all_ = false;
};

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
