// SPDX-License-Identifier: MIT
// rheo over MPI: fits, densities, samples and annealed sampling on many machines.  The only header that includes
// <mpi.h>; the CMake target is rheo::mpi.
#pragma once

#include <mpi.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "rheo/evaluation/importance.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/training/team.hpp"

#include "rheo/platform/macros_off.hpp"

/// Every rank runs the same program on the same data:
///
///   int main(int argc, char** argv) {
///     rheo::mpi::Session mpi(argc, argv);
///     rheo::mpi::Team team;
///     auto r = fit(model, data, {.team = &team, .checkpoint = rheo::io::checkpoint("fit.ckpt")});
///     auto x = rheo::mpi::sample(team, model, 1000000, rheo::Noise{1});
///   }
///
/// CMake: find_package(rheo COMPONENTS mpi), or RHEO_MPI=ON before add_subdirectory, and link rheo::mpi; by hand mpicxx
/// -I include.  Then mpirun -n 4 ./fit.
///
/// fit_energy takes a team likewise (EnergyFitOptions::team), and so does fit from a source of rows, which every rank
/// reads for itself.
///
/// A rank that dies ends the job: mpirun says which.  The checkpoint, written whole or not at all, is the last one, and
/// the job goes on from it when it is started again, with any number of ranks.
namespace rheo::mpi {

/// MPI from here to the end of the scope.  Left by an exception at one rank it ends the whole job, since the others
/// would wait for it for ever.
class Session {
 public:
  /// MPI_Init_thread; only the calling thread speaks to MPI.
  Session(int& argc, char**& argv) : exceptions_(std::uncaught_exceptions()) {
    int level = 0;
    MPI_Init_thread(&argc, &argv, MPI_THREAD_FUNNELED, &level);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  ~Session() {
    if (std::uncaught_exceptions() == exceptions_) {
      MPI_Finalize();
      return;
    }
    int rank = 0;
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    std::fprintf(stderr, "rheo: rank %d was left by an exception and ends the job\n", rank);
    MPI_Abort(MPI_COMM_WORLD, 1);
  }

 private:
  int exceptions_;
};

/// The ranks of a communicator, for FitOptions::team and the calls below.  MPI must be initialised; the team ends
/// before it does.  Its calls are made by the thread that made it.  Errors of MPI end the job.
class Team final : public rheo::Team {
 public:
  /// A copy of the communicator, so that nothing else is heard.
  explicit Team(MPI_Comm all = MPI_COMM_WORLD) {
    MPI_Comm_dup(all, &comm_);
    MPI_Comm_rank(comm_, &rank_);
    MPI_Comm_size(comm_, &size_);
  }
  Team(const Team&) = delete;
  Team& operator=(const Team&) = delete;
  ~Team() override {
    int over = 0;
    MPI_Finalized(&over);
    if (!over) MPI_Comm_free(&comm_);
  }
  int rank() const override { return rank_; }  ///< in the communicator
  int size() const override { return size_; }  ///< of the communicator
  /// As rheo::Team has it, by MPI_Allreduce.
  void sum(double* x, Index n) override { sum(x, n, MPI_DOUBLE); }
  void sum(float* x, Index n) override { sum(x, n, MPI_FLOAT); }
  /// As rheo::Team has it.
  void broadcast(void* x, std::size_t bytes) override { send_from(0, static_cast<char*>(x), bytes); }
  /// Rows [first_of(r), first_of(r + 1)) of n are rank r's, cut where `step` rows are.
  Index first_of(int rank, Index n, Index step) const {
    return std::min(n, rheo::detail::first_part((n + step - 1) / step, rank, size_) * step);
  }
  /// x[0 .. n), of which every rank has made its own rows, becomes whole at every rank.
  template <class T> void share(T* x, Index n, Index step) {
    static_assert(std::is_trivially_copyable_v<T>);
    for (int r = 0; r < size_; ++r) {
      const Index first = first_of(r, n, step), last = first_of(r + 1, n, step);
      send_from(r, reinterpret_cast<char*>(x + first), static_cast<std::size_t>(last - first) * sizeof(T));
    }
  }

 private:
  static constexpr std::size_t most = std::size_t(1) << 30;  // MPI counts in int
  void send_from(int rank, char* x, std::size_t bytes) {
    for (std::size_t at = 0; at < bytes; at += most)
      MPI_Bcast(x + at, static_cast<int>(std::min(most, bytes - at)), MPI_BYTE, rank, comm_);
  }
  template <class T> void sum(T* x, Index n, MPI_Datatype type) {
    constexpr Index part = static_cast<Index>(most / sizeof(T));
    for (Index at = 0; at < n; at += part)
      MPI_Allreduce(MPI_IN_PLACE, x + at, static_cast<int>(std::min(part, n - at)), type, MPI_SUM, comm_);
  }

  MPI_Comm comm_ = MPI_COMM_NULL;
  int rank_ = 0, size_ = 1;
};

namespace detail {

/// The caller's context for rows [first, first + n).
template <class T> CView<T> share_of(const Input<T>& context, Index first, Index n) {
  return context.rows() <= 1 ? context.view() : rows(context.view(), first, n);
}
template <class T> void share_columns(Team& team, Batch<T>& x, Index step) {
  Column<T> whole(x.rows());
  for (Index j = 0; j < x.cols(); ++j) {
    whole = x.col(j);
    team.share(whole.data(), x.rows(), step);
    x.col(j) = whole;
  }
}

}  // namespace detail

/// Calls of all ranks, each with the same arguments and the whole x or n; every rank is given the whole result, to the
/// bits of one process.

/// log p(x) (Model::log_prob), of x n x x_dim.
template <class F, class T>
Column<T> log_prob(Team& team, const Model<F, T>& model, const std::type_identity_t<Input<T>>& x,
                   const std::type_identity_t<Input<T>>& context = {}, Threads threads = 1) {
  Column<T> v(x.rows());
  rheo::detail::check_together(rheo::detail::several(&team), [&] {
    model.check(x, context);
    const Index first = team.first_of(team.rank(), x.rows(), shard_rows<T>),
                n = team.first_of(team.rank() + 1, x.rows(), shard_rows<T>) - first;
    auto ws = model.workspace(threads);
    v.segment(first, n) = model.log_prob(rows(x.view(), first, n), detail::share_of<T>(context, first, n), ws);
  });
  team.share(v.data(), v.size(), shard_rows<T>);
  return v;
}

/// n draws and their log-densities (Model::sample_and_log_prob).
template <class F, class T>
ScoredSample<T> sample_and_log_prob(Team& team, const Model<F, T>& model, Index n, Noise noise,
                                    const std::type_identity_t<Input<T>>& context = {}, Threads threads = 1) {
  ScoredSample<T> s;
  rheo::detail::check_together(rheo::detail::several(&team), [&] {
    if (n < 0) rheo::detail::fail("cannot draw " + std::to_string(n) + " samples");
    if (context.rows() > 0) rheo::detail::check_context_rows(context.rows(), n);
    s = {Batch<T>(n, F::x_dim), Column<T>(n)};
    const Index first = team.first_of(team.rank(), n, shard_rows<T>),
                m = team.first_of(team.rank() + 1, n, shard_rows<T>) - first;
    auto ws = model.workspace(threads);
    model.sample_into(rows(view(s.x), first, m), ColView<T>(s.log_prob.data() + first, m), noise.from_row(first),
                      detail::share_of<T>(context, first, m), ws);
  });
  detail::share_columns(team, s.x, shard_rows<T>);
  team.share(s.log_prob.data(), n, shard_rows<T>);
  return s;
}
/// n draws, n x x_dim (Model::sample).
template <class F, class T>
Batch<T> sample(Team& team, const Model<F, T>& model, Index n, Noise noise,
                const std::type_identity_t<Input<T>>& context = {}, Threads threads = 1) {
  return sample_and_log_prob(team, model, n, noise, context, threads).x;
}

namespace detail {

/// The rows of an annealed run that are a rank's; see rheo::detail::AllRows.
struct OwnRows {
  Team& team;
  Index total, step, first;
  template <class T> Column<T> whole(const Column<T>& own) const {
    Column<T> all(total);
    all.segment(first, own.size()) = own;
    team.share(all.data(), total, step);
    return all;
  }
  template <class T> Batch<T> whole(const Batch<T>& own) const {
    Batch<T> all(total, own.cols());
    for (Index j = 0; j < own.cols(); ++j) all.col(j) = whole(Column<T>(own.col(j)));
    return all;
  }
  Report whole(const Report& own) const {
    std::vector<Report> reports(static_cast<std::size_t>(team.size()));
    reports[static_cast<std::size_t>(team.rank())] = own;
    team.share(reports.data(), team.size(), 1);
    Report sum;
    for (const Report& r : reports) sum += r;
    return sum;
  }
  template <class Work> void together(const Work& work) const {
    rheo::detail::check_together(rheo::detail::several(&team), work);
  }
};

}  // namespace detail

/// Annealed importance sampling and sequential Monte Carlo (rheo::annealed_sample) of the whole x, n x dim.  A
/// threshold above 0 costs a message of n weights at every temperature, and one of all rows where they are resampled.
template <class T, Energy Base, Energy Target, class Move>
AnnealedSample<T> annealed_sample(Team& team, const Batch<T>& x, const Base& base, const Target& target,
                                  const Move& move, int temperatures, Noise noise, double threshold = 0) {
  constexpr Index step = rheo::detail::energy_rows;
  const Index n = x.rows(), first = team.first_of(team.rank(), n, step),
              m = team.first_of(team.rank() + 1, n, step) - first;
  const detail::OwnRows ranks{team, n, step, first};
  ranks.together([&] { rheo::detail::check_annealed<Base>(x, temperatures, threshold); });
  return rheo::detail::annealed<T>(Batch<T>(x.middleRows(first, m)), n, base, target, move, temperatures, noise,
                                   threshold, ranks);
}

/// What one step of a fit costs on P ranks of a cluster with one link each, by the model of Thakur, Rabenseifner and
/// Gropp 2005 (Int. J. High Perf. Comp. Appl. 19, 49) for a long allreduce:
///   communication  2 ceil(log2 P) latency + 2 (P - 1) / P bytes / bandwidth
///   work           fixed + shard ceil(shards / P)
/// A batch has ceil(rows / shard_rows<T>) shards: more ranks than shards gain nothing.
struct StepCost {
  double fixed = 0;         ///< seconds of a step that every rank has for itself: the optimizer's
  double shard = 0;         ///< seconds of a shard of rows
  Index shards = 1;         ///< of a batch
  double bytes = 0;         ///< of the message: (parameters + 3) times the size of the scalar
  double latency = 2e-6;    ///< seconds from one rank to another
  double bandwidth = 1e10;  ///< bytes a second
  /// Seconds of a step in which ranks speak.
  double communication(int ranks) const {
    const double p = ranks;
    return ranks < 2 ? 0 : 2 * std::ceil(std::log2(p)) * latency + 2 * (p - 1) / p * bytes / bandwidth;
  }
  /// Seconds of a step in which they work.
  double work(int ranks) const { return fixed + shard * static_cast<double>((shards + ranks - 1) / ranks); }
  /// Seconds of a step.
  double seconds(int ranks) const { return work(ranks) + communication(ranks); }
  /// The communication's part of a step, in [0, 1].
  double share(int ranks) const { return communication(ranks) / seconds(ranks); }
};

}  // namespace rheo::mpi

#include "rheo/platform/macros_on.hpp"
