// SPDX-License-Identifier: MIT
// Model: what a caller can do to its numbers and to itself, and what comes of a cast.
#include "rheo/flows/model.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/nets/mlp.hpp"
#include "rheo/layers/bijections/coupling.hpp"

namespace flows_model {
using namespace rheo;

namespace {
template <int Width> using F = Flow<Standardize<2>, AffineCoupling<2, Mlp<Width>>, Flip<2>, StandardNormal<2>>;
const Batch<double> x = Batch<double>::Constant(70, 2, 0.5);

template <class Use> void refuses(Use use) {
  CHECK_THROWS_WITH(use(), Catch::Matchers::StartsWith("rheo: this model has been moved from"));
}
}  // namespace

TEST_CASE("parameters and buffers of another flow are refused, and the model stays as it was") {
  auto small = make_model<double>(F<4>{}, Noise{1});
  auto large = make_model<double>(F<8>{}, Noise{1});
  const Column<double> before = large.log_prob(x);
  CHECK_THROWS_AS(large.parameters() = small.parameters(), std::invalid_argument);
  CHECK_THROWS_AS(small.parameters() = std::move(large.parameters()), std::invalid_argument);
  CHECK_THROWS_AS(large.buffers() = Column<double>::Zero(1), std::invalid_argument);
  CHECK_THROWS_AS(large.parameters() = Column<double>(), std::invalid_argument);
  Column<double> other = Column<double>::Zero(3);
  CHECK_THROWS_AS(large.parameters().swap(other), std::invalid_argument);
  CHECK((large.log_prob(x) == before).all());
}

TEST_CASE("a model that was moved from says so at every use, and takes another model") {
  auto model = make_model<double>(F<4>{}, Noise{1});
  model.initialise(Batch<double>(Batch<double>::Random(50, 2)));
  const Column<double> before = model.log_prob(x);
  auto workspace = model.workspace();
  const auto taken = std::move(model);
  CHECK((taken.log_prob(x) == before).all());
  refuses([&] { model.log_prob(x); });
  refuses([&] { model.log_prob(x, {}, workspace); });
  refuses([&] { model.sample(3, Noise{1}); });
  refuses([&] { model.sample(300, Noise{1}); });
  refuses([&] { model.encode(x); });
  refuses([&] { model.decode(x); });
  refuses([&] { model.score(x); });
  refuses([&] { model.initialise(x); });
  refuses([&] { model.cast<float>(); });
  const auto copy = model;
  refuses([&] { copy.log_prob(x); });
  model = taken;
  CHECK((model.log_prob(x) == before).all());
  std::vector<Model<F<4>, double>> many;
  for (int k = 0; k < 5; ++k) many.push_back(model);  // moves as it grows
  for (const auto& m : many) CHECK((m.log_prob(x) == before).all());
  std::swap(many[0], many[1]);
  CHECK((many[0].log_prob(x) == before).all());
}

TEST_CASE("a workspace that was moved from says so") {
  auto model = make_model<double>(F<4>{}, Noise{1});
  Workspace<F<4>, double> made = {};  // braces make one
  auto taken = std::move(made);
  CHECK_THROWS_AS(model.log_prob(x, {}, made), std::invalid_argument);
  CHECK(model.log_prob(x, {}, taken).size() == 70);
}

TEST_CASE("a cast names the number that the other scalar cannot hold") {
  auto model = make_model<double>(F<4>{}, Noise{1});
  model.parameters()(1) = 1e44;
  const std::string name = model.describe().front().name;
  CHECK_THROWS_WITH(model.cast<float>(),
                    "rheo: cast: parameter '" + name + "', number 1, is 1e+44, which float cannot hold");
  CHECK_THROWS_AS(model.cast<float>(), std::range_error);
  model.parameters()(1) = 1e-60;  // as good as 0
  CHECK(model.cast<float>().parameters()(1) == 0);
  for (double lost : {-1e44, 1e-60}) {
    model.buffers()(2) = lost;
    CHECK_THROWS_WITH(model.cast<float>(), Catch::Matchers::StartsWith("rheo: cast: buffer 2 is "));
  }
  model.buffers()(2) = 1;
  CHECK((model.cast<float>().cast<double>().parameters() - model.parameters()).abs().maxCoeff() < 1e-7);
}

}  // namespace flows_model
