// SPDX-License-Identifier: MIT
// Jarzynski's equality: whatever the layers and however trained, the weights of paths have the mean Z; and what else
// weights are good for.
#include "rheo/evaluation/importance.hpp"

#include "catch.hpp"
#include "rheo/distributions/student_t.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/energies.hpp"
#include "rheo/targets/wells.hpp"
#include "rheo/training/fit_energy.hpp"

namespace evaluation_importance {
using namespace rheo;

namespace {

const targets::DoubleWell well;
using Block = presets::RealNvpBlock<2, Mlp<16, 16>>;

template <class F, class E>
void equality(const Model<F, double>& model, const E& energy, double exact, Index n, Noise noise, double most_error) {
  const auto s = weighted_sample(model, energy, n, noise);
  const Estimate z = log_z(s.log_w);
  INFO("log Z " << z.value << " +- " << z.error << ", exact " << exact << ", ESS " << effective_sample_size(s.log_w)
                << ", acceptance " << s.report.acceptance());
  CHECK(std::fabs(z.value - exact) < 4 * z.error);
  CHECK(z.error < most_error);
  CHECK(s.report.invalid == 0);
}
/// A flow that has learned nothing, a random one, and one that was trained for a while.
template <class Move> void equalities(const Move& move) {
  auto model = make_model<double>(presets::snf<2, Block>(well, move), Noise{1});
  equality(model, well, well.log_z(), 20'000, Noise{2}, 0.3);
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.05 * Noise{3}.normal(i, 0);
  equality(model, well, well.log_z(), 20'000, Noise{4}, 0.3);
  const auto fitted = fit_energy(
      model, well, well.sample(2000, Noise{5}),
      {.steps = 60, .batch = 64, .learning_rate = 5e-3, .noise = Noise{6}, .check_every = 20, .check_rows = 256});
  CHECK(fitted.skipped_steps == 0);
  CHECK(fitted.best_step > 0);
  equality(model, well, well.log_z(), 20'000, Noise{7}, 0.3);
}

}  // namespace

TEST_CASE("Jarzynski: the double well by stochastic flows of every kernel") {
  SECTION("metropolis") { equalities(moves::Metropolis<5, Learned::step>{0.3}); }
  SECTION("mala") { equalities(moves::Mala<3, Learned::both>{0.03}); }
  SECTION("langevin") { equalities(moves::Langevin<3, Learned::both>{0.01}); }
  SECTION("underdamped langevin") { equalities(moves::UnderdampedLangevin<3, Learned::both>{0.1, 1.0}); }
  SECTION("hmc") { equalities(moves::Hmc<1, 3, true, Learned::both>{0.15}); }
  SECTION("hmc without test") { equalities(moves::Hmc<1, 3, false, Learned::both>{0.1}); }
}

TEST_CASE("Jarzynski: Gaussians of any covariance, annealed") {
  Batch<double> covariance(3, 3);
  covariance << 1.0, 0.3, 0.2, 0.3, 0.6, -0.1, 0.2, -0.1, 1.2;
  const targets::GaussianEnergy<3> gauss((Row<double>(3) << 0.5, -0.4, 0.3).finished(), covariance);
  equality(make_model<double>(presets::ais<4>(gauss, moves::Metropolis<4>{0.5}), Noise{1}), gauss, gauss.log_z(),
           20'000, Noise{11}, 0.05);
  equality(make_model<double>(presets::ais<4>(gauss, moves::Langevin<4>{0.1}), Noise{1}), gauss, gauss.log_z(), 20'000,
           Noise{12}, 0.05);
  equality(make_model<double>(presets::ais<4>(gauss, moves::Hmc<1, 4, false>{0.2}), Noise{1}), gauss, gauss.log_z(),
           20'000, Noise{13}, 0.05);
}

TEST_CASE("Jarzynski: the funnel from a heavy-tailed base") {
  const targets::Funnel<2> funnel;
  using Energy = targets::Funnel<2>;
  equality(make_model<double>(Flow{Metropolis<Energy, 20>(funnel, 0.7), StudentT<2>{}}, Noise{1}), funnel, 0.0, 60'000,
           Noise{21}, 0.2);
  equality(make_model<double>(Flow{Hmc<Energy, 2, 4>(funnel, 0.2), StudentT<2>{}}, Noise{1}), funnel, 0.0, 60'000,
           Noise{22}, 0.2);
}

TEST_CASE("annealed importance sampling and sequential Monte Carlo at run-time temperatures") {
  Batch<double> z(4000, 2);
  Noise{31}.normals(view(z));
  const auto ais = annealed_sample(z, NormalEnergy<2>{}, well, moves::Metropolis<5>{0.3}, 30, Noise{32});
  CHECK(std::fabs(ais.log_z.value - well.log_z()) < 4 * ais.log_z.error);
  CHECK(ais.log_z.error < 0.1);
  CHECK(ais.resampled == 0);
  const Estimate right = expectation((ais.x.col(0) > 0).cast<double>(), ais.log_w);
  CHECK(std::fabs(right.value - 0.844307) < 4 * right.error);
  const auto smc = annealed_sample(z, NormalEnergy<2>{}, well, moves::Mala<5>{0.03}, 30, Noise{33}, 0.5);
  CHECK(smc.resampled > 0);
  CHECK(std::fabs(smc.log_z.value - well.log_z()) < 4 * smc.log_z.error);
  CHECK(smc.log_z.error < 0.1);
  CHECK(smc.report.acceptance() > 0.2);
}

TEST_CASE("weights: known numbers") {
  const double e = std::exp(1.0);
  const Column<double> log_w =
      (Column<double>(3) << 0, 1, -std::numeric_limits<double>::infinity()).finished() + 1000.0;
  CHECK(effective_sample_size(log_w) == Approx((1 + e) * (1 + e) / (1 + e * e)));
  CHECK(log_z(log_w).value == Approx(1000 + std::log((1 + e) / 3)));
  const Estimate m = expectation((Column<double>(3) << 1, 2, 1e9).finished(), log_w);
  CHECK(m.value == Approx((1 + 2 * e) / (1 + e)));
  CHECK(expectation((Column<double>(3) << 1, 2, std::numeric_limits<double>::infinity()).finished(), log_w).value ==
        m.value);
  CHECK(m.error == Approx(std::sqrt(std::pow(1 - m.value, 2) + e * e * std::pow(2 - m.value, 2)) / (1 + e)));
  const auto rows = resample(log_w, 1000, Noise{1});
  const auto ones = std::count(rows.begin(), rows.end(), 1);
  CHECK(std::fabs(static_cast<double>(ones) - 1000 * e / (1 + e)) <= 1);
  CHECK(std::count(rows.begin(), rows.end(), 2) == 0);
  CHECK_THROWS_AS(resample(Column<double>::Constant(2, -std::numeric_limits<double>::infinity()), 3, Noise{1}),
                  DataError);
  CHECK_THROWS_AS(log_z(Column<double>()), std::invalid_argument);
  CHECK(effective_sample_size(Column<double>::Constant(2, -std::numeric_limits<double>::infinity())) == 0);
}

TEST_CASE("independence Metropolis draws from the target") {
  // draws of N(0, 1.5^2) against N(0, 1)
  const Index n = 100'000;
  Column<double> x(n), log_w(n);
  for (Index i = 0; i < n; ++i) x(i) = 1.5 * Noise{41}.normal(i, 0), log_w(i) = -0.5 * x(i) * x(i) * (1 - 1 / 2.25);
  const auto chain = independence_metropolis(log_w, Noise{42});
  double square = 0, fourth = 0;
  for (Index r : chain.rows) square += x(r) * x(r) / n, fourth += std::pow(x(r), 4) / n;
  CHECK(std::fabs(square - 1) < 0.02);
  CHECK(std::fabs(fourth - 3) < 0.15);
  CHECK(chain.acceptance > 0.7);
  CHECK(chain.acceptance < 1);
}

TEST_CASE("parameters of sampling layers have names") {
  auto model = make_model<double>(presets::ais<2>(well, moves::Metropolis<2, Learned::both>{0.25}), Noise{1});
  const auto info = model.describe();
  REQUIRE(info.size() == 4);
  CHECK(info[0].name == "0.log_step");
  CHECK(info[1].name == "0.lambda");
  CHECK(model.parameters()(0) == Approx(std::log(0.25)));
  CHECK(model.parameters()(1) == 1.0);
  CHECK(model.parameters()(3) == 0.5);
}

}  // namespace evaluation_importance
