// SPDX-License-Identifier: MIT
// Abs by hand: values, signs of zero, masks, learned signs, edges.
#include "checks.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/surjections/abs.hpp"

using namespace rheo_test;

TEST_CASE("abs folds, and pays log 2 a coordinate") {
  const auto e = call<true>(Abs<2>{}, batch({{-1.5, 2}, {0.25, -3}}));
  CHECK((e.out == batch({{1.5, 2}, {0.25, 3}})).all());
  CHECK((e.v == -2 * ln2).all());
  CHECK((e.g_in == batch({{-1, 1}, {1, -1}})).all());
}

TEST_CASE("the sign of both zeros is plus, and z is +0") {
  const auto e = call<true>(Abs<1, Given<family::Bernoulli, MlpOf<Tanh>>>{}, batch({{0.0}, {-0.0}}), {}, vector({0.0, 0.7}));
  CHECK_FALSE(std::signbit(e.out(0, 0)));
  CHECK_FALSE(std::signbit(e.out(1, 0)));
  CHECK((e.v - std::log(1 / (1 + std::exp(0.7)))).abs().maxCoeff() < 1e-15);  // log p(0)
  CHECK((e.g_in == 1).all());
}

TEST_CASE("learned signs see z: V is the Bernoulli's") {
  const Vector<double> theta = vector({0.8, -0.3});  // logit 0.8 z - 0.3 for minus
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
  CHECK(static_cast<double>((x < 0).count()) / 40000 == Approx(minus).margin(4 * std::sqrt(minus * (1 - minus) / 40000)));
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
  using Learned = Abs<2, Given<family::Bernoulli, MlpOf<Tanh, 3>>>;
  const auto l = call<false>(Learned{}, Batch<double>(bad.topRows(1)), Noise{3}, Vector<double>(Vector<double>::Constant(Learned::param_count, 0.4)));
  CHECK((l.g_theta == 0).all());
}
