// SPDX-License-Identifier: MIT
#include "rheo/transformers/bernstein.hpp"

#include "monotone_checks.hpp"

namespace transformers_bernstein {
using namespace rheo_test;

TEMPLATE_TEST_CASE("Bernstein: identity, round trips, NaN", "", float, double) {
  check_identity<TestType>(Bernstein<16>{});
  check_round_trips<TestType>(Bernstein<16>{});
  check_round_trips<TestType>(Bernstein<4>{2.0});
  check_nan<TestType>(Bernstein<6>{});
}
TEST_CASE("Bernstein: V is the log of the slope, decode carries duals") {
  check_slopes(Bernstein<12>{});
  check_duals(Bernstein<12>{});
}

TEST_CASE("Bernstein is the sum of coefficients times binomials") {
  const Bernstein<5> map{3.0};
  const Raw<double> raw{{0.4, 0.5, -1.0, 2.0}};
  std::vector<double> rise;
  for (double r : {0.5, 0.5, -1.0, 2.0, 2.0})
    rise.push_back(6.0 / 5 * (0.001 + 0.999 * std::log1p(std::exp(r + std::log(std::exp(1.0) - 1)))));
  std::vector<double> theta{0.4};
  for (double d : rise) theta[0] -= d / 2;
  for (double d : rise) theta.push_back(theta.back() + d);
  const double choose[] = {1, 5, 10, 10, 5, 1};
  for (double x : {-3.0, -2.2, 0.0, 0.7, 2.999, 3.0}) {
    double y = 0;
    for (int k = 0; k <= 5; ++k)
      y += theta[static_cast<std::size_t>(k)] * choose[k] * std::pow((3 + x) / 6, k) * std::pow((3 - x) / 6, 5 - k);
    CHECK(map.encode(x, raw).y == Approx(y).epsilon(1e-13));
  }
  CHECK(map.encode(3.0, raw).y == Approx(theta.back()));
  CHECK(map.encode(5.0, raw).y == Approx(theta.back() + 2 * rise.back() * 5 / 6));
  CHECK(map.encode(-1e30, raw).v == Approx(std::log(rise.front() * 5 / 6)));
}

TEST_CASE("Bernstein: value, slope and the slope's slope are continuous at the ends of the interval") {
  const Bernstein<9> map;
  const Raw<double> raw = random_raw<double>(8, 1, 2);
  for (double end : {-5.0, 5.0}) {
    const auto in = map.encode(end * (1 - 1e-9), raw), at = map.encode(end, raw),
               out = map.encode(end * (1 + 1e-9), raw);
    CHECK(std::abs(out.y - in.y) <= 3e-8 * std::exp(at.v));
    CHECK(std::abs(out.v - in.v) <= 1e-12);
  }
}

TEST_CASE("Bernstein refuses a bound that is not positive and finite") {
  for (double bad : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS((Bernstein<8>(bad)), std::invalid_argument);
  }
  CHECK_NOTHROW((Bernstein<8>(3)));
}

}  // namespace transformers_bernstein
