// SPDX-License-Identifier: MIT
// Every target: its density integrates to one and gives its entropy by quadrature; its draws follow its density.
#include "rheo/targets/table.hpp"

#include <cmath>

#include "catch.hpp"

using namespace rheo;

namespace {
struct Quadrature {
  double mass, entropy;
};
// Midpoints on the box, widened; compact targets have their borders on cell borders at n = 1800 up to rounding (two_lines by design of its box).
Quadrature quadrature(const targets::Target& t, int nx, int ny, targets::Box b) {
  Quadrature q{0, 0};
  const double hx = (b.x1 - b.x0) / nx, hy = (b.y1 - b.y0) / ny;
  for (int i = 0; i < nx; ++i) {
    for (int j = 0; j < ny; ++j) {
      const double l = t.log_prob(b.x0 + (i + 0.5) * hx, b.y0 + (j + 0.5) * hy);
      if (l > -700) q.mass += std::exp(l) * hx * hy, q.entropy -= l * std::exp(l) * hx * hy;
    }
  }
  return q;
}
double chi_square(const targets::Target& t, const Batch<double>& x) {
  const int side = 20, fine = 10;
  const auto b = t.box;
  const double hx = (b.x1 - b.x0) / side, hy = (b.y1 - b.y0) / side, n = static_cast<double>(x.rows());
  Batch<double> count = Batch<double>::Zero(side, side), expected = count;
  for (Index i = 0; i < x.rows(); ++i) {
    const double a = std::floor((x(i, 0) - b.x0) / hx), c = std::floor((x(i, 1) - b.y0) / hy);
    if (a >= 0 && a < side && c >= 0 && c < side) count(static_cast<Index>(a), static_cast<Index>(c)) += 1;
  }
  double chi = 0;
  int cells = 0;
  for (int i = 0; i < side; ++i) {
    for (int j = 0; j < side; ++j) {
      double p = 0;
      for (int k = 0; k < fine * fine; ++k) p += std::exp(t.log_prob(b.x0 + hx * (i + (k % fine + 0.5) / fine), b.y0 + hy * (j + (k / fine + 0.5) / fine)));
      p *= n * hx * hy / (fine * fine);
      if (p < 10) continue;
      chi += (count(i, j) - p) * (count(i, j) - p) / p;
      ++cells;
    }
  }
  const double k = cells, s = 2 / (9 * k);
  return (std::cbrt(chi / k) - (1 - s)) / std::sqrt(s);
}
}  // namespace

TEST_CASE("densities integrate to one and give the entropies") {
  for (const auto& t : targets::all()) {
    if (!t.log_prob || t.name == "two_lines") continue;
    const auto b = t.box;
    const double gx = 0.5 * (b.x1 - b.x0), gy = 0.5 * (b.y1 - b.y0);
    const bool slow = t.name == "moons" || t.name == "swiss_roll" || t.name == "two_spirals" || t.name == "rings" || t.name == "four_circles";
    const int n = t.name == "diamond" ? 500 : slow ? 140 : 1600;
    const bool smooth = !t.distance && t.name != "two_marginals" && t.name != "split_gaussian" && t.name != "sign_curve" && t.name != "abs_curve";
    const auto q = t.distance || slow ? quadrature(t, n, n, b) : quadrature(t, n, n, {b.x0 - gx, b.x1 + gx, b.y0 - gy, b.y1 + gy});
    INFO(t.name << ": mass " << q.mass << ", entropy " << q.entropy);
    CHECK(std::abs(q.mass - 1) < (slow ? 2e-3 : smooth ? 1e-5 : 5e-3));
    CHECK(std::abs(q.entropy - *t.entropy) < (slow ? 2e-2 : smooth ? 5e-5 : 2e-2));
  }
}

TEST_CASE("draws follow the density, and the check rejects draws that are five per cent too wide") {
  for (const auto& t : targets::all()) {
    const Index n = 40000;
    const Batch<double> x = t.sample(n, Noise{3});
    CHECK(x.allFinite());
    CHECK((t.sample(5, Noise{3}.from_row(7)).array() == x.middleRows(7, 5)).all());
    if (t.distance) {
      for (Index i = 0; i < 2000; ++i) REQUIRE(t.distance(x(i, 0), x(i, 1)) < 1e-12);
    }
    if (!t.log_prob || t.distance || t.name == "diamond" || t.name == "sign_curve" || t.name == "two_marginals" || t.name == "split_gaussian") continue;
    INFO(t.name);
    CHECK(chi_square(t, x) < 3.72);
    CHECK(chi_square(t, x * 1.05) > 3.72);
  }
}

TEST_CASE("an unknown name is answered with the list") { CHECK_THROWS_WITH(targets::find("moon"), Catch::Contains("checkerboard") && Catch::Contains("moons")); }
