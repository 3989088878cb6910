// SPDX-License-Identifier: MIT
// fit FILE [SHARDS [die]]: a fit by all ranks with a checkpoint before every step in FILE, or none where FILE is "-";
// rank 0 says where it ended.  With SHARDS > 0 it is stopped at that shard of the last rank, or, with `die`, the last
// rank is killed there.
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

namespace {
using namespace rheo;

/// Maximum likelihood that counts the shards of this rank and asks to stop, or dies, at one.
struct Counting {
  StopSource* source;
  bool die;
  long* steps;
  long last;
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    if (c.pull && ++*steps == last) {
      if (die) std::raise(SIGKILL);
      source->request_stop();
    }
    return MaximumLikelihood{}(c);
  }
};

}  // namespace

int main(int argc, char** argv) {
  mpi::Session session(argc, argv);
  mpi::Team team;
  using Small = Flow<Standardize<2>, Repeat<3, Chain<AffineCoupling<2, Mlp<16, 16>>, Flip<2>>>, StandardNormal<2>>;
  const std::string file = argv[1];
  const long steps = argc > 2 ? std::atol(argv[2]) : 0;
  StopSource source;
  long made = 0;
  auto model = make_model<double>(Small{}, Noise{2});
  FitOptions options{.epochs = 6, .batch = 300, .noise = Noise{3}, .team = &team, .stop = source.get_token()};
  if (file != "-") options.checkpoint = io::checkpoint(file, 0);
  const bool last = team.rank() + 1 == team.size();
  const auto r = fit(model, rheo_test::banana<double>(1000, 1), options,
                     Counting{&source, argc > 3 && last, &made, last && steps > 0 ? steps : -1});
  if (team.rank() == 0) {
    std::printf("%d ranks: %s %d %ld", team.size(), to_string(r.status), r.best_epoch, r.steps);
    for (Index i = 0; i < model.parameters().size(); i += 97) std::printf(" %.9f", model.parameters()(i));
    std::printf("\n");
  }
}
