// SPDX-License-Identifier: MIT
// Diffusions and scores on sharp toys: the sliced Wasserstein distance of their samples to the target, over that
// between two true samples of the same size (the middle one of three draws, and the three); the bound or the density
// that comes with them; DiffFlow's leak beside RealNvp's and Ffjord's of as many parameters.  Running means of the
// parameters are judged, as those who publish diffusions do.
#include <algorithm>
#include <cstdio>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "../../examples/command_line.hpp"
#include "common.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/evaluation/sliced_wasserstein.hpp"
#include "rheo/flows/diffusion_samplers.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/flows/presets/diffusions.hpp"
#include "rheo/flows/presets/continuous_flows.hpp"
#include "rheo/targets/table.hpp"
#include "rheo/training/denoising.hpp"
#include "rheo/training/fit.hpp"

namespace {
using namespace rheo;
constexpr Index n = 10000, copies = 8;

struct Judge {
  const targets::Target& target;
  std::vector<Batch<double>> truth;
  double floor = 0;            // between two true samples, the mean of several
  std::optional<Level> level;  // of a smooth target, that has 1% of its mass below
  explicit Judge(const targets::Target& t) : target(t) {
    for (Index k = 0; k < copies; ++k)
      truth.push_back(target.sample(n, Noise{100}.fork(static_cast<std::uint64_t>(k))));
    for (Index k = 0; k < copies; ++k)
      floor += distance(target.sample(n, Noise{200}.fork(static_cast<std::uint64_t>(k)))) / copies;
    if (!t.in_support) level = level_set_threshold(t, 0.01, 100000, Noise{300});
    std::printf("%s: entropy %.3f, two true samples %.4f apart\n", std::string(t.name).c_str(),
                t.entropy ? *t.entropy : std::nan(""), floor);
  }
  double distance(const Batch<double>& x) const {
    double d = 0;
    for (const auto& y : truth) d += sliced_wasserstein(x, y, 100, Noise{7}) / copies;
    return d;
  }
  template <class Draw> void say(const char* model, const char* how, Draw draw) const {
    std::vector<double> d, leaks;
    for (std::uint64_t k = 0; k < 3; ++k) {
      const Batch<float> x = draw(Noise{5 + k});
      d.push_back(distance(x.cast<double>()) / floor);
      leaks.push_back((level ? level_leak(x, target, *level) : support_leak(x, target, 1e-6)).value);
    }
    std::sort(d.begin(), d.end());
    std::printf("  %-10s %-36s distance %5.2f times that (%.2f ... %.2f), leak %.4f\n", model, how, d[1], d[0], d[2],
                (leaks[0] + leaks[1] + leaks[2]) / 3);
    std::fflush(stdout);
  }
};

template <class F, class Objective = MaximumLikelihood>
Model<F, float> fitted(const char* name, const Batch<double>& x, int epochs, Index batch, double rate,
                       Objective objective = {}) {
  auto model = make_model<float>(F{}, Noise{2});
  // a tenth held out: losses of one draw a row tell epochs apart only over many rows
  const auto r = fit(model, x.cast<float>(),
                     {.epochs = epochs,
                      .batch = batch,
                      .learning_rate = rate,
                      .validation = 0.1,
                      .patience = 0,
                      .schedule = {Cosine{0.01}, 100},
                      .average = 0.999,
                      .noise = Noise{3}},
                     objective);
  std::printf("  %-10s %ld parameters, best of %d epochs: %d, %.0f s\n", name, static_cast<long>(F::param_count),
              epochs, r.best_epoch, r.seconds);
  return model;
}

/// The same for so many seconds of one processor, whatever an epoch costs.
template <class F>
Model<F, float> fitted_for(double seconds, const char* name, const Batch<double>& x, Index batch, double rate,
                           const F& flow) {
  const double begin = study::cpu_seconds();
  auto [model, steps] = study::fitted_for(make_model<float>(flow, Noise{2}), seconds, x.cast<float>(),
                                          {.batch = batch,
                                           .learning_rate = rate,
                                           .validation = 0,
                                           .patience = 0,
                                           .clip_norm = 1,
                                           .schedule = {Cosine{0.01}, 30},
                                           .average = 0.999,
                                           .noise = Noise{3}});
  std::printf("  %-10s %ld parameters, %ld steps, %.0f s with the trial\n", name, static_cast<long>(F::param_count),
              steps, study::cpu_seconds() - begin);
  return std::move(model);
}
}  // namespace

/// diffusions [epochs [models [seconds [targets]]]]: models is any of d (Ddpm), p, e, s (ScoreSde by its equation), f,
/// r, o and q (DiffFlow, RealNvp, Ffjord, and Ffjord with DiffFlow's features of the point, each fitted for so many
/// seconds of one processor, RealNvp also for a twentieth of them).
int main(int count, char** words) {
  int epochs = 100;
  std::string models = "dpesfro";
  double seconds = 300;
  std::vector<std::string> names;
  if (!examples::read_options(
          count, words,
          {{"--epochs", &epochs}, {"--models", &models}, {"--seconds", &seconds, 1e-3}, {"--targets", &names}}))
    return 2;
  auto wanted = [&](char c) { return models.find(c) != std::string::npos; };
  auto among = [&](const auto& t, std::initializer_list<const char*> own) {
    const auto named = [&](const auto& name) { return t.name == name; };
    return std::any_of(own.begin(), own.end(), named) &&
           (names.empty() || std::any_of(names.begin(), names.end(), named));
  };
  for (const auto& t : targets::all()) {
    if (!(wanted('d') || wanted('p') || wanted('e') || wanted('s')) ||
        !among(t, {"eight_gaussians", "moons", "checkerboard"}))
      continue;
    const Judge judge(t);
    const Batch<double> x = t.sample(240000, Noise{1}), fresh = t.sample(5000, Noise{4});
    if (wanted('d')) {
      const auto m = fitted<presets::Ddpm<2>>("ddpm", x, epochs, 1024, 3e-3, VelocityDenoising{});
      judge.say("ddpm", "ancestral, 100 steps", [&](Noise k) { return m.sample(n, k); });
      judge.say("ddpm", "DDIM, 100 steps", [&](Noise k) { return ddim(m, n, 100, k); });
      judge.say("ddpm", "DDIM, 20 steps", [&](Noise k) { return ddim(m, n, 20, k); });
      std::printf("  %-10s -elbo %.3f\n", "ddpm", -m.elbo(fresh.cast<float>(), Noise{6}).cast<double>().mean());
    }
    auto score = [&]<class Sde>(const char* name, Sde) {
      const auto m = fitted<presets::ScoreSde<2, Sde>>(name, x, epochs, 1024, 3e-3, VelocityDenoising{});
      judge.say(name, "probability flow", [&](Noise k) { return m.sample(n, k); });
      judge.say(name, "predictor-corrector, 200 steps", [&](Noise k) { return predictor_corrector(m, n, 200, k); });
      judge.say(name, "flow's steps and corrector, 100 steps",
                [&](Noise k) { return sample_diffusion(m, n, k, {.steps = 100, .corrections = 1}); });
      std::printf("  %-10s -log p %.3f\n", name, -m.log_prob(fresh.cast<float>()).template cast<double>().mean());
      std::fflush(stdout);
    };
    if (wanted('p')) score("vp", VariancePreserving{});
    if (wanted('e')) score("ve", VarianceExploding{});
    if (wanted('s')) score("sub-vp", SubVariancePreserving{});
  }
  for (const auto& t : targets::all()) {
    if (!(wanted('f') || wanted('r') || wanted('o') || wanted('q')) ||
        !among(t, {"olympic_rings", "fractal_tree", "checkerboard"}))
      continue;
    const Judge judge(t);
    const Batch<double> x = t.sample(60000, Noise{1}), fresh = t.sample(5000, Noise{4});
    auto exact = [&]<class F>(const char* name, const F& flow, double rate, double share = 1) {
      const auto m = fitted_for(share * seconds, name, x, 1024, rate, flow);
      judge.say(name, "", [&](Noise k) { return m.sample(n, k); });
      std::printf("  %-10s -log p %.3f\n", name, -m.log_prob(fresh.cast<float>()).template cast<double>().mean());
    };
    if (wanted('f')) {
      const auto m = fitted_for(
          seconds, "diffflow", x, 256, 1e-2,
          presets::DiffFlow<2, 30, Velocity<BasicMlp<Gelu, WideZeroLast, 58, 58>, FourierTime<4>, FourierPoint<3>>>{});
      judge.say("diffflow", "30 steps", [&](Noise k) { return m.sample(n, k); });
      std::printf("  %-10s -elbo %.3f, of its equation -log p %.3f\n", "diffflow",
                  -m.elbo(fresh.cast<float>(), Noise{6}).cast<double>().mean(),
                  -probability_flow(m).log_prob(fresh.cast<float>()).cast<double>().mean());
    }
    if (wanted('r')) {  // about as many steps as DiffFlow makes, and as much time
      for (double share : {0.05, 1.0}) exact("real_nvp", presets::RealNvp<2, 8, Mlp<33, 33>>{}, 2e-3, share);
    }
    if (wanted('o')) exact("ffjord", presets::Ffjord<2, Velocity<MlpOf<Tanh, 68, 68, 68>>>{}, 5e-3);
    if (wanted('q'))
      exact("featured",
            Flow<Standardize<2>, Continuous<2, Velocity<MlpOf<Tanh, 64, 64, 64>, PlainTime, FourierPoint<3>>>,
                 StandardNormal<2>>{},
            5e-3);
    std::fflush(stdout);
  }
}
