// SPDX-License-Identifier: MIT
// Abs by hand: values, signs of zero, masks, learned signs, edges.
#include "checks.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/surjections/abs.hpp"
#include "rheo/training/trainer.hpp"

namespace surjections_abs {
using namespace rheo_test;

TEST_CASE("abs folds, and pays log 2 a coordinate") {
  const auto e = call<true>(Abs<2>{}, batch({{-1.5, 2}, {0.25, -3}}));
  CHECK((e.out == batch({{1.5, 2}, {0.25, 3}})).all());
  CHECK((e.v == -2 * ln2).all());
  CHECK((e.g_in == batch({{-1, 1}, {1, -1}})).all());
}

TEST_CASE("the sign of both zeros is plus, and z is +0") {
  const auto e =
      call<true>(Abs<1, Given<family::Bernoulli, MlpOf<Tanh>>>{}, batch({{0.0}, {-0.0}}), {}, vector({0.0, 0.7}));
  CHECK_FALSE(std::signbit(e.out(0, 0)));
  CHECK_FALSE(std::signbit(e.out(1, 0)));
  CHECK((e.v - std::log(1 / (1 + std::exp(0.7)))).abs().maxCoeff() < 1e-15);  // log p(0)
  CHECK((e.g_in == 1).all());
}

TEST_CASE("learned signs see z: V is the Bernoulli's") {
  const Column<double> theta = vector({0.8, -0.3});  // logit 0.8 z - 0.3 for minus
  const auto e = call<true>(Abs<1, Given<family::Bernoulli, MlpOf<Tanh>>>{}, batch({{-2}, {2}}), {}, theta);
  const double minus = 1 / (1 + std::exp(-1.3));
  CHECK(e.v(0) == Approx(std::log(minus)).margin(1e-14));
  CHECK(e.v(1) == Approx(std::log(1 - minus)).margin(1e-14));
  CHECK(e.g_in(0, 0) == Approx(-(1 + 0.8 * (1 - minus))).margin(1e-14));
  CHECK(e.g_in(1, 0) == Approx(1 - 0.8 * minus).margin(1e-14));
  Batch<double> z(40000, 1), x;
  z.setConstant(2);
  x = call<false>(Abs<1, Given<family::Bernoulli, MlpOf<Tanh>>>{}, z, Noise{8}, theta).out;
  CHECK((x.abs() == 2).all());
  CHECK(static_cast<double>((x < 0).count()) / 40000 ==
        Approx(minus).margin(4 * std::sqrt(minus * (1 - minus) / 40000)));
}

TEST_CASE("a mask folds some coordinates, the others pass") {
  using L = Abs<3, FairSigns, Mask<0, 1, 0>>;
  const auto e = call<true>(L{}, batch({{-1, -2, -3}}));
  CHECK((e.out == batch({{-1, 2, -3}})).all());
  CHECK(e.v(0) == -ln2);
  CHECK(L::z_support == Supports<3>{Support::any, Support::positive, Support::any});
  CHECK(L::x_support == Supports<3>{Support::any, Support::real, Support::any});
}

TEST_CASE("off its support a latent of abs, or a datum of its generative form, has log-density -inf and no gradient") {
  const Batch<double> bad = batch({{-1, 2}, {1, 2}, {not_a_number, 1}});
  const auto d = call<false>(Abs<2>{}, bad, Noise{3});
  CHECK(d.v(0) == -inf);
  CHECK(d.v(1) == -2 * ln2);
  CHECK((d.g_in.row(0) == 0).all());
  CHECK(std::isnan(d.out(2, 0)));
  const auto g = call<true>(Unfold<2>{}, bad, Noise{3});
  CHECK(g.v(0) == -inf);
  CHECK(g.v(1) == 2 * ln2);
  CHECK((g.g_in.row(0) == 0).all());
}

TEST_CASE(
    "signs of a learned law teach it nothing where they are drawn, so there is no gradient there; fair ones leave the "
    "others exact") {
  using Learned = Given<family::Bernoulli, MlpOf<Tanh, 3>>;
  static_assert(!CanEncodePull<Unfold<2, Learned>, double> && CanEncode<Unfold<2, Learned>, double> &&
                CanDecodePull<Unfold<2, Learned>, double>);
  static_assert(CanEncodePull<Abs<2, Learned>, double> && !CanDecodePull<Abs<2, Learned>, double>);
  static_assert(!CanEncodePull<Unwind<1, Plain<family::DiscretizedLogistic<>>>, double> &&
                CanEncodePull<Unwind<1>, double>);
  static_assert(!CanEncodePull<Augment<1, 1, Plain<family::Bernoulli>>, double>);
  static_assert(!CanEncodePull<Invert<Max<2, Plain<family::HalfNormal<>>, Plain<family::Categorical<2>>>>, double>);
  // E over both signs of log N(a z + b) + log a + log 2, its slope in a and b, and the mean of the pulls
  const double x = 0.8, a = 1.3, b = 0.4;
  auto model = make_model<double>(Flow{Unfold<1>{}, LearnedScaleShift<1>{}, StandardNormal<1>{}}, Noise{1});
  auto elbo = [&](double a_, double b_) {
    return std::log(a_) + ln2 - half_log_two_pi -
           0.25 * ((a_ * x + b_) * (a_ * x + b_) + (b_ - a_ * x) * (b_ - a_ * x));
  };
  model.parameters() = vector({b, std::log(a)});
  const Index n = 40000;
  const Batch<double> data = Batch<double>::Constant(n, 1, x);
  REQUIRE(model.elbo(data, Noise{3}).mean() == Approx(elbo(a, b)).margin(0.01));
  Trainer trainer(model, Adam{});
  trainer.evaluate(
      view(data),
      Model<decltype(Flow{Unfold<1>{}, LearnedScaleShift<1>{}, StandardNormal<1>{}}), double>::nothing<const double>(n),
      {0, n}, Noise{4});
  const Column<double>& g = trainer.gradient();
  CHECK(-g(0) == Approx((elbo(a, b + 1e-5) - elbo(a, b - 1e-5)) / 2e-5).margin(0.03));
  CHECK(-g(1) == Approx(a * (elbo(a + 1e-5, b) - elbo(a - 1e-5, b)) / 2e-5).margin(0.03));
}

}  // namespace surjections_abs
