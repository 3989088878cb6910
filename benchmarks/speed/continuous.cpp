// SPDX-License-Identifier: MIT
// A continuous flow on two moons, field 3-64-64-64-2 with tanh: log_prob, a step of maximum likelihood, a step of flow
// matching with and without optimal transport.  The field is first matched to the data, so that the solver meets what
// it meets in use.
#include <benchmark/benchmark.h>

#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/training/flow_matching.hpp"

namespace {
using namespace rheo;

using Field = Velocity<MlpOf<Tanh, 64, 64, 64>>;
template <class Trace, class Solver>
using Moving = Flow<Standardize<2>, Continuous<2, Field, Trace, Solver>, StandardNormal<2>>;
using Adaptive = Moving<ExactTrace, Dopri5<5>>;
using Probed = Moving<HutchinsonTrace<>, Dopri5<5>>;
using Fixed = Moving<ExactTrace, Rk4<8>>;

template <class F, class T> Model<F, T> matched() {
  static const Model<F, T> model = [] {
    auto m = make_model<T>(F{}, Noise{2});
    fit(m, targets::moons<T>(8000, Noise{1}),
        {.epochs = 30, .batch = 128, .learning_rate = 5e-3, .schedule = {Cosine{}, 0}, .noise = Noise{3}},
        FlowMatching{});
    return m;
  }();
  return model;
}

template <class F, class T> void log_prob(benchmark::State& state) {
  const auto data = targets::moons<T>(state.range(0), Noise{5});
  const auto model = matched<F, T>();
  auto work = model.workspace();
  auto score = [&] {
    if constexpr (is_exact_v<F>) benchmark::DoNotOptimize(model.log_prob(data, {}, work).data());
    else benchmark::DoNotOptimize(model.elbo(data, Noise{6}).data());
  };
  for (auto _ : state) score();
  if constexpr (is_exact_v<F>) {
    work.clear_report();
    score();
    state.counters["passes"] = static_cast<double>(work.report().evaluations) / static_cast<double>(state.range(0));
  }
  state.counters["per_row"] = benchmark::Counter(
      static_cast<double>(state.range(0)), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
template <class F, class T, class Objective> void train(benchmark::State& state) {
  const auto data = targets::moons<T>(20000, Noise{5});
  auto model = matched<F, T>();
  Trainer<F, T, Objective> trainer(model);
  Index first = 0;
  const auto none = Model<F, T>::template nothing<const T>(data.rows());
  for (auto _ : state) {
    benchmark::DoNotOptimize(trainer.step(view(data), none, {first, state.range(0)}, Noise{7}, 1e-5));
    first = (first + state.range(0)) % (data.rows() - state.range(0));
  }
  state.counters["per_row"] = benchmark::Counter(
      static_cast<double>(state.range(0)), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
}  // namespace

BENCHMARK_TEMPLATE(log_prob, Adaptive, float)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(log_prob, Adaptive, double)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(log_prob, Probed, float)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(log_prob, Fixed, float)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(train, Adaptive, float, MaximumLikelihood)->Arg(256)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(train, Fixed, float, MaximumLikelihood)->Arg(256)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(train, Adaptive, float, FlowMatching)->Arg(256)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(train, Adaptive, float, OtFlowMatching)->Arg(256)->Unit(benchmark::kMicrosecond);
BENCHMARK_MAIN();
