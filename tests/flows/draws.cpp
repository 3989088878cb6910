// SPDX-License-Identifier: MIT
// Draws alone and draws with their densities: the same rows, by every call that gives them.
#include <limits>

#include "catch.hpp"
#include "count_mallocs.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/invert.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/flows/repeat.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/free_form.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/residual.hpp"
#include "rheo/training/trainer.hpp"
#include "rheo/transformers/affine.hpp"

namespace flows_draws {
using namespace rheo;

namespace {

template <Index C> using Coupled = Flow<Repeat<2, Chain<AffineCoupling<3, Mlp<8>, C>, Flip<3>>>, StandardNormal<3>>;
using Contracted = Flow<Repeat<3, Residual<3, LipschitzMlp<8, 8>>>, StandardNormal<3>>;
using Estimated = Flow<Residual<3, LipschitzMlp<8, 8>, Roulette>, StandardNormal<3>>;
template <class Solver>
using Moved = Flow<Continuous<3, Velocity<MlpOf<Tanh, 8, 8>>, ExactTrace, Solver>, StandardNormal<3>>;
using Free = Flow<FreeForm<3, ResidualMlpOf<Tanh, 8, 1>, ResidualMlpOf<Tanh, 8, 1>>, StandardNormal<3>>;

template <class F, class T> Model<F, T> started() {
  auto model = make_model<T>(F{}, Noise{1});
  for (Index k = 0; k < model.parameters().size(); ++k) model.parameters()(k) += T(0.1 * Noise{2}.normal(k, 0));
  Trainer<F, T>(model, Adam{}).refresh();
  return model;
}

/// Rows that every call must give; `apart`: how far draws alone may lie from those with densities.
template <class F, class T> void check(const Batch<T>& context, double apart) {
  constexpr Index n = 300;  // several shards
  const auto model = started<F, T>();
  auto ws = model.workspace();
  const auto both = model.sample_and_log_prob(n, Noise{3}, context);
  const Batch<T> alone = model.sample(n, Noise{3}, context);
  REQUIRE(alone.allFinite());
  CHECK((alone - both.x).abs().maxCoeff() <= T(apart));
  CHECK((model.sample(n, Noise{3}, context, ws) == alone).all());
  Batch<T> x(n, 3), with(n, 3);
  Column<T> v(n);
  for (int turn = 0; turn < 2; ++turn) {
    x.setZero(), with.setZero(), v.setZero();
    const Input<T> seen(context);
    const auto before = rheo_test::count();
    model.sample_into(view(x), Noise{3}, seen, ws);
    model.sample_into(view(with), ColView<T>(v.data(), n), Noise{3}, seen, ws);
    if (turn > 0 && rheo_test::counts_mallocs) CHECK(rheo_test::count() == before);
    CHECK((x == alone).all());
    CHECK((with == both.x).all());
    CHECK((v == both.log_prob).all());
  }
  // There and back without V: what encode and decode give is what they gave.
  const Batch<T> z = model.encode(alone, Noise{4}, context);
  CHECK((model.decode(z, Noise{4}, context) - alone).abs().maxCoeff() <
        T((sizeof(T) == 4 ? 2e-4 : 1e-9) + detail::accuracy<F, T>()));
}

TEMPLATE_TEST_CASE("draws alone are those with densities", "", float, double) {
  const Batch<TestType> none;
  check<Coupled<0>, TestType>(none, 0);
  check<Coupled<1>, TestType>(Batch<TestType>::Constant(1, 1, TestType(0.3)), 0);
  check<Contracted, TestType>(none, 0);
  check<Estimated, TestType>(none, 0);
  check<Moved<Rk4<4>>, TestType>(none, 0);
  check<Moved<Dopri5<5>>, TestType>(none, Dopri5<5>::accuracy<TestType>());
  check<Free, TestType>(none, 0);
}

TEST_CASE("where a net is not proven a contraction, what V would refuse is refused without it") {
  using Wild = Residual<1, LipschitzMlp<8>>;
  using F = Flow<Invert<Wild>, StandardNormal<1>>;
  const Wild unbound(std::numeric_limits<double>::infinity());
  auto model = make_model<double>(F{Invert<Wild>(unbound), StandardNormal<1>{}}, Noise{1});
  for (Index k = 0; k < model.parameters().size(); ++k) model.parameters()(k) += 1.5 * Noise{2}.normal(k, 0);
  Trainer<F, double>(model, Adam{}).refresh();
  auto one = model.workspace(), other = model.workspace();
  const Batch<double> alone = model.sample(200, Noise{3}, {}, one),
                      both = model.sample_and_log_prob(200, Noise{3}, {}, other).x;
  CHECK(one.report().unsolved > 20);
  CHECK(one.report().unsolved == other.report().unsolved);
  CHECK((alone.isNaN() == both.isNaN()).all());
}

TEST_CASE("a draw alone costs a residual flow as many passes of its nets, and no tangents") {
  const auto model = started<Contracted, double>();
  auto ws = model.workspace();
  const Batch<double> x = model.sample(200, Noise{3}, {}, ws);
  const auto alone = ws.report().evaluations;
  ws.clear_report();
  model.sample_and_log_prob(200, Noise{3}, {}, ws);
  CHECK(ws.report().evaluations == alone);
  CHECK(alone > 0);
}

TEST_CASE("fewer than no rows, and a room of another width, are refused") {
  const auto model = started<Coupled<0>, double>();
  auto ws = model.workspace();
  CHECK_THROWS_AS(model.sample(-1, Noise{3}, {}, ws), std::invalid_argument);
  CHECK(model.sample(0, Noise{3}, {}, ws).rows() == 0);
  Batch<double> wide(5, 4);
  CHECK_THROWS_AS(model.sample_into(view(wide), Noise{3}, {}, ws), std::invalid_argument);
}

}  // namespace
}  // namespace flows_draws
