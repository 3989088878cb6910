// SPDX-License-Identifier: MIT
// Posteriors by conditional spline flows (NPE) against exact draws, by the classifier test.
#include "../compare/common.hpp"
#include "rheo/evaluation/c2st.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rows.hpp"
#include "sbi_tasks.hpp"

namespace published {
namespace {

constexpr Index observations = 10, compared = 10'000;

/// Draws that lie in the prior's square; how many did not, as a share.
template <class F, class Task>
std::pair<Batch<double>, double> posterior_of(const Model<F, float>& model, const Task&, const Row<double>& x,
                                              Noise noise) {
  const Batch<float> context = x.cast<float>();
  Batch<double> out(compared, Task::dim);
  Index have = 0, drawn = 0;
  for (std::uint64_t k = 0; have < compared; ++k) {
    const Batch<double> more = model.sample(compared, noise.fork(k), context).template cast<double>();
    for (Index i = 0; i < compared && have < compared; ++i, ++drawn) {
      if (more.row(i).allFinite() && (Task::bound == 0 || (more.row(i).abs() <= Task::bound).all()))
        out.row(have++) = more.row(i);
    }
    if (drawn >= 200 * compared && have == 0) throw std::runtime_error("the flow draws nothing in the prior's support");
  }
  return {out, 1 - static_cast<double>(compared) / static_cast<double>(drawn)};
}

template <class Task> Record measure(Index simulations) {
  using Posterior = presets::Nsf<Task::dim, 5, Mlp<64, 64>, Task::data>;
  const Noise noise{static_cast<std::uint64_t>(simulations)};
  const Batch<double> theta = Task::prior(simulations, noise.fork(0)), x = Task::simulate(theta, noise.fork(1));
  auto model = make_model<float>(Posterior{}, noise.fork(2));
  const bool few = simulations <= 1000, many = simulations >= 100'000;
  const FitOptions o{.epochs = few    ? 200
                               : many ? 60
                                      : 120,
                     .batch = few    ? 50
                              : many ? 512
                                     : 128,
                     .learning_rate = 1e-3,
                     .patience = 20,
                     .optimizer = adam_w(1e-4),
                     .schedule = {Cosine{0.01}, 100},
                     .average = 0.98,
                     .noise = noise.fork(3)};
  const double begin = study::cpu_seconds();
  const FitResult r = fit(model, theta.cast<float>(), x.cast<float>(), o);
  const double seconds = study::cpu_seconds() - begin;

  // Observations of our own: the same for every number of simulations.
  const Noise own{2026};
  const Batch<double> observed = Task::simulate(Task::prior(observations, own.fork(0)), own.fork(1));
  std::vector<double> accuracies;
  Column<double> accuracy(observations);
  double outside = 0, reference = 0;
  for (Index k = 0; k < observations; ++k) {
    const Noise key = own.fork(2).fork(static_cast<std::uint64_t>(k));
    const auto [drawn, lost] = posterior_of(model, Task{}, observed.row(k), key.fork(0));
    const Batch<double> exact = Task::posterior(observed.row(k), compared, key.fork(1));
    accuracy(k) = c2st<Task::dim>(exact, drawn, {.noise = key.fork(2)}).value;
    if constexpr (std::is_same_v<Task, Slcp>) {  // drawn by steps: two runs of them, the same for every row
      if (many)
        reference +=
            c2st<Task::dim>(exact, Task::posterior(observed.row(k), compared, key.fork(3)), {.noise = key.fork(4)})
                .value /
            observations;
    }
    accuracies.push_back(accuracy(k));
    outside += lost / static_cast<double>(observations);
  }
  const Estimate mean = mean_and_error(accuracy);
  Record row;
  row.number("parameters", static_cast<double>(Posterior::param_count));
  row.number("c2st", mean.value);
  row.number("c2st_error", mean.error);
  row.numbers("c2st_each", accuracies);
  row.number("outside", outside);
  if (reference > 0) row.number("reference", reference);
  row.number("epochs", static_cast<double>(r.history.size()));
  row.number("best_epoch", r.best_epoch);
  row.number("minutes", seconds / 60);
  return row;
}

template <class Task> void add(std::vector<Cell>& rows, Index simulations) {
  const std::string cell = Task::name + std::string(".") + std::to_string(simulations);
  rows.push_back({"sbi." + cell, "sbi", cell, [=] { return measure<Task>(simulations); }});
}

}  // namespace

std::vector<Cell> sbi_rows() {
  std::vector<Cell> rows;
  for (const Index simulations : {1000, 10'000, 100'000}) {
    add<TwoMoons>(rows, simulations);
    add<GaussianMixture>(rows, simulations);
    add<GaussianLinear>(rows, simulations);
    add<Slcp>(rows, simulations);
  }
  return rows;
}

}  // namespace published
