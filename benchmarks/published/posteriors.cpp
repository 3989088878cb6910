// SPDX-License-Identifier: MIT
// log Z of the targets of Vargas et al. 2023, arXiv:2302.13834 (dds_data/results of its repository): by annealed
// sampling, by a learned drift on the annealed chain, by the denoising sampler, and by the weights of a flow.
#include "posteriors.hpp"

#include "../compare/common.hpp"
#include "anneal.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/evaluation/annealed_flow.hpp"
#include "rheo/evaluation/pareto_smoothing.hpp"
#include "rheo/flows/moves.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/io/csv.hpp"
#include "rheo/training/fit_energy.hpp"
#include "rows.hpp"

namespace published {
namespace {

constexpr Index draws = 2000;  // of an estimate
constexpr int estimates = 30;  // of a row
constexpr Index chain = 32;    // steps of a learned chain

// Each target with the leapfrog's step of annealing, a learned chain's first step and those of its fit, and log Z where
// it is known.

struct WalkRun {
  static constexpr const char* name = "brownian";
  static constexpr double leap = 0.05, step = 0.001;
  static constexpr int steps = 10'000;
  using Target = TapedEnergy<32, UnseenWalk>;
  static Target target(const std::string&) { return Target(UnseenWalk{}); }
  static std::optional<double> log_z() { return UnseenWalk::log_z(); }
};
template <Index D> struct LogisticRun {
  static constexpr double leap = 0.1, step = 0.01;
  static constexpr int steps = 1000;
  using Target = LogisticPosterior<D>;
  static std::optional<double> log_z() { return std::nullopt; }
};
struct IonosphereRun : LogisticRun<35> {
  static constexpr const char* name = "ionosphere";
  static Target target(const std::string& data) { return Target(io::read_csv(data + "/ionosphere.csv").values); }
};
struct SonarRun : LogisticRun<61> {
  static constexpr const char* name = "sonar";
  static Target target(const std::string& data) { return Target(io::read_csv(data + "/sonar.csv").values); }
};

/// What thirty estimates have in common.
struct Estimates {
  Column<double> z = Column<double>(estimates);
  double share = 0, worst_shape = 0;
  double begin = study::cpu_seconds();
  void add(int r, const Column<double>& log_w) {
    z(r) = log_z(log_w).value;
    share += effective_sample_size(log_w) / static_cast<double>(draws * estimates);
    worst_shape = std::max(worst_shape, pareto_smoothed(log_w).shape);
  }
  Record row(std::optional<double> truth) const {
    Record r;
    r.number("log_z", z.mean());
    r.number("log_z_deviation", std::sqrt((z - z.mean()).square().mean()));
    if (truth) r.number("truth", *truth);
    if (share > 0) r.number("effective_share", share), r.number("k_hat", worst_shape);
    r.number("minutes", (study::cpu_seconds() - begin) / 60);
    return r;
  }
};
Noise key(int r) { return Noise{500}.fork(static_cast<std::uint64_t>(r)); }

/// From N(0, I), ten leaps at each temperature, resampled below half.
template <class Run>
AnnealedSample<double> annealed_rows(const typename Run::Target& target, Index n, Noise noise, int temperatures = 128) {
  return anneal(n, 1.0, target, moves::Hmc<1, 10>{Run::leap}, temperatures, noise.fork(0), noise.fork(1));
}
template <class Run, int Temperatures> Record annealed(const std::string& data) {
  const auto target = Run::target(data);
  Estimates e;
  double acceptance = 0;
  for (int r = 0; r < estimates; ++r) {
    const auto s = annealed_rows<Run>(target, draws, key(r), Temperatures);
    e.z(r) = s.log_z.value;
    acceptance += s.report.acceptance() / estimates;
  }
  Record row = e.row(Run::log_z());
  row.number("acceptance", acceptance);
  return row;
}

/// A model of the target's weights, thirty times 2000 of them.
template <class Run, class F, class T>
Record weighed(const Model<F, T>& model, const typename Run::Target& target, Estimates e) {
  for (int r = 0; r < estimates; ++r) e.add(r, weighted_sample(model, target, draws, key(r)).log_w);
  return e.row(Run::log_z());
}
/// A chain fitted by the reverse KL.
template <class Run, class F> Record chain_of(Model<F, double> model, const typename Run::Target& target) {
  Estimates e;
  fit_energy(model, target,
             {.steps = Run::steps,
              .batch = 256,
              .learning_rate = 5e-3,
              .clip_norm = 1,
              .schedule = {Cosine{}},
              .noise = Noise{501},
              .check_every = Run::steps / 20,
              .check_rows = 2048});
  return weighed<Run>(model, target, std::move(e));
}
template <class Run> Record drift(const std::string& data) {
  using Target = typename Run::Target;
  const auto target = Run::target(data);
  using Steps = ControlledLangevin<NormalEnergy<Target::dim>, Target, chain,
                                   Velocity<MlpOf<Silu, 64, 64>, FourierTime<4>>, Learned::both>;
  return chain_of<Run>(
      make_model<double>(Flow{Steps({}, target, Run::step, 100), DiagonalNormal<Target::dim>{}}, Noise{502}), target);
}
template <class Run> Record denoising(const std::string& data) {
  const auto target = Run::target(data);
  return chain_of<Run>(
      make_model<double>(presets::dds<chain>(target, 2.0 / static_cast<double>(chain), 100), Noise{503}), target);
}

/// A masked autoregressive flow, fitted to 50 000 annealed rows and then, by its own draws, to the energy.
template <class Run> Record flow(const std::string& data) {
  constexpr Index rows = 50'000, D = Run::Target::dim;
  const auto target = Run::target(data);
  const Noise noise{504};
  Estimates e;
  const auto s = annealed_rows<Run>(target, rows, noise.fork(0));
  const auto model = fitted_to(s, target, presets::Maf<D, 3, MadeOf<Silu, 128, 128>>{}, 60, 1000, noise);
  return weighed<Run>(model, target, std::move(e));
}

template <class Run> void add(std::vector<Cell>& all, const std::string& data) {
  const std::string name = Run::name;
  const auto cell = [&](const std::string& method, Record (*measure)(const std::string&)) {
    all.push_back(
        {"posteriors." + name + "." + method, "posteriors", name + "." + method, [=] { return measure(data); }});
  };
  cell("annealed", annealed<Run, 128>);
  if constexpr (std::is_same_v<Run, WalkRun>)
    cell("annealed_1024", annealed<Run, 1024>);  // the others are there by then
  cell("drift", drift<Run>);
  cell("dds", denoising<Run>);
  cell("flow", flow<Run>);
}

}  // namespace

std::vector<Cell> posterior_rows(const std::string& data) {
  std::vector<Cell> all;
  add<WalkRun>(all, data);
  add<IonosphereRun>(all, data);
  add<SonarRun>(all, data);
  return all;
}

}  // namespace published
