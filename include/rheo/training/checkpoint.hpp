// SPDX-License-Identifier: MIT
// Checkpoints: a trainer's state as named arrays, kept while it trains, and taken up again by another run of the same
// program.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "rheo/core/fail.hpp"
#include "rheo/training/run_facts.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// A trainer's state, flat: arrays by name, and the facts of the run that it is a state of, by which another run is
/// told from it.
struct TrainerState {
  struct Array {
    std::string name;
    bool integer = false;           ///< the numbers are in `integers`, else in `numbers`
    int bytes = 8;                  ///< of a number: 4 of a float, which a double holds exactly
    std::vector<double> numbers{};  ///< bit by bit, infinities and NaN among them
    std::vector<std::int64_t> integers{};
  };
  std::vector<Array> arrays;
  RunFacts facts;

  const Array* find(const std::string& name) const {
    for (const Array& a : arrays) {
      if (a.name == name) return &a;
    }
    return nullptr;
  }
};

namespace detail {

/// Walks over the members of a state, for saving, for looking whether what is kept would fit, and for loading: one list
/// of members for all three.  What it does with them stands behind an interface: see CheckpointStore.
class StateWalk {
 public:
  /// The largest count: whole in a double, and far from where additions overflow.
  static constexpr auto any = std::int64_t(1) << 53;
  virtual bool loading() const = 0;

  void operator()(const char* name, double& x) { numbers(name, &x, 1); }
  /// Numbers whose count stays.
  template <class X>
  requires requires(X& x) { x.data(), x.size(), typename X::Scalar(); }
  void operator()(const char* name, X& x) { numbers(name, x.data(), x.size()); }
  template <class Whole>
  requires(std::is_integral_v<Whole> || std::is_enum_v<Whole>) void operator()(const char* name, Whole& x,
                                                                               std::int64_t least, std::int64_t most) {
    auto value = static_cast<std::int64_t>(x);
    if constexpr (std::is_integral_v<Whole>)  // of 32 bits, perhaps
      most = std::min(most, static_cast<std::int64_t>(std::numeric_limits<Whole>::max()));
    whole(name, value, least, most);
    x = static_cast<Whole>(value);
  }
  void operator()(const char* name, bool& x) { (*this)(name, x, 0, 1); }
  /// Rows, each of them below n.
  virtual void operator()(const char* name, std::vector<Index>& rows, Index n) = 0;
  /// Structs, whose members, all of them numbers, `fields` hands on: fields(member of x...), by reference.
  template <class S, class Fields> [[gnu::cold]] void list(const char* name, std::vector<S>& items, Fields fields) {
    std::vector<double> flat, most;  // all numbers, and of each field the largest where it is a whole number
    S one;
    fields(one, [&]<class X>(X&) {
      most.push_back(!std::is_integral_v<X> ? std::numeric_limits<double>::infinity()
                                            : (sizeof(X) > 4 ? 0x1p53 : 0x1p31 - 1));
    });
    for (S& s : items) fields(s, [&](auto& x) { flat.push_back(static_cast<double>(x)); });
    records(name, flat, most);
    if (!loading()) return;
    items.resize(flat.size() / most.size());
    auto at = flat.begin();
    for (S& s : items) fields(s, [&]<class X>(X& x) { x = static_cast<X>(*at++); });
  }
  /// A loss that this run has found too: a check compares the two, up to `accuracy`.
  virtual void same(const char* name, double& x, double accuracy) = 0;

 protected:
  ~StateWalk() = default;

 private:
  virtual void numbers(const char* name, float* x, Index n) = 0;
  virtual void numbers(const char* name, double* x, Index n) = 0;
  virtual void whole(const char* name, std::int64_t& x, std::int64_t least, std::int64_t most) = 0;
  virtual void records(const char* name, std::vector<double>& flat, const std::vector<double>& most) = 0;
};

/// A run of a trainer, as its checkpoints and its team see it.
class TrainerRun {
 public:
  /// Hands all that a later step depends on, and the result so far, to the walk.
  virtual void visit(StateWalk& walk) = 0;
  /// Tells it from others.
  virtual void describe(FactList& facts) const = 0;
  /// Whether its flow can work with these buffers.
  virtual bool valid_buffers(const std::vector<double>& buffers) const = 0;

 protected:
  ~TrainerRun() = default;
};

inline RunFacts facts_of(const TrainerRun& run) {
  FactTexts facts;
  run.describe(facts);
  return facts.take();
}

/// The walk over a flat state.
class StateArrays final : public StateWalk {
 public:
  enum class Mode { save, check, load };
  StateArrays(TrainerState& state, Mode mode) : state_(state), mode_(mode) {}

  bool loading() const override { return mode_ == Mode::load; }
  /// What a check found, behind the last member.
  std::string faults() const {
    const bool more = mode_ != Mode::save && faults_.empty() && state_.arrays.size() != seen_;
    const std::string all =
        more ? "it holds " + std::to_string(state_.arrays.size()) + " arrays, not " + std::to_string(seen_) : faults_;
    return more || other_shape_ ? all + " (kept by another version of rheo, or damaged)" : all;
  }

  using StateWalk::operator();
  [[gnu::cold]] void operator()(const char* name, std::vector<Index>& rows, Index n) override {
    if (mode_ == Mode::save) {
      add(name, true).integers.assign(rows.begin(), rows.end());
    } else if (const auto* a = take(name, true, 8, -1)) {
      for (const std::int64_t i : a->integers) {
        if (i < 0 || i >= n) return fault(a->name, "holds row " + std::to_string(i) + " of " + std::to_string(n));
      }
      if (!loading()) return;
      rows.clear();
      for (const std::int64_t i : a->integers) rows.push_back(static_cast<Index>(i));
    }
  }
  [[gnu::cold]] void same(const char* name, double& x, double accuracy) override {
    const auto* a = mode_ == Mode::check ? state_.find(name) : nullptr;
    if (a && a->numbers.size() == 1) {
      const double kept = a->numbers[0];
      const bool finite = std::isfinite(kept) && std::isfinite(x);
      const bool equal =
          finite ? std::abs(kept - x) <= accuracy * (1 + std::abs(x)) : std::isfinite(kept) == std::isfinite(x);
      if (!equal) {
        fault("the loss at the start is " + exact_text(kept) + " there and " + exact_text(x) +
              " here: the flow or the objective has other values");
      }
    }
    (*this)(name, x);
  }

 private:
  [[gnu::cold]] void numbers(const char* name, float* x, Index n) override { array(name, x, n); }
  [[gnu::cold]] void numbers(const char* name, double* x, Index n) override { array(name, x, n); }
  [[gnu::cold]] void whole(const char* name, std::int64_t& x, std::int64_t least, std::int64_t most) override {
    if (mode_ == Mode::save) {
      add(name, true).integers.push_back(x);
    } else if (const auto* a = take(name, true, 8, 1)) {
      const std::int64_t value = a->integers[0];
      if (value < least || value > most) fault(a->name, "is " + std::to_string(value));
      else if (loading()) x = value;
    }
  }
  [[gnu::cold]] void records(const char* name, std::vector<double>& flat, const std::vector<double>& most) override {
    if (mode_ == Mode::save) {
      add(name, false).numbers = flat;
    } else if (const auto* a = take(name, false, 8, -1)) {
      if (a->numbers.size() % most.size() != 0)
        return fault(a->name, "has " + std::to_string(a->numbers.size()) + " numbers in records of " +
                                  std::to_string(most.size()));
      for (std::size_t k = 0; k < a->numbers.size(); ++k) {
        const double value = a->numbers[k], bound = most[k % most.size()];
        if (std::isfinite(bound) && !(std::abs(value) <= bound))
          return fault(a->name, "holds " + exact_text(value) + ", where whole numbers stand");
      }
      if (loading()) flat = a->numbers;
    }
  }
  TrainerState::Array& add(const char* name, bool integer, int bytes = 8) {
    state_.arrays.push_back({name, integer, bytes, {}, {}});
    return state_.arrays.back();
  }
  void fault(const std::string& what) { faults_ += (faults_.empty() ? "" : "; ") + what; }
  void fault(const std::string& name, const std::string& what) { fault("'" + name + "' " + what); }
  /// The array of this name, or null and a fault; any count where n < 0.
  const TrainerState::Array* take(const char* name, bool integer, int bytes, Index n) {
    ++seen_;
    const TrainerState::Array* a = state_.find(name);
    const auto have = a ? static_cast<Index>(integer ? a->integers.size() : a->numbers.size()) : 0;
    if (!a) fault(name, "is missing");
    else if (a->integer != integer || a->bytes != bytes) fault(name, "holds numbers of another type");
    else if (n >= 0 && have != n) fault(name, "has " + std::to_string(have) + " numbers, not " + std::to_string(n));
    else return a;
    other_shape_ = true;
    return nullptr;
  }
  template <class T> void array(const char* name, T* x, Index n) {
    if (mode_ == Mode::save) {
      add(name, false, sizeof(T)).numbers.assign(x, x + n);
    } else if (const auto* a = take(name, false, sizeof(T), n)) {
      for (Index i = 0; loading() && i < n; ++i) x[i] = static_cast<T>(a->numbers[static_cast<std::size_t>(i)]);
    }
  }

  TrainerState& state_;
  Mode mode_;
  std::string faults_;
  std::size_t seen_ = 0;
  bool other_shape_ = false;  // arrays that this run has not
};

class Checkpoints;

}  // namespace detail

/// Where checkpoints are kept: a file (rheo/io/checkpoint.hpp), or what a program makes of this.
class CheckpointStore {
 public:
  virtual ~CheckpointStore() = default;
  /// What messages call it: a file's path.
  virtual std::string name() const = 0;
  /// Called once, before anything is trained: false where nothing is kept yet.  Throws FileError for what is no
  /// checkpoint, and where none could be kept.
  virtual bool load(TrainerState& to) = 0;
  /// Puts a state in the last one's place, whole or not at all; what went wrong, or an empty string.
  virtual std::string save(const TrainerState& state) = 0;

 private:
  // What a run does with these three.  Virtual and defined here: a program that makes no store compiles none of it.
  // Cold, since g++ guesses what a virtual call reaches, and compiles that, unless it is.
  friend class detail::Checkpoints;
  struct Kept {
    TrainerState found;
    RunFacts facts;
  };
  /// Whether a checkpoint is kept.  Throws FileError where it is of a run with other facts.
  [[gnu::cold]] virtual bool find_run(const detail::TrainerRun& run, std::shared_ptr<Kept>& kept) {
    kept = std::make_shared<Kept>();
    kept->facts = detail::facts_of(run);
    if (!load(kept->found)) return false;
    if (const std::string others = detail::differences(kept->found.facts, kept->facts); !others.empty())
      refuse_run(others);
    return true;
  }
  [[gnu::cold]] virtual std::string take_up_run(detail::TrainerRun& run, Kept& kept) {
    using Walk = detail::StateArrays;
    Walk check(kept.found, Walk::Mode::check);
    run.visit(check);
    if (std::string faults = check.faults(); !faults.empty()) return faults;
    for (const char* name : {"buffers", "best_buffers"}) {
      if (!run.valid_buffers(kept.found.find(name)->numbers))
        return std::string("'") + name + "' holds numbers that the flow cannot use";
    }
    Walk load(kept.found, Walk::Mode::load);
    run.visit(load);
    kept.found = {};
    return "";
  }
  [[gnu::cold]] virtual std::string keep_run(detail::TrainerRun& run, const Kept& kept) {
    const auto saved = [&] {
      TrainerState state;
      state.facts = kept.facts;
      detail::StateArrays walk(state, detail::StateArrays::Mode::save);
      run.visit(walk);
      return save(state);
    };
#if defined(__cpp_exceptions)
    std::string who = "the checkpoint's store";
    try {
      who = name();
      return saved();
    } catch (const std::exception& e) {  // memory, or a store of the user's own
      return who + ": " + e.what();
    } catch (...) { return who + ": threw what is no std::exception"; }
#else
    return saved();
#endif
  }
  [[gnu::cold]] virtual void refuse_run(const std::string& why) const {
    detail::fail<FileError>(name() + ": is the checkpoint of another run: " + why +
                            ".  Remove it, or name another, to begin anew");
  }
};

/// FitOptions::checkpoint and EnergyFitOptions::checkpoint, made by io::checkpoint(path, every_seconds).  A run finds
/// its own checkpoint and goes on from it to the bits that it would have had if it had never stopped, with any number
/// of threads.  One that a stop token or a callback ended keeps its state too, and goes on likewise; of one that ran
/// its course the end is kept, and the same call again returns it at once.  Callbacks are not called again for what
/// they were told before.
///
/// The checkpoint of another run is refused with a FileError that names the differences: another flow, scalar,
/// objective or start, other data, weights, contexts or held-out rows, other options (all but threads, callback, stop
/// and this).  What only values of the flow or of the objective tell, bounds or steps say, is told by the loss at the
/// start, up to the square root of the scalar's precision.  A checkpoint that cannot be written later on stops no
/// training: the last one stays, the next is tried in its turn, and the result's checkpoint_error says why.
struct Checkpoint {
  std::shared_ptr<CheckpointStore> store{};  ///< empty: no checkpoints
  double every_seconds = 60;                 ///< from one to the next, between two steps; 0: before every step
};

namespace detail {

/// The checkpoints of one run.
class Checkpoints {
 public:
  explicit Checkpoints(const Checkpoint& options)
      : store_(options.store), every_(options.every_seconds), last_(Clock::now()) {
    if (!(every_ >= 0)) fail("checkpoint: every_seconds must not be negative, got " + number_text(every_));
  }
  /// Why the last one could not be kept; empty where it was.
  const std::string& error() const { return error_; }
  /// Whether one is kept.  Throws FileError where it is of a run with other facts.
  bool find(const TrainerRun& run) { return store_ && store_->find_run(run, kept_); }
  /// Takes up what was found; or leaves the run as it is and says why that does not fit.
  std::string resume(TrainerRun& run) {
    std::string why = store_->take_up_run(run, *kept_);
    if (why.empty()) last_ = Clock::now();
    return why;
  }
  void keep(TrainerRun& run) {
    if (!store_) return;
    error_ = store_->keep_run(run, *kept_);
    last_ = Clock::now();
  }
  void keep_when_due(TrainerRun& run) {
    if (store_ && std::chrono::duration<double>(Clock::now() - last_).count() >= every_) keep(run);
  }
  void refuse(const std::string& why) const { store_->refuse_run(why); }

 private:
  using Clock = std::chrono::steady_clock;
  std::shared_ptr<CheckpointStore> store_;
  double every_;
  Clock::time_point last_;
  std::shared_ptr<CheckpointStore::Kept> kept_;
  std::string error_;
};

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
