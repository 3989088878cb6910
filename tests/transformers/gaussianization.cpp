// SPDX-License-Identifier: MIT
#include "rheo/transformers/gaussianization.hpp"

#include "monotone_checks.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/training/fit.hpp"

namespace transformers_gaussianization {
using namespace rheo_test;

TEMPLATE_TEST_CASE("Gaussianization: identity, round trips, NaN", "", float, double) {
  check_identity<TestType>(Gaussianization<5>{});
  check_round_trips<TestType>(Gaussianization<5>{});
  check_nan<TestType>(Gaussianization<3>{});
}
TEST_CASE("Gaussianization: V is the log of the slope, decode carries duals") {
  check_slopes(Gaussianization<5>{2.0});
  check_duals(Gaussianization<5>{});
}

TEST_CASE("Gaussianization sends the mixture's distribution function to the normal's, but for the gate's line") {
  const Gaussianization<2> map;
  const Raw<double> raw{{0.3, -0.4, 0.5, -1.2, 0.7, -2.0, 1.5}};  // weights, log-scales, locations; gate
  const auto cdf = [](double u) { return 0.5 * std::erfc(-u / std::sqrt(2.0)); };
  const double w = std::exp(0.3) / (std::exp(0.3) + std::exp(-0.4)), s_1 = std::exp(4 * std::tanh(0.5 / 4)),
               s_2 = std::exp(4 * std::tanh(-1.2 / 4));
  const double m_1 = 0.7 - 0.75, m_2 = -2.0 + 0.75, k = 0.999 * std::tanh(1.5 / 0.999);
  for (double x : {-6.0, -3.0, -0.2, 0.0, 1.0, 4.0}) {
    const double s = w * cdf((x - m_1) / s_1) + (1 - w) * cdf((x - m_2) / s_2),
                 line = 0.5 * ((x - m_1) / s_1 + (x - m_2) / s_2);
    const double z = (map.encode(x, raw).y - (1 - k) * line) / k;
    CHECK(cdf(z) == Approx(s).epsilon(1e-12));
  }
}

TEST_CASE("Gaussianization: float keeps V in both tails, and the line beyond 1e4 joins") {
  const Gaussianization<3> map;
  const Raw<float> raw = random_raw<float>(10, 1, 4);
  const Raw<double> wide = cast<double>(raw);
  for (float x : {-1e5f, -9000.0f, -300.0f, -20.0f, 15.0f, 90.0f, 1e4f}) {
    const auto m = map.encode(x, raw);
    const auto exact = map.encode(double(x), wide);
    CHECK(m.y == Approx(exact.y).epsilon(1e-5));
    CHECK(m.v == Approx(exact.v).margin(1e-5));
  }
  const auto in = map.encode(1e4, wide), out = map.encode(std::nextafter(1e4, 2e4), wide);
  CHECK(out.y - in.y >= 0);
  CHECK(out.y - in.y < 1e-10);
  CHECK(out.v == Approx(in.v).epsilon(1e-12));
}

TEST_CASE("Gaussianization learns two modes from the identity") {
  Batch<double> x(2000, 1);
  for (Index i = 0; i < x.rows(); ++i) x(i, 0) = (i % 2 ? 2.0 : -2.0) + 0.5 * Noise{3}.normal(i, 0);
  auto model = make_model<double>(Flow{Elementwise<1, Gaussianization<4>>{}, StandardNormal<1>{}}, Noise{1});
  fit(model, x, {.epochs = 150, .batch = 250, .learning_rate = 2e-2, .noise = Noise{2}});
  const double gap = -model.log_prob(x).mean() - 1.4189;  // the mixture's entropy; one Gaussian stands at 0.72 above it
  INFO("gap " << gap);
  CHECK(gap < 0.05);
}

TEST_CASE("Gaussianization refuses a bound that is not positive and finite") {
  for (double bad : {0.0, -1.0, std::numeric_limits<double>::infinity(), std::numeric_limits<double>::quiet_NaN()}) {
    CHECK_THROWS_AS((Gaussianization<4>(bad)), std::invalid_argument);
  }
  CHECK_NOTHROW((Gaussianization<4>(3)));
}

}  // namespace transformers_gaussianization
