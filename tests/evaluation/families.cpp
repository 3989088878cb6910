// SPDX-License-Identifier: MIT
// Errors after resampling: rows of one ancestor are no independent draws, and what is claimed counts them together.
#include "catch.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/flows/moves.hpp"
#include "rheo/targets/wells.hpp"

namespace evaluation_families {
using namespace rheo;

namespace {

const targets::DoubleWell well;
const Column<double>& as_independent(const FamilyWeights& w) { return w; }

}  // namespace

TEST_CASE(
    "the error of a resampled run's log Z is its spread over runs, and that of a mean its distance from the truth") {
  const int runs = 200;
  for (double threshold : {0.6, 1.0}) {
    double sum = 0, squares = 0, variance = 0, of_last = 0, stray = 0, stray_of_rows = 0;
    for (std::uint64_t r = 0; r < runs; ++r) {
      Batch<double> z(400, 2);
      Noise{34}.fork(r).normals(view(z));
      const auto s =
          annealed_sample(z, NormalEnergy<2>{}, well, moves::Mala<2>{0.03}, 12, Noise{35}.fork(r), threshold);
      if (s.resampled < 2 || s.families < 20) FAIL("resampled " << s.resampled << " times, families " << s.families);
      CHECK(s.families == s.log_w.families());
      sum += s.log_z.value, squares += s.log_z.value * s.log_z.value, variance += s.log_z.error * s.log_z.error;
      of_last += std::pow(log_z(as_independent(s.log_w)).error, 2);
      const Column<double> right = (s.x.col(0) > 0).cast<double>();
      const Estimate share = expectation(right, s.log_w), of_rows = expectation(right, as_independent(s.log_w));
      CHECK(share.value == of_rows.value);
      stray += std::pow((share.value - 0.844307) / share.error, 2) / runs;
      stray_of_rows += std::pow((of_rows.value - 0.844307) / of_rows.error, 2) / runs;
    }
    const double spread = std::sqrt((squares - sum * sum / runs) / (runs - 1)), error = std::sqrt(variance / runs);
    INFO("threshold " << threshold << ": log Z " << sum / runs << ", spread " << spread << ", error " << error);
    INFO("of the last weights alone " << std::sqrt(of_last / runs));
    INFO("mean square of deviation over error " << stray << ", as of independent rows " << stray_of_rows);
    CHECK(error / spread > 0.8);
    CHECK(error / spread < 1.25);
    CHECK(std::sqrt(of_last / runs) < 0.8 * spread);
    // 1 +- 0.1 for a normal; 1.2 of as few rows that were never resampled, whose weights are as uneven
    CHECK(stray > 0.7);
    CHECK(stray < 1.5);
    CHECK(stray_of_rows > 2);
  }
}

TEST_CASE("weights of families: known numbers, and those of plain weights where there are no copies") {
  const double e = std::exp(1.0), share = 1 / (1 + e);
  const Column<double> log_w =
      (Column<double>(3) << 0, 1, -std::numeric_limits<double>::infinity()).finished() + 1000.0;
  const Column<double> f = (Column<double>(3) << 1, 2, 1e9).finished();
  const FamilyWeights apart(log_w), together(log_w, {0, 1, 1}), one(log_w, {2, 2, 2});
  CHECK(apart.ancestor == std::vector<Index>{0, 1, 2});
  CHECK(log_z(apart).value == Approx(log_z(log_w).value));
  CHECK(log_z(apart).error == Approx(log_z(log_w).error));
  CHECK(expectation(f, apart).error == Approx(expectation(f, log_w).error));
  CHECK(effective_sample_size(apart) == Approx(effective_sample_size(log_w)));
  CHECK((apart.families() == 3 && together.families() == 2 && one.families() == 1));
  // families of 1 / (1 + e), e / (1 + e) and 0
  CHECK(log_z(together).error ==
        Approx(std::sqrt(1.5 * (std::pow(share - 1.0 / 3, 2) + std::pow(1 - share - 1.0 / 3, 2) + 1.0 / 9))));
  CHECK(expectation(f, together).value == Approx((1 + 2 * e) / (1 + e)));
  CHECK(effective_sample_size(together) == Approx(1 / (share * share + (1 - share) * (1 - share))));
  CHECK(effective_sample_size(one) == Approx(1));
  const FamilyWeights pairs(Column<double>::Zero(4), {0, 0, 2, 2});
  // sums of w (f - 1): 2 and -2
  CHECK(expectation((Column<double>(4) << 1, 3, 0, 0).finished(), pairs).error == Approx(std::sqrt(2.0 * 4 / 16)));
  CHECK(effective_sample_size(pairs) == Approx(2));
  CHECK_THROWS_AS(FamilyWeights(log_w, {0, 1}), std::invalid_argument);
  CHECK_THROWS_AS(FamilyWeights(log_w, {0, 1, 3}), std::invalid_argument);
}

}  // namespace evaluation_families
