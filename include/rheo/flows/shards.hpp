// SPDX-License-Identifier: MIT
// Shards, workers and the pool: rows are cut into fixed shards whatever the number of threads, so the bits never depend on it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <utility>
#include <vector>

#include "rheo/flows/evaluate.hpp"
#include "rheo/platform/threads.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

namespace detail {

/// Looks at a callable job(ticket, worker), so that a pool is compiled once for all of them; for arguments only.
struct Job {
  void* callee;
  void (*call)(void*, Index, int);
  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, Job>)
  Job(F&& f)  // const_cast: a const callable is called as one
      : callee(const_cast<void*>(static_cast<const void*>(std::addressof(f)))), call([](void* j, Index i, int w) { (*static_cast<std::remove_reference_t<F>*>(j))(i, w); }) {}
  void operator()(Index ticket, int worker) const { call(callee, ticket, worker); }
};

}  // namespace detail

/// Threads that help their caller.  run() hands out tickets 0 .. count - 1; the caller works too and waits only for tickets that were
/// claimed, so a busy neighbour costs nothing.  Where the platform has no threads the caller does it all, with the same bits.  One run at a time; not to be shared between callers.
class Pool {
 public:
  explicit Pool(int threads = 1) {
    if (threads < 1) detail::fail("a pool wants at least one thread, got " + std::to_string(threads));
    for (int w = 1; platform::has_threads && w < threads; ++w) helpers_.emplace_back([this, w](StopToken stop) { serve(w, stop); });
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (auto& t : helpers_) t.request_stop();
    generation_.fetch_add(1);
    platform::wake_all(generation_);
  }
  int size() const { return static_cast<int>(helpers_.size()) + 1; }

  /// Calls job(ticket, worker) once for every ticket; worker is 0 for the caller.  The first exception of a job is rethrown here, when the tickets
  /// that were handed out with it are done; those behind them are not called then.
  void run(Index count, detail::Job job) {
    if (helpers_.empty() || count <= 1) {
      for (Index i = 0; i < count; ++i) job(i, 0);
      return;
    }
    for (Index done = 0; done < count;) {  // a turn has room for 24 bits of tickets
      const Index part = std::min(count - done, static_cast<Index>(low24));
      turn(part, [job, done](Index i, int w) { job(done + i, w); });
      done += part;
    }
  }

 private:
  static constexpr int spins = 4000;
  static constexpr std::uint64_t low24 = (std::uint64_t(1) << 24) - 1;

  void turn(Index count, detail::Job job) {
    call_.store(job.call, std::memory_order_relaxed);
    job_.store(job.callee, std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    const std::uint64_t number = (state_.load(std::memory_order_relaxed) >> 48) + 1;
    state_.store(number << 48 | static_cast<std::uint64_t>(count) << 24, std::memory_order_release);
    generation_.fetch_add(1, std::memory_order_release);
    platform::wake_all(generation_);
    work(0);
    for (int spin = 0; done_.load(std::memory_order_acquire) != static_cast<std::uint32_t>(count); ++spin) {
      if (spin < spins) {
        platform::pause();
      } else {
        const auto seen = done_.load(std::memory_order_acquire);
        if (seen != static_cast<std::uint32_t>(count)) platform::wait_while(done_, seen);
      }
    }
    if (failed_.load(std::memory_order_acquire)) {
      std::exception_ptr e = std::exchange(error_, nullptr);
      failed_.store(false, std::memory_order_relaxed);
      claimed_error_.clear(std::memory_order_relaxed);
#if defined(__cpp_exceptions)
      std::rethrow_exception(e);
#endif
    }
  }

  // state_ is turn (16 bits), count (24), next ticket (24) in one word: a claim is good for the turn that it was read in and no other.
  void work(int worker) {
    for (std::uint64_t s = state_.load(std::memory_order_acquire);;) {
      const std::uint64_t next = s & low24, count = s >> 24 & low24;
      if (next >= count) return;
      if (!state_.compare_exchange_weak(s, s + 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      void* job = job_.load(std::memory_order_relaxed);
      const auto call = call_.load(std::memory_order_relaxed);
#if defined(__cpp_exceptions)
      try {
        call(job, static_cast<Index>(next), worker);
      } catch (...) {
        if (!claimed_error_.test_and_set()) {
          error_ = std::current_exception();
          failed_.store(true, std::memory_order_release);
        }
      }
#else
      call(job, static_cast<Index>(next), worker);
#endif
      const auto finished = done_.fetch_add(1, std::memory_order_acq_rel) + 1;
      if (finished == static_cast<std::uint32_t>(count)) platform::wake_one(done_);
      s = state_.load(std::memory_order_acquire);
    }
  }
  void serve(int worker, StopToken stop) {
    std::uint32_t seen = 0;
    while (!stop.stop_requested()) {
      std::uint32_t now = generation_.load(std::memory_order_acquire);
      for (int spin = 0; now == seen && spin < spins; ++spin) {
        platform::pause();
        now = generation_.load(std::memory_order_acquire);
      }
      if (now == seen) {
        platform::wait_while(generation_, seen);
        continue;
      }
      seen = now;
      work(worker);
    }
  }

  std::atomic<std::uint64_t> state_{0};
  std::atomic<std::uint32_t> generation_{0}, done_{0};
  std::atomic<void*> job_{nullptr};
  std::atomic<void (*)(void*, Index, int)> call_{nullptr};
  std::atomic<bool> failed_{false};
  std::atomic_flag claimed_error_ = ATOMIC_FLAG_INIT;
  std::exception_ptr error_;
  std::vector<platform::JoiningThread> helpers_;
};

/// Memory and threads for the calls on models of one type.  Made once, handed to every call, it makes them free of allocation.
/// Not to be used by two callers at once; a const model may serve any number of callers with a workspace each.
template <class F, class T> class Workspace {
 public:
  Workspace() : Workspace(1) {}  // not explicit, for braces
  explicit Workspace(int threads) : pool_(std::make_unique<Pool>(threads)), workers_(static_cast<std::size_t>(threads)) {}
  Worker<F, T>& worker(int w) { return workers_[static_cast<std::size_t>(w)]; }
  int threads() const { return pool_->size(); }
  Pool& pool() { return *pool_; }
  /// Calls body(worker, first row, rows) for every shard of n rows.
  template <class Body> void shards(Index n, Body&& body) {
    constexpr Index step = shard_rows<T>;
    if (!pool_) detail::fail("this workspace has been moved from");
    if (n <= step) {
      if (n > 0) body(worker(0), Index(0), n);
      return;
    }
    pool_->run((n + step - 1) / step, [&](Index s, int w) { body(worker(w), s * step, std::min(step, n - s * step)); });
  }
  /// What the calls since the last clear_report() met.
  Report report() const {
    Report r;
    for (const auto& w : workers_) r += w.report;
    return r;
  }
  void clear_report() {
    for (auto& w : workers_) w.report = {};
  }
  Buffer<T> values;  ///< what the last call returned a view of

 private:
  std::unique_ptr<Pool> pool_;
  std::vector<Worker<F, T>> workers_;
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
