// SPDX-License-Identifier: MIT
// The energy distance by hand, in closed form, its bias and its error against many runs, and what it tells apart.
#include "rheo/evaluation/energy_distance.hpp"

#include <array>
#include <numbers>
#include <vector>

#include "catch.hpp"

namespace evaluation_energy_distance {
using namespace rheo;

namespace {
Batch<double> normals(Index n, Index d, Noise noise, double mean = 0, double deviation = 1) {
  Batch<double> x(n, d);
  noise.normals(view(x));
  return mean + deviation * x;
}
// E|N(m, s^2)|.
double mean_size(double m, double s) {
  return s * std::sqrt(2 / std::numbers::pi) * std::exp(-0.5 * m * m / (s * s)) +
         m * std::erf(m / (s * std::sqrt(2.0)));
}
double of_normals(double m, double s) {
  return 2 * mean_size(m, std::hypot(1, s)) - mean_size(0, std::sqrt(2.0)) - mean_size(0, s * std::sqrt(2.0));
}
}  // namespace

TEST_CASE("energy_distance is what its definition says, beyond one block too, and so is its error") {
  for (const auto& [n, m, d] : std::vector<std::array<Index, 3>>{{5, 4, 3}, {700, 3, 2}, {3, 1100, 1}}) {
    const Batch<double> a = normals(n, d, Noise{1}), b = normals(m, d, Noise{2}, 0.5, 2);
    const auto plain = [](const Batch<double>& p, const Batch<double>& q, Index without_p, Index without_q, bool own) {
      double sum = 0, count = 0;
      for (Index i = 0; i < p.rows(); ++i) {
        for (Index j = 0; j < q.rows(); ++j) {
          if (i == without_p || j == without_q || (own && i == j)) continue;
          sum += std::sqrt((p.row(i) - q.row(j)).square().sum()), ++count;
        }
      }
      return sum / count;
    };
    const auto u = [&](Index i, Index j) {
      return 2 * plain(a, b, i, j, false) - plain(a, a, i, i, true) - plain(b, b, j, j, true);
    };
    const EnergyDistance e = energy_distance(a, b);
    CHECK(e.value == Approx(u(-1, -1)).epsilon(1e-10));
    CHECK(e.v_statistic ==
          Approx(2 * plain(a, b, -1, -1, false) - plain(a, a, -1, -1, false) - plain(b, b, -1, -1, false)));
    if (n + m > 100) continue;
    double variance = 0;
    for (const bool first : {true, false}) {
      const Index size = first ? n : m;
      Column<double> left(size);
      for (Index i = 0; i < size; ++i) left(i) = first ? u(i, -1) : u(-1, i);
      variance += (left - left.mean()).square().sum() * static_cast<double>(size - 1) / static_cast<double>(size);
    }
    CHECK(e.error == Approx(std::sqrt(variance)));
  }
  const Batch<double> a = normals(600, 2, Noise{3});
  CHECK(energy_distance(a, a).v_statistic == Approx(0).margin(1e-12));
  CHECK(energy_distance<float>(a.cast<float>(), a.cast<float>()).v_statistic == Approx(0).margin(1e-12));
  Batch<double> bad = a;
  bad(7, 1) = std::nan("");
  CHECK(std::isnan(energy_distance(a, bad).value));
  CHECK_THROWS_AS(energy_distance(a, normals(10, 3, Noise{4})), std::invalid_argument);
  CHECK_THROWS_WITH(energy_distance(a, Batch<double>(a.topRows(2))),
                    "rheo: energy_distance: samples of 600 x 2 and 2 x 2; it wants three rows or more, of one width");
}

TEST_CASE("energy_distance of two normals is known; it has no bias, and its error is the spread") {
  const int runs = 400;
  for (const auto& [m, s, most] : std::vector<std::array<double, 3>>{{0.7, 1.4, 1.25}, {0, 1, 2.6}}) {
    Column<double> found(runs), v_found(runs), variance(runs);
    for (int r = 0; r < runs; ++r) {
      const Noise noise = Noise{5}.fork(static_cast<std::uint64_t>(r));
      const EnergyDistance e = energy_distance(normals(60, 1, noise.fork(0)), normals(90, 1, noise.fork(1), m, s));
      found(r) = e.value, v_found(r) = e.v_statistic, variance(r) = e.error * e.error;
    }
    const Estimate mean = mean_and_error(found);
    const double spread = (found - mean.value).square().mean(), stated = variance.mean();
    INFO("exact " << of_normals(m, s) << ", mean " << mean.value << " +- " << mean.error << ", variance " << spread
                  << ", stated " << stated);
    CHECK(std::abs(mean.value - of_normals(m, s)) < 4.5 * mean.error);
    CHECK(stated > 0.75 * spread);  // 400 runs tell the spread to a tenth
    CHECK(stated < most * spread);
    CHECK(mean_and_error(v_found).value - of_normals(m, s) > 4.5 * mean.error);  // the other one has
  }
}

TEST_CASE("a sampler that is off by little is told from a right one") {
  const Batch<double> truth = normals(3000, 2, Noise{6});
  const EnergyDistance right = energy_distance(truth, normals(3000, 2, Noise{7})),
                       wide = energy_distance(truth, normals(3000, 2, Noise{7}, 0, 1.15)),
                       aside = energy_distance(truth, normals(3000, 2, Noise{7}, 0.2));
  CHECK(std::abs(right.value) < 4 * right.error);
  CHECK(wide.value > 4 * wide.error);
  CHECK(aside.value > 4 * aside.error);
}

}  // namespace evaluation_energy_distance
