// SPDX-License-Identifier: MIT
// fit WHAT FILE [SHARDS [die]]: a fit by all ranks, to WHAT = data, or to an energy with a replay, with a checkpoint
// before every step in FILE, or none where FILE is "-"; rank 0 says where it ended.  With SHARDS > 0 it is stopped at
// that shard of the last rank, or, with `die`, the last rank is killed there.
#include "rheo/training/fit.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>

#include "banana.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/io/checkpoint.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/mpi.hpp"
#include "rheo/training/fit_energy.hpp"
#include "soft_energy.hpp"

namespace {
using namespace rheo;

/// Counts the shards of this rank whose gradient is asked for, and asks to stop, or dies, at one.
struct Count {
  StopSource* source;
  bool die;
  long* steps;
  long last;
  void operator()() const {
    if (++*steps != last) return;
    if (die) std::raise(SIGKILL);
    source->request_stop();
  }
};
struct Counting {
  Count count;
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    if (c.pull) count();
    return MaximumLikelihood{}(c);
  }
};
struct CountingEnergy : rheo_test::Soft {
  Count count;
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    count();
    Soft::value_and_gradient(x, u, g, w);
  }
};

}  // namespace

int main(int argc, char** argv) {
  mpi::Session session(argc, argv);
  mpi::Team team;
  using Small = Flow<Standardize<2>, Repeat<3, Chain<AffineCoupling<2, Mlp<16, 16>>, Flip<2>>>, StandardNormal<2>>;
  const bool to_data = std::string(argv[1]) == "data";
  const std::string file = argv[2];
  const long steps = argc > 3 ? std::atol(argv[3]) : 0;
  StopSource source;
  long made = 0;
  auto model = make_model<double>(Small{}, Noise{2});
  const Checkpoint checkpoint = file == "-" ? Checkpoint{} : io::checkpoint(file, 0);
  const bool last = team.rank() + 1 == team.size();
  const Count count{&source, argc > 4 && last, &made, last && steps > 0 ? steps : -1};
  const auto say = [&](FitStatus status, int best, long all) {
    if (team.rank() == 0) std::printf("%d ranks: %s %d %ld", team.size(), to_string(status), best, all);
  };
  if (to_data) {
    const auto r = fit(model, rheo_test::banana<double>(1000, 1),
                       {.epochs = 6,
                        .batch = 300,
                        .noise = Noise{3},
                        .team = &team,
                        .stop = source.get_token(),
                        .checkpoint = checkpoint},
                       Counting{count});
    say(r.status, r.best_epoch, r.steps);
  } else {
    Replay<double> replay{.size = 300, .every = 4};
    const auto r = fit_energy(model, CountingEnergy{{}, count}, replay,
                              {.steps = 20,
                               .batch = 300,
                               .noise = Noise{3},
                               .team = &team,
                               .check_every = 5,
                               .stop = source.get_token(),
                               .checkpoint = checkpoint});
    say(r.status, r.best_step, r.steps);
    if (team.rank() == 0) std::printf(" %.9f", replay.x.sum());
  }
  if (team.rank() == 0) {
    for (Index i = 0; i < model.parameters().size(); i += 97) std::printf(" %.9f", model.parameters()(i));
    std::printf("\n");
  }
}
