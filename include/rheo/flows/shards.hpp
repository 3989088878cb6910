// SPDX-License-Identifier: MIT
// Shards, workers and the pool: rows are cut into fixed shards whatever the number of threads, so the bits never depend
// on it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "rheo/flows/evaluate.hpp"
#include "rheo/flows/executor.hpp"
#include "rheo/platform/threads.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// Threads that help their caller.  run() hands out tickets 0 .. count - 1; the caller works too and waits only for
/// tickets that were claimed, so a busy neighbour costs nothing.  Where the platform has no threads the caller does it
/// all, with the same bits.  One run at a time; not to be shared between callers. Of an executor it has no threads and
/// hands its jobs on.
class Pool {
 public:
  /// Throws std::invalid_argument for less than one.
  explicit Pool(Threads threads = 1) : executor_(threads.executor) {
    const int n = executor_ ? executor_->workers() : threads.count;
    if (n < 1)
      detail::fail(
          (executor_ ? "an executor wants at least one worker, got " : "a pool wants at least one thread, got ") +
          std::to_string(n));
    if (executor_) busy_ = std::vector<std::atomic<bool>>(static_cast<std::size_t>(n));
    for (int w = 1; !executor_ && platform::has_threads && w < n; ++w)
      helpers_.emplace_back([this, w](StopToken stop) { serve(w, stop); });
  }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;
  ~Pool() {
    for (auto& t : helpers_) t.request_stop();
    generation_.fetch_add(1);
    platform::wake_all(generation_);
  }
  /// How many work, the caller included.
  int size() const { return executor_ ? static_cast<int>(busy_.size()) : static_cast<int>(helpers_.size()) + 1; }

  /// Calls job(ticket, worker) once for every ticket; worker is 0 for the caller.  The first exception of a job is
  /// rethrown here, when the tickets that were handed out with it are done; those behind them are not called then.
  void run(Index count, Job job) {
    if (size() == 1 || count <= 1) {
      for (Index i = 0; i < count; ++i) job(i, 0);
      return;
    }
    if (executor_) return hand_on(count, job);
    for (Index done = 0; done < count;) {  // a turn has room for 24 bits of tickets
      const Index part = std::min(count - done, static_cast<Index>(low24));
      turn(part, [job, done](Index i, int w) { job(done + i, w); });
      done += part;
    }
  }

 private:
  static constexpr int spins = 4000;
  static constexpr std::uint64_t low24 = (std::uint64_t(1) << 24) - 1;

  void turn(Index count, Job job) {
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
    rethrow();
  }

  // The executor does what it says, or is told.
  void hand_on(Index count, Job job) {
    handed_.store(0, std::memory_order_relaxed);
    misled_.store(0, std::memory_order_relaxed);
    executor_->run(count, [&](Index i, int w) {
      if (i < 0 || i >= count || w < 0 || w >= size()) return misled_.store(1);
      auto& busy = busy_[static_cast<std::size_t>(w)];
      if (busy.exchange(true, std::memory_order_acquire)) return misled_.store(2);
      attempt(job.call, job.callee, i, w);
      busy.store(false, std::memory_order_release);
      handed_.fetch_add(1, std::memory_order_acq_rel);
    });
    rethrow();
    const int misled = misled_.load();
    if (misled == 1)
      detail::fail<std::logic_error>("the executor called a job or a worker beyond " + std::to_string(count) +
                                     " jobs and " + std::to_string(size()) + " workers");
    if (misled == 2) detail::fail<std::logic_error>("the executor ran two jobs at once as one worker");
    if (const Index ran = handed_.load(std::memory_order_acquire); ran != count) {
      detail::fail<std::logic_error>("the executor came back with " + std::to_string(ran) + " jobs done of " +
                                     std::to_string(count));
    }
  }
  // The first exception of the jobs.
  void rethrow() {
    if (!failed_.load(std::memory_order_acquire)) return;
    std::exception_ptr e = std::exchange(error_, nullptr);
    failed_.store(false, std::memory_order_relaxed);
    claimed_error_.clear(std::memory_order_relaxed);
#if defined(__cpp_exceptions)
    std::rethrow_exception(e);
#endif
  }
  void attempt(void (*call)(void*, Index, int), void* job, Index i, int worker) {
#if defined(__cpp_exceptions)
    try {
      call(job, i, worker);
    } catch (...) {
      if (!claimed_error_.test_and_set()) {
        error_ = std::current_exception();
        failed_.store(true, std::memory_order_release);
      }
    }
#else
    call(job, i, worker);
#endif
  }

  // state_ is turn (16 bits), count (24), next ticket (24) in one word: a claim is good for the turn that it was read
  // in and no other.
  void work(int worker) {
    for (std::uint64_t s = state_.load(std::memory_order_acquire);;) {
      const std::uint64_t next = s & low24, count = s >> 24 & low24;
      if (next >= count) return;
      if (!state_.compare_exchange_weak(s, s + 1, std::memory_order_acq_rel, std::memory_order_acquire)) continue;
      void* job = job_.load(std::memory_order_relaxed);
      const auto call = call_.load(std::memory_order_relaxed);
      attempt(call, job, static_cast<Index>(next), worker);
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
  Executor* executor_;
  std::vector<std::atomic<bool>> busy_;  // a worker of the executor
  std::atomic<Index> handed_{0};
  std::atomic<int> misled_{0};
  std::vector<platform::JoiningThread> helpers_;
};

/// Memory and threads for the calls on models of one type.  Made once, handed to every call, it makes them free of
/// allocation. Not to be used by two callers at once; a const model may serve any number of callers with a workspace
/// each.
template <class F, class T> class Workspace {
 public:
  Workspace() : Workspace(1) {}  // not explicit, for braces
  explicit Workspace(Threads threads)
      : pool_(std::make_unique<Pool>(threads)), workers_(static_cast<std::size_t>(pool_->size())) {}
  /// Worker w, from 0.
  Worker<F, T>& worker(int w) { return workers_[static_cast<std::size_t>(w)]; }
  int threads() const { return pool_->size(); }  ///< how many work
  Pool& pool() { return *pool_; }                ///< who they are
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
  /// Forgets it.
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
