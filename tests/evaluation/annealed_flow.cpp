// SPDX-License-Identifier: MIT
// annealed_sample of a flow with a learned drift: Z without bias, however often rows are resampled.
#include "rheo/evaluation/annealed_flow.hpp"

#include "catch.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/energies.hpp"
#include "shaken.hpp"
#include "unbiased_weights.hpp"

namespace evaluation_annealed_flow {
using namespace rheo;

namespace {

using Target = targets::GaussianEnergy<1>;
const Target target(Row<double>::Constant(1, 1.5), Batch<double>::Constant(1, 1, 0.16));
using Steps = ControlledLangevin<NormalEnergy<1>, Target, 4, Velocity<MlpOf<Tanh, 4>>, Learned::both>;
auto shaken_flow(double deviation) {
  return rheo_test::shaken(Flow{Steps({}, target, 0.1), DiagonalNormal<1>{}}, deviation);
}

}  // namespace

TEST_CASE("without resampling weights are those of the flow: its drift, its steps, its base") {
  const auto model = shaken_flow(0.2), other = shaken_flow(0.4);
  const auto elbo = [](const Column<double>& log_w) { return mean_and_error(Column<double>(log_w.max(-300.0))); };
  const Estimate here = elbo(annealed_sample(model, 20'000, Noise{1}, 0).log_w),
                 there = elbo(weighted_sample(model, target, 20'000, Noise{2}).log_w),
                 elsewhere = elbo(weighted_sample(other, target, 20'000, Noise{2}).log_w);
  INFO(here.value << " +- " << here.error << ", by the flow " << there.value << ", by another " << elsewhere.value);
  CHECK(std::abs(here.value - there.value) < 4 * std::hypot(here.error, there.error));
  CHECK(std::abs(here.value - elsewhere.value) > 8 * std::hypot(here.error, elsewhere.error));
}

TEST_CASE("a flow with a drift, resampled between its steps, is unbiased for Z and for means") {
  const auto model = shaken_flow(0.12);
  rheo_test::unbiased_weights(target.log_z(), 1.5, 4,
                              [&](Noise key, double threshold) { return annealed_sample(model, 100, key, threshold); });
  CHECK_THROWS_AS(annealed_sample(model, 10, Noise{1}, 1.5), std::invalid_argument);
}

}  // namespace evaluation_annealed_flow
