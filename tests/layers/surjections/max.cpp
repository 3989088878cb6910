// SPDX-License-Identifier: MIT
// Max, MaxPool2x2 and ReluSurjection by hand: values, gradients, ties, edges, draws.
#include "checks.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/layers/surjections/max.hpp"
#include "rheo/layers/surjections/relu.hpp"

namespace surjections_max {
using namespace rheo_test;

namespace {
double half_normal(double e) { return std::log(2 / std::sqrt(2 * std::numbers::pi)) - 0.5 * e * e; }
}  // namespace

TEST_CASE("max keeps the largest; places cost log D, gaps their log-density") {
  using L = Max<3, Plain<family::HalfNormal<>>>;
  const auto e = call<true>(L{}, batch({{1, 4, 2.5}}));
  CHECK(e.out(0, 0) == 4);
  CHECK(e.v(0) == Approx(-std::log(3) + half_normal(3) + half_normal(1.5)).margin(1e-14));
  CHECK(e.g_in(0, 0) == Approx(3).margin(1e-15));  // of -(4 - 1)^2 / 2
  CHECK(e.g_in(0, 2) == Approx(1.5).margin(1e-15));
  CHECK(e.g_in(0, 1) == Approx(1 - 4.5).margin(1e-15));
}

TEST_CASE("a learned place has its own probability") {
  using L = Max<2, Plain<family::Exponential<>>, Plain<family::Categorical<2>>>;
  const Column<double> theta = vector({0, 1, 0});  // logits of the places, then one scale
  const auto e = call<true>(L{}, batch({{3, 1}, {1, 3}}), {}, theta);
  CHECK(e.v(0) == Approx(-std::log(1 + std::exp(1.0)) - 2).margin(1e-14));
  CHECK(e.v(1) == Approx(1 - std::log(1 + std::exp(1.0)) - 2).margin(1e-14));
}

TEST_CASE("of equal coordinates the first is the largest; NaN makes the row NaN") {
  using L = Max<3, Plain<family::Exponential<>>, Plain<family::Categorical<3>>>;
  const Column<double> theta = vector({std::log(0.5), std::log(0.3), std::log(0.2), 0, 0});
  const auto e = call<true>(L{}, batch({{2, 2, 1}, {1, 2, 2}, {not_a_number, 1, 2}, {1, not_a_number, 0}}), {}, theta);
  CHECK(e.v(0) == Approx(std::log(0.5) - 1).margin(1e-14));
  CHECK(e.v(1) == Approx(std::log(0.3) - 1).margin(1e-14));
  CHECK(std::isnan(e.v(2)));
  CHECK(std::isnan(e.v(3)));
}

TEST_CASE("draws of max are below it, and it is among them at every place") {
  using L = Max<3, Plain<family::HalfNormal<>>>;
  const Batch<double> z = Batch<double>::Constant(3000, 1, 1.5), x = call<false>(L{}, z, Noise{4}).out;
  CHECK((x.rowwise().maxCoeff() == 1.5).all());
  for (Index j = 0; j < 3; ++j)
    CHECK(std::abs(static_cast<double>((x.col(j) == 1.5).count()) - 1000) < 4 * std::sqrt(3000 * 2.0 / 9));
}

TEST_CASE("pooling takes the windows of every channel, and its gaps stand channel by channel") {
  using L = MaxPool2x2<2, 2, 4, Plain<family::Exponential<>>>;  // 12 log-scales: gap r of window m at r 4 + m
  Batch<double> x(1, 16);
  x << 1, 5, 3, 2,  // channel 0, row 0
      4, 2, 9, 3,   // row 1
      -1, -2, 0, 0.5, -3, -4, 0.25, -8;
  Column<double> theta = Column<double>::Zero(12);
  const auto e = call<true>(L{}, x, {}, theta);
  CHECK((e.out == batch({{5, 9, -1, 0.5}})).all());
  const double gaps = (4 + 1 + 3) + (6 + 7 + 6) + (1 + 2 + 3) + (0.5 + 0.25 + 8.5);
  CHECK(e.v(0) == Approx(-4 * std::log(4) - gaps).margin(1e-13));
  theta(1 * 4 + 2) = std::log(2);  // second gap of window 2 (first of channel 1): 2 at scale 2
  CHECK(call<true>(L{}, x, {}, theta).v(0) == Approx(-4 * std::log(4) - gaps + 1 - std::log(2)).margin(1e-13));
  const auto d = call<false>(L{}, e.out, Noise{5}, theta);
  CHECK((call<true>(L{}, d.out, {}, theta).out == e.out).all());
}

TEST_CASE("ReLU draws below zero for data at zero only") {
  using L = ReluSurjection<2, Plain<family::HalfNormal<>>>;
  static_assert(L::kind == Kind::generative_surjection && L::exactness == Exactness::bound);
  const Batch<double> x = batch({{0, 2}, {3, 1}, {0, 0}, {-0.0, 1}, {-1, 2}, {not_a_number, 1}});
  const auto e = call<true>(L{}, x, Noise{6});
  CHECK(e.out(0, 0) < 0);
  CHECK(e.out(0, 1) == 2);
  CHECK(e.v(0) == Approx(-half_normal(e.out(0, 0))).margin(1e-14));
  CHECK((e.out.row(1) == x.row(1)).all());
  CHECK(e.v(1) == 0);
  CHECK(e.v(2) == Approx(-half_normal(e.out(2, 0)) - half_normal(e.out(2, 1))).margin(1e-14));
  CHECK(e.out(3, 0) < 0);
  CHECK(e.v(4) == -inf);
  CHECK((e.g_in.row(4) == 0).all());
  CHECK(std::isnan(e.out(5, 0)));
  const auto d = call<false>(L{}, Batch<double>(e.out.topRows(4)), Noise{6});
  CHECK((d.out == x.topRows(4)).all());
  CHECK((d.v - e.v.head(4)).abs().maxCoeff() < 1e-14);
}

TEST_CASE("ReLU of a normal latent: the bound is exact with the exact posterior") {
  // z ~ N(0, 1): at x = 0 the latent below is half-normal, so -log q(z) + log p(z) = log 1/2, the mass at 0.
  const auto e = call<true>(ReluSurjection<1, Plain<family::HalfNormal<>>>{}, batch({{0}, {0}, {1.5}}), Noise{6});
  const Column<double> elbo = e.v - 0.5 * e.out.col(0).square() - half_log_two_pi;
  CHECK(elbo(0) == Approx(-ln2).margin(1e-14));
  CHECK(elbo(1) == Approx(-ln2).margin(1e-14));
  CHECK(elbo(2) == Approx(-1.125 - half_log_two_pi).margin(1e-14));
}

}  // namespace surjections_max
