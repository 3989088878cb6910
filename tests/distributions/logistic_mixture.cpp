// SPDX-License-Identifier: MIT
// family::LogisticMixture: values in long double, extremes, draws against the distribution function and its
// derivatives, and both ways on fibres.
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
#include "rheo/training/fit.hpp"

namespace distributions_logistic_mixture {

namespace {
using namespace rheo;
using Three = family::LogisticMixture<3, Exp>;
using Net = MlpOf<Tanh, 8>;
const std::vector<double> odd{0.3, -1,  0.5, -0.5, 0.2,
                              2,   0.1, -1,  0.4};  // logits, means from the places -1, 0, 1, log-scales

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
      const long double w = expl(raw[k]) / total, s = expl(raw[6 + k]),
                        e = (x - (raw[3 + k] + static_cast<long double>(k) - 1)) / s;
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
  for (double x : {-4.0, 0.0, 2.5})
    CHECK(log_prob<double>(one, x, {7, 0, 0}) == Approx(family::LogisticShape::log_prob(x)).epsilon(1e-15));
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
      const double g_x =
          f.log_prob_pull(x, 1.0, q, [&](Index k, double value) { g[static_cast<std::size_t>(k)] += value; });
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
      const auto cdf = [&](double step) {
        std::vector<double> moved = odd;
        moved[k] += step;
        return Truth(x, moved).F;
      };
      const long double h = 0x1p-12L,
                        slope = (8 * (cdf(0x1p-12) - cdf(-0x1p-12)) - (cdf(0x1p-11) - cdf(-0x1p-11))) / (12 * h);
      const long double by_differences = -slope / at.p;
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
using Law = Given<family::LogisticMixture<2>, MlpOf<Tanh, 8>>;
// u given x is a mixture whose weights, means and scales all move with x ~ N(0, 1).
struct Fork {
  double odds, place, scale;
  explicit Fork(double x) : odds(1 / (1 + std::exp(-2 * x))), place(1.5 + 0.4 * x), scale(0.15 * std::exp(0.5 * x)) {}
  double log_prob(double u) const {
    const auto f = [&](double m) { return std::exp(family::LogisticShape::log_prob((u - m) / scale)) / scale; };
    return std::log(odds * f(place) + (1 - odds) * f(-place));
  }
  double draw(Noise noise, Index i) const {
    return (noise.uniform(i, 0) < odds ? place : -place) + scale * family::LogisticShape::standard(noise.uniform(i, 1));
  }
};
Batch<double> forked(Index n, std::uint64_t seed) {
  Batch<double> x(n, 2);
  Noise{seed}.normals(view(x));
  for (Index i = 0; i < n; ++i) x(i, 1) = Fork(x(i, 0)).draw(Noise{seed}.fork(1), i);
  return x;
}
double normal(double x) { return -0.5 * x * x - half_log_two_pi; }
const auto& learned() {  // by maximum likelihood, once for both tests
  static const auto model = [] {
    auto m = make_model<double>(Flow{Slice<2, 1, Law>{}, StandardNormal<1>{}}, Noise{1});
    fit(m, forked(8000, 2),
        {.epochs = 40, .batch = 200, .learning_rate = 1e-2, .schedule = {Cosine{}, 0}, .noise = Noise{3}});
    return m;
  }();
  return model;
}
}  // namespace

TEST_CASE("a slice learns a mixture whose weights, means and scales see what is kept") {
  const Batch<double> test = forked(8000, 5);
  double gap = -learned().log_prob(test).mean();
  for (Index i = 0; i < test.rows(); ++i)
    gap += (normal(test(i, 0)) + Fork(test(i, 0)).log_prob(test(i, 1))) / static_cast<double>(test.rows());
  INFO("short of the truth by " << gap);
  CHECK(gap < 0.02);
  CHECK(gap > -0.02);
  const Batch<double> s = learned().sample(20000, Noise{6});
  for (double at : {-1.0, 0.0, 1.0}) {  // the share of the upper branch near x = at
    const auto near = (s.col(0) - at).abs() < 0.2;
    const double n = near.cast<double>().sum(), share = (near && s.col(1) > 0).cast<double>().sum() / n;
    INFO("x near " << at);
    CHECK(share == Approx(Fork(at).odds).margin(0.02 + 4 * std::sqrt(0.25 / n)));
  }
}

TEST_CASE("an augmented flow's q finds a forked posterior by the derivative of its draws") {
  // p(x, u) is the learned one and stays; the bound is log p(x) - KL(q || p(u | x)), and p(x) is normal.
  using F = Flow<Augment<1, 1, Law>, Slice<2, 1, Law>, StandardNormal<1>>;
  const Index n = 100, size = learned().parameters().size();
  detail::LayerBench<F, double> b(F{});
  const auto start = make_model<double>(F{}, Noise{1});
  b.theta = start.parameters();
  REQUIRE(b.theta.size() == 2 * size);
  b.theta.tail(size) = learned().parameters();
  Batch<double> x(n, 1), none(n, 0), out, g_x;
  Column<double> v, log_p(n);
  const auto slack = [&](std::uint64_t seed) {  // mean over rows and draws
    double total = 0;
    for (std::uint64_t k = 0; k < 40; ++k) {
      Noise{seed}.fork(2 * k).normals(view(x));
      b.call<true>(x, none, Noise{seed}.fork(2 * k + 1), out, v);
      for (Index i = 0; i < n; ++i) total += (normal(x(i, 0)) - v(i)) / static_cast<double>(40 * n);
    }
    return total;
  };
  const double before = slack(7);
  Column<double> mean = Column<double>::Zero(size), square = mean, g = Column<double>::Zero(2 * size);
  const Column<double> up = Column<double>::Constant(n, 1 / static_cast<double>(n));
  const int steps = 4000;
  for (int k = 1; k <= steps; ++k) {  // Adam on q alone
    const Noise noise = Noise{8}.fork(static_cast<std::uint64_t>(k));
    noise.normals(view(x));
    b.call<true>(x, none, noise.fork(1), out, v);
    g.setZero();
    b.pull<true>(x, out, none, noise.fork(1), none, up, g_x, g, none);
    mean += 0.1 * (g.head(size) - mean), square += 0.01 * (g.head(size).square() - square);
    const double rate = 0.02 * (1 - static_cast<double>(k) / steps);
    b.theta.head(size) += rate * (mean / (1 - std::pow(0.9, k))) / ((square / (1 - std::pow(0.99, k))).sqrt() + 1e-8);
  }
  const double after = slack(9);
  INFO("KL before " << before << ", after " << after);
  CHECK(before > 0.5);
  CHECK(after < 0.05);  // 72 runs of other draws ended below 0.038
  CHECK(after > -0.01);

  b.theta.head(size) = b.theta.tail(size);  // the posterior itself: no slack in any draw
  Noise{10}.normals(view(x));
  b.call<true>(x, none, Noise{11}, out, v);
  for (Index i = 0; i < n; ++i) CHECK(v(i) == Approx(normal(x(i, 0))).margin(1e-12));
}

TEST_CASE("fractions of dequantized numbers may follow mixtures given the number") {
  // The sum over all whole numbers of the estimate's mean is the integral of the normal density: 1.
  auto model =
      make_model<double>(Flow{Dequantize<1, UnitLogisticMixtureFibre<3, Net>>{}, StandardNormal<1>{}}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{2}.normal(i, 0);
  Batch<double> x(13, 1);
  for (Index i = 0; i < 13; ++i) x(i, 0) = static_cast<double>(i) - 6.0;
  const auto many = model.log_prob_estimate(x, 20000, Noise{3});
  CHECK(many.value.exp().sum() == Approx(1).margin(0.01));
  for (Index i = 4; i < 9; ++i) {
    const double a = x(i, 0), truth = 0.5 * (std::erfc(-(a + 1) * std::sqrt(0.5)) - std::erfc(-a * std::sqrt(0.5)));
    CHECK(std::exp(many.value(i)) == Approx(truth).epsilon(0.03));
  }
}

}  // namespace distributions_logistic_mixture
