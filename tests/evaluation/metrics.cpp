// SPDX-License-Identifier: MIT
// Metrics against closed forms: Gaussians, uniforms, scaled copies of the targets.
#include "rheo/evaluation/metrics.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/targets/table.hpp"

namespace evaluation_metrics {
using namespace rheo;
using rheo_test::normals;

namespace {

const double inf = std::numeric_limits<double>::infinity();

bool near(double a, double b, double tolerance) { return std::fabs(a - b) <= tolerance; }

auto gaussian(double m1, double m2, double s) {
  return [=](double x1, double x2) {
    return -0.5 * ((x1 - m1) * (x1 - m1) + (x2 - m2) * (x2 - m2)) / (s * s) - 2.0 * std::log(s) -
           targets::detail::log_2pi;
  };
}

/// A target that is the standard normal.
struct Plain {
  static Batch<double> sample(Index n, Noise noise) { return normals(n, 2, noise.seed); }
  static double log_prob(double x1, double x2) { return gaussian(0.0, 0.0, 1.0)(x1, x2); }
};

}  // namespace

TEST_CASE("mean_and_error: by hand, in both precisions, and its error covers the truth") {
  const Column<float> x{{1.0f, 2.0f, 3.0f, 6.0f}};
  const Estimate e = mean_and_error(x);
  CHECK(near(e.value, 3.0, 1e-15));
  CHECK(near(e.error, std::sqrt(14.0 / 3.0 / 4.0), 1e-15));
  CHECK(std::isnan(mean_and_error(Column<double>(Column<double>::Ones(1))).error));
  CHECK_THROWS_AS(mean_and_error(Column<double>()), std::invalid_argument);
  int outside = 0;  // of two standard errors: 4.55 % of 2000
  for (std::uint64_t k = 0; k < 2000; ++k) {
    const Estimate m = mean_and_error(Column<double>(normals(100, 2, k).col(0)));
    outside += std::fabs(m.value) > 2.0 * m.error;
  }
  CHECK(near(outside, 91.0 + 7.0, 40.0));  // Student's t with 99 degrees of freedom: 4.8 %
}

TEST_CASE("gap_to_entropy of a Gaussian model is the Kullback-Leibler divergence") {
  const auto x = normals(40000, 2, 1);
  const auto model = gaussian(0.5, 0.0, 2.0);
  Column<double> log_q(x.rows());
  for (Index i = 0; i < x.rows(); ++i) log_q(i) = model(x(i, 0), x(i, 1));
  const double exact = 2.0 * std::log(2.0) + (2.0 + 0.25) / 8.0 - 1.0;
  const Estimate gap = gap_to_entropy(log_q, targets::detail::log_2pi + 1.0);
  CHECK(gap.error < 0.005);
  CHECK(near(gap.value, exact, 4.0 * gap.error));
}

TEST_CASE("support_leak of a scaled uniform: the area outside, and the same beyond delta") {
  const Index n = 100000;
  const auto& square = targets::find("one_uniform");
  const Batch<double> x = 1.25 * square.sample(n, Noise{2});
  const Estimate leak = support_leak(x, square);
  CHECK(near(leak.error, std::sqrt(0.36 * 0.64 / 100000.0), 1e-5));
  CHECK(near(leak.value, 0.36, 4.0 * leak.error));
  const Estimate far = support_leak(x, square, 0.05);  // the set within 0.05 is a square of side 1.1 with round corners
  CHECK(near(far.value, 1.0 - (1.0 + 4.0 * 0.05 + 3.141592653589793 * 0.0025) / 1.5625, 4.0 * far.error));
  const Estimate none = support_leak(square.sample(n, Noise{2}), targets::OneUniform{});
  CHECK(none.value == 0.0);
  CHECK((none.error > 0.0 && none.error < 1e-4));
  Batch<float> bad = Batch<float>::Zero(4, 2);
  bad(1, 0) = std::nanf("");
  CHECK(support_leak(bad, square).value == 0.25);
  CHECK_THROWS_AS(support_leak(x, targets::find("moons")), std::invalid_argument);
  CHECK_THROWS_AS(support_leak(Batch<double>(3, 3), square), std::invalid_argument);
}

TEST_CASE(
    "the gap of a model that leaks is at least -log(1 - leak): with equality for the uniform on a larger square") {
  const double side = 1.25, leak = 1.0 - 1.0 / (side * side);
  CHECK(near(least_gap(leak), 2.0 * std::log(side), 1e-14));
  CHECK(least_gap(1.0) == inf);
  CHECK(near(least_gap(1e-12), 1e-12, 1e-20));
}

TEST_CASE("level_leak of Gaussians: |x|^2 / 2 is exponential, so the level and the leak are closed forms") {
  const Index n = 200000;
  for (double alpha : {0.1, 0.01}) {
    const Level level = level_set_threshold(Plain{}, alpha, n, Noise{3});
    const double relative = std::sqrt((1.0 - alpha) / (alpha * static_cast<double>(n)));
    CHECK(near(level.log_threshold, std::log(alpha) - targets::detail::log_2pi, 4.0 * relative));
    CHECK(near(level.alpha, alpha, 1e-5));
    const Estimate wide = level_leak(Batch<double>(1.2 * normals(n, 2, 4)), Plain{}, level);
    CHECK(near(wide.value, std::pow(alpha, 1.0 / 1.44) - alpha,
               4.0 * wide.error + 0.7 * std::pow(alpha, 1.0 / 1.44) * 4.0 * relative));
    const Estimate same = level_leak(normals(n, 2, 5), Plain{}, level);
    CHECK(near(same.value, 0.0, 4.0 * same.error));
    CHECK(wide.value > 4.0 * wide.error);
  }
  CHECK_THROWS_AS(level_set_threshold(Plain{}, 0.0, 10, Noise{}), std::invalid_argument);
}

TEST_CASE("on a flat target the level leak is the support leak") {
  const auto& board = targets::find("checkerboard");
  const Level level = level_set_threshold(board, 0.01, 1000, Noise{6});
  CHECK(level.alpha == 0.0);
  const Batch<double> x = 1.05 * board.sample(20000, Noise{7});
  CHECK(level_leak(x, board, level).value == support_leak(x, board).value);
}

TEST_CASE("grid_kl of two Gaussians is their divergence; constants drop out, batches are welcome") {
  const targets::Box box{-9.0, 9.0, -9.0, 9.0};
  const auto p = gaussian(0.0, 0.0, 1.0), q = gaussian(0.5, -0.25, 1.5);
  const double exact = 2.0 * std::log(1.5) + (2.0 + 0.3125) / 4.5 - 1.0;
  CHECK(near(grid_kl(p, q, box), exact, 1e-7));
  const auto batch = [&](const Batch<double>& x) {
    Column<double> v(x.rows());
    for (Index i = 0; i < x.rows(); ++i) v(i) = 17.0 + q(x(i, 0), x(i, 1));
    return v;
  };
  CHECK(near(grid_kl(p, batch, box), exact, 1e-7));
  CHECK(near(grid_kl(batch, q, box, 50), 0.0, 1e-12));
}

TEST_CASE("grid_kl where the model has holes: infinite, or finite with a floor") {
  const targets::Box box{0.0, 1.0, 0.0, 1.0};
  const auto flat = [](double, double) { return 0.0; };
  const auto half = [](double x1, double) { return x1 < 0.5 ? std::log(2.0) : -inf; };
  CHECK(grid_kl(flat, half, box, 40) == inf);
  CHECK(near(grid_kl(half, flat, box, 40), std::log(2.0), 1e-12));
  const double a = 2.0 / (2.0 + 1e-3), b = 1e-3 / (2.0 + 1e-3);  // shares of the halves after the floor
  CHECK(near(grid_kl(flat, half, box, 40, std::log(1e-3)), -0.5 * (std::log(2.0 * a) + std::log(2.0 * b)), 1e-12));
  CHECK(std::isnan(grid_kl(
      flat, [](double x1, double) { return x1 < 0.5 ? std::nan("") : 0.0; }, box, 40)));
  CHECK_THROWS_AS(grid_kl(half, flat, targets::Box{0.6, 1.0, 0.0, 1.0}, 40), std::invalid_argument);
}

TEST_CASE("mode_imbalance is half the sum of differences") {
  CHECK(near(mode_imbalance(Column<double>{{0.5, 0.3, 0.2}}, Column<double>{{0.4, 0.4, 0.2}}), 0.1, 1e-15));
  CHECK_THROWS_AS(mode_imbalance(Column<double>{{1.0}}, Column<double>{{0.5, 0.5}}), std::invalid_argument);
}

TEST_CASE("bits per dimension") {
  Column<double> v(4);
  v << -1, -3, -2, -2;
  const Estimate e = bits_per_dimension(v, 2);
  CHECK(near(e.value, 1 / std::log(2.0), 1e-14));
  CHECK(near(e.error, std::sqrt(2.0 / 3 / 4) / (2 * std::log(2.0)), 1e-14));
  CHECK_THROWS_AS(bits_per_dimension(v, 0), std::invalid_argument);
}

}  // namespace evaluation_metrics
