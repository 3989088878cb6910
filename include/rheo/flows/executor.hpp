// SPDX-License-Identifier: MIT
// Executor: a program's own threads (OpenMP, TBB, a job system) in the place of ours.
#pragma once

#include <memory>
#include <type_traits>

#include "rheo/core/batch.hpp"
#include "rheo/core/function_ref.hpp"

namespace rheo {

/// What is called with (Index job, int worker).
using Job = FunctionRef<void(Index, int)>;

/// The threads of a program that has its own: what Workspace, Model::workspace and Trainer take in the place of a
/// number of threads, and fit as FitOptions::executor.  It must live as long as what was made of it.  Bits are those of
/// our own threads, whatever their number.  With OpenMP (#include <omp.h>, compiled with -fopenmp):
///
///   struct OpenMp final : rheo::Executor {
///     int workers() const override { return omp_get_max_threads(); }
///     void run(rheo::Index jobs, rheo::Job job) override {
///   #pragma omp parallel for schedule(dynamic)
///       for (rheo::Index i = 0; i < jobs; ++i) job(i, omp_get_thread_num());
///     }
///   };
///
/// With TBB (#include <tbb/parallel_for.h> and <tbb/task_arena.h>):
///
///   struct Tbb final : rheo::Executor {
///     tbb::task_arena arena;
///     int workers() const override { return arena.max_concurrency(); }
///     void run(rheo::Index jobs, rheo::Job job) override {
///       const auto one = [&](rheo::Index i) { job(i, tbb::this_task_arena::current_thread_index()); };
///       arena.execute([&] { tbb::parallel_for(rheo::Index(0), jobs, one); });
///     }
///   };
class Executor {
 public:
  virtual ~Executor() = default;
  /// How many jobs may run at once, at least 1.  Asked once, when a workspace is made.
  virtual int workers() const = 0;
  /// Calls job(i, worker) once for every i in [0, jobs), in any order, and returns when all have returned.  worker is
  /// in [0, workers()), and no two jobs that run at once have the same.  Jobs do not throw: an exception of ours is
  /// kept and rethrown behind run().  One that breaks these rules is told so by std::logic_error.
  virtual void run(Index jobs, Job job) = 0;
};

/// Whose threads work: so many of ours, or an executor's.  Made of either.
struct Threads {
  int count = 1;                                          ///< at least 1
  Executor* executor = nullptr;                           ///< works in their place where it is not null
  Threads(int n) : count(n) {}                            ///< n of ours
  Threads(Executor& e) : executor(&e) {}                  ///< the executor's
  Threads(int n, Executor* e) : count(n), executor(e) {}  ///< the executor's, or n of ours where it is null
};

}  // namespace rheo
