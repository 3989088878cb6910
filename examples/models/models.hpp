// SPDX-License-Identifier: MIT
// The models that fit_2d knows by name, a family to a file beside this one.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "rheo/io/freeze.hpp"
#include "rheo/io/model_file.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

namespace models {

/// Rows of data, and of the context beside them: no columns of it for a flow that takes none.
struct Rows {
  rheo::Batch<double> x, context;
};

/// A fitted model without its type: log-densities and samples in double.  A context has a row for each, or one for all.
struct Fitted {
  rheo::FitResult result;
  rheo::Index parameters;
  rheo::Exactness exactness;
  /// One draw a row where the density is not exact: of a bound, the elbo.
  std::function<rheo::Column<double>(const Rows&)> log_prob;
  /// The same from several draws: nearer to log p from below, if a bound.
  std::function<rheo::Column<double>(const Rows&, rheo::Index)> estimate;
  std::function<rheo::Batch<double>(rheo::Index, rheo::Noise, const rheo::Batch<double>&)> sample;
  /// Writes the model to a file, and these notes (rheo/io/model_file.hpp).
  std::function<void(const std::string&, const std::map<std::string, std::string>&)> save;
  /// Writes the model as a header of constants whose namespace has that name (rheo/io/freeze.hpp).
  std::function<void(const std::string&, const std::string&)> freeze;
};

/// Fits a model to rows or, where `load` names a file, reads it from there.
using Make = Fitted (*)(const Rows&, rheo::FitOptions, const std::string& load);
struct Entry {
  std::string name, what;
  std::vector<Make> makes;  ///< by the columns of the context, from none; most flows here take none
};

template <class F, class T>
rheo::Column<double> score(const rheo::Model<F, T>& model, const Rows& y, rheo::Noise draws,
                           rheo::Workspace<F, T>& work) {
  const rheo::Batch<T> x = y.x.template cast<T>(), c = y.context.template cast<T>();
  if constexpr (rheo::is_exact_v<F>) return model.log_prob(x, c, work).template cast<double>();
  else return model.elbo(x, draws, c).template cast<double>();
}

/// Standardises, trains a flow of type F on the rows, in float: both scalars would take twice as long to compile.
template <class F, class Objective = rheo::MaximumLikelihood>
Fitted make(const Rows& rows, rheo::FitOptions options, const std::string& load) {
  using namespace rheo;
  using T = float;
  auto model = std::make_shared<Model<F, T>>(make_model<T>(F{}, options.noise.fork(100)));
  Fitted f;
  const int threads = options.threads;
  const Noise draws = options.noise.fork(101);
  if (load.empty()) {
    f.result = fit(*model, rows.x.template cast<T>(), rows.context.template cast<T>(), std::move(options), Objective{});
  } else {
    *model = io::load<Model<F, T>>(load);
  }
  f.parameters = F::param_count;
  f.exactness = F::exactness;
  auto work = std::make_shared<Workspace<F, T>>(threads);
  f.log_prob = [model, work, draws](const Rows& y) { return score(*model, y, draws, *work); };
  f.estimate = [model, draws](const Rows& y, Index k) -> Column<double> {
    return model
        ->log_prob_estimate(y.x.template cast<T>(), is_exact_v<F> ? 1 : k, draws.fork(1), y.context.template cast<T>())
        .value.template cast<double>();
  };
  f.sample = [model, work](Index n, Noise noise, const Batch<double>& context) -> Batch<double> {
    return model->sample_and_log_prob(n, noise, context.template cast<T>(), *work).x.template cast<double>();
  };
  f.save = [model](const std::string& path, const std::map<std::string, std::string>& notes) {
    io::save(*model, path, notes);
  };
  f.freeze = [model](const std::string& path, const std::string& name) { io::freeze(*model, path, name); };
  return f;
}
template <class F, class Objective = rheo::MaximumLikelihood> Entry entry(std::string name, std::string what) {
  return {std::move(name), std::move(what), {make<F, Objective>}};
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
  static const std::vector<Entry> table{nsf(),
                                        real_nvp(),
                                        nice(),
                                        glow(),
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
