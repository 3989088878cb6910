// SPDX-License-Identifier: MIT
// Upper bounds of log Z: log Z + KL(target || model) in closed form, and above what a lost mode leaves below.
#include "rheo/evaluation/eubo.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/distributions/mixture.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/presets/latent_variable_flows.hpp"
#include "rheo/layers/bijections/elementwise.hpp"

namespace evaluation_eubo {
using namespace rheo;

namespace {
const auto gauss = energy_of<2>([](const auto& x) { return 0.5 * (x[0] * x[0] + x[1] * x[1]); });
const double gauss_log_z = std::log(2 * 3.14159265358979323846);
}  // namespace

TEST_CASE("eubo is log Z + KL: 0 more for the target itself, a known number for a model 1.05 times as wide") {
  const Batch<double> x = rheo_test::normals(20000, 2, 1);
  Model<Flow<LearnedScaleShift<2>, StandardNormal<2>>, double> model(
      Flow<LearnedScaleShift<2>, StandardNormal<2>>{});  // all parameters 0: the identity
  const Estimate same = eubo(model, gauss, x, Noise{2});
  CHECK(same.value == Approx(gauss_log_z));
  CHECK(same.error < 1e-12);
  for (Index j = 0; j < 2; ++j) model.parameters()(j) = -std::log(1.05);
  if ((model.sample(5000, Noise{3}).square().mean()) < 1) FAIL("the model is narrower, not wider");
  const Estimate wide = eubo(model, gauss, x, Noise{2});
  const double kl = 2 * std::log(1.05) + 1 / (1.05 * 1.05) - 1;
  INFO(wide.value - gauss_log_z << " +- " << wide.error << ", KL " << kl);
  CHECK(std::abs(wide.value - gauss_log_z - kl) < 4 * wide.error);
  CHECK(kl > 4 * wide.error);  // so that it is seen
}

TEST_CASE("a lost mode: the lower bound of log Z is as tight as ever, eubo is not") {
  using Two = NormalMixture<2, 2>;
  const auto two = energy_of<2>([](const auto& x) {  // N((4, 0), I) and N((-4, 0), I), Z = 2 pi
    using std::exp, std::log;
    const auto a = x[0] - 4.0, b = x[0] + 4.0;
    return 0.5 * x[1] * x[1] - log(0.5 * exp(-0.5 * a * a) + 0.5 * exp(-0.5 * b * b));
  });
  Batch<double> x = rheo_test::normals(20000, 2, 1);
  x.col(0).head(10000) += 4, x.col(0).tail(10000) -= 4;
  Model<Flow<Two>, double> model(Flow<Two>{});
  model.parameters().setZero();
  model.parameters()(2) = 4, model.parameters()(4) = -4;  // means, column by column
  for (const bool lost : {false, true}) {
    if (lost) model.parameters()(1) = -40;  // the second's logit
    const Estimate lower = mean_and_error(weighted_sample(model, two, 20000, Noise{2}).log_w),
                   upper = eubo(model, two, x, Noise{3});
    INFO((lost ? "lost: " : "both: ") << lower.value << " and " << upper.value << " about " << gauss_log_z);
    CHECK(std::abs(lower.value - gauss_log_z - (lost ? std::log(0.5) : 0)) < 4 * lower.error + 1e-3);
    CHECK((lost ? upper.value > gauss_log_z + 3 : std::abs(upper.value - gauss_log_z) < 4 * upper.error + 1e-12));
  }
}

TEST_CASE(
    "eubo of a flow that is a bound lies above its best estimate; the density that is not there makes it infinite") {
  auto vae = make_model<double>(presets::Vae<2, 1, Mlp<8>>{}, Noise{1});
  for (Index i = 0; i < vae.parameters().size(); ++i) vae.parameters()(i) += 0.2 * Noise{4}.normal(i, 0);
  const Batch<double> x = rheo_test::normals(2000, 2, 1);
  const Estimate loose = eubo(vae, gauss, x, Noise{2});
  const double tight = -(vae.log_prob_estimate(x, 200, Noise{3}).value + 0.5 * x.square().rowwise().sum()).mean();
  INFO(loose.value << " +- " << loose.error << ", by 200 draws a row " << tight << ", log Z " << gauss_log_z);
  CHECK(loose.value > tight);
  CHECK(tight > gauss_log_z);
  const Estimate none = eubo(make_model<double>(Flow{Uniform<2>{}}, Noise{1}), gauss, x, Noise{2});
  CHECK(std::isinf(none.value));
  CHECK(std::isnan(none.error));
  CHECK_THROWS_AS(eubo(vae, gauss, Batch<double>(x.leftCols(1)), Noise{1}), std::invalid_argument);
}

}  // namespace evaluation_eubo
