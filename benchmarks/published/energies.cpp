// SPDX-License-Identifier: MIT
// log Z of energies whose own is known: by annealed sampling alone, and by the weights of a flow that was fitted to its
// draws.
//   fab-jax (Midgley et al. 2023, arXiv:2208.01893) and Sendera et al. 2024, arXiv:2402.05098, table 1: the mean
//   absolute error of estimates by 2000 draws; the repository of Vargas et al. 2023, arXiv:2302.13834: the funnel's.
#include <cmath>

#include "../compare/common.hpp"
#include "anneal.hpp"
#include "rheo/evaluation/pareto_smoothing.hpp"
#include "rheo/flows/moves.hpp"
#include "rheo/flows/presets/autoregressive_flows.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/targets/mixture_energy.hpp"
#include "rheo/targets/wells.hpp"
#include "rows.hpp"

namespace published {
namespace {
using namespace rheo;

constexpr Index draws = 2000;  // of an estimate
constexpr int temperatures = 128, estimates = 10;

// Each target with what its runs want: the spread of the normal law that annealing begins from, the leapfrog's step,
// the flow, and how many annealed rows it learns from.

struct Rows50k {
  static constexpr Index rows = 50'000;
  static constexpr int epochs = 60;
};
struct FunnelRun : Rows50k {
  static constexpr const char* name = "funnel";
  static constexpr double spread = 3, step = 0.3;
  using Target = targets::Funnel<10>;
  using Flow = presets::Maf<10, 3, MadeOf<Silu, 64, 64>>;
  static Target target() { return {}; }
};
struct ManyWellRun : Rows50k {
  static constexpr const char* name = "many_well";
  static constexpr double spread = 1.5, step = 0.25;
  using Target = targets::ManyWell<32>;
  using Flow = presets::NsfAutoregressive<32, 2, MadeOf<Silu, 64, 64>, 0, 16>;
  static Target target() { return Target{}; }
};
/// Many normal laws of the plane.
struct Plane {
  static constexpr Index rows = 100'000;
  static constexpr int epochs = 80;
  using Target = targets::MixtureEnergy<2>;
  using Flow = presets::Nsf<2, 8, MlpOf<Silu, 128, 128>, 0, 16>;
};
/// Forty normal laws of deviation softplus(1) whose means are uniform in [-40, 40]^2; theirs are other forty.
struct FortyRun : Plane {
  static constexpr const char* name = "gmm40";
  static constexpr double spread = 25, step = 1;
  static Target target() {
    Batch<double> means(40, 2);
    Noise{40}.uniforms(view(means));
    return Target(80 * means - 40, std::pow(std::log1p(std::exp(1.0)), 2));
  }
};
/// Means -10, -5, 0, 5, 10 either way, variance 0.3.
struct TwentyFiveRun : Plane {
  static constexpr const char* name = "gmm25";
  static constexpr double spread = 8, step = 0.4;
  static Target target() {
    Batch<double> means(25, 2);
    for (Index k = 0; k < 25; ++k)
      means.row(k) << 5.0 * static_cast<double>(k / 5 - 2), 5.0 * static_cast<double>(k % 5 - 2);
    return Target(means, 0.3);
  }
};

/// n rows in 128 temperatures, a trajectory of ten leaps at each.
template <class Run> AnnealedSample<double> annealed_rows(Index n, Noise noise) {
  return anneal(n, Run::spread * Run::spread, Run::target(), moves::Hmc<1, 10>{Run::step}, temperatures, noise.fork(0),
                noise.fork(1));
}
/// Means and deviations of the estimates, and their mean absolute error.
void add_estimates(Record& row, const Column<double>& z, double truth) {
  row.number("log_z_error", (z - truth).abs().mean());
  row.number("log_z", z.mean() - truth);
  row.number("log_z_deviation", std::sqrt((z - z.mean()).square().mean()));
}

template <class Run> Record annealed(int seed) {
  const Noise noise{static_cast<std::uint64_t>(100 + seed)};
  const double begin = study::cpu_seconds();
  Column<double> z(estimates);
  double acceptance = 0;
  for (int r = 0; r < estimates; ++r) {
    const auto s = annealed_rows<Run>(draws, noise.fork(static_cast<std::uint64_t>(r)));
    z(r) = s.log_z.value;
    acceptance += s.report.acceptance() / estimates;
  }
  Record row;
  add_estimates(row, z, Run::target().log_z());
  row.number("acceptance", acceptance);
  row.number("minutes", (study::cpu_seconds() - begin) / 60);
  return row;
}

template <class Run> Record flow(int seed) {
  const Noise noise{static_cast<std::uint64_t>(200 + seed)};
  const double begin = study::cpu_seconds();
  const auto s = annealed_rows<Run>(Run::rows, noise.fork(0));
  const auto model = fitted_to(s, Run::target(), typename Run::Flow{}, Run::epochs, 2000, noise);
  Column<double> z(estimates);
  double share = 0, worst = 0;
  for (int r = 0; r < estimates; ++r) {
    const auto w =
        weighted_sample(model, Run::target(), draws, noise.fork(4).fork(static_cast<std::uint64_t>(r))).log_w;
    z(r) = log_z(w).value;
    share += effective_sample_size(w) / static_cast<double>(draws * estimates);
    worst = std::max(worst, pareto_smoothed(w).shape);
  }
  Record row;
  add_estimates(row, z, Run::target().log_z());
  row.number("effective_share", share);
  row.number("k_hat", worst);
  row.number("minutes", (study::cpu_seconds() - begin) / 60);
  return row;
}

template <class Run> void add(std::vector<Cell>& all) {
  for (int seed = 0; seed < 5; ++seed) {
    const std::string name = Run::name, end = "." + std::to_string(seed);
    all.push_back(
        {"energies." + name + ".annealed" + end, "energies", name + ".annealed", [=] { return annealed<Run>(seed); }});
    all.push_back({"energies." + name + ".flow" + end, "energies", name + ".flow", [=] { return flow<Run>(seed); }});
  }
}

}  // namespace

std::vector<Cell> energy_rows() {
  std::vector<Cell> all;
  add<FunnelRun>(all);
  add<ManyWellRun>(all);
  add<FortyRun>(all);
  add<TwentyFiveRun>(all);
  return all;
}

}  // namespace published
