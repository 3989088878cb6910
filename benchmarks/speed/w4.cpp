// SPDX-License-Identifier: MIT
// W4: five autoregressive layers in 8 dimensions, order reversed between layers, masked conditioner 8-128-128-8P with ReLU: a training step
// of 512, log_prob and samples of 10 000 rows; affine, and splines of 8 bins.  Beside the affine, the same with a plain Mlp of the same widths (no flow, since every coordinate
// sees every other; D full passes a layer for "samples"): what masks and unrolling gain.
#include <benchmark/benchmark.h>

#include "peak.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/training/trainer.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

namespace {
using namespace rheo;

constexpr Index dim = 8;

// An Mlp in the place of a masked net.
template <Index... H> struct Unmasked {
  template <Index D, Index P, Index C = 0> struct net : Mlp<H...>::template net<D, D * P, C> {
    using Base = typename Mlp<H...>::template net<D, D * P, C>;
    template <class T, class Fill> void unroll(NetPass<T, typename Base::template Cache<T>> p, Fill fill) const {
      const_cast<T*>(p.in.data())[0] = T(0);
      for (Index j = 0; j < D; ++j) {
        this->template map<T>(p);
        fill(j);
      }
    }
  };
};

template <class Transformer, class Net> struct Layers {
  using Up = Autoregressive<dim, Transformer, Net>;
  using Down = Autoregressive<dim, Transformer, Net, 0, ReversedOrder>;
  using Type = Flow<Repeat<2, Chain<Up, Down>>, Up, StandardNormal<dim>>;
};
template <class Net> using W4Affine = typename Layers<Affine<>, Net>::Type;
using Masked = W4Affine<Made<128, 128>>;
using MaskedSplines = Layers<RationalQuadraticSpline<8>, Made<128, 128>>::Type;
using Dense = W4Affine<Unmasked<128, 128>>;
// Per sample, counted dense: 5 layers x 2 x (8 x 128 + 128 x 128 + 128 x 8P).
template <Index P> constexpr double forward_flop = 10.0 * (8 * 128 + 128 * 128 + 128 * 8 * P);

template <class T> Batch<T> chained(Index n) {  // x_j = 0.8 n_j + 0.6 n_(j - 1)
  Batch<T> x(n, dim), e(n, dim + 1);
  Noise{1}.normals(view(e));
  for (Index j = 0; j < dim; ++j) x.col(j) = T(0.8) * e.col(j + 1) + T(0.6) * e.col(j);
  return x;
}
template <class F, class T> Model<F, T> started() {
  auto model = make_model<T>(F{}, Noise{2});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += T(0.02 * Noise{3}.normal(i, 0));
  return model;
}
template <class T> void share(benchmark::State& state, double flop_per_call) {
  static const double peak = bench::fma_peak<T>();
  state.counters["FMA_share"] = benchmark::Counter(flop_per_call / peak, benchmark::Counter::kIsIterationInvariantRate);
  state.counters["peak_GFLOPs"] = peak * 1e-9;
}

template <class F, class T, Index P> void train(benchmark::State& state) {
  const Index batch = state.range(0);
  const auto data = chained<T>(20000);
  auto model = started<F, T>();
  Trainer<F, T> trainer(model, Adam{});
  Index first = 0;
  const auto none = Model<F, T>::template nothing<const T>(data.rows());
  for (auto _ : state) {
    auto r = trainer.step(view(data), none, {first, batch}, Noise{}, 1e-4);
    benchmark::DoNotOptimize(r);
    first = (first + batch) % (data.rows() - batch);
  }
  share<T>(state, 3 * forward_flop<P> * static_cast<double>(batch));
}
template <class F, class T, Index P> void log_prob(benchmark::State& state) {
  const auto data = chained<T>(state.range(0));
  const auto model = started<F, T>();
  auto work = model.workspace();
  for (auto _ : state) {
    auto lp = model.log_prob(data, {}, work);
    benchmark::DoNotOptimize(lp.data());
  }
  share<T>(state, forward_flop<P> * static_cast<double>(data.rows()));
}
template <class F, class T, Index P> void sample(benchmark::State& state) {
  const auto model = started<F, T>();
  auto work = model.workspace();
  for (auto _ : state) {
    auto s = model.sample_and_log_prob(state.range(0), Noise{4}, {}, work);
    benchmark::DoNotOptimize(s.x.data());
  }
  share<T>(state, forward_flop<P> * static_cast<double>(state.range(0)));
}
}  // namespace

BENCHMARK_TEMPLATE(train, Masked, float, 2)->Arg(512)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(train, Dense, float, 2)->Arg(512)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(log_prob, Masked, float, 2)->Arg(10000)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(log_prob, Dense, float, 2)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(sample, Masked, float, 2)->Arg(10000)->Arg(1)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(sample, Dense, float, 2)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(train, MaskedSplines, float, 23)->Arg(512)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(log_prob, MaskedSplines, float, 23)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(sample, MaskedSplines, float, 23)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(train, Masked, double, 2)->Arg(512)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(log_prob, Masked, double, 2)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(sample, Masked, double, 2)->Arg(10000)->Unit(benchmark::kMicrosecond);
BENCHMARK_MAIN();
