// SPDX-License-Identifier: MIT
// Stochastic normalizing flows in the study, one fitted to data and one to the energy alone.
#include "families.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/grid_energy.hpp"
#include "rheo/targets/wells.hpp"
#include "rheo/training/fit_energy.hpp"

namespace study {
namespace {

using targets::GridEnergy;

/// Of the plane from a table with walls of `height`, so that moves can climb them; beyond it the wells.
template <Index D> auto energy_of(const Place& place, [[maybe_unused]] double height) {
  if constexpr (D == 2) return GridEnergy(*place.plane, height);
  else return targets::ManyWell<D>();
}
template <class E> auto snf(const E& energy) {
  return presets::snf<3, presets::RealNvpBlock<E::dim, Mlp<56, 56>>>(energy, moves::Metropolis<10>{0.25});
}
std::string without_energy(const Place& p) {
  return p.whole_numbers ? "its energy is one of whole numbers"
         : !p.log_prob || (p.dim != 2 && p.name != "wells")
             ? "no energy is known: Metropolis steps have nothing to go by"
             : "";
}

/// By reverse KL on its own draws; the data are not looked at.
template <class F, class E>
Subject by_energy(const F& flow, const E& energy, const Batch<double>& x, const FitOptions& options) {
  auto model = std::make_shared<Model<F, float>>(started(flow, options.noise));
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
  Family data = family("snf", "6 affine couplings and 40 Metropolis steps on the target's energy, by example", true,
                       [](auto dim, const Batch<double>& x, FitOptions options, const Place& place) {
                         if constexpr (dim() == 10) return Subject{};
                         else return fitted(snf(energy_of<dim()>(place, 12)), x, std::move(options));
                       });
  data.absent = without_energy;
  Family energy = family("snf_energy", "the same by the energy alone", false,
                         [](auto dim, const Batch<double>& x, FitOptions options, const Place& place) {
                           if constexpr (dim() == 10) return Subject{};
                           else {
                             const auto u = energy_of<dim()>(place, 1e5);
                             return by_energy(snf(u), u, x, options);
                           }
                         });
  energy.absent = [](const Place& p) {
    return p.plane && p.plane->in_support
               ? std::string("the energy is infinite off the support: its mean over draws is no loss")
               : without_energy(p);
  };
  return {data, energy};
}

}  // namespace study
