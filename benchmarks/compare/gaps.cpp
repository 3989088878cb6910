// SPDX-License-Identifier: MIT
// Gaps of flows to the exact entropies of toy densities: NLL - H = KL(target || model), in nats.  Float, batch 512 of
// 128 000 rows, a cosine from the given rate after 200 steps of warm-up, 100 000 fresh rows to test; the median of the
// seeds, and their range. Usage: gaps [--models A,B,...] [--targets A,B,...] [--seeds N] [--steps N] [--learning-rate
// X]
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "../../examples/command_line.hpp"
#include "../../examples/models/models.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/targets/table.hpp"

namespace {
using namespace rheo;
}  // namespace

int main(int count, char** words) {
  std::vector<std::string> names{"nsf", "maf", "real_nvp", "residual_flow", "cnf"},
      targets{"eight_gaussians", "moons", "checkerboard", "two_spirals", "rings"};
  int seeds = 3;
  Index steps = 15000;
  double rate = 2e-3;
  if (!examples::read_options(count, words,
                              {{"--models", &names},
                               {"--targets", &targets},
                               {"--seeds", &seeds, 1},
                               {"--steps", &steps, 1},
                               {"--learning-rate", &rate, 1e-12}}))
    return 2;
  constexpr Index rows = 128000, batch = 512;
  std::printf("%-20s %-18s %10s %8s %8s %8s %10s\n", "model", "target", "parameters", "gap", "least", "most",
              "s a run");
  for (const std::string& name : names) {
    const models::Entry* entry = nullptr;
    for (const auto& m : models::all()) entry = m.name == name ? &m : entry;
    if (!entry) return std::fprintf(stderr, "gaps: no model is called %s\n", name.c_str()), 2;
    for (const std::string& target_name : targets) {
      const auto& target = targets::find(target_name);
      std::vector<double> gaps;
      double seconds = 0;
      Index parameters = 0;
      for (int seed = 0; seed < seeds; ++seed) {
        const Noise noise{static_cast<std::uint64_t>(seed)};
        const Batch<double> x = target.sample(rows, noise.fork(1)), test = target.sample(100000, noise.fork(2));
        FitOptions o{.epochs = static_cast<int>((steps * batch + rows - 1) / rows),
                     .batch = batch,
                     .learning_rate = rate,
                     .validation = 0,
                     .patience = 0,
                     .schedule = {Cosine{}, 200},
                     .noise = noise.fork(3)};
        const auto fitted = entry->makes[0]({x, Batch<double>(rows, 0)}, o, "");
        gaps.push_back(gap_to_entropy(fitted.log_prob({test, Batch<double>(test.rows(), 0)}), *target.entropy).value);
        seconds += fitted.result.seconds;
        parameters = fitted.parameters;
      }
      std::sort(gaps.begin(), gaps.end());
      std::printf("%-20s %-18s %10ld %8.4f %8.4f %8.4f %10.0f\n", name.c_str(), target_name.c_str(),
                  static_cast<long>(parameters), gaps[gaps.size() / 2], gaps.front(), gaps.back(), seconds / seeds);
      std::fflush(stdout);
    }
  }
}
