// SPDX-License-Identifier: MIT
// The clover at three widths, against panels over the plane and against many more nodes.
#include "rheo/targets/near_curve.hpp"

#include "rheo/targets/quadrature.hpp"
#include "rheo/targets/table.hpp"
#include "targets/checks.hpp"

namespace targets_near_curve {
using namespace rheo::targets;

TEST_CASE("near_curve: mass, entropy, sampler at each width of the table") {
  for (double width : {0.1, 0.03, 0.01}) {
    INFO(width);
    const NearCurve curve(width);
    const auto log_p = [&](double a, double b) { return curve.log_prob(a, b); };
    const Target& entry = find(width == 0.1 ? "near_curve_0.1" : width == 0.03 ? "near_curve_0.03" : "near_curve_0.01");
    const double known = curve.entropy();
    double mass = 0.0, entropy = 0.0;  // panels of two widths, where there is something
    const double side = 2.0 * width;
    const int n = static_cast<int>(std::ceil(3.6 / side));
    for (int i = -n; i < n; ++i) {
      for (int j = -n; j < n; ++j) {
        if (log_p(side * (i + 0.5), side * (j + 0.5)) < -70.0) continue;
        const auto part = checks::totals(log_p, {side * i, side * (i + 1)}, {side * j, side * (j + 1)});
        mass += part.mass;
        entropy += part.entropy;
      }
    }
    CHECK(std::fabs(mass - 1.0) < 1e-8);
    CHECK(std::fabs(entropy - known) < 1e-8);
    CHECK(std::fabs(entropy - entry.entropy.value()) < 1e-8);
    CHECK(entry.log_prob(2.8, 0.1) == curve.log_prob(2.8, 0.1));
    const auto cells = checks::edges(-3.2, 3.2, 0.2);
    checks::same_law(curve.sample(50000, rheo::Noise{20}), log_p, cells, cells, width < 0.02 ? 32 : 12);
    const auto x = curve.sample(400000, rheo::Noise{23});
    rheo::Column<double> loss(x.rows());
    for (rheo::Index i = 0; i < x.rows(); ++i) loss(i) = -curve.log_prob(x(i, 0), x(i, 1));
    const double error = std::sqrt((loss - loss.mean()).square().sum()) / static_cast<double>(x.rows());
    CHECK(std::fabs(loss.mean() - known) <= 4.5 * error);
  }
}

TEST_CASE("near_curve: three leaves, the first along x1, and what is near the curve") {
  for (int k = 0; k < 3; ++k) {
    const double t = 2.0 * detail::pi * k / 3.0;
    const Point leaf = NearCurve::centre(t), notch = NearCurve::centre(t + detail::pi / 3.0);
    CHECK(std::hypot(leaf[0] - 2.8 * std::cos(t), leaf[1] - 2.8 * std::sin(t)) < 1e-14);
    CHECK(std::hypot(notch[0], notch[1]) == Approx(1.2).epsilon(1e-14));
  }
  const NearCurve curve(0.05);
  CHECK(curve.log_prob(2.8, 0.0) > curve.log_prob(-2.8, 0.0) + 100.0);
  CHECK(curve.log_prob(-1.2, 0.0) > curve.log_prob(1.2, 0.0) + 50.0);
}

TEST_CASE("near_curve: the documented accuracy against Gauss-Legendre on many more nodes") {
  const rheo::Noise noise{22};
  for (double width : {0.1, 0.05}) {
    const NearCurve curve(width);
    const detail::SpreadCurve many(3000, 0.0, 2.0 * detail::pi, width, NearCurve::centre,
                                   [](double) { return 0.5 / detail::pi; });
    for (double half : {3.2, 10.0}) {
      double most = 0.0;
      for (rheo::Index i = 0; i < 60; ++i) {
        const double x1 = half * (2.0 * noise.uniform(i, 0) - 1.0), x2 = half * (2.0 * noise.uniform(i, 1) - 1.0);
        most = std::fmax(most, std::fabs(many.log_prob(x1, x2) - curve.log_prob(x1, x2)));
      }
      CHECK(most < (half < 5.0 ? 1e-10 : 1e-5));
    }
  }
}

TEST_CASE("near_curve: rows, far away, NaN, widths that are refused") {
  const NearCurve curve(0.05);
  const rheo::Noise noise{5, 9};
  const auto x = curve.sample(40, noise);
  CHECK((curve.sample(23, noise.from_row(17)) == x.bottomRows(23)).all());
  CHECK((curve.sample<float>(40, noise) == x.cast<float>()).all());
  CHECK(curve.log_prob(1e4, 0.0) < -1e6);
  CHECK_FALSE(std::isnan(curve.log_prob(1e300, -1e300)));
  CHECK(curve.log_prob(detail::infinity, 0.0) == -detail::infinity);
  CHECK(std::isnan(curve.log_prob(0.0, std::nan(""))));
  for (double width : {0.0, -1.0, 2.0, std::nan("")}) CHECK_THROWS_AS(NearCurve(width), std::invalid_argument);
}

}  // namespace targets_near_curve
