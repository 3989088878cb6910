// SPDX-License-Identifier: MIT
// Splines with 8 bins, one column of 256 rows whose parameters differ from row to row, as in a coupling: ns an element
// (counter "ns") for encode, decode and encode_pull, float and double.
#include <benchmark/benchmark.h>

#include "shared/peak.hpp"
#include "rheo/transformers/cubic_spline.hpp"
#include "rheo/transformers/linear_spline.hpp"
#include "rheo/transformers/quadratic_spline.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

namespace {
using namespace rheo;
constexpr Index rows = 256;

template <class T> Batch<T> normals(Index c, std::uint64_t key, double scale) {
  Batch<double> x(rows, c);
  Noise{key}.normals(view(x));
  return (scale * x).template cast<T>();
}
template <class T, class M> struct Column1 {
  M map;
  Batch<T> x = normals<T>(1, 1, 1.5), raw = normals<T>(M::params, 2, 1), g_y = normals<T>(1, 3, 1),
           g_v = normals<T>(1, 4, 1);
  Batch<T> y = Batch<T>(rows, 1), g_x = Batch<T>(rows, 1), g_raw = Batch<T>(rows, M::params), v = Batch<T>(rows, 1);
  template <bool Encode> void run(const Batch<T>& in, Batch<T>& out) {
    v.setZero();
    detail::transform<Encode, T>(map, view(in), read(view(raw)), view(out), ColView<T>(v.data(), rows));
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
};
void per_element(benchmark::State& state) {
  state.counters["ns"] = benchmark::Counter(
      1e-9 * static_cast<double>(rows), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

template <class T, class M> void encode(benchmark::State& state) {
  Column1<T, M> c;
  for (auto _ : state) c.template run<true>(c.x, c.y);
  per_element(state);
}
template <class T, class M> void decode(benchmark::State& state) {
  Column1<T, M> c;
  c.template run<true>(c.x, c.y);
  for (auto _ : state) c.template run<false>(c.y, c.g_x);
  per_element(state);
}
template <class T, class M> void encode_pull(benchmark::State& state) {
  Column1<T, M> c;
  c.template run<true>(c.x, c.y);
  for (auto _ : state) {
    detail::transform_pull<true, T>(c.map, read(view(c.x)), read(view(c.y)), read(view(c.g_y)),
                                    CColView<T>(c.g_v.data(), rows), read(view(c.raw)), view(c.g_x), view(c.g_raw));
    benchmark::DoNotOptimize(c.g_raw.data());
    benchmark::ClobberMemory();
  }
  per_element(state);
}

using Rational = RationalQuadraticSpline<8>;
using RationalNflows = RationalQuadraticSpline<8, NflowsKnots>;
using RationalZuko = RationalQuadraticSpline<8, ZukoKnots>;
using RationalUnit = IntervalRationalQuadraticSpline<8>;
using RationalCircle = CircularRationalQuadraticSpline<8>;
using Linear = LinearSpline<8>;
using Quadratic = QuadraticSpline<8>;
using Cubic = CubicSpline<8>;
}  // namespace

#define RHEO_SPLINE(M)                       \
  BENCHMARK_TEMPLATE(encode, float, M);      \
  BENCHMARK_TEMPLATE(decode, float, M);      \
  BENCHMARK_TEMPLATE(encode_pull, float, M); \
  BENCHMARK_TEMPLATE(encode, double, M);     \
  BENCHMARK_TEMPLATE(decode, double, M);     \
  BENCHMARK_TEMPLATE(encode_pull, double, M)
RHEO_SPLINE(Rational);
RHEO_SPLINE(RationalNflows);
RHEO_SPLINE(RationalZuko);
RHEO_SPLINE(RationalUnit);
RHEO_SPLINE(RationalCircle);
RHEO_SPLINE(Linear);
RHEO_SPLINE(Quadratic);
RHEO_SPLINE(Cubic);
BENCHMARK_MAIN();
