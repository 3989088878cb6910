// SPDX-License-Identifier: MIT
// A free-form flow on eight gaussians: nets without an inverse, 4 x 64 SiLU with a skip, gap of the samples' exact
// density to the exact entropy, in nats, on 100 000 fresh rows; what the encoder says of the same rows; the mass that
// the density has on a grid; seconds of a processor that the fit took.
// Usage: free_form [--steps N] [--beta X] [--learning-rate X] [--batch N] [--seeds N] [--polish N]
//   --polish N: so many steps of exact maximum likelihood of the decoder behind it.
#include <cmath>
#include <cstdio>
#include <ctime>

#include "../../examples/command_line.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/free_form.hpp"
#include "rheo/flows/presets/residual_flows.hpp"
#include "rheo/targets/gaussian_mixtures.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/training/free_form.hpp"

namespace {
using namespace rheo;
using Target = targets::EightGaussians;
using F = presets::FreeFormFlow<2>;

/// Midpoints of 800 x 800 cells on the target's box, rows without a z counted 0.
double mass(const Model<F, float>& model) {
  const auto [x0, x1, y0, y1] = Target::box();
  constexpr Index m = 800;
  const double dx = (x1 - x0) / m, dy = (y1 - y0) / m;
  Batch<float> x(m, 2);
  double sum = 0;
  for (Index j = 0; j < m; ++j) {
    for (Index i = 0; i < m; ++i) {
      x(i, 0) = static_cast<float>(x0 + (static_cast<double>(i) + 0.5) * dx);
      x(i, 1) = static_cast<float>(y0 + (static_cast<double>(j) + 0.5) * dy);
    }
    const Column<double> p = model.log_prob(x).cast<double>().exp();
    for (Index i = 0; i < m; ++i) sum += p(i) == p(i) ? p(i) : 0;
  }
  return sum * dx * dy;
}
void tell(const char* what, const Model<F, float>& model, const Batch<float>& test, std::clock_t begin) {
  const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
  auto work = model.workspace();
  const Column<float> all = model.log_prob(test, {}, work);
  Column<float> scored(all.size());
  Index kept = 0;
  for (Index i = 0; i < all.size(); ++i) {
    if (!std::isnan(all(i))) scored(kept++) = all(i);
  }
  const auto gap = gap_to_entropy<float>(scored.head(kept), Target::entropy());
  const auto r = reconstruct(model, test);
  const auto encoder = gap_to_entropy(r.encoder_log_prob, Target::entropy());
  std::printf("%-10s %8.4f +- %6.4f %8ld %8.4f %10.5f %9.4f %8.2f %7.0f\n", what, gap.value, gap.error,
              work.report().unsolved, encoder.value,
              std::sqrt((r.x - test).cast<double>().square().rowwise().sum().mean()), mass(model),
              static_cast<double>(work.report().evaluations) / static_cast<double>(test.rows()), seconds);
  std::fflush(stdout);
}
}  // namespace

int main(int count, char** words) {
  int seeds = 1;
  Index steps = 8000, batch = 512, polish = 0;
  double rate = 2e-3, beta = 150;
  if (!examples::read_options(count, words,
                              {{"--seeds", &seeds, 1},
                               {"--steps", &steps, 1},
                               {"--batch", &batch, 1},
                               {"--polish", &polish, 0},
                               {"--beta", &beta, 1e-12},
                               {"--learning-rate", &rate, 1e-12}}))
    return 2;
  constexpr Index rows = 128000;
  std::printf("%-10s %18s %8s %8s %10s %9s %8s %7s\n", "by", "gap", "unsolved", "encoder", "rms error", "mass",
              "passes", "s");
  const auto epochs = [&](Index n) { return static_cast<int>((n * batch + rows - 1) / rows); };
  for (int seed = 0; seed < seeds; ++seed) {
    const Noise noise{static_cast<std::uint64_t>(seed)};
    const Batch<float> x = Target::sample<float>(rows, noise.fork(1)),
                       test = Target::sample<float>(100000, noise.fork(2));
    auto model = make_model<float>(F{}, noise.fork(3));
    FitOptions o{.epochs = epochs(steps),
                 .batch = batch,
                 .learning_rate = rate,
                 .validation = 0.02,
                 .patience = 0,
                 .clip_norm = 1,
                 .schedule = {Cosine{}, 200},
                 .noise = noise.fork(4)};
    std::clock_t begin = std::clock();
    fit(model, x, o, FreeFormLikelihood{.beta = beta});
    tell("free form", model, test, begin);
    if (polish == 0) continue;
    o.epochs = epochs(polish);
    o.learning_rate = rate / 4;
    begin = std::clock();
    fit(model, x, o);
    tell("+ decoder", model, test, begin);
  }
}
