// SPDX-License-Identifier: MIT
#include "rheo/transformers/monotone_neural.hpp"

#include "monotone_checks.hpp"

namespace transformers_monotone_neural {
using namespace rheo_test;

TEST_CASE("Gauss-Legendre rules are exact to degree 2 Q - 1") {
  const auto check = [](const auto& rule, std::size_t Q) {
    for (std::size_t d = 0; d < 2 * Q; ++d) {
      double sum = 0;
      for (std::size_t q = 0; q < Q; ++q) sum += rule.weight[q] * std::pow(rule.node[q], static_cast<double>(d));
      CHECK(sum * static_cast<double>(d + 1) == Approx(1).epsilon(1e-13));
    }
    double beyond = 0;
    for (std::size_t q = 0; q < Q; ++q) beyond += rule.weight[q] * std::pow(rule.node[q], static_cast<double>(2 * Q));
    if (Q < 6) CHECK(std::abs(beyond * static_cast<double>(2 * Q + 1) - 1) > 1e-7);
  };
  check(math::gauss_legendre<1>, 1);
  check(math::gauss_legendre<2>, 2);
  check(math::gauss_legendre<5>, 5);
  check(math::gauss_legendre<32>, 32);
  CHECK(math::gauss_legendre<2>.node[0] == Approx(0.5 - 0.5 / std::sqrt(3.0)).epsilon(1e-15));
}

TEMPLATE_TEST_CASE("monotone neural: identity, round trips, NaN", "", float, double) {
  check_identity<TestType>(MonotoneNeural<5>{});
  check_round_trips<TestType>(MonotoneNeural<5>{});
  check_nan<TestType>(MonotoneNeural<3>{});
}
TEST_CASE("monotone neural: V is the log of the slope, decode carries duals") {
  check_slopes(MonotoneNeural<5>{});
  check_duals(MonotoneNeural<4>{3.0});
}

TEST_CASE("monotone neural is the integral of its net, by another rule") {
  const MonotoneNeural<3> map{4.0};
  const Raw<double> raw = random_raw<double>(11, 0.6, 3);
  const auto integrand = [&](double u) {
    double n = 0;
    for (Index h = 0; h < 3; ++h) {
      const double c = 4.0 * (static_cast<double>(2 * h + 1) / 3 - 1) + raw(8 + h);
      n += std::tanh(raw(2 + h)) * std::tanh((1 + std::tanh(raw(5 + h))) * (u - c));
    }
    return std::exp(n);
  };
  const double scale = std::exp(2 * std::tanh(raw(1) / 2));
  for (double x : {-4.0, -1.5, 0.0, 0.3, 2.0, 4.0}) {
    double simpson = 0;
    const int m = 4000;
    for (int i = 0; i <= m; ++i) simpson += (i == 0 || i == m ? 1 : i % 2 ? 4 : 2) * integrand(x * i / m);
    CHECK(map.encode(x, raw).y == Approx(raw(0) + scale * simpson * x / (3 * m)).epsilon(1e-10).margin(1e-12));
    CHECK(map.encode(x, raw).v == Approx(std::log(scale * integrand(x)))
                                      .margin(1e-7));  // the quadrature's slope is near the integrand, and not it
  }
}

TEST_CASE("monotone neural: the quadrature's slope stays positive at the ends of its parameters") {
  const MonotoneNeural<6> map;
  double worst = 1;
  for (std::uint64_t key = 0; key < 400; ++key) {
    Raw<double> raw = random_raw<double>(20, 1, key);
    const double centre = 5 * Noise{key}.normal(0, 7), sign = key % 2 ? 50 : -50;
    for (Index h = 0; h < 6; ++h) {
      raw[2 + h] = key % 3 ? sign : raw(2 + h) * 50, raw[8 + h] = 50;
      if (key % 4 < 3)
        raw[14 + h] = centre - 4 * (static_cast<double>(2 * h + 1) / 6 - 1) + (key % 4 == 1 ? 0.3 * raw(14 + h) : 0);
    }
    for (double x = -8; x <= 8; x += 0.05) {
      const double v = map.encode(x, raw).v;
      REQUIRE(std::isfinite(v));
      REQUIRE(std::abs(v) < 5.1);
      const double h = 1e-4, slope = (map.encode(x + h, raw).y - map.encode(x - h, raw).y) / (2 * h);
      worst = std::max(worst, std::abs(std::log(slope) - v) + 1);
    }
  }
  CHECK(worst < 1 + 1e-5);
}

TEST_CASE("MonotoneNeural refuses a bound that is not positive and finite") {
  for (double bad : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS((MonotoneNeural<4>(bad)), std::invalid_argument);
  }
  CHECK_NOTHROW((MonotoneNeural<4>(3)));
}

}  // namespace transformers_monotone_neural
