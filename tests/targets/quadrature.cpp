// SPDX-License-Identifier: MIT
// The numerical work behind the targets, against values known from elsewhere.
#include "rheo/targets/quadrature.hpp"

#include "catch.hpp"

namespace targets_quadrature {

namespace d = rheo::targets::detail;

TEST_CASE("a Gauss-Legendre rule of m nodes is exact up to degree 2m - 1, and not beyond") {
  for (int m : {1, 2, 5, 12}) {
    const auto rule = d::gauss_legendre(m, 0.0, 2.0);
    for (int k = 0; k <= 2 * m; ++k) {
      double sum = 0.0;
      for (const auto& n : rule) sum += n.weight * std::pow(n.x - 1.0, k);
      const double exact = k % 2 ? 0.0 : 2.0 / (k + 1);
      INFO("m = " << m << ", k = " << k);
      if (k < 2 * m) CHECK(std::fabs(sum - exact) < 1e-14);
      if (k == 2 * m) CHECK(std::fabs(sum - exact) > 1e-9);
    }
  }
  double sum = 0.0;
  for (const auto& n : d::gauss_legendre(640, 0.0, 1.0)) sum += n.weight * std::exp(n.x);
  CHECK(std::fabs(sum - (std::exp(1.0) - 1.0)) < 1e-13);
}

TEST_CASE("scaled I0 is the mean of exp(z cos t - z), on both sides of the change of series") {
  for (double z : {0.0, 1e-3, 0.5, 3.0, 19.9, 20.1, 50.0, 400.0, 2000.0}) {
    double mean = 0.0;
    const int n = 4000;  // the trapezoid on a period converges geometrically
    for (int k = 0; k < n; ++k) mean += std::exp(z * (std::cos(2.0 * d::pi * k / n) - 1.0)) / n;
    INFO("z = " << z);
    CHECK(std::fabs(d::scaled_bessel_i0(z) / mean - 1.0) < 1e-13);
  }
}

TEST_CASE("log_normal_between keeps its accuracy near zero, in both tails and where the tail's series begins") {
  CHECK(std::fabs(d::log_normal_between(-1.0, 1.0) - std::log(0.6826894921370859)) < 1e-14);
  CHECK(std::fabs(d::log_normal_between(-40.0, 40.0)) < 1e-15);
  for (double a : {-60.0, -27.0, -25.0, -3.0, -0.5, 0.0, 2.0, 24.0, 24.99, 25.01, 45.0}) {
    const double b = a + 0.25;
    double sum = 0.0, top = d::log_normal(std::fmin(std::fabs(a), std::fabs(b)));
    for (const auto& n : d::gauss_legendre(30, a, b)) sum += n.weight * std::exp(d::log_normal(n.x) - top);
    INFO("a = " << a);
    CHECK(std::fabs(d::log_normal_between(a, b) - top - std::log(sum)) < 1e-14 * std::fmax(10.0, std::fabs(top)));
  }
}

TEST_CASE("a Gaussian spread along a segment is a normal times a difference of normals") {
  const d::SpreadCurve segment(
      64, -1.0, 1.0, 0.3,
      [](double t) {
        return rheo::targets::Point{t, 0.5};
      },
      [](double) { return 0.5; });
  for (double x1 : {-2.0, 0.0, 0.7, 3.0}) {
    const double exact = d::log_normal((0.1 - 0.5) / 0.3) - std::log(0.3) +
                         d::log_normal_between((x1 - 1.0) / 0.3, (x1 + 1.0) / 0.3) - std::log(2.0);
    CHECK(std::fabs(segment.log_prob(x1, 0.1) - exact) < 1e-10);
  }
}

}  // namespace targets_quadrature
