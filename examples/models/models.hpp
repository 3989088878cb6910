// SPDX-License-Identifier: MIT
// The models that fit_2d knows by name.  Each is one small file beside this one, so that each is compiled alone.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

namespace models {

/// A fitted model without its type: log-densities and samples in double.
struct Fitted {
  rheo::FitResult result;
  rheo::Index parameters;
  bool exact;
  std::function<rheo::Column<double>(const rheo::Batch<double>&)> log_prob;
  std::function<rheo::Batch<double>(rheo::Index, rheo::Noise)> sample;
};

struct Entry {
  std::string name, what;
  Fitted (*fit_float)(const rheo::Batch<double>&, rheo::FitOptions);
  Fitted (*fit_double)(const rheo::Batch<double>&, rheo::FitOptions);
};

/// Standardises, trains a flow of type F on the rows of x.
template <class F, class T> Fitted train(const rheo::Batch<double>& x, rheo::FitOptions options) {
  using namespace rheo;
  auto model = std::make_shared<Model<F, T>>(make_model<T>(F{}, options.noise.fork(100)));
  Fitted f;
  const int threads = options.threads;
  f.result = fit(*model, x.template cast<T>(), std::move(options));
  f.parameters = F::param_count;
  f.exact = is_exact_v<F>;
  auto work = std::make_shared<Workspace<F, T>>(threads);
  f.log_prob = [model, work](const Batch<double>& y) -> Column<double> { return model->log_prob(y.template cast<T>(), {}, *work).template cast<double>(); };
  f.sample = [model, work](Index n, Noise noise) -> Batch<double> { return model->sample_and_log_prob(n, noise, {}, *work).x.template cast<double>(); };
  return f;
}
template <class F> Entry entry(std::string name, std::string what) { return {std::move(name), std::move(what), train<F, float>, train<F, double>}; }

Entry real_nvp();
Entry nice();
Entry normal();
Entry mixture();

}  // namespace models
