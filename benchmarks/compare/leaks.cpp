// SPDX-License-Identifier: MIT
// Mass that flows leak off compact supports, and the price: NLL - H >= -log(1 - leak).  Fails where that does not hold
// within 4 standard errors.
//   Cornish et al. 2020, arXiv:1909.13833: a bijection of the plane cannot tear it;  a fold can.
// 8 affine couplings each, 5 epochs of 128 000 rows in batches of 256, a cosine from 4e-3; float; 128 000 fresh rows to
// test, 500 000 samples to count; a point within 1e-6 of the support counts as inside. Usage: leaks [--seed N]
#include <cmath>
#include <cstdio>

#include "../../examples/command_line.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/flows/presets/surjective_flows.hpp"
#include "rheo/targets/table.hpp"
#include "rheo/training/fit.hpp"

namespace {
using namespace rheo;

template <class F> bool holds(const char* what, const targets::Target& target, std::uint64_t seed) {
  const Noise noise{seed};
  const Batch<float> train = target.sample(128000, noise.fork(1)).template cast<float>(),
                     test = target.sample(128000, noise.fork(2)).template cast<float>();
  auto model = make_model<float>(F{}, noise.fork(3));
  fit(model, train,
      {.epochs = 5,
       .batch = 256,
       .learning_rate = 4e-3,
       .validation = 0,
       .patience = 0,
       .schedule = {Cosine{}, 200},
       .noise = noise.fork(4)});
  const Estimate gap = gap_to_entropy(model.log_prob(test), *target.entropy),
                 leak = support_leak(model.sample(500000, noise.fork(5)), target, 1e-6);
  const double least = least_gap(leak.value), error = std::hypot(gap.error, leak.error / (1 - leak.value));
  const bool ok = gap.value >= least - 4 * error;
  std::printf("%-14s %-24s %8.4f +- %.4f %10.4f +- %.4f %12.4f   %s\n", target.name.c_str(), what, leak.value,
              leak.error, gap.value, gap.error, least, ok ? "yes" : "NO");
  std::fflush(stdout);
  return ok;
}
}  // namespace

int main(int count, char** words) {
  std::uint64_t seed = 0;
  if (!examples::read_options(count, words, {{"--seed", &seed}})) return 2;
  std::printf("%-14s %-24s %18s %20s %12s   %s\n", "target", "model", "leak", "NLL - H", "-log(1-leak)",
              "at least that");
  bool ok = true;
  for (const auto& target : targets::all()) {
    if (!target.in_support) continue;
    ok = holds<presets::RealNvp<2>>("RealNvp", target, seed) && ok;
    ok = holds<presets::AbsFlow<2>>("AbsFlow", target, seed) && ok;
    ok = holds<presets::AbsFlow<2, 8, Mlp<64, 64>, SoftplusInverseMap<2>, Given<family::Bernoulli, Mlp<64, 64>>>>(
             "AbsFlow, learned signs", target, seed) &&
         ok;
  }
  if (!ok) std::fprintf(stderr, "leaks: a gap to the entropy is smaller than what the flow leaks allows\n");
  return ok ? 0 : 1;
}
