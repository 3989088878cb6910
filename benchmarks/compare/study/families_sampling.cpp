// SPDX-License-Identifier: MIT
// Stochastic normalizing flows in the study, one fitted to data and one to the energy alone.
#include "families.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/grid_energy.hpp"
#include "rheo/training/fit_energy.hpp"

namespace study {
namespace {

using targets::GridEnergy;

using Block = presets::RealNvpBlock<2, Mlp<56, 56>>;
auto snf(const GridEnergy& energy) { return presets::snf<3, Block>(energy, moves::Metropolis<10>{0.25}); }

/// By reverse KL on its own draws; the data are not looked at.
Subject by_energy(const Batch<double>& x, const FitOptions& options, const targets::Target& target) {
  using F = decltype(snf(std::declval<GridEnergy>()));
  const GridEnergy energy(target, 1e5);
  auto model = std::make_shared<Model<F, float>>(started(snf(energy), options.noise));
  const double per_epoch =
      std::ceil((1 - options.validation) * static_cast<double>(x.rows()) / static_cast<double>(options.batch));
  const double begin = cpu_seconds();
  const EnergyFitResult r = fit_energy(*model, energy,
                                       {.steps = static_cast<int>(per_epoch) * options.epochs,
                                        .batch = options.batch,
                                        .learning_rate = options.learning_rate,
                                        .schedule = options.schedule,
                                        .noise = options.noise,
                                        .check_every = static_cast<int>(per_epoch)});
  Training t;
  t.status = r.status;
  t.steps = r.steps;
  t.seconds = cpu_seconds() - begin;
  return answers<F>(model, std::move(t));
}

}  // namespace

std::vector<Family> sampling() {
  Family data{"snf",
              "6 affine couplings and 40 Metropolis steps on the target's energy, by example",
              2e-3,
              true,
              [](const Batch<double>& x, FitOptions options, const targets::Target& target) {
                return fitted(snf(GridEnergy(target, 12)), x, std::move(options));
              },
              [](const targets::Target& t) {
                return std::string(t.log_prob ? "" : "no energy is known: Metropolis steps have nothing to go by");
              }};
  Family energy{"snf_energy", "the same by the energy alone", 2e-3, false, by_energy, [](const targets::Target& t) {
                  return std::string(!t.log_prob ? "no energy is known"
                                     : t.in_support
                                         ? "the energy is infinite off the support: its mean over draws is no loss"
                                         : "");
                }};
  return {data, energy};
}

}  // namespace study
