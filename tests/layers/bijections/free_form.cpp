// SPDX-License-Identifier: MIT
// FreeForm beyond the laws: whose density it is, folds, rows without a z.
#include "rheo/layers/bijections/free_form.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/free_form.hpp"

namespace bijections_free_form {
using namespace rheo;
using rheo_test::normals;

namespace {
using Small = FreeForm<2, MlpOf<Silu, 5>, MlpOf<Tanh, 6>>;

/// g(z) = z + b tanh(a z), f(x) = x: three z for every x near 0 where a b < -1.
Model<Flow<FreeForm<1, MlpOf<Tanh>, MlpOf<Tanh, 1>>, StandardNormal<1>>, double> bent(double a, double b) {
  auto model = make_model<double>(Flow{FreeForm<1, MlpOf<Tanh>, MlpOf<Tanh, 1>>{}, StandardNormal<1>{}}, Noise{1});
  model.parameters().setZero();
  for (const ParamInfo& p : model.describe()) {
    if (p.name == "0.decoder.0.weight") model.parameters()(p.offset) = a;
    if (p.name == "0.decoder.1.weight") model.parameters()(p.offset) = b;
  }
  return model;
}
}  // namespace

TEST_CASE("the density is the decoder's whatever the encoder says") {
  auto model = make_model<double>(Flow{Small{}, StandardNormal<2>{}}, Noise{1});
  model.parameters() += 0.3 * normals(model.param_count, 1, 2).col(0);
  const auto drawn = model.sample_and_log_prob(500, Noise{3});
  const Column<double> scored = model.log_prob(drawn.x);
  CHECK((scored - drawn.log_prob).abs().maxCoeff() < 1e-10);
  CHECK((reconstruct(model, drawn.x).encoder_log_prob - scored).abs().maxCoeff() > 0.1);
  const Batch<double> gap = reconstruct(model, drawn.x).x - drawn.x;
  CHECK(gap.abs().maxCoeff() > 0.1);
  model.parameters().head(Small::EncoderNet::param_count) *= 0.5;
  CHECK((model.log_prob(drawn.x) - scored).abs().maxCoeff() < 1e-10);
}

TEST_CASE("where the decoder folds, the density is one z's share: never more than that of the samples") {
  const auto grid = [](Index n) {
    Batch<double> x(n, 1);
    for (Index i = 0; i < n; ++i) x(i, 0) = -8 + 16 * static_cast<double>(i) / static_cast<double>(n - 1);
    return x;
  };
  CHECK(std::abs(bent(2, -0.4).log_prob(grid(4001)).exp().sum() * 16 / 4000 - 1) < 1e-6);
  const auto folded = bent(2, -2);
  const Index n = 401;
  const Batch<double> x = grid(n);
  const Column<double> one = folded.log_prob(x);
  // all z of an x, by a scan of g
  const auto g = [](double z) { return z - 2 * std::tanh(2 * z); };
  double total = 0;
  Index missed = 0;
  for (Index i = 0; i < n; ++i) {
    double sum = 0;
    bool among = false;
    for (double z = -12; z < 12; z += 1e-2) {
      if ((g(z) - x(i, 0)) * (g(z + 1e-2) - x(i, 0)) > 0) continue;
      double a = z, b = z + 1e-2;
      for (int k = 0; k < 60; ++k) ((g(a) - x(i, 0)) * (g((a + b) / 2) - x(i, 0)) <= 0 ? b : a) = (a + b) / 2;
      const double slope = 1 - 4 / std::pow(std::cosh(2 * a), 2);
      const double share = std::exp(-0.5 * a * a) / std::sqrt(2 * 3.14159265358979323846) / std::abs(slope);
      sum += share;
      among = among || std::abs(std::log(share) - one(i)) < 1e-5;
    }
    const bool found = !std::isnan(one(i));
    missed += !found;
    if (!found || sum < 1e-12 || sum > 1e2) continue;  // beside the folds shares have no bound
    CHECK(among);
    CHECK(one(i) <= std::log(sum) + 1e-5);
    total += std::exp(one(i)) * 16 / 400;
  }
  CHECK(missed < 10);
  CHECK(total < 0.95);
}

TEST_CASE("a row that no z leads to is NaN, and counted; its neighbours are as they were alone") {
  auto model = make_model<double>(Flow{FreeForm<1, MlpOf<Tanh>, MlpOf<Silu, 1>>{}, StandardNormal<1>{}}, Noise{1});
  model.parameters().setZero();
  for (const ParamInfo& p : model.describe()) {  // g(z) = z - z sigmoid(z), at most 0.2785
    if (p.name == "0.decoder.0.weight") model.parameters()(p.offset) = 1;
    if (p.name == "0.decoder.1.weight") model.parameters()(p.offset) = -1;
  }
  Batch<double> x(3, 1);
  x << -1, 0.3, 0.2;
  auto ws = model.workspace();
  const Column<double> v = model.log_prob(x, {}, ws);
  CHECK(ws.report().unsolved == 1);
  CHECK(std::abs(ws.report().worst_residual - 0.0215) < 0.01);
  CHECK(std::isnan(v(1)));
  CHECK(v(0) == model.log_prob(x.topRows(1))(0));
  CHECK(v(2) == model.log_prob(x.bottomRows(1))(0));
  CHECK(std::isfinite(v(2)));
}

}  // namespace bijections_free_form
