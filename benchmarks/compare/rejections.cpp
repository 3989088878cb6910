// SPDX-License-Identifier: MIT
// Flows corrected by rejections beside the table of Hertrich and Gruhlke 2025, arXiv:2407.20444: energy distances of
// 50000 draws of each stage to as many of the target.
//   flow       couplings from N(0, I), fitted along (1 - l) N(0, I) + l target, l a few values up
//              to 1, by alpha_divergence 1/2, so that neither modes nor tails are lost
//   rejected   the same below `steps` rejections of acceptance 0.8, the paper's resampling rate of 0.2
//   on top     two to four more couplings of each kind in front, fitted to the target; then as many rejections again
// V / 2: half the V-statistic, the paper's metric, which of two true samples is about what the target's row says; U / 2
// +- its error: half the estimate without bias, 0 for a perfect sampler.  Effective: the share of draws that weights
// are worth.  Constants: the sum of the constants' errors.  Seconds of this process: to make a stage, and to draw.
// Float, one thread.
// Usage: rejections [--targets mustache,modes,peaky,gmm_10] [--draws N] [--seed S] [--samples N] [--steps N]
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

#include "../../examples/command_line.hpp"
#include "common.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/energy_distance.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/flows/couplings.hpp"
#include "rheo/flows/rejection.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/targets/energies.hpp"
#include "rheo/targets/mixture_energy.hpp"
#include "rheo/training/alpha_divergence.hpp"
#include "rheo/training/fit_energy.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

namespace {
using namespace rheo;

struct Options {
  Index draws = 50000, samples = 50000;
  int steps = 1000;  // of each fit
  std::uint64_t seed = 0;
};
template <Index D> using Affine = Couplings<D, D == 2 ? 2 : 4, AffineCoupling<D, Mlp<64, 64>>>;
template <Index D> using Spline = Couplings<D, D == 2 ? 2 : 4, Coupling<D, RationalQuadraticSpline<8>, Mlp<64, 64>>>;

double last = 0;
double lap() {
  const double now = study::cpu_seconds(), since = now - last;
  last = now;
  return since;
}

template <class F, class E>
void row(const char* stage, const Model<F, float>& model, const E& energy, const Batch<float>& truth, double made,
         Noise noise) {
  lap();
  const WeightedSample<float> s = weighted_sample(model, energy, truth.rows(), noise);
  const double drawn = lap();
  const EnergyDistance e = energy_distance(truth, s.x);
  double constants = 0;
  for (const RejectionStep& r : rejections(model)) constants += r.error;
  const Estimate z = log_z(s.log_w);
  std::printf("  %-28s %9.2e %10.2e +- %8.2e %8.4f +- %6.4f %8.3f %9.4f %8.1f %7.2f\n", stage, 0.5 * e.v_statistic,
              0.5 * e.value, 0.5 * e.error, z.value, z.error,
              effective_sample_size(s.log_w) / static_cast<double>(truth.rows()), constants, made, drawn);
  std::fflush(stdout);
  lap();
}

template <Index Steps, class E>
void run(const char* name, const char* published, const E& energy, const std::vector<double>& path, const Options& o) {
  constexpr Index D = E::dim;
  const Noise noise = Noise{o.seed}.fork(static_cast<std::uint64_t>(D));
  const Batch<float> truth = energy.template sample<float>(o.draws, noise.fork(0));
  const EnergyDistance least = energy_distance(truth, energy.template sample<float>(o.draws, noise.fork(1)));
  std::printf("%s: published %s; two true samples %.1e\n", name, published, 0.5 * least.v_statistic);
  std::printf("  %-28s %9s %24s %18s %8s %9s %8s %7s\n", "stage", "V / 2", "U / 2", "log Z", "effective", "constants",
              "seconds", "to draw");

  lap();
  auto flow = make_model<float>(
      Flow{Repeat < D == 2 ? 3 : 2, Chain < Affine<D>, Spline < D >>> {}, StandardNormal<D>{}}, noise.fork(2));
  for (std::size_t k = 0; k < path.size(); ++k) {
    const EnergyFitOptions fit{.steps = o.steps,
                               .batch = 512,
                               .learning_rate = 3e-3,
                               .schedule = {Cosine{}, 50},
                               .noise = noise.fork(3).fork(k)};
    if (path[k] < 1) fit_energy(flow, alpha_divergence(Interpolated(NormalEnergy<D>{}, energy, path[k]), 0.5), fit);
    else fit_energy(flow, alpha_divergence(energy, 0.5), fit);
  }
  row("flow", flow, energy, truth, lap(), noise.fork(4));

  const auto once = rejected<Steps>(flow, energy, {.samples = o.samples, .noise = noise.fork(5)});
  row((std::to_string(Steps) + " rejections").c_str(), once, energy, truth, lap(), noise.fork(6));

  auto on = on_top(once, noise.fork(7), Affine<D>{}, Spline<D>{});
  fit_energy(
      on, energy,
      {.steps = o.steps, .batch = 512, .learning_rate = 1e-3, .schedule = {Cosine{}, 50}, .noise = noise.fork(8)});
  row("couplings on top", on, energy, truth, lap(), noise.fork(9));

  const auto twice = rejected<Steps>(on, energy, {.samples = o.samples, .noise = noise.fork(10)});
  row((std::to_string(Steps) + " rejections again").c_str(), twice, energy, truth, lap(), noise.fork(11));
}
}  // namespace

int main(int count, char** words) {
  std::vector<std::string> names{"mustache", "modes", "peaky", "gmm_10"};
  Options o;
  if (!examples::read_options(count, words,
                              {{"--targets", &names},
                               {"--draws", &o.draws, 3},
                               {"--seed", &o.seed},
                               {"--samples", &o.samples, 2},
                               {"--steps", &o.steps, 1}}))
    return 2;
  for (const std::string& name : names) {
    if (name == "mustache")
      run<8>("mustache", "MALA 4.6e-2, HMC 1.7e-2, DDS 6.9e-2, CRAFT 9.2e-2, neural JKO 1.8e-2, JKO-IC 2.9e-3",
             targets::Mustache{}, {0.1, 0.3, 1}, o);
    else if (name == "modes")
      run<8>("shifted 8 modes", "MALA 5.3e-3, HMC 4.1e-5, DDS 1.2e-2, CRAFT 5.2e-2, neural JKO 1.3e-1, JKO-IC 1.2e-5",
             targets::shifted_modes(), {0.03, 0.1, 0.3, 1}, o);
    else if (name == "peaky")
      run<8>("shifted 8 peaky", "MALA 1.3e-1, HMC 1.2e-1, DDS 1.1e-2, CRAFT 5.2e-2, neural JKO 1.3e-1, JKO-IC 3.4e-5",
             targets::peaky_modes(), {0.015, 0.05, 0.15, 0.4, 1}, o);
    else if (name == "gmm_10")
      run<8>("GMM-10", "MALA 1.2e-2, HMC 1.2e-2, DDS 3.7e-3, CRAFT 1.8e-1, neural JKO 1.1e-2, JKO-IC 5.3e-5",
             targets::random_modes<10>(Noise{o.seed}), {0.01, 0.015, 0.022, 0.033, 0.05, 0.08, 0.15, 0.3, 0.6, 1}, o);
    else return std::fprintf(stderr, "rejections: no target is called %s\n", name.c_str()), 2;
  }
  return 0;
}
