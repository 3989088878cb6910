// SPDX-License-Identifier: MIT
// RowWindows: a source's rows as windows that fit into memory, the broken and the held-out ones left out, and found
// again by a run that goes on.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "rheo/training/checkpoint.hpp"
#include "rheo/training/row_source.hpp"
#include "rheo/training/support.hpp"
#include "rheo/training/windows.hpp"

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
  bool first_pass = false;  ///< those rows are drawn evenly from a whole pass, which is read for that before the first
                            ///< step and again when a checkpoint is taken up; 0 of them: as many as a window has
  OnBroken on_broken = OnBroken::stop;
};

namespace detail {

/// A place between two rows of a source.
struct RowPlace {
  Index passes = 0, block = 0, at = 0;  // behind so many passes, rows that were read before a block, and rows of it
  Index seen = 0, given = 0, refused = 0, left = 0;  // see RowWindows
  bool fresh = true;
  BrokenRows broken{};  // before that block
};

template <class T> class RowWindows final : public Windows<T> {
 public:
  /// Support and categories of each column of the data.
  RowWindows(RowSource<T>& source, const SourceOptions& options, std::span<const Support> support,
             std::span<const Index> categories)
      : source_(source),
        options_(options),
        support_(support),
        categories_(categories),
        broken_(options.on_broken),
        again_(options.on_broken),
        before_(options.on_broken) {
    if (options.window < 2)
      fail("fit: SourceOptions::window must be at least 2 rows, got " + std::to_string(options.window));
    if (options.rows_per_epoch < 0)
      fail("fit: SourceOptions::rows_per_epoch must not be negative, got " + std::to_string(options.rows_per_epoch));
    if (options.initial_rows < 0)
      fail("fit: SourceOptions::initial_rows must not be negative, got " + std::to_string(options.initial_rows));
    if (source.endless() && options.rows_per_epoch == 0)
      fail("fit: the source has no end: SourceOptions::rows_per_epoch says how many rows an epoch has");
    if (source.endless() && options.first_pass)
      fail("fit: the source has no end: SourceOptions::first_pass wants a whole pass");
    size_ = options.rows_per_epoch > 0 ? std::min(options.window, options.rows_per_epoch) : options.window;
    const Index block = std::min<Index>(block_rows, size_);
    block_.resize(block, source.x_dim());
    block_context_.resize(block, source.context_dim());
    source_.check(broken_);
  }

  /// The rows to split and to start from, and their weights, if they have any: the first window.
  void first(Batch<T>& x, Batch<T>& context, std::vector<double>& weights) {
    source_.rewind();
    make_room(x, context, weights);
    first_ = fill(x, context, weights, size_, broken_);
    all_ = options_.rows_per_epoch == 0 && (first_ < size_ || !more(broken_));
    x.conservativeResize(first_, x.cols());
    context.conservativeResize(first_, context.cols());
    if (source_.weighted()) weights.resize(static_cast<std::size_t>(first_));
    held_.assign(static_cast<std::size_t>(first_), false);
    left_ = budget() - first_;
  }
  /// These rows of the first window are handed out no more.
  void hold_out(const Index* rows, Index n) override {
    for (Index i = 0; i < n; ++i) held_[static_cast<std::size_t>(rows[i])] = true;
  }
  /// A sample of a pass over all rows that are trained on, each as likely as any, of `count` rows or all there are:
  /// into x and context, which hold those of the first window.
  void sample(Index count, Noise noise, Batch<T>& x, Batch<T>& context) override {
    const RowPlace here = place();
    const Batch<T> own = x, own_context = context;
    x.resize(count, x.cols());
    context.resize(count, context.cols());
    Index n = 0;
    const auto take = [&](const Batch<T>& from, const Batch<T>& from_context, Index row) {
      const Index to = n < count ? n : static_cast<Index>(noise.uniform(n, 0) * static_cast<double>(n + 1));
      ++n;
      if (to >= count) return;
      for (Index j = 0; j < x.cols(); ++j) x(to, j) = from(row, j);
      for (Index j = 0; j < context.cols(); ++j) context(to, j) = from_context(row, j);
    };
    for (Index i = 0; i < own.rows(); ++i) take(own, own_context, i);
    while (more(broken_)) {
      if (good(broken_)) take(block_, block_context_, at_);
      ++at_;
    }
    x.conservativeResize(std::min(n, count), x.cols());
    context.conservativeResize(std::min(n, count), context.cols());
    go_to(here);
  }
  /// The next window of an epoch, window 0 its first, into the first `kept` rows of x, context and weights: false at
  /// the epoch's end.  What first() gave is the first window of the first epoch, and stays as it is.
  bool next(Index window, Batch<T>& x, Batch<T>& context, std::vector<double>& weights, Index& kept) override {
    begin_ = place();
    open_ = read(window, x, context, weights, kept);
    BitHash bits;
    const auto add = [&](auto value) { bits.add(static_cast<double>(value)); };
    for (Index i = 0; open_ && i < kept; ++i) {
      for (Index j = 0; j < x.cols(); ++j) add(x(i, j));
      for (Index j = 0; j < context.cols(); ++j) add(context(i, j));
      if (!weights.empty()) add(weights[static_cast<std::size_t>(i)]);
    }
    hash_ = open_ ? platform::bit_cast<std::int64_t>(bits.value()) : 0;
    return open_;
  }
  /// Behind an epoch's last window.
  void close() override {
    begin_ = place();
    open_ = false;
    hash_ = 0;
  }
  /// Of the numbers of the window that is open.
  std::int64_t hash() const override { return hash_; }
  /// What tells these rows from others, beside those of the first window.
  void describe(FactList& facts) const override {
    facts.add("source", source_.told_by().empty() ? "rows" : source_.told_by());
    facts.add("window", options_.window);
    facts.add("rows_per_epoch", options_.rows_per_epoch);
    facts.add("initial_rows", options_.initial_rows);
    facts.add("first_pass", options_.first_pass);
    facts.add("on_broken", options_.on_broken == OnBroken::stop ? "stop" : "count");
  }
  /// Where the window that is open begins, or where the next one will; of a run that has `ended`, what its end tells.
  void visit(StateWalk& walk, bool ended) override {
    RowPlace p = begin_;
    if (ended) p.broken = broken_;
    Index broken = p.broken.count();
    std::vector<Index> first_broken;
    for (const char c : p.broken.first()) first_broken.push_back(static_cast<unsigned char>(c));
    walk("rows_passes", p.passes, 0, walk.any);
    walk("rows_block", p.block, 0, walk.any);
    walk("rows_at", p.at, 0, walk.any);
    walk("rows_seen", p.seen, 0, walk.any);
    walk("rows_given", p.given, 0, walk.any);
    walk("rows_refused", p.refused, 0, walk.any);
    walk("rows_left", p.left, -walk.any, std::numeric_limits<std::int64_t>::max());
    walk("rows_fresh", p.fresh);
    walk("rows_open", open_);
    walk("rows_hash", hash_, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max());
    walk("rows_broken", broken, 0, walk.any);
    walk("rows_first_broken", first_broken, 256);
    if (!walk.loading()) return;
    std::string first;
    for (const Index c : first_broken) first += static_cast<char>(static_cast<unsigned char>(c));
    p.broken = BrokenRows(options_.on_broken, broken, first);
    begin_ = p;
    if (ended) broken_ = p.broken;
  }
  /// Behind a state that was taken up: to where begin_ is, and on to the window that was open.  Why that cannot be, or
  /// an empty string.
  std::string go_back(Index window, Batch<T>& x, Batch<T>& context, std::vector<double>& weights,
                      Index& kept) override {
    const bool was_open = open_;
    const std::int64_t was = hash_;
    if (!go_to(begin_)) return "the source has fewer rows than it had";
    if (was_open && (!next(window, x, context, weights, kept) || hash_ != was))
      return "the rows that follow those of the first window are others than they were";
    return "";
  }
  bool is_open() const override { return open_; }
  /// Whether the window that is open was read, and not what first() gave.
  bool brought() const override { return brought_; }
  Index most() const override { return size_; }
  bool first_pass() const override { return options_.first_pass; }
  const BrokenRows& broken() const { return broken_; }
  Index initial_rows() const override { return options_.initial_rows; }
  /// Whether the first window is all there is.
  bool all() const override { return all_; }
  /// Rows of an epoch; -1: not known.
  Index epoch_rows() const override {
    return all_ ? first_ : options_.rows_per_epoch > 0 ? options_.rows_per_epoch : source_.rows();
  }
  /// Of the block that rows come in by; windows are the run's own.
  static constexpr Index block_rows = 4096, most_refused = 1'000'000;

 private:
  RowPlace place() const { return {passes_, block_first_, at_, seen_, given_, refused_, left_, fresh_, before_}; }
  /// False where the source has ended before.
  bool go_to(const RowPlace& p) {
    fresh_ = p.fresh;
    if (all_ || (fresh_ && passes_ == 0 && block_first_ == p.block && at_ == p.at)) return true;
    source_.rewind();
    BrokenRows ignored(OnBroken::count);  // they were counted, and in blocks that ended where these do
    for (Index n = source_.skip(p.block) ? p.block : 0; n < p.block;) {
      const Index got = source_.read(view(block_), view(block_context_), ignored);
      if (got < 1) return false;
      n += got;
    }
    passes_ = p.passes, block_first_ = p.block;
    broken_ = p.broken, before_ = p.broken;
    at_ = filled_ = 0, refused_ = 0;
    moved_ = true, ended_ = false;
    BrokenRows& broken = again() ? again_ : broken_;
    for (Index i = 0; i < p.at; ++i, ++at_) {
      if (!more(broken)) return false;
      good(broken);
    }
    seen_ = p.seen, given_ = p.given, refused_ = p.refused, left_ = p.left;
    return true;
  }
  bool read(Index window, Batch<T>& x, Batch<T>& context, std::vector<double>& weights, Index& kept) {
    brought_ = !(fresh_ || all_);
    if (!brought_) {
      fresh_ = false;
      return window == 0;
    }
    if (window == 0) {
      left_ = budget();
      if (options_.rows_per_epoch == 0) {
        if (moved_) more(again() ? again_ : broken_);  // the end was found before: broken rows are behind the last
        start_over();
      }
    }
    make_room(x, context, weights);
    const Index want = std::min(size_, left_);
    for (kept = 0; kept < want;) {
      const Index got = fill(x, context, weights, want, again() ? again_ : broken_, kept);
      kept += got;
      if (kept == want || options_.rows_per_epoch == 0) break;
      if (pass_was_empty()) fail<DataError>("fit: a whole pass over the source gave no row to train on");
      start_over();
    }
    left_ -= kept;
    return kept > 0;
  }
  Index budget() const {
    return options_.rows_per_epoch > 0 ? options_.rows_per_epoch : std::numeric_limits<Index>::max();
  }
  /// Broken rows are counted in the first pass.
  bool again() const { return passes_ > 0; }
  bool pass_was_empty() const { return given_ == 0; }
  void start_over() {
    source_.rewind();
    ++passes_;
    at_ = filled_ = block_first_ = 0;
    ended_ = false;
    seen_ = given_ = 0;
  }
  void make_room(Batch<T>& x, Batch<T>& context, std::vector<double>& weights) const {
    if (source_.weighted()) weights.resize(static_cast<std::size_t>(size_));
    if (x.rows() == size_) return;
    x.resize(size_, block_.cols());
    context.resize(size_, block_context_.cols() - source_.weighted());
  }
  /// Whether the pass has another row; reads the next block where this one is used up.
  bool more(BrokenRows& broken) {
    if (at_ < filled_) return true;
    moved_ = false;
    if (ended_) return false;  // what was broken behind the last row is counted already, and not in before_
    block_first_ += filled_;
    before_ = broken_;
    at_ = 0;
    filled_ = source_.read(view(block_), view(block_context_), broken);
    if (filled_ < 0 || filled_ > block_.rows()) {
      fail("RowSource::read gave " + std::to_string(filled_) + " rows where " + std::to_string(block_.rows()) +
           " were asked for");
    }
    ended_ = filled_ == 0;
    return filled_ > 0;
  }
  /// Good rows into x from row `have` on, until there are `want`; how many.
  Index fill(Batch<T>& x, Batch<T>& context, std::vector<double>& weights, Index want, BrokenRows& broken,
             Index have = 0) {
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
        if (source_.weighted())
          weights[static_cast<std::size_t>(have)] = static_cast<double>(block_context_(at_, context.cols()));
        ++have;
        ++given_;
      }
    }
    if (have < want) end_pass();
    return have - before;
  }
  /// A source whose passes differ is none: see RowSource.
  void end_pass() {
    if (pass_rows_ >= 0 && seen_ != pass_rows_) {
      fail<DataError>("fit: the source gave " + std::to_string(pass_rows_) + " good rows in an earlier pass and " +
                      std::to_string(seen_) + " in this one: behind rewind() the same rows must come again");
    }
    pass_rows_ = seen_;
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
      if (std::isfinite(block_context_(at_, j))) continue;
      const bool weight = source_.weighted() && j + 1 == block_context_.cols();
      return refuse(broken, weight ? "the weight is not finite"
                                   : "column " + std::to_string(j) + " of the context is not finite");
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
  BrokenRows broken_, again_, before_;  // of the first pass, of the others, and broken_ before the block
  Batch<T> block_, block_context_;
  Index at_ = 0, filled_ = 0, block_first_ = 0;  // of the block: the next row, how many, and how many were before it
  Index size_ = 0, first_ = 0, left_ = 0;        // rows of a window, of the first one, and left of an epoch
  Index seen_ = 0, given_ = 0, passes_ = 0;      // of this pass: good rows, and those handed out
  Index refused_ = 0;                            // one behind another
  Index pass_rows_ = -1;                         // good rows of a whole pass; -1: not known yet
  std::vector<bool> held_;
  bool fresh_ = true, all_ = false;
  RowPlace begin_{};  // of the window that is open, or of the next one
  bool open_ = false, brought_ = false, moved_ = false, ended_ = false;  // moved_: by go_to, and nothing was read since
  std::int64_t hash_ = 0;
};

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
