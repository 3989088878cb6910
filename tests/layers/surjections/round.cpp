// SPDX-License-Identifier: MIT
// Round and Dequantize: values written out, edges, rounding of large numbers, and probabilities that sum to one.
#include "rheo/layers/surjections/round.hpp"

#include "catch.hpp"
#include "layers/bench.hpp"
#include "layers/surjections/bounds.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/flows/dequantize.hpp"
#include "rheo/flows/presets/discrete_flows.hpp"
#include "rheo/training/trainer.hpp"

namespace surjections_round {

namespace {
using namespace rheo_test;
const double inf = std::numeric_limits<double>::infinity(), nan_ = std::numeric_limits<double>::quiet_NaN();
using Net = MlpOf<Tanh, 8>;

template <class T, class F> Model<F, T> shaken(F flow, double spread) {
  auto model = make_model<T>(std::move(flow), Noise{3});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += T(spread * Noise{5}.normal(i, 0));
  return model;
}
double phi(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }
}  // namespace

TEST_CASE("round keeps the whole part; edges, outside and NaN") {
  Bench<Round<2, Fixed<Uniform>, 4>, double> b(Round<2, Fixed<Uniform>, 4>{});
  Batch<double> x(7, 2), want(7, 2);
  x << 0, 3.75, 1, 2.5, 4, 0.25, -0.0, 3.999999, 4.000001, 1, 1.5, -1e-9, 2, nan_;
  want << 0, 3, 1, 2, 3, 0, 0, 3, 3, 1, 1, 0, 2, nan_;
  const Batch<double> z = b.run<true>(x);
  for (Index i = 0; i < 7; ++i) {
    for (Index j = 0; j < 2; ++j) CHECK((z(i, j) == want(i, j) || (std::isnan(z(i, j)) && std::isnan(want(i, j)))));
    if (i < 4) CHECK(z(i, 2) == 0);
    if (i == 4 || i == 5) CHECK(z(i, 2) == -inf);
  }
  CHECK(std::isnan(z(6, 2)));

  Bench<Round<1, Fixed<Uniform>>, double> all(Round<1, Fixed<Uniform>>{});
  Batch<double> y(5, 1), down(5, 1);
  y << -0.5, -3, 1e300, 7.25, -1e-300;
  down << -1, -3, 1e300, 7, -1;
  CHECK((all.encode(y) == down).all());
  CHECK((all.v(y) == 0).all());
  CHECK(all.v(Batch<double>::Constant(1, 1, inf))(0) == -inf);
}

TEST_CASE("what is no whole number, or out of range, has log p = -inf and no gradient") {
  using L = Dequantize<2, UnitFibre<2, Net>, 4>;
  Bench<L, double> b(L{}, 0.3);
  Batch<double> x(6, 2);
  x << 1, 3, 0.5, 1, 4, 0, 2, -1, 1e30, 0, nan_, 1;
  const Batch<double> z = b.run<true>(x);
  CHECK(std::isfinite(z(0, 2)));
  for (Index i = 1; i < 5; ++i) {
    CHECK(z(i, 2) == -inf);
    CHECK((z.row(i).head(2) >= 0).all());
    CHECK((z.row(i).head(2) < 4).all());
  }
  CHECK(std::isnan(z(5, 2)));
  const Batch<double> bad = x.middleRows(1, 4), g = b.pull<true>(bad);
  CHECK((g == 0).all());
  Batch<double> out, g_in, none(4, 0), g_context(4, 0);
  Column<double> v;
  Column<double> g_theta = Column<double>::Zero(L::param_count);
  b.call<true>(bad, none, Noise{3}, out, v);
  static_cast<detail::LayerBench<L, double>&>(b).pull<true>(bad, out, none, Noise{3}, Batch<double>::Ones(4, 2),
                                                            Column<double>::Ones(4), g_in, g_theta, g_context);
  CHECK((g_theta == 0).all());
  using R = Round<2, UnitFibre<2, Net>, 4>;
  Bench<R, double> r(R{}, 0.3);
  Batch<double> off(2, 2);
  off << -0.5, 1.5, 4.5, 2;
  CHECK((r.v(off) == -inf).all());
  CHECK((r.pull<true>(off) == 0).all());
}

TEMPLATE_TEST_CASE("dequantized numbers round back, also where a fraction rounds up", "", float, double) {
  using T = TestType;
  using L = Dequantize<2, UnitLogisticFibre<Net>, 256>;
  Bench<L, T> b(L{}, 2.0);  // fractions crowd at both ends
  Batch<T> x(20000, 2);
  for (Index i = 0; i < x.rows(); ++i) x(i, 0) = T(255 - i % 3), x(i, 1) = T(i % 256);
  const Batch<T> z = b.encode(x);
  CHECK((b.decode(z) == x).all());
  CHECK((z >= x).all());
  CHECK((z < x + T(1)).all());

  Bench<Dequantize<1>, T> all(Dequantize<1>{});
  const T coarse = std::ldexp(
      T(1), std::numeric_limits<T>::digits - 4);  // numbers an eighth apart: one fraction in sixteen rounds up
  const Batch<T> crowd = all.encode(Batch<T>::Constant(500, 1, coarse));
  CHECK((crowd >= coarse).all());
  CHECK((crowd < coarse + T(1)).all());
  Batch<T> big(4, 1);
  big << T(0x1p60), T(-0x1p60), T(-1), T(0x1p24);
  CHECK((all.decode(all.encode(big)) == big).all());
}

TEST_CASE("uniform dequantization has V = 0 and uniform fractions") {
  Bench<Dequantize<1>, double> b(Dequantize<1>{});
  const Batch<double> x = Batch<double>::Constant(20000, 1, 3), z = b.run<true>(x);
  CHECK((z.col(1) == 0).all());
  CHECK(z.col(0).mean() == Approx(3.5).margin(4 * std::sqrt(1.0 / 12 / 20000)));
  CHECK((z.col(0) - 3.5).square().mean() == Approx(1.0 / 12).margin(0.003));
}

TEST_CASE("variational dequantization starts uniform") {
  using L = Dequantize<3, UnitFibre<2, Net>, 4>;
  Bench<L, double> b(L{});
  CHECK(b.v(all_points(3, 4, 5)).abs().maxCoeff() < 1e-12);
}

TEST_CASE("rounding into whole numbers is exact: the density integrates to one") {
  auto model = shaken<double>(Flow{Round<2, UnitFibre<2, Net>, 2>{}, Bernoulli<2>{}}, 0.2);
  const Index n =
      240;  // per cell and axis, even steps of the fraction's logit: the law's density may rise at the ends of a cell
  Batch<double> x(4 * n * n, 2);
  Column<double> weight(4 * n * n);
  for (Index i = 0; i < 2 * n; ++i) {
    for (Index j = 0; j < 2 * n; ++j) {
      const double a = 1 / (1 + std::exp(-30 + 60 * static_cast<double>(i % n) / (n - 1))),
                   b = 1 / (1 + std::exp(-30 + 60 * static_cast<double>(j % n) / (n - 1)));
      x.row(2 * i * n + j) << static_cast<double>(i / n) + a, static_cast<double>(j / n) + b;
      weight(2 * i * n + j) = a * (1 - a) * b * (1 - b) * 3600.0 / ((n - 1) * (n - 1));
    }
  }
  CHECK((model.log_prob(x).exp() * weight).sum() == Approx(1).margin(1e-6));
  const auto s = model.sample_and_log_prob(500, Noise{2});
  const Column<double> from_end =
      (s.x - s.x.floor()).min(s.x.floor() + 1 - s.x).rowwise().minCoeff();  // a fraction's error there is eps z
  CHECK(((s.log_prob - model.log_prob(s.x)) * from_end).abs().maxCoeff() < 1e-14);
}

TEST_CASE("one whole number under a normal: estimates against the closed form") {
  using Uni = Flow<Dequantize<1, Fixed<Uniform>, 4>, LevelMap<1, 4>, LearnedScaleShift<1>, StandardNormal<1>>;
  using Var = Flow<Dequantize<1, UnitLogisticFibre<Net>, 4>, LevelMap<1, 4>, LearnedScaleShift<1>, StandardNormal<1>>;
  auto exact = [](double log_scale, double shift) {
    Column<double> p(4);
    auto end = [&](int k) {
      return k == 0 ? 0.0 : k == 4 ? 1.0 : phi(std::exp(log_scale) * std::log(k / (4.0 - k)) + shift);
    };
    for (int k = 0; k < 4; ++k) p(k) = std::log(end(k + 1) - end(k));
    return p;
  };
  auto check = [&](auto model) {
    const Index n = model.parameters().size();
    model.parameters()(n - 2) = 0.3, model.parameters()(n - 1) = -0.2;  // (shift, log-scale), as ScaleShift takes them
    check_bound(model, 4, exact(-0.2, 0.3));
  };
  check(shaken<double>(Uni{}, 0));
  check(shaken<double>(Var{}, 0.15));
}

TEST_CASE("two whole numbers under couplings: probabilities sum to one") {
  using F = Flow<Dequantize<2, UnitFibre<2, Net>, 4>, LevelMap<2, 4>, Repeat<2, Chain<AffineCoupling<2, Net>, Flip<2>>>,
                 StandardNormal<2>>;
  check_bound(shaken<double>(F{}, 0.1), 4);
}

TEST_CASE(
    "a whole flow with a context: its parameters have names, its gradient is that of the elbo at the same draws") {
  using F = presets::DequantizedFlow<2, 4, 2, MlpOf<Tanh, 8>, UnitFibre<2, Net>, 1>;
  auto model = shaken<double>(F{}, 0.1);
  Index named = 0;
  for (const auto& piece : model.describe()) {
    Index size = 1;
    for (Index s : piece.shape) size *= s;
    named += size;
  }
  CHECK(named == F::param_count);
  CHECK(model.describe()[0].name == "0.fibre.1.0.0.net.0.weight");
  const Batch<double> x = all_points(2, 4, 5), c = normals(x.rows(), 1);
  model.initialise(x, c);
  Trainer<F, double> trainer(model);
  const double loss = trainer.evaluate(view(x), view(c), {0, x.rows()}, Noise{6});
  CHECK(loss == Approx(-model.elbo(x, Noise{6}, c).mean()).epsilon(1e-12));
  const Column<double> g = trainer.gradient(), theta = model.parameters();
  for (std::uint64_t k = 0; k < 3; ++k) {
    Column<double> d(theta.size());
    for (Index i = 0; i < d.size(); ++i) d(i) = Noise{20}.fork(k).normal(i, 0);
    auto at = [&](double h) {
      model.parameters() = theta + h * d;
      return -model.elbo(x, Noise{6}, c).mean();
    };
    CHECK((at(1e-5) - at(-1e-5)) / 2e-5 == Approx((g * d).sum()).epsilon(1e-6));
  }
}

TEST_CASE("over a categorical base it is the density of a histogram") {
  using F = Flow<Round<2, Fixed<Uniform>, 8>, Categorical<2, 8>>;
  const auto model = shaken<double>(F{}, 1);
  Batch<double> low(64, 2), high(64, 2), outside(2, 2);
  for (Index i = 0; i < 64; ++i) {
    low.row(i) << static_cast<double>(i / 8), static_cast<double>(i % 8);
    high.row(i) = low.row(i) + 0.999;
  }
  outside << -0.1, 3, 2, 8.1;
  const Column<double> log_p = model.log_prob(low), p = log_p.exp();
  CHECK(p.sum() == Approx(1).epsilon(1e-13));  // the cells have area 1
  CHECK(p.maxCoeff() > 2 * p.minCoeff());
  CHECK((model.log_prob(high) == log_p).all());
  CHECK((model.log_prob(outside) == -inf).all());
  const Index n = 20000;
  const Batch<double> x = model.sample(n, Noise{4});
  for (Index i = 0; i < 64; ++i) {
    const auto inside = (x.col(0).floor() == low(i, 0) && x.col(1).floor() == low(i, 1)).count();
    CHECK(std::abs(static_cast<double>(inside) - n * p(i)) < 5 * std::sqrt(n * p(i)) + 1);
  }
}

}  // namespace surjections_round
