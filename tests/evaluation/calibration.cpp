// SPDX-License-Identifier: MIT
// Ranks of a posterior that is known: uniform where it is right, not where it is a little wide or is the prior; what
// each kind of rank sees and what it does not.
#include "rheo/evaluation/calibration.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"

namespace evaluation_calibration {
using namespace rheo;

namespace {

/// theta ~ N(0, I), x = theta + N(0, I): the posterior is N(x / 2, 1 / 2).
struct Linear {
  Batch<double> theta, x, draws;
  Linear(Index n, Index L, std::uint64_t seed, double width = 1) {
    theta = rheo_test::normals(n, 2, seed);
    x = theta + rheo_test::normals(n, 2, seed + 1);
    draws = rheo_test::normals(n * L, 2, seed + 2, width * std::sqrt(0.5));
    for (Index i = 0; i < n * L; ++i) draws.row(i) += 0.5 * x.row(i / L);
  }
};

}  // namespace

TEST_CASE("ranks by hand; ties fall on either side alike") {
  const Batch<double> truth = (Batch<double>(2, 1) << 0.5, 9).finished(),
                      draws = (Batch<double>(6, 1) << 0, 1, 0.4, 1, 2, 3).finished();
  CHECK((calibration_ranks(truth, draws) == (Batch<double>(2, 1) << 2, 3).finished()).all());
  CHECK((tarp_ranks(truth, draws, Batch<double>(Batch<double>::Constant(2, 1, 0.6))) ==
         (Column<double>(2) << 0, 3).finished())
            .all());
  const Batch<double> coins = Batch<double>::Zero(4000, 1);
  const Column<double> tied = calibration_ranks(coins, Batch<double>(Batch<double>::Zero(12000, 1)), Noise{1}).col(0);
  CHECK(calibration(tied, 3).off < 1.95 / std::sqrt(4000));
  CHECK_THROWS_AS(calibration_ranks(truth, Batch<double>(draws.topRows(5))), std::invalid_argument);
  CHECK_THROWS_AS(calibration_ranks(truth, Batch<double>(6, 2)), std::invalid_argument);
  CHECK_THROWS_AS(calibration(tied, 2), std::invalid_argument);
  CHECK(std::isnan(calibration_ranks(Batch<double>(truth / 0 - truth / 0), draws)(0, 0)));
}

TEST_CASE("calibration by hand, and the Kolmogorov distribution") {
  const Calibration c = calibration((Column<double>(4) << 0, 0, 2, 1).finished(), 3);
  CHECK(c.coverage(0, 0) == 0.25);
  CHECK(c.coverage(0, 1) == 0.5);
  CHECK(c.coverage(2, 1) == 1);
  CHECK(c.coverage(0, 2) == Approx(std::sqrt(0.25 * 0.75 / 4)));
  CHECK(c.off == Approx(0.25));
  Column<double> ranks(10000);  // uniform but for 136 of the lowest in the place of the highest
  for (Index i = 0; i < 10000; ++i) ranks(i) = i >= 9864 ? 0 : static_cast<double>(i);
  CHECK(calibration(ranks, 9999).p_value == Approx(0.049).epsilon(0.02));  // 5 % is at 1.358
}

TEST_CASE("a right posterior gives no false alarms") {
  const int runs = 200;
  int alarms = 0, tarp = 0;
  for (std::uint64_t r = 0; r < runs; ++r) {
    const Linear s(150, 19, 10 * r);
    alarms += calibration(calibration_ranks(s.theta, s.draws).col(0), 19).p_value < 0.1;
    tarp += calibration(tarp_ranks(s.theta, s.draws, Noise{r}), 19).p_value < 0.1;
  }
  INFO("alarms at 10 % of " << runs << ": " << alarms << " and " << tarp);
  const double most = 0.1 * runs + 4 * std::sqrt(0.1 * 0.9 * runs);
  CHECK(alarms < most);
  CHECK(tarp < most);
  CHECK(alarms > 0);
  CHECK(tarp > 0);
}

TEST_CASE("ranks see draws wider by a twentieth; only references that look at the context see the prior") {
  const Index n = 20000, L = 19;
  const Linear right(n, L, 1), wide(n, L, 1, 1.05);
  for (const auto* s : {&right, &wide}) {
    const double sbc = calibration(calibration_ranks(s->theta, s->draws).col(0), L).p_value,
                 tarp = calibration(tarp_ranks(s->theta, s->draws, Batch<double>(0.5 * s->x)), L).p_value;
    INFO((s == &right ? "right: " : "wide: ") << sbc << ", " << tarp);
    CHECK((s == &right ? sbc > 1e-3 : sbc < 1e-2));
    CHECK((s == &right ? tarp > 1e-3 : tarp < 1e-6));
  }
  const Batch<double> prior = rheo_test::normals(n * L, 2, 7);
  CHECK(calibration(calibration_ranks(right.theta, prior).col(1), L).p_value > 1e-3);
  CHECK(calibration(tarp_ranks(right.theta, prior, Noise{8}), L).p_value > 1e-3);
  CHECK(calibration(tarp_ranks(right.theta, prior, right.x), L).p_value < 1e-9);
}

TEST_CASE("posterior_draws: L for each context, one behind another") {
  auto model = make_model<double>(presets::RealNvp<2, 2, Mlp<8>, 1>{}, Noise{1});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{2}.normal(i, 0);
  const Batch<double> c = rheo_test::normals(3, 1, 3), repeated = c.col(0).replicate(1, 4).transpose().reshaped();
  CHECK((posterior_draws(model, c, 4, Noise{5}) == model.sample(12, Noise{5}, repeated)).all());
  CHECK_THROWS_AS(posterior_draws(model, c, 0, Noise{5}), std::invalid_argument);
}

}  // namespace evaluation_calibration
