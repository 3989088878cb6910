// SPDX-License-Identifier: MIT
// Jarzynski's equality on the funnel, whose neck and mouth no normal base reaches: kernels of every kind between
// couplings, from a base of heavy tails, untrained and trained.
#include "catch.hpp"
#include "rheo/distributions/student_t.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/flows/moves.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/energies.hpp"
#include "rheo/training/fit_energy.hpp"

namespace evaluation_funnel {
using namespace rheo;

namespace {

using Funnel = targets::Funnel<2>;
/// The energy of the untrained base but for its constant.
const auto tails = energy_of<2>([](const auto& x) {
  using std::log;
  return log(x[0] * x[0] * 0.2 + 1.0) * 3.0 + log(x[1] * x[1] * 0.2 + 1.0) * 3.0;
});
using Path = Interpolated<std::remove_const_t<decltype(tails)>, Funnel>;

template <class Move> void equalities(const Move& move) {
  using Block = presets::RealNvpBlock<2, Mlp<16, 16>>;
  auto model = make_model<double>(
      Flow{move(Path(tails, Funnel{}, 1.0)), Block{}, move(Path(tails, Funnel{}, 0.5)), StudentT<2>{}}, Noise{1});
  auto equality = [&](const char* which, Noise noise) {
    const auto s = weighted_sample(model, Funnel{}, 50'000, noise);
    const Estimate z = log_z(s.log_w);
    INFO(which << ": log Z " << z.value << " +- " << z.error << ", ESS " << effective_sample_size(s.log_w)
               << ", acceptance " << s.report.acceptance() << ", lost " << s.report.invalid);
    CHECK(std::fabs(z.value) < 4 * z.error);
    CHECK(z.error < 0.1);
    const Estimate neck =
        expectation((s.x.col(0) < -3).template cast<double>(), s.log_w);  // one deviation out: P = Phi(-1)
    CHECK(std::fabs(neck.value - 0.15865525393145705) < 4 * neck.error);
    CHECK(neck.error < 0.05);
  };
  equality("untrained", Noise{2});
  const Column<double> before = model.parameters();
  const auto fitted = fit_energy(
      model, Funnel{}, Funnel{}.sample(2000, Noise{3}),
      {.steps = 60, .batch = 64, .learning_rate = 5e-3, .noise = Noise{4}, .check_every = 20, .check_rows = 256});
  CHECK(fitted.best_step > 0);
  CHECK((model.parameters() - before).abs().maxCoeff() > 0.02);
  equality("trained", Noise{5});
}

}  // namespace

TEST_CASE("Jarzynski: the funnel from a heavy-tailed base by stochastic flows of every kernel") {
  SECTION("metropolis") { equalities(moves::Metropolis<10, Learned::step>{0.7}); }
  SECTION("mala") { equalities(moves::Mala<5, Learned::step>{0.02}); }
  SECTION("langevin") { equalities(moves::Langevin<3, Learned::step>{5e-4}); }
  SECTION("underdamped langevin") { equalities(moves::UnderdampedLangevin<3, Learned::step>{0.02, 1.0}); }
  SECTION("hmc") { equalities(moves::Hmc<2, 4, true, Learned::step>{0.2}); }
  SECTION("hmc without test") { equalities(moves::Hmc<1, 4, false, Learned::step>{0.02}); }
}

}  // namespace evaluation_funnel
