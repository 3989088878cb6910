// SPDX-License-Identifier: MIT
// Columns of four kinds in one exact density: a share, a time that may be missing, a count, an hour of the day.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <numbers>

#include <rheo/distributions/circle.hpp>
#include <rheo/distributions/discrete.hpp>
#include <rheo/distributions/hurdle.hpp>
#include <rheo/distributions/normal.hpp>
#include <rheo/io/plot_corner.hpp>
#include <rheo/layers/bijections/elementwise.hpp>
#include <rheo/layers/bijections/standardize.hpp>
#include <rheo/layers/surjections/slice.hpp>
#include <rheo/training/fit.hpp>
#include <rheo/transformers/rational_quadratic_spline.hpp>
using namespace rheo;
constexpr double pi = std::numbers::pi;

/// A dispatcher's log: load in (0, 1); hours until the answer, 0 where there was none; calls 0 .. 9; the time of the
/// day as an angle, midnight at -pi = pi.
Batch<double> rows(Index n, Noise noise) {
  Batch<double> x(n, 4);
  for (Index i = 0; i < n; ++i) {
    const bool night = noise.uniform(i, 0) < 0.4;
    const double load = 1 / (1 + std::exp(night ? -1.2 - 0.6 * noise.normal(i, 1) : 1.0 - 0.7 * noise.normal(i, 1)));
    const bool missing = noise.uniform(i, 2) < 0.05 + 0.5 * load * load;
    const double time = -(0.07 + 0.2 * load) * std::log(noise.uniform(i, 3));
    int calls = 0;
    for (double sum = 0; calls < 9; ++calls)  // Poisson of mean 1 + 6 load
      if ((sum -= std::log(noise.uniform(i, 20 + calls))) > 1 + 6 * load) break;
    const double angle = night ? pi + 0.5 * noise.normal(i, 5) : 0.8 * noise.normal(i, 5);
    x.row(i) << load, missing ? 0 : time, calls, std::remainder(angle, 2 * pi);
  }
  return x;
}

// The last column is scored given those before it, and dropped; then the next.
using Net = Mlp<32, 32>;
template <Index D, Index C>
using Circular = Flow<Conditional<D, CircularRationalQuadraticSpline<8>, Net, C>, UniformCircle<D>>;
using Hour = Slice<4, 3, FlowFibre<Circular>>;
using Calls = Slice<3, 2, Given<family::Categorical<10>, Net>>;
using Time = Slice<2, 1, Given<family::Hurdle<family::Exponential<SoftBound>>, Net>>;

int main() try {
  const Batch<double> train = rows(8000, Noise{1}), fresh = rows(8000, Noise{2});
  auto model = make_model<double>(Flow{Hour{}, Calls{}, Time{}, LogitMap<1>{}, Standardize<1>{},
                                       Elementwise<1, RationalQuadraticSpline<8>>{}, StandardNormal<1>{}},
                                  Noise{3});
  const FitResult r =
      fit(model, train, {.epochs = 25, .batch = 128, .learning_rate = 4e-3, .schedule = {Cosine{0.02}}});
  std::printf("%s; mean log p of fresh rows %.3f\n", to_string(r.status), model.log_prob(fresh).mean());

  const Batch<double> drawn = model.sample(20'000, Noise{4});
  const auto tell = [&](const char* what, auto share) {
    std::printf("%-46s %6.2f %6.2f\n", what, share(fresh), share(drawn));
  };
  const auto mean_where = [](const auto& value, const auto& where) {
    return (where).select(value, 0.0).sum() / where.template cast<double>().sum();
  };
  using X = const Batch<double>&;
  std::printf("%-46s %6s %6s\n", "", "data", "model");
  tell("time missing, load above 0.7",
       [&](X x) { return mean_where((x.col(1) == 0.0).template cast<double>(), x.col(0) > 0.7); });
  tell("time missing, load below 0.3",
       [&](X x) { return mean_where((x.col(1) == 0.0).template cast<double>(), x.col(0) < 0.3); });
  tell("mean calls, load above 0.7", [&](X x) { return mean_where(x.col(2), x.col(0) > 0.7); });
  tell("share with no call", [&](X x) { return (x.col(2) == 0.0).template cast<double>().mean(); });
  tell("share within an hour of midnight",
       [&](X x) { return (x.col(3).abs() > pi * 11 / 12).template cast<double>().mean(); });
  tell("share of counts that are not whole",
       [&](X x) { return (x.col(2) != x.col(2).floor()).template cast<double>().mean(); });
  io::write_png("mixed_columns.png",
                io::thumbnail(io::draw_corner(fresh, drawn, {.names = {"load", "time", "calls", "hour"}})));
} catch (const std::exception& e) { return std::fprintf(stderr, "%s\n", e.what()), 1; }
