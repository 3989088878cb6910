// SPDX-License-Identifier: MIT
#include "rheo/transformers/logistic_mixture_cdf.hpp"

#include "monotone_checks.hpp"

namespace transformers_logistic_mixture_cdf {
using namespace rheo_test;

TEMPLATE_TEST_CASE("mixture of logistics: identity, round trips, NaN", "", float, double) {
  check_identity<TestType>(LogisticMixtureCdf<5>{});
  check_round_trips<TestType>(LogisticMixtureCdf<5>{});
  check_nan<TestType>(LogisticMixtureCdf<3>{});
}
TEST_CASE("mixture of logistics: V is the log of the slope, decode carries duals") {
  check_slopes(LogisticMixtureCdf<5>{2.0});
  check_duals(LogisticMixtureCdf<5>{});
}

TEST_CASE("mixture of logistics is the paper's formula, but for the gate's line") {
  const LogisticMixtureCdf<2> map;
  const Raw<double> raw{
      {0.3, -0.4, 0.5, -1.2, 0.7, -2.0, 1.5, 0.6, -0.9}};  // weights, log-scales, locations, gate, b, a
  const auto sigmoid = [](double u) { return 1 / (1 + std::exp(-u)); };
  const double w = std::exp(0.3) / (std::exp(0.3) + std::exp(-0.4)), s_1 = std::exp(4 * std::tanh(0.5 / 4)),
               s_2 = std::exp(4 * std::tanh(-1.2 / 4));
  const double m_1 = 0.7 - 0.75, m_2 = -2.0 + 0.75, k = 0.999 * std::tanh(1.5 / 0.999);
  for (double x : {-3.0, -0.2, 0.0, 1.0, 4.0}) {
    const double s = w * sigmoid((x - m_1) / s_1) + (1 - w) * sigmoid((x - m_2) / s_2),
                 line = 0.5 * ((x - m_1) / s_1 + (x - m_2) / s_2);
    CHECK(map.encode(x, raw).y ==
          Approx((k * std::log(s / (1 - s)) + (1 - k) * line) * std::exp(2 * std::tanh(-0.45)) + 0.6).epsilon(1e-12));
  }
}

TEST_CASE("mixture of logistics: both tails keep every digit of V in float") {
  const LogisticMixtureCdf<3> map;
  const Raw<float> raw = random_raw<float>(12, 1, 4);
  const Raw<double> wide = cast<double>(raw);
  for (float x : {-1e4f, -300.0f, -20.0f, 15.0f, 90.0f, 1e4f}) {
    const auto m = map.encode(x, raw);
    const auto exact = map.encode(double(x), wide);
    CHECK(m.y == Approx(exact.y).epsilon(4e-6));
    CHECK(m.v == Approx(exact.v).margin(4e-6));
  }
}

TEST_CASE("LogisticMixtureCdf refuses a bound that is not positive and finite") {
  for (double bad : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS((LogisticMixtureCdf<4>(bad)), std::invalid_argument);
    CHECK_THROWS_AS((LogisticMixture<4>(bad)), std::invalid_argument);
  }
  CHECK_NOTHROW((LogisticMixtureCdf<4>(3)));
}

}  // namespace transformers_logistic_mixture_cdf
