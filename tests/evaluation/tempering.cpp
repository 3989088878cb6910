// SPDX-License-Identifier: MIT
// Parallel tempering: a double well's masses from a start in one well, which moves alone do not reach; moments; swaps.
#include "rheo/evaluation/tempering.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/flows/moves.hpp"
#include "rheo/targets/energies.hpp"
#include "rheo/targets/wells.hpp"

namespace evaluation_tempering {
using namespace rheo;

namespace {
// The mean of f over kept sweeps, one number a chain, with the error that independent chains give.
template <class T, class F> Estimate over_chains(const TemperedSample<T>& s, Index n, const F& f) {
  Column<double> mean = Column<double>::Zero(n);
  const Index kept = s.x.rows() / n;
  for (Index r = 0; r < s.x.rows(); ++r) mean(r % n) += f(s.x.row(r)) / static_cast<double>(kept);
  return mean_and_error(mean);
}
}  // namespace

TEMPLATE_TEST_CASE("the double well's probability of each well, from chains that all start in the lesser", "", float,
                   double) {
  using T = TestType;
  const targets::DoubleWell well;
  const Index n = 128;
  Batch<T> x(n, 2);
  x.col(0).setConstant(T(well.left())), x.col(1).setZero();
  const auto right = [](const auto& row) { return row(0) > 0 ? 1.0 : 0.0; };
  const auto s = parallel_tempering(x, NormalEnergy<2>{}, well, moves::Metropolis<5>{0.5},
                                    {.temperatures = 8, .sweeps = 160, .discard = 40, .noise = Noise{3}});
  const Estimate p = over_chains(s, n, right);
  INFO("P(x > 0) " << p.value << " +- " << p.error << ", swaps " << s.swaps.transpose() << ", round trips "
                   << s.round_trips);
  CHECK(std::abs(p.value - well.probability(0, 1e9)) < 4 * p.error);
  CHECK(p.error < 0.02);
  CHECK(s.swaps.minCoeff() > 0.15);
  CHECK(s.round_trips > 2 * n);
  const Estimate side = over_chains(s, n, [](const auto& row) { return static_cast<double>(row(1) * row(1)); });
  CHECK(std::abs(side.value - 1) < 4 * side.error);
  // The same moves at the target alone stay where they began.
  const auto alone = parallel_tempering(x, well, well, moves::Metropolis<5>{0.5},
                                        {.temperatures = 1, .sweeps = 160, .discard = 40, .noise = Noise{3}});
  CHECK(over_chains(alone, n, right).value < 0.4);
}

TEST_CASE("moments of a normal target far from the base; the same noise gives the same draws") {
  const targets::GaussianEnergy<1> target(Row<double>::Constant(1, 2.5), Batch<double>::Constant(1, 1, 0.09));
  const Index n = 200;
  const Batch<double> x = rheo_test::normals(n, 1, 4);
  const TemperingOptions options{.temperatures = 6, .sweeps = 90, .discard = 30, .noise = Noise{5}};
  const auto s = parallel_tempering(x, NormalEnergy<1>{}, target, moves::Hmc<1, 3>{0.2}, options);
  const Estimate mean = over_chains(s, n, [](const auto&row) { return row(0); }),
                 square = over_chains(s, n, [](const auto&row) { return (row(0) - 2.5) * (row(0) - 2.5); });
  INFO(mean.value << " +- " << mean.error << ", " << square.value << " +- " << square.error);
  CHECK(std::abs(mean.value - 2.5) < 4 * mean.error);
  CHECK(std::abs(square.value - 0.09) < 4 * square.error);
  CHECK(square.error < 0.005);
  CHECK((parallel_tempering(x, NormalEnergy<1>{}, target, moves::Hmc<1, 3>{0.2}, options).x == s.x).all());
}

TEST_CASE("the share of accepted swaps between two normal laws") {
  const Index n = 40000;
  const Batch<double> x = rheo_test::normals(n, 1, 4);
  const auto same = parallel_tempering(x, NormalEnergy<1>{}, NormalEnergy<1>{}, moves::Metropolis<1>{1e-9},
                                       {.temperatures = 1, .sweeps = 1, .discard = 0, .noise = Noise{6}});
  CHECK(same.swaps(0) == 1);
  const targets::GaussianEnergy<1> wide(Row<double>::Constant(1, 0.0), Batch<double>::Constant(1, 1, 4.0));
  const auto two = parallel_tempering(x, NormalEnergy<1>{}, wide, moves::Metropolis<20>{2.0},
                                      {.temperatures = 1, .sweeps = 1, .discard = 0, .noise = Noise{6}});
  // The states are N(0, 1) and, after twenty moves, N(0, 4).  d(x) = x^2 (1/8 - 1/2); accepted: min(1, exp(d(x') -
  // d(x))).
  double share = 0, weight = 0;
  for (double a = -6; a < 6; a += 0.02) {
    for (double b = -6; b < 6; b += 0.02) {
      const double p = std::exp(-0.5 * (a * a + b * b));
      share += p * std::min(1.0, std::exp(-0.375 * (4 * b * b - a * a))), weight += p;
    }
  }
  CHECK(two.swaps(0) == Approx(share / weight).margin(0.02));
}

TEST_CASE("what is no run is refused, and moves that are not accepted or rejected") {
  const Batch<double> x = rheo_test::normals(4, 2, 4), wide = rheo_test::normals(4, 3, 4);
  const targets::DoubleWell well;
  const NormalEnergy<2> base;
  const auto run = [&](const Batch<double>& start, TemperingOptions o) {
    return parallel_tempering(start, base, well, moves::Metropolis<1>{0.5}, o);
  };
  CHECK_THROWS_AS(run(x, {.temperatures = 0}), std::invalid_argument);
  CHECK_THROWS_AS(run(x, {.sweeps = 5, .discard = 5}), std::invalid_argument);
  CHECK_THROWS_AS(run(wide, {}), std::invalid_argument);
  CHECK_THROWS_AS(parallel_tempering(x, base, well, moves::Langevin<2>{0.2}), std::invalid_argument);
  CHECK(run(x, {.sweeps = 3, .discard = 1}).x.rows() == 8);
  CHECK(run(Batch<double>(0, 2), {.sweeps = 3, .discard = 1}).x.rows() == 0);
}

}  // namespace evaluation_tempering
