// SPDX-License-Identifier: MIT
#include "rheo/transformers/deep_sigmoid.hpp"

#include "monotone_checks.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/training/fit.hpp"

namespace transformers_deep_sigmoid {
using namespace rheo_test;

TEMPLATE_TEST_CASE("deep sigmoid: identity, round trips, NaN", "", float, double) {
  check_identity<TestType>(DeepSigmoid<5>{});
  check_round_trips<TestType>(DeepSigmoid<5>{});
  check_nan<TestType>(DeepSigmoid<3>{});
}
TEST_CASE("deep sigmoid: V is the log of the slope, decode carries duals") {
  check_slopes(DeepSigmoid<5>{});
  check_duals(DeepSigmoid<5>{});
}

TEST_CASE("deep sigmoid is the paper's formula and its line, as the gate says") {
  const DeepSigmoid<2> map;
  const auto sigmoid = [](double u) { return 1 / (1 + std::exp(-u)); };
  const auto softplus = [](double u) { return 0.001 + 0.999 * std::log1p(std::exp(u + std::log(std::exp(1.0) - 1))); };
  const double w = std::exp(0.3) / (std::exp(0.3) + std::exp(-0.4)), a_1 = softplus(0.5), a_2 = softplus(-1.2),
               b_1 = 0.7 + 0.75, b_2 = -2.0 - 0.75;
  for (double gate : {-2.0, -0.1, 0.0, 0.4, 50.0}) {
    const Raw<double> raw{{0.3, -0.4, 0.5, -1.2, 0.7, -2.0, gate}};  // weights, slopes, offsets
    const double k = gate < 0 ? 0.25 * std::tanh(4 * gate) : 0.999 * std::tanh(gate / 0.999);
    for (double x : {-3.0, -0.2, 0.0, 1.0, 4.0}) {
      const double s = w * sigmoid(a_1 * x + b_1) + (1 - w) * sigmoid(a_2 * x + b_2),
                   line = 0.5 * ((a_1 + a_2) * x + b_1 + b_2);
      CHECK(map.encode(x, raw).y == Approx(k * std::log(s / (1 - s)) + (1 - k) * line).epsilon(1e-12));
    }
  }
}

TEST_CASE("deep sigmoid: the tail's slope is the smallest a, in float at 1e30 too") {
  const DeepSigmoid<2> map;
  const Raw<float> raw{{0.3f, -0.4f, 0.5f, -1.2f, 0.7f, -2.0f, 50.0f}};
  const auto softplus = [](float u) {
    return 0.001f + 0.999f * std::log1p(std::exp(u + std::log(std::exp(1.0f) - 1)));
  };
  const float a = 0.999f * softplus(-1.2f) + 0.0005f * (softplus(-1.2f) + softplus(0.5f));
  for (float x : {1e3f, 1e6f, 1e30f, -1e3f, -1e30f}) CHECK(map.encode(x, raw).v == Approx(std::log(a)).epsilon(1e-6));
}

TEST_CASE("deep sigmoid keeps its slope between components far apart") {
  const DeepSigmoid<2> map;
  const Raw<float> raw{{0, 0, 0, 0, 400, -400, 50}};
  const auto m = map.encode(0.0f, raw);
  CHECK(m.v == Approx(std::log(1e-3f)).epsilon(1e-4));
  CHECK(map.decode(m.y, raw).y == Approx(0).margin(1e-3));
}

TEST_CASE("deep sigmoid learns two modes from the identity, standardised data and all") {
  Batch<double> x(2000, 1);
  for (Index i = 0; i < x.rows(); ++i) x(i, 0) = (i % 2 ? 2.0 : -2.0) + 0.5 * Noise{3}.normal(i, 0);
  auto model = make_model<double>(Flow{Elementwise<1, DeepSigmoid<4>>{}, StandardNormal<1>{}}, Noise{1});
  fit(model, x, {.epochs = 150, .batch = 250, .learning_rate = 2e-2, .noise = Noise{2}});
  const double gap = -model.log_prob(x).mean() - 1.4189;  // the mixture's entropy; one Gaussian stands at 0.72 above it
  INFO("gap " << gap);
  CHECK(gap < 0.08);
}

}  // namespace transformers_deep_sigmoid
