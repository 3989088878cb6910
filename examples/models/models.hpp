// SPDX-License-Identifier: MIT
// The models that fit_2d knows by name, a family to a file beside this one.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

namespace models {

/// Draws a row behind the log-density of a model that has a bound only.
inline constexpr rheo::Index bound_draws = 10;

/// A fitted model without its type: log-densities and samples in double.
struct Fitted {
  rheo::FitResult result;
  rheo::Index parameters;
  bool exact, bound;
  std::function<rheo::Column<double>(const rheo::Batch<double>&)> log_prob;
  std::function<rheo::Batch<double>(rheo::Index, rheo::Noise)> sample;
};

struct Entry {
  std::string name, what;
  Fitted (*fit_float)(const rheo::Batch<double>&, rheo::FitOptions);
  Fitted (*fit_double)(const rheo::Batch<double>&, rheo::FitOptions);
};

/// Standardises, trains a flow of type F on the rows of x.
template <class F, class T, class Objective> Fitted train(const rheo::Batch<double>& x, rheo::FitOptions options) {
  using namespace rheo;
  auto model = std::make_shared<Model<F, T>>(make_model<T>(F{}, options.noise.fork(100)));
  Fitted f;
  const int threads = options.threads;
  const Noise draws = options.noise.fork(101);
  f.result = fit(*model, x.template cast<T>(), std::move(options), Objective{});
  f.parameters = F::param_count;
  f.exact = is_exact_v<F>;
  f.bound = F::exactness == Exactness::bound;
  auto work = std::make_shared<Workspace<F, T>>(threads);
  f.log_prob = [model, work, draws](const Batch<double>& y) -> Column<double> {
    if constexpr (is_exact_v<F>) return model->log_prob(y.template cast<T>(), {}, *work).template cast<double>();
    else if constexpr (F::exactness == Exactness::bound) return model->log_prob_estimate(y.template cast<T>(), bound_draws, draws).value.template cast<double>();
    else return model->elbo(y.template cast<T>(), draws).template cast<double>();
  };
  f.sample = [model, work](Index n, Noise noise) -> Batch<double> { return model->sample_and_log_prob(n, noise, {}, *work).x.template cast<double>(); };
  return f;
}
template <class F, class Objective = rheo::MaximumLikelihood> Entry entry(std::string name, std::string what) {
  return {std::move(name), std::move(what), train<F, float, Objective>, train<F, double, Objective>};
}

Entry real_nvp();
Entry nice();
Entry glow();
Entry nsf();
Entry nsf_autoregressive();
Entry flow_plus_plus();
Entry circular_nsf();
Entry maf();
Entry iaf();
Entry naf();
Entry umnn();
Entry sospf();
Entry bernstein();
Entry bnaf();
Entry planar();
Entry radial();
Entry sylvester();
Entry residual_flow();
Entry gaussianization();
Entry convex_potential();
Entry ffjord();
Entry cnf();
Entry real_nvp_mixture();
Entry real_nvp_resampled();
Entry vae();
Entry cif_real_nvp();
Entry normal();
Entry mixture();

/// Every model, in the order of --list.
inline const std::vector<Entry>& all() {
  static const std::vector<Entry> table{real_nvp(), nice(), glow(), nsf(), nsf_autoregressive(), flow_plus_plus(), circular_nsf(), maf(), iaf(), naf(), umnn(), sospf(), bernstein(), bnaf(), planar(), radial(), sylvester(), residual_flow(), gaussianization(), convex_potential(), ffjord(), cnf(), real_nvp_mixture(), real_nvp_resampled(), vae(), cif_real_nvp(), normal(), mixture()};
  return table;
}

}  // namespace models
