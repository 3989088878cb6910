// SPDX-License-Identifier: MIT
// W5: eight residual layers, each behind an ActNorm, on two moons, net 2-H-H-2 with LipSwish, kappa 0.9: a training step with the spectral
// norms' refresh (five rounds, proven bound), log_prob and sampling (residual to 32 eps) of 10 000 rows.  V is exact throughout.
// Counters: passes of the net per row and layer that sampling took beside the last, and rows not solved.
#include <benchmark/benchmark.h>

#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/residual.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/training/trainer.hpp"

namespace {
using namespace rheo;

template <Index H> using W5 = Flow<Repeat<8, Chain<ActNorm<2>, Residual<2, BasicLipschitzMlp<LipSwish, UniformLast, H, H>>>>, StandardNormal<2>>;

/// A model after `steps` steps: 0 leaves the starting weights.
template <Index H, class T> Model<W5<H>, T> trained(int steps, const Batch<T>& data) {
  auto model = make_model<T>(W5<H>{}, Noise{2});
  model.initialise(data);
  Trainer<W5<H>, T> trainer(model, Adam{});
  const auto none = Model<W5<H>, T>::template nothing<const T>(data.rows());
  for (int k = 0; k < steps; ++k) trainer.step(view(data), none, {(k * 256) % (data.rows() - 256), 256}, Noise{}, 3e-4);
  return model;
}

template <Index H, class T> void train(benchmark::State& state) {
  const auto data = targets::moons<T>(100000, Noise{1});
  auto model = trained<H, T>(0, data);
  Trainer<W5<H>, T> trainer(model, Adam{});
  const auto none = Model<W5<H>, T>::template nothing<const T>(data.rows());
  Index first = 0;
  for (auto _ : state) {
    auto r = trainer.step(view(data), none, {first, 256}, Noise{}, 3e-4);
    benchmark::DoNotOptimize(r);
    first = (first + 256) % (data.rows() - 256);
  }
}
template <Index H, class T> void log_prob(benchmark::State& state) {
  const auto data = targets::moons<T>(10000, Noise{1});
  const auto model = trained<H, T>(0, data);
  auto work = model.workspace();
  for (auto _ : state) {
    auto lp = model.log_prob(data, {}, work);
    benchmark::DoNotOptimize(lp.data());
  }
}
/// Argument: training steps before.
template <Index H, class T> void sample(benchmark::State& state) {
  const auto model = trained<H, T>(static_cast<int>(state.range(0)), targets::moons<T>(100000, Noise{1}));
  auto work = model.workspace();
  for (auto _ : state) {
    auto s = model.sample_and_log_prob(10000, Noise{5}, {}, work);
    benchmark::DoNotOptimize(s.log_prob.data());
  }
  const auto report = work.report();
  state.counters["passes"] = static_cast<double>(report.evaluations) / 80000 / static_cast<double>(state.iterations());
  state.counters["unsolved"] = static_cast<double>(report.unsolved);
}
}  // namespace

BENCHMARK_TEMPLATE(train, 64, float)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(train, 128, float)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(train, 64, double)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(train, 128, double)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(log_prob, 64, float)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(log_prob, 128, float)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(sample, 64, float)->Arg(0)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(sample, 128, float)->Arg(0)->Arg(1000)->Unit(benchmark::kMillisecond);
BENCHMARK_MAIN();
