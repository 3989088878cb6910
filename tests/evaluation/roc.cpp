// SPDX-License-Identifier: MIT
// The area under a receiver operating characteristic by hand and in closed form, its error against its spread, the
// curve.
#include "rheo/evaluation/roc.hpp"

#include "catch.hpp"

namespace evaluation_roc {
using namespace rheo;

namespace {

constexpr double inf = std::numeric_limits<double>::infinity();
Column<double> scores(std::initializer_list<double> x) {
  Column<double> c(static_cast<Index>(x.size()));
  std::copy(x.begin(), x.end(), c.data());
  return c;
}
double enclosed(const Batch<double>& c) {
  double area = 0;
  for (Index i = 1; i < c.rows(); ++i) area += 0.5 * (c(i, 0) - c(i - 1, 0)) * (c(i, 1) + c(i - 1, 1));
  return area;
}

}  // namespace

TEST_CASE("roc_area by hand: parted, turned about, ties, infinite scores, bad ones") {
  CHECK(roc_area(scores({1, 2, 3}), scores({4, 5})).value == 1);
  CHECK(roc_area(scores({1, 2, 3}), scores({4, 5})).error == 0);
  CHECK(roc_area(scores({4, 5}), scores({1, 2, 3})).value == 0);
  CHECK(roc_area(scores({7, 7}), scores({7, 7, 7})).value == 0.5);
  CHECK(roc_area(scores({0, -inf}), scores({inf, 0})).value == Approx(3.5 / 4));
  const Estimate e = roc_area(scores({1, 3}), scores({2, 3, 4}));  // shares below 1/2, 3/4, 1 and 0, 1/2
  CHECK(e.value == Approx(0.75));
  CHECK(e.error == Approx(std::sqrt(2 * std::pow(0.25, 2) / 2 / 3 + 2 * std::pow(0.25, 2) / 1 / 2)));
  CHECK(std::isnan(roc_area(scores({1}), scores({2, 3})).error));
  CHECK(std::isnan(roc_area(scores({1, std::nan("")}), scores({2})).value));
  CHECK_THROWS_WITH(roc_area(scores({}), scores({2})),
                    "rheo: roc: 0 scores of background and 1 of signal; it wants one or more of each");
  CHECK_THROWS_AS(roc_curve(scores({1}), scores({})), std::invalid_argument);
  CHECK_THROWS_AS(roc_curve(scores({1, std::nan("")}), scores({2})), DataError);
}

TEST_CASE("roc_area of two normals is Phi(1 / sqrt 2), and its error the spread") {
  const int runs = 400;
  const double exact = 0.5 * std::erfc(-1 / std::sqrt(2.0) / std::sqrt(2.0));
  double off = 0, stray = 0;
  for (std::uint64_t r = 0; r < runs; ++r) {
    Column<double> background(60), signal(150);
    for (Index i = 0; i < 60; ++i) background(i) = Noise{1}.fork(r).normal(i, 0);
    for (Index i = 0; i < 150; ++i) signal(i) = 1 + Noise{2}.fork(r).normal(i, 0);
    const Estimate e = roc_area(background, signal);
    off += (e.value - exact) / e.error / runs;
    stray += std::pow((e.value - exact) / e.error, 2) / runs;
  }
  INFO("deviation over error: mean " << off << ", square " << stray);
  CHECK(std::abs(off) < 4 / std::sqrt(runs));
  CHECK(std::abs(stray - 1) < 5 * std::sqrt(2.0 / runs));
}

TEST_CASE("the curve goes from corner to corner, point by point, and encloses the area") {
  const Batch<double> c = roc_curve(scores({1, 3}), scores({2, 3, 4}));
  const Batch<double> expected =
      (Batch<double>(5, 2) << 0, 0, 0, 1.0 / 3, 0.5, 2.0 / 3, 0.5, 1, 1, 1).finished();  // from 4, 3, 2, 1 on
  REQUIRE(c.rows() == 5);
  CHECK((c - expected).abs().maxCoeff() < 1e-15);
  Column<double> background(500), signal(300);
  for (Index i = 0; i < 500; ++i) background(i) = std::round(3 * Noise{3}.normal(i, 0));
  for (Index i = 0; i < 300; ++i) signal(i) = std::round(3 * Noise{4}.normal(i, 0) + 2);
  CHECK(enclosed(roc_curve(background, signal)) == Approx(roc_area(background, signal).value));
}

}  // namespace evaluation_roc
