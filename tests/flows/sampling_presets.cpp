// SPDX-License-Identifier: MIT
// The lambdas at which snf and ais lay their moves, and the number of parameters that learned ones add.
#include "rheo/flows/presets/sampling_flows.hpp"

#include "catch.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/targets/wells.hpp"

namespace flows_sampling_presets {
using namespace rheo;

namespace {

template <class F> std::vector<double> lambdas(const F& flow) {
  const auto model = make_model<double>(flow, Noise{1});
  std::vector<double> found;
  for (const auto& part : model.describe()) {
    if (part.name.ends_with("lambda")) found.push_back(model.parameters()(part.offset));
  }
  return found;
}
using Moves = moves::Metropolis<2, Learned::lambda>;
using Block = presets::RealNvpBlock<2, Mlp<3>>;

}  // namespace

TEST_CASE("moves stand at the lambdas of the papers, data first") {
  const targets::DoubleWell well;
  CHECK(lambdas(presets::snf<3, Block>(well, Moves{0.3})) == std::vector<double>{1, 0.5, 0, 0});
  CHECK(lambdas(presets::snf<1, Block>(well, Moves{0.3})) == std::vector<double>{1, 0});
  CHECK(lambdas(presets::ais<4>(well, Moves{0.3})) == std::vector<double>{1, 0.75, 0.5, 0.25});
  static_assert(std::is_same_v<presets::Ais<4, targets::DoubleWell, Moves>, decltype(presets::ais<4>(well, Moves{}))>);
  static_assert(std::is_same_v<presets::Snf<3, Block, targets::DoubleWell, Moves>,
                               decltype(presets::snf<3, Block>(well, Moves{}))>);
}

}  // namespace flows_sampling_presets
