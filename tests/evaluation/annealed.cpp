// SPDX-License-Identifier: MIT
// Sequential Monte Carlo by many short runs: the mean of exp(log Z) is Z, however often rows are resampled and whatever
// moves them; edges of the chain and of the resampling.
#include <numeric>

#include "catch.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/flows/moves.hpp"
#include "rheo/targets/energies.hpp"
#include "unbiased_weights.hpp"

namespace evaluation_annealed {
using namespace rheo;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();

template <class Move> void unbiased(const Move& move) {
  const targets::GaussianEnergy<1> target(Row<double>::Constant(1, 1.5), Batch<double>::Constant(1, 1, 0.16));
  rheo_test::unbiased_weights(target.log_z(), 1.5, 4, [&](Noise key, double threshold) {
    Batch<double> x(100, 1);
    key.fork(0).normals(view(x));
    return annealed_sample(x, NormalEnergy<1>{}, target, move, 4, key.fork(1), threshold);
  });
}

}  // namespace

TEST_CASE("sequential Monte Carlo is unbiased for Z by moves of every kind") {
  SECTION("metropolis") { unbiased(moves::Metropolis<2>{0.7}); }
  SECTION("mala") { unbiased(moves::Mala<1>{0.2}); }
  SECTION("langevin") { unbiased(moves::Langevin<2>{0.1}); }
  SECTION("underdamped langevin") { unbiased(moves::UnderdampedLangevin<2>{0.3, 1.0}); }
  SECTION("hmc without test") { unbiased(moves::Hmc<1, 2, false>{0.2}); }
}

TEST_CASE("rows are resampled in proportion to their weights, each within one of its share") {
  Column<double> log_w(5);
  log_w << -inf, 0, std::log(2), -inf, std::log(5);
  Column<double> counts = Column<double>::Zero(5);
  for (std::uint64_t k = 0; k < 2000; ++k) {
    Column<double> drawn = Column<double>::Zero(5);
    for (Index r : resample(log_w, 12, Noise{k})) drawn(r) += 1;
    CHECK(((drawn - 12 * (Column<double>(5) << 0, 0.125, 0.25, 0, 0.625).finished()).abs() < 1).all());
    counts += drawn / 2000;
  }
  CHECK(counts(0) == 0);
  CHECK(counts(3) == 0);
  CHECK(std::abs(counts(1) - 1.5) < 4 * 0.5 / std::sqrt(2000.0));
}

TEST_CASE("an independence chain leaves a row of weight 0 at once, never goes to one, and counts its moves") {
  Column<double> log_w(5);
  log_w << -inf, -inf, 3, -inf, std::nan("");
  const auto chain = independence_metropolis(log_w, Noise{1});
  CHECK(chain.rows == std::vector<Index>{0, 0, 2, 2, 2});
  CHECK(chain.acceptance == 0.25);
  CHECK(std::isnan(independence_metropolis(Column<double>::Zero(1), Noise{1}).acceptance));
}

}  // namespace evaluation_annealed
