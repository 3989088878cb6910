// SPDX-License-Identifier: MIT
// Argmax: thresholding written out, q as a density, edges, closed forms, and probabilities that sum to one.
#include "rheo/layers/surjections/argmax.hpp"

#include "catch.hpp"
#include "layers/bench.hpp"
#include "layers/surjections/bounds.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/presets/discrete_flows.hpp"
#include "rheo/training/fit.hpp"

namespace surjections_argmax {

namespace {
using namespace rheo_test;
const double inf = std::numeric_limits<double>::infinity(), nan_ = std::numeric_limits<double>::quiet_NaN();
using Net = MlpOf<Tanh, 8>;
using Plainly = Argmax<1, 3, Plain<family::Normal<>>>;
using Netted = Argmax<2, 3, Given<family::Normal<SoftBound>, Net>>;

template <class T, class F> Model<F, T> shaken(F flow, double spread) {
  auto model = make_model<T>(std::move(flow), Noise{3});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += T(spread * Noise{5}.normal(i, 0));
  return model;
}
}  // namespace

TEST_CASE("the largest number's place, the first of equals; NaN") {
  Bench<Plainly, double> b(Plainly{});
  Batch<double> z(6, 3), want(6, 1);
  z << 1, 2, 3, 3, 3, 1, -1, -0.5, -0.5, 0, 0, 0, -0.0, 0, -1, nan_, 1, 2;
  want << 2, 0, 1, 0, 0, nan_;
  const Batch<double> x = b.run<false>(z);
  for (Index i = 0; i < 5; ++i) {
    CHECK(x(i, 0) == want(i));
    CHECK(std::isfinite(x(i, 1)));
  }
  CHECK((std::isnan(x(5, 0)) && std::isnan(x(5, 1))));
}

TEST_CASE("softplus thresholding as the paper writes it") {
  Bench<Plainly, double> b(Plainly{});
  Batch<double> u(2, 3), x(2, 1), none(2, 0), z;
  u << 0.3, -1.2, 0.8, 2.0, 0.1, -0.4;
  x << 1, 0;
  Column<double> v;
  b.call<true>(x, none, Noise{0, 0, 0, &u}, z, v);
  for (Index i = 0; i < 2; ++i) {
    const Index c = static_cast<Index>(x(i));
    double log_q = 0;
    for (Index k = 0; k < 3; ++k) {
      log_q += -0.5 * u(i, k) * u(i, k) - half_log_two_pi;
      const double gap = u(i, c) - u(i, k), want = k == c ? u(i, c) : u(i, c) - std::log1p(std::exp(gap));
      CHECK(z(i, k) == Approx(want).epsilon(1e-14));
      if (k != c) log_q -= std::log(1 / (1 + std::exp(-gap)));  // dz_k / du_k
    }
    CHECK(v(i) == Approx(-log_q).epsilon(1e-14));
  }
}

TEST_CASE("q is a density on the region where the category is the largest") {
  using L = Argmax<1, 2, Given<family::Normal<SoftBound>, Net>>;
  Bench<L, double> b(L{}, 0.2);
  const Index n = 1200;
  const double lo = -12, step = 24.0 / static_cast<double>(n);
  Batch<double> z(n * n, 2);
  for (Index i = 0; i < n * n; ++i)
    z.row(i) << lo + step * (static_cast<double>(i / n) + 0.5), lo + step * (static_cast<double>(i % n) + 0.25);
  const Batch<double> r = b.run<false>(z);
  double total[2] = {0, 0};
  for (Index i = 0; i < n * n; ++i) total[r(i, 0) == 1] += std::exp(-r(i, 1)) * step * step;
  CHECK(total[0] == Approx(1).margin(2e-3));
  CHECK(total[1] == Approx(1).margin(2e-3));
}

TEMPLATE_TEST_CASE("encoded categories decode back, whatever the noise", "", float, double) {
  using T = TestType;
  for (double spread : {0.3, 4.0}) {
    Bench<Argmax<2, 4, Plain<family::Normal<>>>, T> b(Argmax<2, 4, Plain<family::Normal<>>>{}, spread);
    Batch<T> x(20000, 2);
    for (Index i = 0; i < x.rows(); ++i) x(i, 0) = T(i % 4), x(i, 1) = T(i / 4 % 4);
    const Batch<T> out = b.template run<true>(x);
    CHECK(out.allFinite());
    CHECK((b.decode(out.leftCols(8)) == x).all());
  }
}

TEST_CASE("numbers that are no category have log p = -inf and no gradient") {
  Bench<Netted, double> b(Netted{}, 0.3);
  Batch<double> x(6, 2), none(6, 0), out, g_in, g_context(6, 0);
  x << 1, 2, 0.5, 1, 3, 0, 2, -1, 1e30, 0, nan_, 1;
  const Batch<double> z = b.run<true>(x);
  CHECK(std::isfinite(z(0, 6)));
  for (Index i = 1; i < 5; ++i) {
    CHECK(z(i, 6) == -inf);
    CHECK(z.row(i).head(6).allFinite());
  }
  CHECK(z.row(5).isNaN().all());
  Column<double> v;
  Column<double> g = Column<double>::Zero(Netted::param_count);
  const Batch<double> bad = x.middleRows(1, 4);
  none.resize(4, 0), g_context.resize(4, 0);
  b.call<true>(bad, none, Noise{3}, out, v);
  static_cast<detail::LayerBench<Netted, double>&>(b).pull<true>(bad, out, none, Noise{3}, Batch<double>::Ones(4, 6),
                                                                 Column<double>::Ones(4), g_in, g, g_context);
  CHECK((g == 0).all());
  CHECK((g_in == 0).all());
}

TEST_CASE("a category under normals: estimates against the closed form") {
  auto two = shaken<double>(Flow{Argmax<1, 2, Given<family::Logistic<SoftBound>, Net>>{}, DiagonalNormal<2>{}}, 0.1);
  const Index n = two.parameters().size();  // mean, log deviation
  two.parameters().tail(4) << 0.4, -0.1, 0.2, -0.3;
  REQUIRE(n > 4);
  const double p0 = 0.5 * std::erfc(-(0.4 + 0.1) / std::sqrt(std::exp(0.4) + std::exp(-0.6)) / std::sqrt(2.0));
  Column<double> exact(2);
  exact << std::log(p0), std::log1p(-p0);
  check_bound(two, 2, exact);
  auto four = shaken<double>(Flow{Argmax<1, 4, Plain<family::Logistic<>>>{}, StandardNormal<4>{}}, 0.0);
  check_bound(four, 4, Column<double>::Constant(4, -std::log(4.0)));
}

TEST_CASE("two categories under couplings: probabilities sum to one") {
  using F = Flow<Argmax<2, 4, Given<family::Logistic<SoftBound>, Net>>,
                 Repeat<2, Chain<AffineCoupling<8, Net>, Flip<8>>>, StandardNormal<8>>;
  check_bound(shaken<double>(F{}, 0.1), 4);
}

TEST_CASE("an argmax flow learns dependent categories") {
  const Index n = 6000;
  const double p[3] = {0.6, 0.3,
                       0.1};  // of the first; the second repeats it with probability 0.8, else it is the next one
  Batch<double> x(n, 2);
  for (Index i = 0; i < n; ++i) {
    const double u = Noise{1}.uniform(i, 0);
    const Index a = u < p[0] ? 0 : u < p[0] + p[1] ? 1 : 2, b = Noise{1}.uniform(i, 1) < 0.8 ? a : (a + 1) % 3;
    x.row(i) << static_cast<double>(a), static_cast<double>(b);
  }
  double entropy = -0.8 * std::log(0.8) - 0.2 * std::log(0.2);
  for (double q : p) entropy -= q * std::log(q);
  auto model = make_model<double>(
      presets::ArgmaxFlow<2, 3, 4, MlpOf<Tanh, 32>, Given<family::Logistic<SoftBound>, MlpOf<Tanh, 32>>>{}, Noise{2});
  fit(model, x, {.epochs = 30, .batch = 200, .learning_rate = 5e-3});
  const Batch<double> test = x.topRows(1000);
  const double gap = -model.log_prob_estimate(test, 50, Noise{8}).value.mean() - entropy;
  INFO("gap to the entropy " << gap);
  CHECK(gap < 0.05);
  CHECK(gap > -0.05);
  Batch<double> same(3, 2);
  same << 0, 0, 1, 1, 2, 2;
  const double p_same =
      model.log_prob_estimate(same, 20000, Noise{10}).value.exp().sum();  // samples and scores are of one model
  const Batch<double> s = model.sample(40000, Noise{9});
  CHECK((s.col(0) == s.col(1)).cast<double>().mean() == Approx(p_same).margin(0.02));
  CHECK(p_same > 0.7);
}

}  // namespace surjections_argmax
