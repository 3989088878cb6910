// SPDX-License-Identifier: MIT
#include "rheo/math/sinkhorn.hpp"

#include "catch.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/math/normal_quantile.hpp"

namespace math_sinkhorn {
using namespace rheo;

TEST_CASE("the plan of two points has its closed form, at every regularisation") {
  Arena arena;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (double regularisation : {0.2, 1.0, 50.0}) {
      Batch<double> cost(2, 2);
      Noise{seed}.normals(view(cost));
      const double gain = (cost(0, 0) + cost(1, 1) - cost(0, 1) - cost(1, 0)) / (2 * regularisation);
      CHECK(math::entropic_plan(view(cost), regularisation, arena, 1e-12, 1000000) < 1e-12);
      INFO(seed << ", " << regularisation);
      CHECK(cost(0, 0) == Approx(1 / (1 + std::exp(gain))).epsilon(1e-9).margin(1e-11));
    }
  }
}

TEST_CASE("sums of rows and columns; no other plan is better: its logarithm is cost plus potentials") {
  Arena arena;
  const Index n = 40;
  Batch<double> cost(n, n);
  Noise{3}.normals(view(cost));
  Batch<double> p = cost;
  CHECK(math::entropic_plan(view(p), 0.4, arena) < 1e-6);
  CHECK((p.rowwise().sum() - 1).abs().maxCoeff() < 1e-13);
  CHECK((p.colwise().sum() - 1).abs().maxCoeff() < 1e-6);
  const Batch<double> s = p.log() + cost / 0.4;
  for (Index i = 1; i < n; ++i) {
    for (Index j = 1; j < n; ++j) CHECK(std::abs(s(i, j) - s(0, j) - s(i, 0) + s(0, 0)) < 1e-11);
  }
  Batch<double> far = cost * 1e6;
  CHECK(math::entropic_plan(view(far), 1.0, arena, 1e-6, 3) > 0);
  CHECK(far.allFinite());
  CHECK((far.rowwise().sum() - 1).abs().maxCoeff() < 1e-8);
}

TEST_CASE("costs too large for their regularisation leave numbers, and no report of success that is none") {
  Arena arena;
  for (double regularisation : {1.0, 1e-10, 1e-310}) {
    for (double large : {1e200, 1e300, 1.7e308}) {
      Batch<double> p(3, 3);
      p << 0, large, large, large, large, 1, large, 2, large;
      const double worst = math::entropic_plan(view(p), regularisation, arena, 1e-6, 50);
      INFO(large << " at " << regularisation);
      REQUIRE(p.allFinite());
      CHECK((p.rowwise().sum() - 1).abs().maxCoeff() < 1e-12);
      CHECK(worst == Approx((p.colwise().sum() - 1).abs().maxCoeff()).margin(1e-12));
    }
  }
  for (Index place : {0, 4, 8}) {
    Batch<double> p = Batch<double>::Zero(3, 3);
    p.data()[place] = std::numeric_limits<double>::quiet_NaN();
    CHECK(std::isnan(math::entropic_plan(view(p), 1.0, arena)));
  }
}

TEST_CASE("a place that all rows but one want has its price, however long it takes to find") {
  // Rows 1 to m want column 0 and pay 1600 for any other; row 0 pays that for column 0 and nothing for the others.  The
  // potential of column 0 falls to 1600 below the others'.  By symmetry each of rows 1 to m has 1 / m of column 0, and
  // row 0 as much of each other column.
  Arena arena;
  const Index m = 8;
  Batch<double> p = Batch<double>::Constant(m + 1, m + 1, 1600.0);
  p.col(0).tail(m).setZero();
  p.row(0).tail(m).setZero();
  CHECK(math::entropic_plan(view(p), 1.0, arena, 1e-9, 500) < 1e-9);
  REQUIRE(p.allFinite());
  const double share = 1.0 / static_cast<double>(m);
  CHECK((p.col(0).tail(m) - share).abs().maxCoeff() < 1e-8);
  CHECK((p.row(0).tail(m) - share).abs().maxCoeff() < 1e-8);
  CHECK((p.bottomRightCorner(m, m) - share * (1 - share)).abs().maxCoeff() < 1e-8);
  CHECK(p(0, 0) < 1e-300);
}

TEST_CASE("the plan of two normal laws is the Schroedinger bridge's: covariance (sqrt(4 A B + s^4) - s^2) / 2") {
  Arena arena;
  const Index n = 600;
  for (double sigma : {0.3, 1.0, 2.0}) {
    const double deviation = 1.7;
    Column<double> x(n), z(n);
    for (Index i = 0; i < n; ++i) {
      z(i) = math::normal_quantile((static_cast<double>(i) + 0.5) / static_cast<double>(n));
      x(i) = deviation * z(i);
    }
    const double a = x.square().mean(), b = z.square().mean(), s = sigma * sigma;  // the grid's own variances
    Batch<double> p(n, n);
    for (Index j = 0; j < n; ++j) p.col(j) = (x - z(j)).square();
    CHECK(math::entropic_plan(view(p), 2 * s, arena) < 1e-6);
    const double covariance = (p.matrix() * z.matrix()).dot(x.matrix()) / static_cast<double>(n);
    INFO(sigma);
    CHECK(covariance == Approx((std::sqrt(4 * a * b + s * s) - s) / 2).epsilon(2e-3));
  }
}

}  // namespace math_sinkhorn
