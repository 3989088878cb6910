// SPDX-License-Identifier: MIT
// Checkpoints: a trainer's state as named arrays, kept while it trains, and taken up again by another run of the same
// program.
#pragma once

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

/// Walks over the members of a state, for saving, for looking whether what is kept would fit, and for loading: one list
/// of members for all three.
class StateWalk {
 public:
  enum class Mode { save, check, load };
  StateWalk(TrainerState& state, Mode mode) : state_(state), mode_(mode) {}

  bool loading() const { return mode_ == Mode::load; }
  /// What a check found, behind the last member.
  const std::string& faults() {
    if (mode_ != Mode::save && faults_.empty() && state_.arrays.size() != seen_)
      fault("it holds " + std::to_string(state_.arrays.size()) + " arrays, not " + std::to_string(seen_));
    return faults_;
  }

  void operator()(const char* name, double& x) { numbers(name, &x, 1); }
  /// Numbers whose count stays.
  template <class X>
  requires requires(X& x) { x.data(), x.size(), typename X::Scalar(); }
  void operator()(const char* name, X& x) { numbers(name, x.data(), x.size()); }
  template <class Whole>
  requires(std::is_integral_v<Whole> || std::is_enum_v<Whole>) void operator()(const char* name, Whole& x,
                                                                               std::int64_t least, std::int64_t most) {
    if (mode_ == Mode::save) {
      add(name, true).integers.push_back(static_cast<std::int64_t>(x));
    } else if (const auto* a = take(name, true, 8, 1)) {
      const std::int64_t value = a->integers[0];
      if (value < least || value > most) fault(a->name, "is " + std::to_string(value));
      else if (loading()) x = static_cast<Whole>(value);
    }
  }
  void operator()(const char* name, bool& x) { (*this)(name, x, 0, 1); }
  /// Rows, each of them below n.
  void operator()(const char* name, std::vector<Index>& rows, Index n) {
    if (mode_ == Mode::save) {
      auto& a = add(name, true);
      for (const Index i : rows) a.integers.push_back(i);
    } else if (const auto* a = take(name, true, 8, -1)) {
      for (const std::int64_t i : a->integers) {
        if (i < 0 || i >= n) return fault(a->name, "holds row " + std::to_string(i) + " of " + std::to_string(n));
      }
      if (!loading()) return;
      rows.clear();
      for (const std::int64_t i : a->integers) rows.push_back(static_cast<Index>(i));
    }
  }
  /// Structs, whose members, all of them numbers, `fields` hands on: fields(member of x...), by reference.
  template <class S, class Fields> void list(const char* name, std::vector<S>& items, Fields fields) {
    std::size_t width = 0;
    S one;
    fields(one, [&](auto&) { ++width; });
    if (mode_ == Mode::save) {
      auto& a = add(name, false);
      for (S& s : items) fields(s, [&](auto& x) { a.numbers.push_back(static_cast<double>(x)); });
    } else if (const auto* a = take(name, false, 8, -1)) {
      if (a->numbers.size() % width != 0)
        return fault(a->name,
                     "has " + std::to_string(a->numbers.size()) + " numbers in records of " + std::to_string(width));
      std::vector<S> read(a->numbers.size() / width);
      std::size_t at = 0;
      for (S& s : read) {
        fields(s, [&](auto& x) {
          using X = std::remove_reference_t<decltype(x)>;
          const double value = a->numbers[at++];
          if constexpr (std::is_integral_v<X>) {
            constexpr double most = sizeof(X) > 4 ? 0x1p53 : 0x1p31 - 1;
            if (!(std::abs(value) <= most))
              return fault(a->name, "holds " + exact_text(value) + ", where whole numbers stand");
          }
          x = static_cast<X>(value);
        });
      }
      if (loading()) items = std::move(read);
    }
  }
  /// A loss that this run has found too: a check compares the two, up to `accuracy`.
  void same(const char* name, double& x, double accuracy) {
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
    return nullptr;
  }
  template <class T> void numbers(const char* name, T* x, Index n) {
    if (mode_ == Mode::save) {
      auto& a = add(name, false, sizeof(T));
      a.numbers.assign(x, x + n);
    } else if (const auto* a = take(name, false, sizeof(T), n)) {
      for (Index i = 0; loading() && i < n; ++i) x[i] = static_cast<T>(a->numbers[static_cast<std::size_t>(i)]);
    }
  }

  TrainerState& state_;
  Mode mode_;
  std::string faults_;
  std::size_t seen_ = 0;
};

/// The checkpoints of one run.  A Run has visit(StateWalk&), which hands all of its state to the walk.
class Checkpoints {
 public:
  explicit Checkpoints(const Checkpoint& options)
      : store_(options.store), every_(options.every_seconds), last_(Clock::now()) {
    if (!(every_ >= 0)) fail("checkpoint: every_seconds must not be negative, got " + number_text(every_));
  }
  bool on() const { return store_ != nullptr; }
  /// Why the last one could not be kept; empty where it was.
  const std::string& error() const { return error_; }
  /// Whether one is kept.  Throws FileError where it is of a run with other facts.
  bool find(RunFacts facts) {
    facts_ = std::move(facts);
    if (!store_->load(found_)) return false;
    if (const std::string others = differences(found_.facts, facts_); !others.empty()) refuse(others);
    return true;
  }
  /// Takes up what was found; or leaves the run as it is and says why that does not fit.
  template <class Run, class Trainer> std::string resume(Run& run, const Trainer& trainer) {
    StateWalk check(found_, StateWalk::Mode::check);
    run.visit(check);
    if (!check.faults().empty()) return check.faults();
    for (const char* name : {"buffers", "best_buffers"}) {
      const auto& kept = found_.find(name)->numbers;
      if (!trainer.valid_buffers(kept)) return std::string("'") + name + "' holds numbers that the flow cannot use";
    }
    StateWalk load(found_, StateWalk::Mode::load);
    run.visit(load);
    found_ = {};
    last_ = Clock::now();
    return "";
  }
  template <class Run> void keep(Run& run) {
    if (!on()) return;
#if defined(__cpp_exceptions)
    try {
      error_ = save(run);
    } catch (const std::exception& e) {  // memory, or a store of the user's own
      error_ = store_->name() + ": " + e.what();
    }
#else
    error_ = save(run);
#endif
    last_ = Clock::now();
  }
  template <class Run> void keep_when_due(Run& run) {
    if (on() && std::chrono::duration<double>(Clock::now() - last_).count() >= every_) keep(run);
  }
  [[noreturn]] void refuse(const std::string& why) const {
    fail<FileError>(store_->name() + ": is the checkpoint of another run: " + why +
                    ".  Remove it, or name another, to begin anew");
  }

 private:
  using Clock = std::chrono::steady_clock;
  template <class Run> std::string save(Run& run) {
    TrainerState state;
    state.facts = facts_;
    StateWalk walk(state, StateWalk::Mode::save);
    run.visit(walk);
    return store_->save(state);
  }

  std::shared_ptr<CheckpointStore> store_;
  double every_;
  Clock::time_point last_;
  RunFacts facts_;
  TrainerState found_;
  std::string error_;
};

}  // namespace detail
}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
