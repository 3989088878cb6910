// SPDX-License-Identifier: MIT
// Integrals by signed weights and the efficiency of unweighting, against closed forms; their errors against their
// spread.
#include "rheo/evaluation/signed_weights.hpp"

#include "catch.hpp"

namespace evaluation_signed_weights {
using namespace rheo;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

/// n draws of N(0, 1.5^2) and their weights for N(0, 1).
void draw(Index n, Noise noise, Column<double>& x, Column<double>& log_w) {
  x.resize(n), log_w.resize(n);
  for (Index i = 0; i < n; ++i)
    x(i) = 1.5 * noise.normal(i, 0), log_w(i) = -0.5 * x(i) * x(i) * (1 - 1 / 2.25) + std::log(1.5);
}

}  // namespace

TEST_CASE("integrals by hand: values, errors, families, weights of 0, overflow") {
  const Column<double> f = (Column<double>(3) << 1, -2, 3).finished();
  const Column<double> log_w = (Column<double>(3) << std::log(2), 0, std::log(4)).finished();
  const Estimate e = integral(f, log_w);  // 2, -2 and 12
  CHECK(e.value == Approx(4));
  CHECK(e.error == Approx(std::sqrt((4.0 + 36 + 64) / 2 / 3)));
  const Estimate pair = integral(f, FamilyWeights(log_w, {0, 0, 2}));  // 0, 0 and 12
  CHECK(pair.value == Approx(4));
  CHECK(pair.error == Approx(std::sqrt((16.0 + 16 + 64) / 2 / 3)));
  CHECK(integral(f, FamilyWeights(log_w)).error == Approx(e.error));
  CHECK(integral((Column<double>(2) << 3, inf).finished(), (Column<double>(2) << 0, -inf).finished()).value ==
        Approx(1.5));
  CHECK(integral(f, Column<double>(Column<double>::Constant(3, -inf))).value == 0);
  CHECK(integral(f, Column<double>(log_w + 1000)).value == inf);
  CHECK_THROWS_AS(integral(f, Column<double>(Column<double>::Zero(2))), std::invalid_argument);
  const Column<double> sign = (Column<double>(3) << 1, 1, -1).finished();  // weights 2, 1, -4, their sum -1
  const Estimate s = signed_expectation(f, log_w, sign);
  CHECK(s.value == Approx(12));
  CHECK(s.error == Approx(std::sqrt(std::pow(2 * 11, 2) + std::pow(14, 2) + std::pow(4 * 9, 2))));
  CHECK(signed_expectation(f, log_w, Column<double>(Column<double>::Ones(3))).error ==
        Approx(expectation(f, log_w).error));
  CHECK_THROWS_AS(signed_expectation(f, log_w, Column<double>(Column<double>::Ones(2))), std::invalid_argument);
}

TEST_CASE("integrals of what changes its sign: closed forms, and errors that are the spread") {
  // over N(0, 1): sin x + cos 2x has e^-2;  x^2 under N(0, 1) (1 - cos x / 2), negative nowhere, and (1 - 2 cos x),
  // negative where cos x > 1/2
  const int runs = 400;
  const double e = std::exp(-0.5);
  double off = 0, stray = 0, signed_off = 0, signed_stray = 0;
  for (std::uint64_t r = 0; r < runs; ++r) {
    Column<double> x, log_w;
    draw(1000, Noise{7}.fork(r), x, log_w);
    const Estimate i = integral(x.sin() + (2 * x).cos(), log_w);
    off += (i.value - std::exp(-2)) / i.error / runs;
    stray += std::pow((i.value - std::exp(-2)) / i.error, 2) / runs;
    const Column<double> factor = 1 - 2 * x.cos();
    const Estimate s = signed_expectation(x.square(), log_w + factor.abs().log(), factor);
    const double exact = 1 / (1 - 2 * e);  // E x^2 cos x = 0
    signed_off += (s.value - exact) / s.error / runs;
    signed_stray += std::pow((s.value - exact) / s.error, 2) / runs;
  }
  INFO("deviation over error: mean " << off << ", square " << stray << "; signed " << signed_off << ", "
                                     << signed_stray);
  CHECK(std::abs(off) < 4 / std::sqrt(runs));
  CHECK(std::abs(stray - 1) < 4 * std::sqrt(2.0 / runs));
  CHECK(std::abs(signed_stray - 1) < 6 * std::sqrt(2.0 / runs));  // a ratio: heavier tails
}

TEST_CASE("unweighting: weights 1 .. n, by the largest and by quantiles") {
  const Index n = 200;
  Column<double> log_w(n);
  for (Index i = 0; i < n; ++i) log_w((i * 77) % n) = std::log(static_cast<double>(i + 1)) + 5000;
  CHECK(unweighting_efficiency(log_w) == Approx(201.0 / 400));
  for (double q : {0.005, 0.25, 0.5, 0.9})
    CHECK(unweighting_efficiency(log_w, q) == Approx(((q * n + 1) / 2 + n - q * n) / n));
  CHECK(unweighting_efficiency(Column<double>::Constant(5, -3)) == Approx(1));
  const Column<double> some = (Column<double>(4) << -inf, -inf, 0, std::log(3)).finished();
  CHECK(unweighting_efficiency(some) == Approx((1.0 / 3 + 1) / 4));
  CHECK(unweighting_efficiency(some, 0.75) == Approx(0.5));
  CHECK(unweighting_efficiency(some, 0.5) == Approx(0.5));  // W = 0: all that weigh anything
  CHECK(unweighting_efficiency(Column<double>::Constant(5, -inf)) == 0);
  CHECK(std::isnan(unweighting_efficiency((Column<double>(2) << 0, std::nan("")).finished())));
  CHECK_THROWS_AS(unweighting_efficiency(Column<double>()), std::invalid_argument);
  for (double q : {0.0, 1.5, std::nan("")}) CHECK_THROWS_AS(unweighting_efficiency(some, q), std::invalid_argument);
  // N(0, 1.5^2) for N(0, 1): bounded weights, the largest 1.5 times their mean
  Column<double> x;
  draw(100'000, Noise{8}, x, log_w);
  CHECK(std::abs(unweighting_efficiency(log_w) - 1 / 1.5) < 0.01);
}

TEST_CASE("unweighting: what lies above the limit is reported, signs do not matter, and the limit is in the units") {
  const Column<double> w = (Column<double>(5) << 1, -2, 3, -4, 10).finished();
  const Unweighting all = unweighting(w.abs().log());
  CHECK(all.efficiency == Approx(2.0 / 5));
  CHECK(all.overweight == 0);
  CHECK(all.excess == 0);
  CHECK(all.log_limit == Approx(std::log(10)));
  const Unweighting most = unweighting(w.abs().log() + 700, 0.8);  // W = 4 e^700: 1, 2, 3, 4 and 4 of 20
  CHECK(most.efficiency == Approx(14.0 / 4 / 5));
  CHECK(most.overweight == Approx(0.2));
  CHECK(most.excess == Approx(6.0 / 20));
  CHECK(most.log_limit == Approx(std::log(4) + 700));
  const Unweighting none = unweighting(Column<double>::Constant(3, -inf), 0.5);
  CHECK((none.efficiency == 0 && none.overweight == 0 && none.excess == 0 && none.log_limit == -inf));
  const Unweighting some = unweighting((Column<double>(2) << -inf, 0).finished(), 0.5);  // W = 0
  CHECK((some.efficiency == 0.5 && some.overweight == 0.5 && some.excess == 1 && some.log_limit == -inf));
  const Unweighting bad = unweighting((Column<double>(2) << 0, std::nan("")).finished());
  CHECK((std::isnan(bad.efficiency) && std::isnan(bad.overweight) && std::isnan(bad.excess)));
  CHECK_THROWS_WITH(unweighting(w.abs().log(), 1.5), "rheo: unweighting wants a quantile in (0, 1], got 1.500000");
  // weights uniform on (0, 1), W = q: efficiency 1 - q / 2, above it 1 - q, beyond it (1 - q)^2 of the weight
  Column<double> log_u(200'000);
  for (Index i = 0; i < log_u.size(); ++i) log_u(i) = std::log(Noise{9}.uniform(i, 0));
  const Unweighting uniform = unweighting(log_u, 0.6);
  CHECK(std::abs(uniform.efficiency - 0.7) < 0.005);
  CHECK(std::abs(uniform.overweight - 0.4) < 1e-5);
  CHECK(std::abs(uniform.excess - 0.16) < 0.005);
}

TEST_CASE("unweighted draws are as many as the efficiency says and follow the target") {
  Column<double> x, log_w;
  draw(100'000, Noise{10}, x, log_w);
  for (const double q : {1.0, 0.9, 0.5}) {
    const Unweighting expected = unweighting(log_w, q);
    const Unweighted kept = unweighted(log_w, Noise{11}, q);
    const auto n = static_cast<double>(kept.rows.size());
    CHECK(std::abs(n / 1e5 - expected.efficiency) < 5 * 0.5 / std::sqrt(1e5));
    double sum = 0, square = 0, heavy = 0;
    for (Index i = 0; i < kept.weight.size(); ++i) {
      const double at = x(kept.rows[static_cast<std::size_t>(i)]), w = kept.weight(i);
      CHECK(w >= 1);
      sum += w, square += w * at * at, heavy += w > 1 ? 1 : 0;
    }
    CHECK(heavy == std::round(1e5 * expected.overweight));
    CHECK(std::abs(square / sum - 1) < 6 * std::sqrt(2 / n));  // E x^2 under N(0, 1)
    CHECK(std::abs(sum / 1e5 - std::exp(-expected.log_limit)) < 0.01 * std::exp(-expected.log_limit));  // E w = 1
  }
  CHECK(unweighted(Column<double>::Constant(4, -inf), Noise{1}).rows.empty());
  CHECK_THROWS_AS(unweighted((Column<double>(2) << 0, std::nan("")).finished(), Noise{1}), DataError);
}

}  // namespace evaluation_signed_weights
