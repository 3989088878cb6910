// SPDX-License-Identifier: MIT
// Team: processes that train one model together, and the checkpoints of a team, which rank 0 alone reads and writes.
#pragma once

#include <cstdint>
#include <cstring>
#include <exception>
#include <iterator>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/core/fail.hpp"
#include "rheo/core/function_ref.hpp"
#include "rheo/core/pass.hpp"
#include "rheo/training/checkpoint.hpp"

namespace rheo {
namespace detail {

/// What a call threw.
template <class Call> std::exception_ptr caught(const Call& call) {
#if defined(__cpp_exceptions)
  try {
    call();
  } catch (...) { return std::current_exception(); }
#else
  call();
#endif
  return nullptr;
}

}  // namespace detail

/// What a fit asks of the processes that it runs on, ranks 0 .. size() - 1: over MPI, rheo::mpi::Team (rheo/mpi.hpp).
/// Every rank makes the same calls in the same order with the same lengths; a call waits for all the others.
class Team {
 public:
  virtual ~Team() = default;
  virtual int rank() const = 0;  ///< of this process, from 0
  virtual int size() const = 0;  ///< how many processes
  /// x becomes its sum over the ranks, the same bits at each; infinities and NaN stay what they are.
  virtual void sum(double* x, Index n) = 0;
  virtual void sum(float* x, Index n) = 0;
  /// x becomes that of rank 0.
  virtual void broadcast(void* x, std::size_t bytes) = 0;

  // What trainers make of these five.  Virtual and defined here: a program without a team compiles none of it.

  /// A text of rank 0's for all.
  [[gnu::cold]] virtual void broadcast_text(std::string& text) {
    auto length = static_cast<std::uint64_t>(text.size());
    broadcast(&length, sizeof length);
    text.resize(static_cast<std::size_t>(length));
    if (length > 0) broadcast(text.data(), text.size());
  }
  /// Makes every rank's checks: where one throws, all do.
  [[gnu::cold]] virtual void check_together(FunctionRef<void()> checks) {
    const std::exception_ptr error = detail::caught(checks);
    const auto bad = troubled(error != nullptr);
#if defined(__cpp_exceptions)
    if (error) std::rethrow_exception(error);
#endif
    if (!bad.empty())
      detail::fail<DataError>("rank " + std::to_string(bad[0].first) + " of the team refused what it was given");
  }
  /// Throws DataError at every rank unless all describe the same run.
  [[gnu::cold]] virtual void same_facts(const detail::TrainerRun& run) {
    const RunFacts facts = detail::facts_of(run);
    std::string all;
    for (const auto& [name, what] : facts) all += name + '\0' + what + '\0';
    std::string first = all;
    broadcast_text(first);
    int fact = 0;
    if (first != all) {
      RunFacts there;
      for (std::size_t at = 0; at < first.size();) {
        const std::size_t name = first.find('\0', at), what = first.find('\0', name + 1);
        there.emplace_back(first.substr(at, name - at), first.substr(name + 1, what - name - 1));
        at = what + 1;
      }
      for (std::size_t k = 0; fact == 0; ++k) {
        if (k >= facts.size() || k >= there.size() || facts[k] != there[k]) fact = static_cast<int>(k) + 1;
      }
    }
    for (const auto& [rank, which] : troubled(fact)) {
      const auto k = static_cast<std::size_t>(which) - 1;
      detail::fail<DataError>(
          "rank " + std::to_string(rank) + " of " + std::to_string(size()) +
          " was given another fit than rank 0: " + (k < facts.size() ? facts[k].first : "what it is told") +
          " differs; every rank wants the same model, data and options");
    }
  }
  /// Throws std::runtime_error at every rank unless all hold the parameters of rank 0.
  [[gnu::cold]] virtual void same_parameters(std::uint64_t hash) {
    if (const int rank = other_than_first(hash)) {
      detail::fail<std::runtime_error>(
          "the parameters of rank " + std::to_string(rank) +
          " are no longer those of rank 0: the ranks must run one program on one kind of processor");
    }
  }
  /// Throws DataError at every rank unless all have read the same rows.
  [[gnu::cold]] virtual void same_rows(std::uint64_t hash) {
    if (const int rank = other_than_first(hash))
      detail::fail<DataError>("fit: rank " + std::to_string(rank) + " of the team read other rows than rank 0");
  }
  /// What rank 0's `call` returns, at every rank; where it throws, all do.
  [[gnu::cold]] virtual bool by_first_rank(const char* what, FunctionRef<bool()> call) {
    int answer = 0;
    std::exception_ptr error;
    if (rank() == 0) {
      error = detail::caught([&] { answer = call() ? 1 : 0; });
      if (error) answer = 2;
    }
    broadcast(&answer, sizeof answer);
#if defined(__cpp_exceptions)
    if (error) std::rethrow_exception(error);
#endif
    if (answer == 2) detail::fail<std::runtime_error>(std::string(what) + " threw at rank 0");
    return answer == 1;
  }
  /// What the workers of all ranks have met.
  [[gnu::cold]] virtual Report whole_report(const Report& own) {
    constexpr auto& counts = Report::counts;
    constexpr auto width = static_cast<Index>(std::size(counts)) + 1;  // and the worst residual
    std::vector<double> all(static_cast<std::size_t>(width * size()));
    const auto of = [&](int rank) { return all.data() + width * rank; };
    for (Index k = 0; k < width - 1; ++k) of(rank())[k] = static_cast<double>(own.*counts[k].of);
    of(rank())[width - 1] = own.worst_residual;
    sum(all.data(), static_cast<Index>(all.size()));
    Report whole;
    for (int r = 0; r < size(); ++r) {
      Report one;
      for (Index k = 0; k < width - 1; ++k) one.*counts[k].of = static_cast<std::int64_t>(of(r)[k]);
      one.worst_residual = of(r)[width - 1];
      whole += one;
    }
    return whole;
  }
  /// Checkpoints that rank 0 reads and writes; its clock decides when one is due.
  [[gnu::cold]] inline virtual Checkpoint by_first_rank(Checkpoint c);

 private:
  /// The ranks where `here` is not 0, each with its number; empty where all are well.
  std::vector<std::pair<int, int>> troubled(int here) {
    std::vector<double> all(static_cast<std::size_t>(size()));
    all[static_cast<std::size_t>(rank())] = here;
    sum(all.data(), static_cast<Index>(all.size()));
    std::vector<std::pair<int, int>> found;
    for (int r = 0; r < size(); ++r) {
      if (const int what = static_cast<int>(all[static_cast<std::size_t>(r)]); what != 0) found.emplace_back(r, what);
    }
    return found;
  }
  /// The first rank with another number than rank 0; 0: none.
  int other_than_first(std::uint64_t hash) {
    std::uint64_t first = hash;
    broadcast(&first, sizeof first);
    const auto others = troubled(first != hash);
    return others.empty() ? 0 : others[0].first;
  }
};

namespace detail {

/// A team of one is none.
inline Team* several(Team* team) { return team && team->size() > 1 ? team : nullptr; }
inline bool leads(const Team* team) { return !team || team->rank() == 0; }

/// The first of n parts at a rank, of `parts` cut into contiguous shares that differ by one at most; that of rank
/// size() is `parts`.
inline Index first_part(Index parts, int rank, int size) { return parts * rank / size; }

/// Checks at every rank, each its own: where one throws, all do.
template <class Checks> void check_together(Team* team, const Checks& checks) {
  if (team) team->check_together(checks);
  else checks();
}

/// A team's checkpoints: rank 0 reads and writes them, and hands the others what it read.
class TeamStore final : public CheckpointStore {
 public:
  TeamStore(std::shared_ptr<CheckpointStore> store, Team& team) : store_(std::move(store)), team_(team) {}
  std::string name() const override { return store_->name(); }
  bool load(TrainerState& to) override {
    const bool found = team_.by_first_rank("reading the checkpoint", [&] { return store_->load(to); });
    if (!found) return false;
    std::string flat;
    if (team_.rank() == 0) flat = flatten(to);
    team_.broadcast_text(flat);
    if (team_.rank() != 0) to = unflatten(flat);
    return true;
  }
  std::string save(const TrainerState& state) override { return team_.rank() == 0 ? store_->save(state) : ""; }

 private:
  static void put(std::string& to, const void* from, std::size_t bytes) {
    if (bytes > 0) to.append(static_cast<const char*>(from), bytes);
  }
  static void put(std::string& to, std::uint64_t n) { put(to, &n, sizeof n); }
  static void put(std::string& to, const std::string& text) {
    put(to, static_cast<std::uint64_t>(text.size()));
    put(to, text.data(), text.size());
  }
  static std::string flatten(const TrainerState& state) {
    std::string flat;
    put(flat, static_cast<std::uint64_t>(state.facts.size()));
    for (const auto& [name, what] : state.facts) put(flat, name), put(flat, what);
    put(flat, static_cast<std::uint64_t>(state.arrays.size()));
    for (const auto& a : state.arrays) {
      put(flat, a.name);
      put(flat, std::uint64_t(a.integer)), put(flat, static_cast<std::uint64_t>(a.bytes));
      put(flat, static_cast<std::uint64_t>(a.numbers.size())),
          put(flat, a.numbers.data(), a.numbers.size() * sizeof(double));
      put(flat, static_cast<std::uint64_t>(a.integers.size())),
          put(flat, a.integers.data(), a.integers.size() * sizeof(std::int64_t));
    }
    return flat;
  }
  static TrainerState unflatten(const std::string& flat) {
    std::size_t at = 0;
    const auto get = [&](void* to, std::size_t bytes) {
      if (bytes > 0) std::memcpy(to, flat.data() + at, bytes);
      at += bytes;
    };
    const auto number = [&] {
      std::uint64_t n = 0;
      get(&n, sizeof n);
      return static_cast<std::size_t>(n);
    };
    const auto text = [&] {
      std::string t(number(), '\0');
      get(t.data(), t.size());
      return t;
    };
    TrainerState state;
    state.facts.resize(number());
    for (auto& [name, what] : state.facts) name = text(), what = text();
    state.arrays.resize(number());
    for (auto& a : state.arrays) {
      a.name = text();
      a.integer = number() != 0, a.bytes = static_cast<int>(number());
      a.numbers.resize(number()), get(a.numbers.data(), a.numbers.size() * sizeof(double));
      a.integers.resize(number()), get(a.integers.data(), a.integers.size() * sizeof(std::int64_t));
    }
    return state;
  }

  std::shared_ptr<CheckpointStore> store_;
  Team& team_;
};

}  // namespace detail

inline Checkpoint Team::by_first_rank(Checkpoint c) {
  if (!c.store) return c;
  return {std::make_shared<detail::TeamStore>(std::move(c.store), *this),
          rank() == 0 ? c.every_seconds : std::numeric_limits<double>::infinity()};
}

}  // namespace rheo
