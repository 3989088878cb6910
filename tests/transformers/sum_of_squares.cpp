// SPDX-License-Identifier: MIT
#include "rheo/transformers/sum_of_squares.hpp"

#include "monotone_checks.hpp"

namespace transformers_sum_of_squares {
using namespace rheo_test;

TEMPLATE_TEST_CASE("sum of squares: identity, round trips, NaN", "", float, double) {
  check_identity<TestType>(SumOfSquares<3, 3>{});
  check_round_trips<TestType>(SumOfSquares<3, 3>{});
  check_round_trips<TestType>(SumOfSquares<1, 2>{2.0});
  check_nan<TestType>(SumOfSquares<2, 1>{});
}
TEST_CASE("sum of squares: V is the log of the slope, decode carries duals") {
  check_slopes(SumOfSquares<2, 2>{});
  check_duals(SumOfSquares<3, 2>{});
}

TEST_CASE("sum of squares is the integral of its squares, the coefficients held") {
  const SumOfSquares<2, 1> map;
  const Raw<double> raw{{0.4, 0.5, -1.0, 0.2, 0.3}};
  const double held = 1 / std::sqrt(1 + (0.25 + 0.04 + 4.5 * 4.5 * (1 + 0.09)) / 450);
  const double a = 0.5 * held + 1 / std::sqrt(5.0), b = -held, c = 0.2 * held + 2 / std::sqrt(5.0), d = 0.3 * held;
  for (double x : {-3.0, -1.0, 0.0, 0.6, 2.9}) {
    const double integral = (a * a + c * c) * x + (a * b + c * d) * x * x + (b * b + d * d) * x * x * x / 3;
    CHECK(map.encode(x, raw).y == Approx(0.4 + 0.001 * x + 0.999 * integral).epsilon(1e-13));
    CHECK(map.encode(x, raw).v ==
          Approx(std::log(0.001 + 0.999 * (std::pow(a + b * x, 2) + std::pow(c + d * x, 2)))).epsilon(1e-12));
  }
}

TEST_CASE("sum of squares: no coefficients make a slope above 962 or a value beyond 4.5 times that") {
  const SumOfSquares<3, 3> map;
  double steepest = 0;
  for (double scale : {1.0, 30.0, 1e3, 1e8, 1e30}) {
    for (std::uint64_t key = 1; key <= 40; ++key) {
      Raw<double> raw = random_raw<double>(map.params, scale, key);
      raw[0] = 0;
      for (double x = -8; x <= 8; x += 0.05) {
        const auto m = map.encode(x, raw);
        steepest = std::max(steepest, m.v);
        REQUIRE(std::abs(m.y) <= 4.5 * 962 + 8);
      }
    }
  }
  Raw<double> worst = random_raw<double>(map.params, 0, 1);  // the third polynomial alone, all its terms in step at 4.5
  for (Index r = 0; r < 4; ++r) worst[9 + r] = 1e6 * std::pow(4.5, -static_cast<double>(r));
  steepest = std::max(steepest, map.encode(4.4, worst).v);
  CHECK(steepest < std::log(962.0));
  CHECK(steepest > std::log(300.0));
}

TEST_CASE("sum of squares: at a zero of the squares the slope is the guard's; outside it is 1, and joins smoothly") {
  const SumOfSquares<1, 1> map;
  const Raw<double> raw{{0, -1 / std::sqrt(1 - 1 / 450.0), 0}};  // p(u) = 0
  CHECK(map.encode(0.0, raw).v == Approx(std::log(0.001)));
  const Raw<double> hard = random_raw<double>(3, 3, 2);
  for (double x : {6.0, 7.0, 1e6, 1e30, -6.0, -1e30}) CHECK(map.encode(x, hard).v == 0);
  for (double end : {-6.0, -3.0, 3.0, 6.0}) {
    const auto in = map.encode(end * (1 - 1e-7), hard), out = map.encode(end * (1 + 1e-7), hard);
    CHECK(std::abs(out.y - in.y) <= 2.1e-7 * std::abs(end) * std::exp(in.v) + 1e-12);
    CHECK(std::abs(out.v - in.v) <= 1e-5);
  }
}

TEST_CASE("SumOfSquares refuses a bound that is not positive and finite") {
  for (double bad : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS((SumOfSquares<2, 3>(bad)), std::invalid_argument);
  }
  CHECK_NOTHROW((SumOfSquares<2, 3>(3)));
}

}  // namespace transformers_sum_of_squares
