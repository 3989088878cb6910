// SPDX-License-Identifier: MIT
// The classifier test: right about what no classifier can better, quiet where there is nothing to tell, loud where a
// sampler is a little wide or has lost a mode.
#include "rheo/evaluation/c2st.hpp"

#include "catch.hpp"
#include "draws.hpp"

namespace evaluation_c2st {
using namespace rheo;

TEST_CASE("c2st of two shifted normals is near Phi(shift / 2), which no classifier betters") {
  Batch<double> a = rheo_test::normals(1500, 2, 1), b = rheo_test::normals(1500, 2, 2);
  b.col(1) += 1;
  const double best = 0.5 * std::erfc(-0.5 / std::sqrt(2.0));
  const Estimate e = c2st<2>(a, b, {.noise = Noise{3}});
  INFO(e.value << " +- " << e.error << ", best " << best);
  CHECK(e.error == Approx(std::sqrt(best * (1 - best) / 3000)).epsilon(0.05));
  CHECK(e.value < best + 4 * e.error);
  CHECK(e.value > best - 4 * e.error);
  const Estimate scaled = c2st<2>(Batch<double>(1000 * a + 7), Batch<double>(1000 * b + 7), {.noise = Noise{3}});
  CHECK(scaled.value == Approx(e.value).epsilon(0.01));  // standardised: units do not matter
}

TEST_CASE("c2st gives no false alarms, and its error is the spread") {
  const int runs = 50;
  double off = 0, stray = 0;
  for (std::uint64_t r = 0; r < runs; ++r) {
    const Estimate e = c2st<2>(rheo_test::normals(150, 2, 10 + 2 * r), rheo_test::normals(150, 2, 11 + 2 * r),
                               {.epochs = 15, .noise = Noise{r}});
    off += (e.value - 0.5) / e.error / runs;
    stray += std::pow((e.value - 0.5) / e.error, 2) / runs;
  }
  INFO("deviation over error: mean " << off << ", square " << stray);
  CHECK(std::abs(off) < 4 / std::sqrt(runs));
  CHECK(std::abs(stray - 1) < 5 * std::sqrt(2.0 / runs));
}

TEST_CASE("c2st of samples far from 0 is that of the same samples near it") {
  const Batch<double> a = rheo_test::normals(200, 2, 1), b = rheo_test::normals(200, 2, 2);
  const C2stOptions options{.epochs = 15, .noise = Noise{3}};
  const Estimate near = c2st<2>(a, b, options);
  CHECK(std::abs(near.value - 0.5) < 4 * near.error);
  for (double shift : {1000.0, -1000.0}) {
    const Estimate far = c2st<2>(Batch<double>(a + shift), Batch<double>(b + shift), options);
    CHECK(far.value == Approx(near.value).margin(0.01));
  }
}

TEST_CASE("c2st sees a mode that was lost, and a sampler wider by a twentieth") {
  Batch<float> a = rheo_test::normals<float>(400, 1, 1), b = rheo_test::normals<float>(400, 1, 2);
  a.topRows(200) += 6.F;
  const Estimate lost = c2st<1>(a, b, {.noise = Noise{3}});
  INFO("a mode lost: " << lost.value << " +- " << lost.error);
  CHECK(std::abs(lost.value - 0.75) < 4 * lost.error);
  const Estimate wide = c2st<2>(rheo_test::normals(10000, 2, 4), rheo_test::normals(10000, 2, 5, 1.05));
  INFO("1.05 times as wide: " << wide.value << " +- " << wide.error);
  CHECK(wide.value > 0.5 + 4 * wide.error);
}

TEST_CASE("c2st: NaN, and what it refuses") {
  Batch<double> a = rheo_test::normals(20, 2, 1), b = a;
  a(3, 1) = std::nan("");
  CHECK(std::isnan(c2st<2>(a, b).value));
  CHECK_THROWS_WITH(c2st<2>(b, Batch<double>(b.topRows(19))),
                    "rheo: c2st: samples of 20 and 19 rows for 5 folds: it wants as many of each, two folds and two "
                    "rows a fold");
  CHECK_THROWS_AS(c2st<2>(b, b, {.folds = 1}), std::invalid_argument);
  CHECK_THROWS_AS(c2st<3>(Batch<double>(b), b), std::invalid_argument);
}

}  // namespace evaluation_c2st
