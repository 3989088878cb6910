// SPDX-License-Identifier: MIT
// W1: eight affine couplings on two moons, conditioner 1-64-64-2 with ReLU: a training step, log_prob of 100 000 rows, of one.
// Counters: time per sample, and the share of this core's multiply-add rate that the dense layers' arithmetic reaches.
#include <benchmark/benchmark.h>

#include "peak.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/training/trainer.hpp"

namespace {
using namespace rheo;

using Even = AffineCoupling<2, Mlp<64, 64>>;
using Odd = AffineCoupling<2, Mlp<64, 64>, 0, BoundedExp, Mask<1, 0>>;
using W1 = Flow<Repeat<4, Chain<Even, Odd>>, StandardNormal<2>>;
constexpr double forward_flop = 68608;  // per sample: 8 layers x 2 x (1 x 64 + 64 x 64 + 64 x 2)

template <class T> Model<W1, T> started() {
  auto model = make_model<T>(W1{}, Noise{2});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += T(0.05 * Noise{3}.normal(i, 0));
  return model;
}
template <class T> void share(benchmark::State& state, double flop_per_call) {
  static const double peak = bench::fma_peak<T>();
  state.counters["FMA_share"] = benchmark::Counter(flop_per_call / peak, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["peak_GFLOPs"] = peak * 1e-9;
}

template <class T> void train(benchmark::State& state) {
  const Index batch = state.range(0);
  const auto data = targets::moons<T>(100000, Noise{1});
  auto model = started<T>();
  Trainer<W1, T> trainer(model, Adam{}, static_cast<int>(state.range(1)));
  Index first = 0;
  const auto none = Model<W1, T>::template nothing<const T>(data.rows());
  for (auto _ : state) {
    auto r = trainer.step(view(data), none, {first, batch}, Noise{}, 1e-3);
    benchmark::DoNotOptimize(r);
    first = (first + batch) % (data.rows() - batch);
  }
  share<T>(state, 3 * forward_flop * static_cast<double>(batch));
}
template <class T> void log_prob(benchmark::State& state) {
  const auto data = targets::moons<T>(state.range(0), Noise{1});
  const auto model = started<T>();
  auto work = model.workspace(static_cast<int>(state.range(1)));
  for (auto _ : state) {
    auto lp = model.log_prob(data, {}, work);
    benchmark::DoNotOptimize(lp.data());
  }
  share<T>(state, forward_flop * static_cast<double>(data.rows()));
}
}  // namespace

BENCHMARK_TEMPLATE(train, float)->Args({256, 1})->Args({1024, 1})->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(train, double)->Args({256, 1})->Args({1024, 1})->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(train, float)->Args({256, 2})->Args({1024, 2})->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK_TEMPLATE(log_prob, float)->Args({100000, 1})->Args({1, 1})->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(log_prob, double)->Args({100000, 1})->Args({1, 1})->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(log_prob, float)->Args({100000, 2})->Unit(benchmark::kMicrosecond)->UseRealTime();
BENCHMARK_MAIN();
