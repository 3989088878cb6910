// SPDX-License-Identifier: MIT
// The discrepancy by hand and in closed form, its error against its spread, p-values where there is nothing to see and
// where a mode is lost.
#include "rheo/evaluation/mmd.hpp"

#include "catch.hpp"
#include "draws.hpp"

namespace evaluation_mmd {
using namespace rheo;

TEST_CASE("mmd by hand") {
  const Batch<double> a = (Batch<double>(2, 1) << 0, 1).finished(), b = (Batch<double>(3, 1) << 2, 2, 4).finished();
  const auto k = [](double d) { return std::exp(-d * d / 8); };
  const double within = k(1), others = (k(0) + 2 * k(2)) / 3, between = (2 * k(2) + 2 * k(1) + k(4) + k(3)) / 6;
  const Mmd m = mmd(a, b, {.bandwidth = 2, .permutations = 0});
  CHECK(m.squared.value == Approx(within + others - 2 * between));
  CHECK(m.bandwidth == 2);
  CHECK(std::isnan(m.p_value));
  CHECK(mmd(a, b).bandwidth == 2);  // of the distances 0 1 1 1 2 2 2 2 3 4, the middle
}

TEST_CASE("mmd's bandwidth is the median of all distances, whatever the order in which they are taken") {
  const Batch<double> a = (Batch<double>(2, 1) << 0, 1).finished(), b = (Batch<double>(2, 1) << 4, 6).finished();
  for (std::uint64_t seed = 0; seed < 20; ++seed)  // of the distances 1 2 3 4 5 6 the upper middle
    CHECK(mmd(a, b, {.permutations = 0, .noise = Noise{seed}}).bandwidth == 4);
}

TEST_CASE("mmd of two normals: unbiased, with the right error where they differ") {
  // E k(x, y) = prod_j h / sqrt(h^2 + s^2 + t^2) exp(-d_j^2 / (2 (h^2 + s^2 + t^2)))
  const double h = 1.3, s = 1, t = 1.4, d = 0.7;
  const auto mean = [&](double v, double shift) {
    return h * h / (h * h + v) * std::exp(-0.5 * shift * shift / (h * h + v));
  };
  const double exact = mean(2 * s * s, 0) + mean(2 * t * t, 0) - 2 * mean(s * s + t * t, d);
  const int runs = 200;
  double off = 0, stray = 0;
  for (std::uint64_t r = 0; r < runs; ++r) {
    Batch<double> b = rheo_test::normals(90, 2, 1001 + 2 * r, t);
    b.col(0) += d;
    const Estimate e = mmd(rheo_test::normals(60, 2, 1000 + 2 * r, s), b, {.bandwidth = h, .permutations = 0}).squared;
    off += (e.value - exact) / e.error / runs;
    stray += std::pow((e.value - exact) / e.error, 2) / runs;
  }
  INFO("deviation over error: mean " << off << ", square " << stray);
  CHECK(std::abs(off) < 4 / std::sqrt(runs));
  CHECK(std::abs(stray - 1) < 5 * std::sqrt(2.0 / runs));
}

TEST_CASE("mmd gives no false alarms, and its error is no smaller than the spread then") {
  const int runs = 300;
  int alarms = 0;
  double stray = 0;
  Column<double> values(runs);
  for (std::uint64_t r = 0; r < runs; ++r) {
    const Mmd m = mmd(rheo_test::normals(40, 2, 2 * r), rheo_test::normals(30, 2, 2 * r + 1),
                      {.permutations = 39, .noise = Noise{r}});
    alarms += m.p_value <= 0.1;
    values(static_cast<Index>(r)) = m.squared.value;
    stray += std::pow(m.squared.value / m.squared.error, 2) / runs;
  }
  const Estimate mean = mean_and_error(values);
  INFO(alarms << " alarms of " << runs << "; mean " << mean.value << " +- " << mean.error
              << ", square of value over error " << stray);
  CHECK(std::abs(alarms - 0.1 * runs) < 4 * std::sqrt(0.1 * 0.9 * runs));
  CHECK(std::abs(mean.value) < 4 * mean.error);
  CHECK(stray < 1 + 5 * std::sqrt(2.0 / runs));
}

TEST_CASE("mmd sees a mode that was lost, and a sampler wider by a fifth") {
  Batch<float> a = rheo_test::normals<float>(100, 2, 1), b = rheo_test::normals<float>(100, 2, 2);
  a.topRows(20) += 4.F;
  CHECK(mmd(a, b).p_value == Approx(1.0 / 201));
  CHECK(mmd(rheo_test::normals(700, 2, 3), rheo_test::normals(700, 2, 4, 1.2), {.permutations = 99}).p_value <= 0.02);
}

TEST_CASE("mmd: what it refuses, and NaN") {
  Batch<double> a = rheo_test::normals(20, 2, 1), b = a;
  CHECK_THROWS_AS(mmd(a, Batch<double>(a.leftCols(1))), std::invalid_argument);
  CHECK_THROWS_AS(mmd(a, Batch<double>(a.topRows(1))), std::invalid_argument);
  CHECK_THROWS_AS(mmd(a, b, {.bandwidth = -1}), std::invalid_argument);
  CHECK_THROWS_AS(mmd(Batch<double>(Batch<double>::Zero(9, 1)), Batch<double>(Batch<double>::Ones(2, 1))),
                  std::invalid_argument);
  b(0, 0) = std::nan("");
  CHECK(std::isnan(mmd(a, b).squared.value));
  CHECK(std::isnan(mmd(a, b).p_value));
}

}  // namespace evaluation_mmd
