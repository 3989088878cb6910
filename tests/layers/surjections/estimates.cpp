// SPDX-License-Identifier: MIT
// Bounds whose log p is known: below it in the mean, rising with the draws, at it with many, a density for any number
// of them; no slack where the encoder is the exact posterior.
#include <algorithm>
#include <vector>

#include "checks.hpp"
#include "rheo/distributions/box.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/dequantize.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/triangular_linear.hpp"
#include "rheo/layers/surjections/stochastic_permutation.hpp"

namespace surjections_estimates {
using namespace rheo_test;

namespace {

double normal(double x, double mean, double deviation) {
  return -0.5 * (x - mean) * (x - mean) / (deviation * deviation) - std::log(deviation) - half_log_two_pi;
}
double phi(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
Noise key(Index K) { return Noise{static_cast<std::uint64_t>(900 + K)}; }

/// Row k of the points, `copies` times.
Batch<double> repeated(const Batch<double>& points, Index copies) {
  Batch<double> x(points.rows() * copies, points.cols());
  for (Index i = 0; i < x.rows(); ++i) x.row(i) = points.row(i / copies);
  return x;
}

/// At a few points: below the exact log p in the mean, rising with the draws; at many: within the stated error of it.
template <class M>
void below_rising_arriving(const M& model, const Batch<double>& points, const Column<double>& exact,
                           Index many = 3000) {
  const Index copies = 3000;
  const Batch<double> x = repeated(points, copies);
  Column<double> last;
  for (Index K : {1, 4, 16}) {
    const Column<double> e = model.log_prob_estimate(x, K, key(K)).value;
    for (Index k = 0; k < points.rows(); ++k) {
      const Estimate mean = mean_and_error(Column<double>(e.segment(k * copies, copies)));
      INFO(K << " draws at point " << k << ": " << mean.value << " +- " << mean.error << ", log p = " << exact(k));
      CHECK(mean.value < exact(k) + 4 * mean.error);
    }
    if (last.size() > 0) {
      const Estimate rise = mean_and_error(Column<double>(e - last));
      INFO("rise at " << K << " draws: " << rise.value << " +- " << rise.error);
      CHECK(rise.value > 4 * rise.error);
    }
    last = e;
  }
  const auto close = model.log_prob_estimate(points, many, Noise{77});
  for (Index k = 0; k < points.rows(); ++k) {
    INFO(many << " draws at point " << k << ": " << close.value(k) << " +- " << close.standard_error(k)
              << ", log p = " << exact(k));
    CHECK(std::abs(close.value(k) - exact(k)) < 4 * close.standard_error(k));
    CHECK(close.standard_error(k) < 0.05);
  }
}

/// The integral of exp(estimate) over N(0, width^2 I) draws.
template <class M> void integrates(const M& model, double width) {
  const Index n = 40000;
  Batch<double> x(n, M::dim);
  Noise{21}.normals(view(x));
  const Column<double> log_r =
      -0.5 * x.square().rowwise().sum() - static_cast<double>(M::dim) * (half_log_two_pi + std::log(width));
  x *= width;
  for (Index K : {1, 4, 16}) {
    const Estimate total = mean_and_error(Column<double>((model.log_prob_estimate(x, K, key(K)).value - log_r).exp()));
    INFO(K << " draws: integral " << total.value << " +- " << total.error);
    CHECK(std::abs(total.value - 1) < 4 * total.error);
    CHECK(total.error < 0.02);
  }
}

}  // namespace

TEST_CASE("augmented, linear and Gaussian") {
  using F = Flow<Augment<1, 1, Given<family::Normal<>, MlpOf<Tanh>>>, TriangularLinear<2>, StandardNormal<2>>;
  auto model = make_model<double>(F{}, Noise{1});
  for (Index i = 4; i < model.parameters().size(); ++i) model.parameters()(i) += 0.4 * Noise{3}.normal(i, 0);
  // z = W (x, u) + b, z1 of x alone: p(x) is normal, and p(u | x) = N((-b2 - W21 x) / W22, 1 / W22^2)
  const Batch<double> corners = batch({{0, 0}, {1, 0}, {0, 1}});
  Batch<double> z(3, 2), none(3, 0);
  Column<double> v;
  rheo::detail::LayerBench<TriangularLinear<2>, double> inner{std::get<1>(model.flow().layers)};
  inner.theta = model.parameters().tail(inner.theta.size());
  inner.call<true>(corners, none, {}, z, v);
  const double b1 = z(0, 0), b2 = z(0, 1), w11 = z(1, 0) - b1, w21 = z(1, 1) - b2, w22 = z(2, 1) - b2;
  REQUIRE(z(2, 0) == b1);
  REQUIRE(std::abs(w21) > 0.05);
  const Batch<double> points = batch({{-1.5}, {0}, {1.2}});
  Column<double> exact(3);
  for (Index k = 0; k < 3; ++k) exact(k) = normal(points(k, 0), -b1 / w11, 1 / std::abs(w11));
  model.parameters().head(4) << -w21 / w22, 0, -b2 / w22,
      -std::log(std::abs(w22));  // slopes of mean and log deviation, then their biases
  CHECK((model.elbo(points, Noise{4}) - exact).abs().maxCoeff() < 1e-10);  // the posterior: no slack
  model.parameters().head(4) << -w21 / w22 + 0.3, 0.05, -b2 / w22 - 0.3, -std::log(std::abs(w22)) + 0.3;
  below_rising_arriving(model, points, exact);
  integrates(model, 2);
}

TEST_CASE("whole numbers under a normal: the discretized law, and its sum") {
  using Net = MlpOf<Tanh, 8>;
  const double log_scale = 0.3, shift = 0.3;  // z = x e^0.3 + 0.3
  const auto check = [&](auto model) {
    const Index n = model.parameters().size();
    for (Index i = 0; i + 2 < n; ++i) model.parameters()(i) += 0.2 * Noise{5}.normal(i, 0);
    model.parameters()(n - 2) = shift, model.parameters()(n - 1) = log_scale;
    const auto end = [&](double k) { return phi(k * std::exp(log_scale) + shift); };
    const Batch<double> points = batch({{-2}, {-1}, {0}, {1}});
    Column<double> exact(4);
    for (Index k = 0; k < 4; ++k) exact(k) = std::log(end(points(k, 0) + 1) - end(points(k, 0)));
    below_rising_arriving(model, points, exact);
    const Index copies = 2000, low = -16, count = 33;
    Batch<double> all(count * copies, 1);
    for (Index i = 0; i < all.rows(); ++i) all(i, 0) = static_cast<double>(low + i % count);
    for (Index K : {1, 4, 16}) {
      const Column<double> p = model.log_prob_estimate(all, K, key(K)).value.exp();
      const Estimate total = mean_and_error(Column<double>(p.reshaped(count, copies).colwise().sum().transpose()));
      INFO(K << " draws: sum " << total.value << " +- " << total.error);
      CHECK(std::abs(total.value - 1) < 4 * total.error);
      CHECK(total.error < 0.02);
    }
  };
  check(make_model<double>(Flow{Dequantize<1>{}, LearnedScaleShift<1>{}, StandardNormal<1>{}}, Noise{1}));
  check(make_model<double>(Flow{Dequantize<1, UnitLogisticFibre<Net>>{}, LearnedScaleShift<1>{}, StandardNormal<1>{}},
                           Noise{1}));
}

TEST_CASE("a random order before a flow: log p is the mean over all orders") {
  auto model =
      make_model<double>(Flow{StochasticPermutation<3>{}, TriangularLinear<3>{}, StandardNormal<3>{}}, Noise{1});
  auto behind = make_model<double>(Flow{TriangularLinear<3>{}, StandardNormal<3>{}}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.4 * Noise{6}.normal(i, 0);
  behind.parameters() = model.parameters();
  const Batch<double> points = batch({{0.1, -0.4, 0.9}, {1.2, 0.3, -0.8}});
  Column<double> exact = Column<double>::Zero(2);
  std::array<Index, 3> order{0, 1, 2};
  do {
    Batch<double> x(2, 3);
    for (Index j = 0; j < 3; ++j) x.col(j) = points.col(order[static_cast<std::size_t>(j)]);
    exact += behind.log_prob(x).exp() / 6;
  } while (std::next_permutation(order.begin(), order.end()));
  below_rising_arriving(model, points, Column<double>(exact.log()));
  integrates(model, 2);
}

TEST_CASE("no slack where the encoder is the exact posterior") {
  const auto slack = [](const auto& model, const Batch<double>& x, auto log_p) {
    const Column<double> e = model.elbo(x, Noise{8});
    double worst = 0;
    for (Index i = 0; i < x.rows(); ++i) worst = std::max(worst, std::abs(e(i) - log_p(x.row(i))));
    const auto many = model.log_prob_estimate(x, 8, Noise{9});
    return std::max({worst, (many.value - e).abs().maxCoeff(), many.standard_error.maxCoeff()});
  };
  Batch<double> one(200, 1), three(200, 3);
  Noise{1}.normals(view(one));
  Noise{2}.normals(view(three));
  // x = |z|, z ~ N(0.7, 1): minus with odds e^(-1.4 x)
  auto folded =
      make_model<double>(Flow{Unfold<1, Given<family::Bernoulli, MlpOf<Tanh>>>{}, DiagonalNormal<1>{}}, Noise{1});
  folded.parameters() << -1.4, 0, 0.7, 0;
  CHECK(slack(folded, one.abs(), [](auto x) {
          return std::log(std::exp(normal(x(0), 0.7, 1)) + std::exp(normal(-x(0), 0.7, 1)));
        }) < 1e-10);
  // order statistics of independent normals
  Batch<double> ascending = three;
  for (Index i = 0; i < 200; ++i) std::sort(ascending.row(i).begin(), ascending.row(i).end());
  CHECK(slack(make_model<double>(Flow{Unsort<3>{}, StandardNormal<3>{}}, Noise{1}), ascending,
              [](auto x) { return std::log(6) - 0.5 * x.square().sum() - 3 * half_log_two_pi; }) < 1e-10);
  // an order of independent points
  CHECK(slack(make_model<double>(Flow{StochasticPermutation<3>{}, StandardNormal<3>{}}, Noise{1}), three,
              [](auto x) { return -0.5 * x.square().sum() - 3 * half_log_two_pi; }) < 1e-10);
  // the fraction of a uniform number
  CHECK(slack(make_model<double>(Flow{Dequantize<1, Fixed<Uniform>, 4>{}, UniformBox<1>{0.0, 4.0}}, Noise{1}),
              batch({{0}, {1}, {3}}), [](auto) { return -std::log(4); }) < 1e-10);
}

}  // namespace surjections_estimates
