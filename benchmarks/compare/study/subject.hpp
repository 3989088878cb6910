// SPDX-License-Identifier: MIT
// A fitted model without its type, and the table entry that fits one: all that the study asks of a family.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rheo/evaluation/isoperimetry.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/training/fit.hpp"

namespace study {
using namespace rheo;

/// Columns in double, whatever the model was trained in.  Empty functions are what the family does not offer.
struct Subject {
  FitResult result;
  Index parameters = 0, decode_passes = 0;
  Exactness exactness = Exactness::exact;
  bool moves_a_normal = false;  ///< samples are a bijection of standard normal draws: the isoperimetric floor binds it
  std::function<Column<double>(const Batch<double>& x, Noise)> log_prob;  ///< one draw of it where it is not exact
  std::function<LogProbEstimate<double>(const Batch<double>& x, Index K, Noise)> estimate;
  std::function<Batch<double>(Index, Noise)> sample;
  std::function<Batch<double>(const Batch<double>& z)> decode;  ///< the sampling map in double; only where it takes no noise
  std::function<double(const Batch<double>& z)> stretch;        ///< its largest singular value, by search from these points
  std::string no_log_prob;      ///< why log_prob is empty
};

struct Family {
  std::string name, what;
  double rate;              ///< peak learning rate
  bool likelihood_loss;     ///< the training loss is a negative log-density (or its bound), so that its history can be compared
  std::function<Subject(const Batch<double>& x, FitOptions)> train;
};

/// Whether a flow's base is the standard normal.
template <class F> inline constexpr bool on_standard_normal = false;
template <class... Ls> inline constexpr bool on_standard_normal<Flow<Ls...>> =
    std::is_same_v<std::tuple_element_t<sizeof...(Ls) - 1, std::tuple<Ls...>>, StandardNormal<Flow<Ls...>::latent_dim>>;

/// Trains a flow in float.
template <class F, class Objective = MaximumLikelihood> Subject train(const Batch<double>& x, FitOptions options) {
  auto model = std::make_shared<Model<F, float>>(make_model<float>(F{}, options.noise.fork(100)));
  Subject s;
  s.result = fit(*model, x.cast<float>(), std::move(options), Objective{});
  s.parameters = F::param_count;
  s.exactness = F::exactness;
  s.decode_passes = detail::decode_effort<F>().passes;
  constexpr bool bijective = decltype(model->flow().body())::kind == Kind::bijection;
  s.moves_a_normal = bijective && on_standard_normal<F>;
  s.log_prob = [model](const Batch<double>& y, Noise noise) -> Column<double> { return model->elbo(y.cast<float>(), noise).template cast<double>(); };
  s.estimate = [model](const Batch<double>& y, Index K, Noise noise) -> LogProbEstimate<double> {
    const auto e = model->log_prob_estimate(y.cast<float>(), K, noise);
    return {e.value.template cast<double>(), e.standard_error.template cast<double>()};
  };
  s.sample = [model](Index n, Noise noise) -> Batch<double> { return model->sample(n, noise).template cast<double>(); };
  if constexpr (bijective) {
    auto wide = std::make_shared<Model<F, double>>(model->template cast<double>());
    s.decode = [wide](const Batch<double>& z) { return wide->decode(z); };
    if constexpr (on_standard_normal<F>) s.stretch = [model](const Batch<double>& z) { return largest_stretch(*model, z, Noise{}); };
  }
  return s;
}
template <class F, class Objective = MaximumLikelihood> Family family(std::string name, std::string what, double rate = 2e-3, bool likelihood_loss = true) {
  return {std::move(name), std::move(what), rate, likelihood_loss, train<F, Objective>};
}

}  // namespace study
