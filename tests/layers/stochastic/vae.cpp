// SPDX-License-Identifier: MIT
// VaeLayer where everything is known: linear and Gaussian, and on bits; its V beside that of a pair of Markov kernels.
#include <Eigen/Cholesky>

#include "draws.hpp"
#include "layers/surjections/bounds.hpp"
#include "layers/surjections/checks.hpp"
#include "rheo/autodiff/dual.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"
#include "rheo/layers/stochastic/metropolis.hpp"
#include "rheo/layers/stochastic/vae.hpp"

namespace stochastic_vae {
using namespace rheo_test;

namespace {
template <Index D, Index> using SampledLaw = Flow<Metropolis<NormalEnergy<D>>, StandardNormal<D>>;
using Affine1 = Given<family::Normal<>,
                      MlpOf<Tanh>>;  // a net without hidden layers: means and log deviations affine in what is given
using Linear = VaeLayer<3, 1, Affine1, Affine1>;
constexpr std::array<double, 3> w{0.8, -1.3, 0.4}, b{0.2, -0.5, 1.0}, s{0.5, 0.9, 0.3};

/// z ~ N(0, 1), x_j = w_j z + b_j + s_j noise: log p(x), and the parameters of decoder and exact posterior.
Column<double> log_likelihood(const Batch<double>& x) {
  Eigen::Matrix3d S;
  for (int i = 0; i < 3; ++i) {
    for (int j = 0; j < 3; ++j)
      S(i, j) = w[static_cast<std::size_t>(i)] * w[static_cast<std::size_t>(j)] +
                (i == j ? s[static_cast<std::size_t>(i)] * s[static_cast<std::size_t>(i)] : 0);
  }
  const Eigen::LLT<Eigen::Matrix3d> factor(S);
  const double half_log_det = Eigen::Matrix3d(factor.matrixL()).diagonal().array().log().sum();
  Column<double> log_p(x.rows());
  for (Index i = 0; i < x.rows(); ++i) {
    const Eigen::Vector3d e(x(i, 0) - b[0], x(i, 1) - b[1], x(i, 2) - b[2]);
    log_p(i) = -0.5 * e.dot(factor.solve(e)) - half_log_det - 3 * half_log_two_pi;
  }
  return log_p;
}
/// `off` moves the encoder off the posterior.
Column<double> linear_gaussian(double off = 0) {
  Column<double> theta = Column<double>::Zero(Linear::param_count);
  double precision = 1, shift = 0;
  for (std::size_t j = 0; j < 3; ++j) precision += w[j] * w[j] / (s[j] * s[j]), shift -= w[j] * b[j] / (s[j] * s[j]);
  for (std::size_t j = 0; j < 3; ++j)
    theta(static_cast<Index>(j)) =
        w[j] / (s[j] * s[j]) / precision + off;  // encoder: x to the mean; log deviation: constant
  theta(6) = shift / precision;
  theta(7) = -0.5 * std::log(precision) + off;
  for (std::size_t j = 0; j < 3; ++j) {
    const Index at = 8 + 2 * static_cast<Index>(j);
    theta(at) = w[j];
    theta(at + 6) = b[j];
    theta(at + 7) = std::log(s[j]);
  }
  return theta;
}
}  // namespace

TEST_CASE("a law whose draws pass an accept test biases the pulls of the vae, the slice and the chain that it is in") {
  using Moved = FlowFibre<SampledLaw>;
  using N = Given<family::Normal<SoftBound>, MlpOf<Tanh, 3>>;
  static_assert(rheo::detail::has_biased_pulls<VaeLayer<2, 2, Moved, N>> &&
                !rheo::detail::has_biased_pulls<VaeLayer<2, 2, N, N>>);
  static_assert(rheo::detail::has_biased_pulls<Chain<Augment<2, 2, Moved>, LuLinear<4>>> &&
                !rheo::detail::has_biased_pulls<Augment<2, 2, N>>);
  static_assert(!rheo::detail::has_biased_pulls<VaeLayer<2, 2, N, Given<family::Bernoulli, MlpOf<Tanh, 3>>>>);
  CHECK(Moved::law<2, 2>::x_dim == 2);
}

TEST_CASE("linear-Gaussian vae: with the exact posterior the elbo is the log-likelihood, for any draw") {
  auto model = make_model<double>(Flow{Linear{}, StandardNormal<1>{}}, Noise{1});
  static_assert(!is_exact_v<decltype(model)::FlowType>);
  REQUIRE(model.parameters().size() == 20);
  model.parameters() = linear_gaussian();
  const Batch<double> x = 2 * normals(500, 3, 2);
  const Column<double> exact = log_likelihood(x);
  CHECK((model.elbo(x, Noise{3}) - exact).abs().maxCoeff() < 1e-10);
  CHECK((model.elbo(x, Noise{4}) - exact).abs().maxCoeff() < 1e-10);
  const auto drawn = model.sample_and_log_prob(500, Noise{5});  // the same along paths that begin with z
  CHECK((drawn.log_prob - log_likelihood(drawn.x)).abs().maxCoeff() < 1e-10);
}

TEST_CASE("linear-Gaussian vae: with another encoder a bound, and estimates that rise to the log-likelihood") {
  auto model = make_model<double>(Flow{Linear{}, StandardNormal<1>{}}, Noise{1});
  model.parameters() = linear_gaussian(0.2);
  const Batch<double> x = normals(4000, 3, 2);
  const Column<double> exact = log_likelihood(x);
  double last = -inf;
  for (Index draws : {1, 10, 1000}) {
    const Column<double> e = model.log_prob_estimate(x, draws, Noise{3}).value - exact;
    const Estimate gap = mean_and_error(e);
    INFO(draws << " draws: " << gap.value << " +- " << gap.error);
    CHECK(gap.value < 4 * gap.error);
    CHECK(gap.value > last);
    last = gap.value;
    const Estimate weight = mean_and_error(Column<double>(e.exp()));  // unbiased for any number of draws
    CHECK(std::abs(weight.value - 1) < 4 * weight.error);
  }
  CHECK(last > -0.02);
}

TEST_CASE("a vae's estimate integrates to one") {
  using L = VaeLayer<1, 2, Given<family::Normal<SoftBound>, MlpOf<Tanh, 6>>,
                     Given<family::Normal<SoftBound>, MlpOf<Tanh, 6>>>;
  auto model = make_model<double>(Flow{L{}, StandardNormal<2>{}}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{2}.normal(i, 0);
  const Index cells = 400, copies = 200;
  const double side = 24;
  Batch<double> x(cells * copies, 1);
  for (Index i = 0; i < x.rows(); ++i)
    x(i, 0) = side * ((static_cast<double>(i % cells) + 0.5) / static_cast<double>(cells) - 0.5);
  for (Index draws : {1, 8}) {
    const Column<double> p = model.log_prob_estimate(x, draws, Noise{3}).value.exp();
    Column<double> totals(copies);
    for (Index c = 0; c < copies; ++c)
      totals(c) = p.segment(c * cells, cells).sum() * side / static_cast<double>(cells);
    const Estimate sum = mean_and_error(totals);
    INFO(draws << " draws: " << sum.value << " +- " << sum.error);
    CHECK(std::abs(sum.value - 1) < 4 * sum.error);
    CHECK(sum.error < 0.01);
  }
}

TEST_CASE("V of a vae is the log ratio of a pair of Markov kernels, both ways") {
  using Net = MlpOf<Tanh, 5>;
  using L = VaeLayer<2, 2, Given<family::Normal<SoftBound>, Net>, Given<family::Logistic<SoftBound>, Net>>;
  Column<double> theta(L::param_count);
  for (Index i = 0; i < theta.size(); ++i) theta(i) = 0.7 * Noise{1}.normal(i, 0);
  auto forwards = make_model<double>(Flow{ConditionalNormal<2, Net, 2>{}}, Noise{});  // K(x -> z), then R(z -> x)
  auto backwards = make_model<double>(Flow{ConditionalLogistic<2, Net, 2>{}}, Noise{});
  forwards.parameters() = theta.head(forwards.parameters().size());
  backwards.parameters() = theta.tail(backwards.parameters().size());
  REQUIRE(theta.size() == forwards.parameters().size() + backwards.parameters().size());
  const Batch<double> at = normals(300, 2, 2);
  const auto e = call<true>(L{}, at, Noise{3}, theta);
  CHECK((e.v - (backwards.log_prob(at, e.out) - forwards.log_prob(e.out, at))).abs().maxCoeff() < 1e-12);
  const auto d = call<false>(L{}, at, Noise{4}, theta);
  CHECK((d.v - (backwards.log_prob(d.out, at) - forwards.log_prob(at, d.out))).abs().maxCoeff() < 1e-12);
  const Batch<double> none(300, 0);
  CHECK((call<false>(ConditionalNormal<2, Net, 2>{}, none, Noise{3}.fork(0), Column<double>(forwards.parameters()), at)
             .out == e.out)
            .all());
  CHECK(
      (call<false>(ConditionalLogistic<2, Net, 2>{}, none, Noise{4}.fork(1), Column<double>(backwards.parameters()), at)
           .out == d.out)
          .all());
}

TEST_CASE("a hierarchy of vaes with a flow between is a vae") {
  using N = Given<family::Normal<SoftBound>, MlpOf<Tanh, 5>>;
  auto model = make_model<double>(
      Flow{VaeLayer<2, 2, N, N>{}, LuLinear<2>{}, VaeLayer<2, 1, N, N>{}, StandardNormal<1>{}}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.15 * Noise{2}.normal(i, 0);
  const Index cells = 60, copies = 100;
  const double side = 24, cell = side / static_cast<double>(cells);
  Batch<double> x(cells * cells * copies, 2);
  for (Index i = 0; i < x.rows(); ++i) {
    x(i, 0) = cell * (static_cast<double>(i % cells) + 0.5) - side / 2;
    x(i, 1) = cell * (static_cast<double>(i / cells % cells) + 0.5) - side / 2;
  }
  const Column<double> p = model.elbo(x, Noise{4}).exp();
  Column<double> totals(copies);
  for (Index c = 0; c < copies; ++c) totals(c) = p.segment(c * cells * cells, cells * cells).sum() * cell * cell;
  const Estimate total = mean_and_error(totals);
  INFO(total.value << " +- " << total.error);
  CHECK(std::abs(total.value - 1) < 4 * total.error);
  CHECK(total.error < 0.05);
}

TEST_CASE("a vae of bits: probabilities sum to one, and what is no bit has log-density -inf and no gradient") {
  using L = VaeLayer<2, 1, Given<family::Normal<SoftBound>, MlpOf<Tanh, 4>>, Given<family::Bernoulli, MlpOf<Tanh, 4>>>;
  auto model = make_model<double>(Flow{L{}, StandardNormal<1>{}}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.4 * Noise{2}.normal(i, 0);
  check_bound(model, 2);
  const auto e = call<true>(L{}, batch({{0, 0.5}}), Noise{3}, Column<double>(model.parameters()));
  CHECK(e.v(0) == -inf);
  rheo::detail::LayerBench<L, double> bench(L{});
  bench.theta = model.parameters();
  Batch<double> out, g_in, none(1, 0);
  Column<double> v;
  Column<double> g_theta = Column<double>::Zero(L::param_count);
  const Batch<double> x = batch({{0, 0.5}});
  bench.call<true>(x, none, Noise{3}, out, v);
  bench.pull<true>(x, out, none, Noise{3}, Batch<double>::Zero(1, 1), Column<double>::Ones(1), g_in, g_theta, none);
  CHECK((g_theta == 0).all());
  CHECK((g_in == 0).all());
}

}  // namespace stochastic_vae
