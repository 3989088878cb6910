// SPDX-License-Identifier: MIT
// family::LogisticMixture: values in long double, extremes, draws against the distribution function and its derivatives, and both ways on fibres.
#include <algorithm>
#include <array>
#include <cmath>

#include "catch.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/distributions/logistic_mixture.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/flows/dequantize.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/surjections/slice.hpp"

namespace {
using namespace rheo;
constexpr double inf = std::numeric_limits<double>::infinity();
using Three = family::LogisticMixture<3, Exp>;
using Net = MlpOf<Tanh, 8>;
const std::vector<double> odd{0.3, -1, 0.5, -0.5, 0.2, 2, 0.1, -1, 0.4};  // logits, means from the places -1, 0, 1, log-scales

template <class T> auto reader(const std::vector<T>& raw) {
  return [&raw](Index k) { return raw[static_cast<std::size_t>(k)]; };
}
template <class T, class F> T log_prob(const F& f, double x, const std::vector<double>& raw) {
  const std::vector<T> r(raw.begin(), raw.end());
  return f.log_prob(T(x), f.template natural<T>(reader(r)));
}
struct Truth {
  long double p = 0, F = 0;
  Truth(long double x, const std::vector<double>& raw) {
    long double total = 0;
    for (std::size_t k = 0; k < 3; ++k) total += expl(raw[k]);
    for (std::size_t k = 0; k < 3; ++k) {
      const long double w = expl(raw[k]) / total, s = expl(raw[6 + k]), e = (x - (raw[3 + k] + static_cast<long double>(k) - 1)) / s;
      const long double S = 1 / (1 + expl(-e));
      F += w * S, p += w / s * (e < 0 ? S * S * expl(-e) : S * S * expl(-e));
    }
  }
};
}  // namespace

TEST_CASE("a logistic mixture's density is the weighted sum of its components'") {
  for (double x : {-300.0, -20.0, -1.5, 0.0, 0.2, 3.0, 50.0, 400.0}) {
    const double truth = static_cast<double>(logl(Truth(x, odd).p));
    INFO("x " << x);
    CHECK(log_prob<double>(Three{}, x, odd) == Approx(truth).epsilon(1e-14).margin(1e-14));
    CHECK(log_prob<float>(Three{}, x, odd) == Approx(truth).epsilon(1e-6).margin(2e-6));
  }
  const family::LogisticMixture<1> one{};
  for (double x : {-4.0, 0.0, 2.5}) CHECK(log_prob<double>(one, x, {7, 0, 0}) == Approx(family::LogisticShape::log_prob(x)).epsilon(1e-15));
}

TEST_CASE("a logistic mixture far out: straight tails, finite values and gradients") {
  const family::LogisticMixture<3> f{};
  const std::vector<double> far{50, 0, -50, -1e4, 0, 1e4, 30, -30, 0};
  for (double x : {1e300, -1e300, 1e200, 3e37}) {
    for (const auto& raw : {odd, far}) {
      const auto r = reader(raw);
      const auto q = f.natural<double>(r);
      CHECK(std::isfinite(f.log_prob(x, q)));
      std::array<double, 9> g{};
      const double g_x = f.log_prob_pull(x, 1.0, q, [&](Index k, double value) { g[static_cast<std::size_t>(k)] += value; });
      f.raw_pull(r, q, g, [&](Index, double value) { CHECK(std::isfinite(value)); });
      CHECK(std::isfinite(g_x));
    }
  }
  const double widest = std::exp(-SoftBound{}.log_scale(0.4));  // its slope rules both tails
  CHECK(log_prob<double>(f, 1e200, odd) == Approx(-1e200 * widest).epsilon(1e-14));
  CHECK(std::isfinite(log_prob<float>(f, -3e37, odd)));
  CHECK(std::isnan(log_prob<double>(f, std::nan(""), odd)));
}

TEST_CASE("draws of a logistic mixture are the quantiles of its uniforms, and move as the distribution function says") {
  const Three f{};
  Batch<double> table(1, 1);
  Noise noise{1};
  noise.table = &table;
  for (double u : {1e-12, 1e-3, 0.2, 0.5, 0.77, 0.9999}) {
    table(0, 0) = u;
    std::vector<double> raw = odd;
    const auto r = reader(raw);
    const auto q = f.natural<double>(r);
    const double x = f.draw(noise, 0, 0, q);
    const Truth at(x, odd);
    INFO("u " << u);
    CHECK(static_cast<double>(at.F) == Approx(u).epsilon(1e-13));
    std::array<double, 9> g{};
    f.draw_pull(x, 1.0, q, [&](Index k, double value) { g[static_cast<std::size_t>(k)] += value; });
    std::array<double, 9> found{};
    f.raw_pull(r, q, g, [&](Index k, double value) { found[static_cast<std::size_t>(k)] += value; });
    for (std::size_t k = 0; k < 9; ++k) {
      std::vector<double> more = odd, less = odd;
      more[k] += 1e-4, less[k] -= 1e-4;
      const long double by_differences = -(Truth(x, more).F - Truth(x, less).F) / 2e-4L / at.p;
      INFO("parameter " << k);
      CHECK(found[k] == Approx(static_cast<double>(by_differences)).epsilon(1e-6).margin(1e-8));
    }
  }
}

TEST_CASE("draws of a logistic mixture from clusters far apart have the clusters' odds, in both scalars") {
  const auto odds = []<class T>(T) {
    detail::LayerBench<Independent<1, family::LogisticMixture<2>>, T> b(Independent<1, family::LogisticMixture<2>>{});
    b.theta << T(std::log(3.0)), T(0), T(-300), T(300), T(-2), T(-2);
    Batch<T> x;
    Column<T> v;
    b.template call<false>(Batch<T>(40000, 0), Batch<T>(40000, 0), Noise{4}, x, v);
    CHECK(x.allFinite());
    CHECK((x.abs() > T(280)).all());
    return static_cast<double>((x < T(0)).template cast<double>().mean());
  };
  CHECK(odds(1.0) == Approx(0.75).margin(4 * std::sqrt(0.75 * 0.25 / 40000)));
  CHECK(odds(1.0f) == Approx(0.75).margin(4 * std::sqrt(0.75 * 0.25 / 40000)));
}

namespace {
// A law p(u | x) of two clusters, one for each sign of noise: u = +-(1 + x^2 / 2), the plus more often where x > 0.
Batch<double> forked(Index n, std::uint64_t seed) {
  Batch<double> x(n, 2);
  const Noise noise{seed};
  noise.normals(view(x));
  for (Index i = 0; i < n; ++i) {
    const double size = 1 + 0.5 * x(i, 0) * x(i, 0) + 0.1 * x(i, 1), odds = 1 / (1 + std::exp(-2 * x(i, 0)));
    x(i, 1) = noise.fork(1).uniform(i, 0) < odds ? size : -size;
  }
  return x;
}
template <class M, class Gradient> void climb(M& model, int steps, double rate, Gradient gradient) {
  Vector<double> mean = Vector<double>::Zero(model.parameters().size()), square = mean;
  for (int k = 1; k <= steps; ++k) {
    const Vector<double> g = gradient(k);
    mean += 0.1 * (g - mean), square += 0.01 * (g.square() - square);
    model.parameters() += rate * (mean / (1 - std::pow(0.9, k))) / ((square / (1 - std::pow(0.99, k))).sqrt() + 1e-8);
  }
}
}  // namespace
