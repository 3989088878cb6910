// SPDX-License-Identifier: MIT
// A fitted model without its type, and the table entry that fits one: all that the study asks of a family.
// fit_2d's (examples/models/models.hpp) is another, which saves and freezes, takes contexts, and stays an example.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "../common.hpp"
#include "places.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/evaluation/isoperimetry.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/training/fit.hpp"

namespace study {
using namespace rheo;

/// How a training went; seconds are of the processor.
struct Training {
  FitStatus status = FitStatus::budget_reached;
  long steps = 0;
  double seconds = 0;
  std::vector<double> at_seconds, at_step, loss;  ///< of the epochs; the loss is that of the held-out rows
};

/// Columns in double, whatever the model was trained in.  Empty functions are what the family does not offer.
struct Subject {
  Training training;
  Index parameters = 0, decode_passes = 0;
  Exactness exactness = Exactness::exact;
  bool moves_a_normal = false;  ///< samples are a bijection of standard normal draws: the isoperimetric floor binds it
  std::function<Column<double>(const Batch<double>& x, Noise)> log_prob;  ///< one draw of it where it is not exact
  std::function<LogProbEstimate<double>(const Batch<double>& x, Index K, Noise)> estimate;
  std::function<Batch<double>(Index, Noise)> sample;
  std::function<Column<double>(const Place&, Index, Noise)> log_weights;  ///< of draws against the place's density
  std::function<Batch<double>(const Batch<double>& z)>
      decode;                                             ///< the sampling map in double; only where it takes no noise
  std::function<double(const Batch<double>& z)> stretch;  ///< its largest singular value, by search from these points
};

struct Family {
  std::string name, what;
  bool likelihood_loss;  ///< the training loss is a negative log-density (or its bound), so that its history can be
                         ///< compared
  std::function<Subject(const Batch<double>& x, FitOptions, const Place&)> train;
  std::function<std::string(const Place&)> absent = [](const Place&) {
    return std::string();
  };  ///< why it means nothing there, or ""
};

/// Whether a flow's base is the standard normal.
template <class F> inline constexpr bool on_standard_normal = false;
template <class... Ls>
inline constexpr bool on_standard_normal<Flow<Ls...>> =
    std::is_same_v<std::tuple_element_t<sizeof...(Ls) - 1, std::tuple<Ls...>>, StandardNormal<Flow<Ls...>::latent_dim>>;

/// What a fitted model answers.
template <class F> Subject answers(std::shared_ptr<const Model<F, float>> model, Training training) {
  Subject s;
  s.training = std::move(training);
  s.parameters = F::param_count;
  s.exactness = F::exactness;
  s.decode_passes = detail::decode_effort<F>().passes;
  constexpr bool bijective = std::decay_t<decltype(model->flow().body())>::kind == Kind::bijection;
  s.moves_a_normal = bijective && on_standard_normal<F>;
  s.log_prob = [model](const Batch<double>& y, Noise noise) -> Column<double> {
    return model->elbo(y.cast<float>(), noise).template cast<double>();
  };
  s.estimate = [model](const Batch<double>& y, Index K, Noise noise) -> LogProbEstimate<double> {
    const auto e = model->log_prob_estimate(y.cast<float>(), K, noise);
    return {e.value.template cast<double>(), e.standard_error.template cast<double>()};
  };
  s.sample = [model](Index n, Noise noise) -> Batch<double> { return model->sample(n, noise).template cast<double>(); };
  s.log_weights = [model](const Place& p, Index n, Noise noise) {
    return weighted_sample(*model, PlaceEnergy<F::x_dim>(p), n, noise).log_w;
  };
  if constexpr (bijective) {
    auto wide = std::make_shared<Model<F, double>>(model->template cast<double>());
    s.decode = [wide](const Batch<double>& z) { return wide->decode(z); };
    if constexpr (on_standard_normal<F>)
      s.stretch = [model](const Batch<double>& z) { return largest_stretch(*model, z, Noise{}); };
  }
  return s;
}

/// An objective that notes when it is first asked: training begins there, behind the checks of the data and the starts
/// that depend on them.
template <class Objective> struct Timed {
  Objective objective;
  double* begin;
  template <class F, class T> double operator()(ObjectiveCall<F, T>& call) const {
    if (*begin < 0) *begin = cpu_seconds();
    return objective(call);
  }
};

/// Trains a flow in float on data, from the parameters that `start` makes of the usual ones.
template <class F, class Objective = MaximumLikelihood>
Subject fitted(const F& flow, const Batch<double>& x, FitOptions options, Objective objective = {},
               const std::type_identity_t<std::function<void(Model<F, float>&)>>& start = {}) {
  auto model = std::make_shared<Model<F, float>>(started(flow, options.noise));
  if (start) start(*model);
  Training t;
  double begin = -1;
  options.callback = [&](const EpochReport& e) {
    t.at_seconds.push_back(cpu_seconds() - begin);
    t.at_step.push_back(static_cast<double>(e.epoch));
    t.loss.push_back(e.validation_loss);
    return true;
  };
  const FitResult r = fit(*model, x.cast<float>(), std::move(options), Timed<Objective>{std::move(objective), &begin});
  t.seconds = cpu_seconds() - begin;
  t.status = r.status;
  t.steps = r.steps;
  for (double& step : t.at_step)
    step *= static_cast<double>(r.steps) / static_cast<double>(std::max<std::size_t>(1, t.loss.size()));
  return answers<F>(model, std::move(t));
}
/// A family that is written for any dimension: calls train with the place's as a constant.
template <class Train> Family family(std::string name, std::string what, bool likelihood_loss, Train train) {
  return {std::move(name), std::move(what), likelihood_loss,
          [train](const Batch<double>& x, FitOptions options, const Place& place) {
            switch (place.dim) {
              case 2: return train(std::integral_constant<Index, 2>{}, x, std::move(options), place);
              case 8: return train(std::integral_constant<Index, 8>{}, x, std::move(options), place);
              case 10: return train(std::integral_constant<Index, 10>{}, x, std::move(options), place);
              default: rheo::detail::fail(place.name + ": no family is written for its dimension");
            }
          }};
}
/// One that a preset fits, Of<D>::type, by an objective.
template <template <Index> class Of, class Objective = MaximumLikelihood>
Family preset(std::string name, std::string what, Objective objective = {}, bool likelihood_loss = true) {
  return family(std::move(name), std::move(what), likelihood_loss,
                [objective](auto dim, const Batch<double>& x, FitOptions options, const Place&) {
                  return fitted(Of<dim()>{}, x, std::move(options), objective);
                });
}

}  // namespace study
