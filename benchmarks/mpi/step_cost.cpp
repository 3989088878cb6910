// SPDX-License-Identifier: MIT
// step_cost [latency bandwidth]: run by mpiexec.  What a step of a fit sends, how long it and its parts take here, and
// the share of communication that rheo::mpi::StepCost foretells for 2 to 64 ranks of a cluster (seconds, bytes a
// second; 2e-6 and 1e10 where none are given).
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "../../examples/command_line.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/mpi.hpp"
#include "rheo/training/trainer.hpp"

namespace {
using namespace rheo;

/// The least of some means of `repeats` calls each, the slowest rank's.
template <class Call> double seconds(mpi::Team& team, int repeats, Call call) {
  double best = 1e300;
  for (int round = 0; round < 5; ++round) {
    MPI_Barrier(MPI_COMM_WORLD);
    const auto begin = std::chrono::steady_clock::now();
    for (int k = 0; k < repeats; ++k) call();
    double took = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / repeats;
    MPI_Allreduce(MPI_IN_PLACE, &took, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (took < best) best = took;
  }
  static_cast<void>(team);
  return best;
}

template <class T, class F>
void study(mpi::Team& team, const char* name, F flow, Index rows, double latency, double bandwidth) {
  auto model = make_model<T>(flow, Noise{1});
  Batch<T> x(rows, F::x_dim);
  Noise{2}.normals(view(x));
  model.initialise(x);
  const auto none = Model<F, T>::template nothing<const T>(rows);
  Trainer alone(model), together(model);
  together.join(&team);
  const auto step = [&](auto& trainer, Index n) {
    return seconds(team, 5, [&] { trainer.step(view(std::as_const(x)), none, {0, n}, Noise{3}, 1e-6); });
  };
  Column<T> message = Column<T>::Zero(model.parameters().size() + 3);
  mpi::StepCost cost;
  cost.latency = latency, cost.bandwidth = bandwidth;
  cost.shards = (rows + shard_rows<T> - 1) / shard_rows<T>;
  cost.bytes = static_cast<double>(message.size()) * sizeof(T);
  const double one = step(alone, shard_rows<T>), all = step(alone, rows), shared = step(together, rows);
  cost.shard = (all - one) / static_cast<double>(cost.shards - 1);
  cost.fixed = one > cost.shard ? one - cost.shard : 0;
  const double sum = seconds(team, 20, [&] { team.sum(message.data(), message.size()); });
  if (team.rank() != 0) return;
  std::printf(
      "%s, %s, %ld rows in %ld shards: %.0f kB a step; alone %.3g ms, at %d ranks here %.3g ms, of it the sum %.3g "
      "ms\n",
      name, sizeof(T) == 4 ? "float" : "double", static_cast<long>(rows), static_cast<long>(cost.shards),
      cost.bytes / 1000, 1e3 * all, team.size(), 1e3 * shared, 1e3 * sum);
  std::printf("  foretold at %.3g s and %.3g B/s:\n  ranks  ms a step  speed-up  communication\n", latency, bandwidth);
  for (int p = 2; p <= 64; p *= 2) {
    std::printf("  %5d  %9.3g  %8.2f  %11.1f %%\n", p, 1e3 * cost.seconds(p), cost.seconds(1) / cost.seconds(p),
                100 * cost.share(p));
  }
}

}  // namespace

int main(int argc, char** argv) {
  mpi::Session session(argc, argv);
  mpi::Team team;
  const mpi::StepCost usual;
  double latency = usual.latency, bandwidth = usual.bandwidth;
  if (!examples::read_options(argc, argv, {{"--latency", &latency}, {"--bandwidth", &bandwidth, 1}})) return 2;
  study<float>(team, "RealNvp<8>", presets::RealNvp<8>{}, 4096, latency, bandwidth);
  study<double>(team, "RealNvp<8>", presets::RealNvp<8>{}, 4096, latency, bandwidth);
  study<float>(team, "Nsf<16>", presets::Nsf<16>{}, 4096, latency, bandwidth);
}
