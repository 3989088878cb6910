// SPDX-License-Identifier: MIT
// The models that fit_2d knows by name, a family to a file beside this one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rheo/io/model_file.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

namespace models {

/// A fitted model without its type: log-densities and samples in double.
struct Fitted {
  rheo::FitResult result;
  rheo::Index parameters;
  rheo::Exactness exactness;
  /// One draw a row where the density is not exact: of a bound, the elbo.
  std::function<rheo::Column<double>(const rheo::Batch<double>&)> log_prob;
  /// The same from several draws: nearer to log p from below, if a bound.
  std::function<rheo::Column<double>(const rheo::Batch<double>&, rheo::Index)> estimate;
  std::function<rheo::Batch<double>(rheo::Index, rheo::Noise)> sample;
  /// Writes the model to a file, and these notes (rheo/io/model_file.hpp).
  std::function<void(const std::string&, const std::map<std::string, std::string>&)> save;
};

struct Entry {
  std::string name, what;
  Fitted (*fit_float)(const rheo::Batch<double>&, rheo::FitOptions);
  Fitted (*fit_double)(const rheo::Batch<double>&, rheo::FitOptions);
};

template <class F, class T>
rheo::Column<double> score(const rheo::Model<F, T>& model, const rheo::Batch<double>& y, rheo::Noise draws,
                           rheo::Workspace<F, T>& work) {
  if constexpr (rheo::is_exact_v<F>) return model.log_prob(y.template cast<T>(), {}, work).template cast<double>();
  else return model.elbo(y.template cast<T>(), draws).template cast<double>();
}

/// Standardises, trains a flow of type F on the rows of x.
template <class F, class T, class Objective> Fitted train(const rheo::Batch<double>& x, rheo::FitOptions options) {
  using namespace rheo;
  auto model = std::make_shared<Model<F, T>>(make_model<T>(F{}, options.noise.fork(100)));
  Fitted f;
  const int threads = options.threads;
  const Noise draws = options.noise.fork(101);
  f.result = fit(*model, x.template cast<T>(), std::move(options), Objective{});
  f.parameters = F::param_count;
  f.exactness = F::exactness;
  auto work = std::make_shared<Workspace<F, T>>(threads);
  f.log_prob = [model, work, draws](const Batch<double>& y) { return score(*model, y, draws, *work); };
  f.estimate = [model, draws](const Batch<double>& y, Index k) -> Column<double> {
    return model->log_prob_estimate(y.template cast<T>(), is_exact_v<F> ? 1 : k, draws.fork(1))
        .value.template cast<double>();
  };
  f.sample = [model, work](Index n, Noise noise) -> Batch<double> {
    return model->sample_and_log_prob(n, noise, {}, *work).x.template cast<double>();
  };
  f.save = [model](const std::string& path, const std::map<std::string, std::string>& notes) {
    io::save(*model, path, notes);
  };
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
Entry ddpm();
Entry score_sde();
Entry diff_flow();
Entry real_nvp_mixture();
Entry real_nvp_resampled();
Entry vae();
Entry cif_real_nvp();
Entry abs_flow();
Entry abs_uniform();
Entry sort_flow();
Entry permute_flow();
Entry max_flow();
Entry augmented_flow();
Entry slice_flow();
Entry normal();
Entry mixture();

/// Every model, in the order of --list.
inline const std::vector<Entry>& all() {
  static const std::vector<Entry> table{real_nvp(),
                                        nice(),
                                        glow(),
                                        nsf(),
                                        nsf_autoregressive(),
                                        flow_plus_plus(),
                                        circular_nsf(),
                                        maf(),
                                        iaf(),
                                        naf(),
                                        umnn(),
                                        sospf(),
                                        bernstein(),
                                        bnaf(),
                                        planar(),
                                        radial(),
                                        sylvester(),
                                        residual_flow(),
                                        gaussianization(),
                                        convex_potential(),
                                        ffjord(),
                                        cnf(),
                                        real_nvp_mixture(),
                                        real_nvp_resampled(),
                                        abs_flow(),
                                        abs_uniform(),
                                        sort_flow(),
                                        permute_flow(),
                                        max_flow(),
                                        augmented_flow(),
                                        slice_flow(),
                                        vae(),
                                        cif_real_nvp(),
                                        ddpm(),
                                        score_sde(),
                                        diff_flow(),
                                        normal(),
                                        mixture()};
  return table;
}

}  // namespace models
