// SPDX-License-Identifier: MIT
// A learned drift on the annealed chain (presets::cmcd), beside the same chain without one and the published figures of
// its kind.
//   controlled [--steps N] [--batch N] [--repeats N] [--draws N] [--threads N] [--skip a,b]
//
// Neal's funnel in ten dimensions, in 32 and 128 steps, log Z = 0.  `undriven`: no drift, lambdas evenly spaced, the
// step of the largest effective share in a grid.  The others learn drift, steps, lambdas and a diagonal normal base by
// reverse KL or the variance of log weights.  log Z: mean and deviation over `repeats` estimates of `draws` draws, as
// in the table of dds_data/results of arXiv:2302.13834, which has in 32 / 64 / 128 / 256 steps DDS -.206 / -.176 /
// -.221 / -.176, PIS -.290 / -.268 / -.301 / -.542, SMC -.209 / -.198 / -.163 / -.050.  ELBO: the mean of log w; EUBO:
// of exact draws carried back; both enclose log Z.  Share: effective draws of all, in per cent.
#include <chrono>
#include <iomanip>
#include <iostream>
#include <string>

#include "../../examples/command_line.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/evaluation/annealed_flow.hpp"
#include "rheo/evaluation/eubo.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/energies.hpp"
#include "rheo/training/fit_energy.hpp"
#include "rheo/training/log_variance.hpp"
using namespace rheo;

namespace {

struct Options {
  int steps = 3000, repeats = 30, threads = 2;
  Index batch = 256, draws = 2000;
  std::string skip;
};
using Target = targets::Funnel<10>;
using Field = Velocity<MlpOf<Silu, 64, 64>, FourierTime<4>>;
template <Index N, Learned Train> using Steps = ControlledLangevin<NormalEnergy<10>, Target, N, Field, Train>;
constexpr double slope_limit = 100;

template <class F> void report(const char* name, Index N, const Model<F, double>& model, const Options& o, double s) {
  Column<double> z(o.repeats), resampled(o.repeats);
  double share = 0, elbo = 0;
  for (int r = 0; r < o.repeats; ++r) {
    const Noise key = Noise{7}.fork(static_cast<std::uint64_t>(r));
    const auto w = weighted_sample(model, Target{}, o.draws, key, o.threads);
    z(r) = log_z(w.log_w).value;
    resampled(r) = annealed_sample(model, o.draws, key.fork(1), 0.5).log_z.value;
    share += effective_sample_size(w.log_w) / static_cast<double>(o.draws * o.repeats);
    elbo += w.log_w.isFinite().select(w.log_w, 0.0).sum() / static_cast<double>(w.log_w.isFinite().count() * o.repeats);
  }
  const double above = eubo(model, Target{}, Target{}.sample(o.draws, Noise{8}), Noise{9}).value;
  const auto estimate = [](const Column<double>& a) {
    std::cout << std::setw(8) << a.mean() << " +- " << std::setw(5) << std::sqrt((a - a.mean()).square().mean());
  };
  std::cout << std::setw(4) << N << "  " << std::setw(12) << name << std::fixed << std::setprecision(3) << "  log Z";
  estimate(z);
  std::cout << ", resampled";
  estimate(resampled);
  std::cout << ", ELBO " << elbo << ", EUBO " << above << ", share " << std::setprecision(1) << 100 * share << ", " << s
            << " s" << std::endl;
}

template <Index N> void undriven(const Options& o) {
  double best = 0, step = 0;
  const auto at = [](double h) {
    return make_model<double>(Flow{Steps<N, Learned::none>({}, Target{}, h, slope_limit), StandardNormal<10>{}},
                              Noise{1});
  };
  for (const double h : {0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1}) {
    const double share = effective_sample_size(weighted_sample(at(h), Target{}, 10'000, Noise{3}, o.threads).log_w);
    if (share > best) best = share, step = h;
  }
  report("undriven", N, at(step), o, 0);
}

template <Index N, class F, class Objective>
void fitted(const char* name, Model<F, double> model, const Objective& objective, const Options& o) {
  const auto start = std::chrono::steady_clock::now();
  fit_energy(model, objective,
             {.steps = o.steps,
              .batch = o.batch,
              .learning_rate = 3e-3,
              .clip_norm = 1,
              .schedule = {Cosine{}},
              .noise = Noise{2},
              .threads = o.threads,
              .check_every = std::max(1, o.steps / 20),
              .check_rows = 2048});
  report(name, N, model, o, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
}
template <Index N, class Objective> void driven(const char* name, const Objective& objective, const Options& o) {
  fitted<N>(name,
            make_model<double>(Flow{Steps<N, Learned::both>({}, Target{}, 0.01, slope_limit), DiagonalNormal<10>{}},
                               Noise{1}),
            objective, o);
}
template <Index N> void denoising(const Options& o) {
  fitted<N>("dds", make_model<double>(presets::dds<N>(Target{}, 2.0 / N, slope_limit), Noise{1}),
            ReverseKl<Target>(Target{}), o);
}

template <Index N> void table(const Options& o) {
  undriven<N>(o);
  if (o.skip.find("kl") == std::string::npos) driven<N>("reverse KL", ReverseKl<Target>(Target{}), o);
  if (o.skip.find("lv") == std::string::npos) driven<N>("log variance", log_variance(Target{}), o);
  if (o.skip.find("dds") == std::string::npos) denoising<N>(o);
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  if (!examples::read_options(argc, argv,
                              {{"--steps", &o.steps, 1},
                               {"--batch", &o.batch, 1},
                               {"--repeats", &o.repeats, 1},
                               {"--draws", &o.draws, 2},
                               {"--threads", &o.threads, 1},
                               {"--skip", &o.skip}}))
    return 1;
  return examples::guarded([&] {
    if (o.skip.find("32") == std::string::npos) table<32>(o);
    if (o.skip.find("128") == std::string::npos) table<128>(o);
  });
}
