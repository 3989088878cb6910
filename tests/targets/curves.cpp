// SPDX-License-Identifier: MIT
// The curves.  Entropies are constants found by trapezoid sums (two steps agreeing to 1e-9; for the pinwheel in the
// coordinates before the turn, where it is a Gaussian, to 1e-10); an independent rule confirms them here, beside the
// decimals known before.
#include "rheo/targets/curves.hpp"

#include "targets/checks.hpp"

namespace targets_curves {
using namespace rheo::targets;
using checks::edges;

TEST_CASE("moons and swiss_roll: mass, entropy, sampler") {
  const auto q = edges(-4.6, 4.6, 0.4), c = edges(-4.0, 4.0, 0.2);
  checks::certify<Moons>(2.393879, 1e-6, q, q, c, c, 4);
  checks::certify<SwissRoll>(2.669646, 1e-6, q, q, c, c, 4);
}

TEST_CASE("two_spirals: mass, entropy, sampler") {
  const auto q = edges(-4.4, 4.4, 0.3), c = edges(-4.0, 4.0, 0.25);
  checks::certify<TwoSpirals>(2.645445, 1e-5, q, q, c, c, 4);  // known before to 5e-6 only
}

namespace {

/// Largest difference of log-densities at 60 points of [-half, half]^2.
template <class F, class G> double largest_difference(F f, G g, double half) {
  double most = 0.0;
  const rheo::Noise noise{22};
  for (rheo::Index i = 0; i < 60; ++i) {
    const double x1 = half * (2.0 * noise.uniform(i, 0) - 1.0), x2 = half * (2.0 * noise.uniform(i, 1) - 1.0);
    most = std::fmax(most, std::fabs(f(x1, x2) - g(x1, x2)));
  }
  return most;
}

}  // namespace

TEST_CASE(
    "moons, swiss_roll and two_spirals keep the documented accuracy against many more nodes on the curve as "
    "published") {
  const double pi = detail::pi;
  const auto quarter = [pi](double) { return 0.5 / pi; };
  const detail::SpreadCurve outer(
      1500, 0.0, pi, 0.2,
      [](double t) {
        return Point{2 * std::cos(t) - 1, 2 * std::sin(t) - 0.2};
      },
      quarter);
  const detail::SpreadCurve inner(
      1500, 0.0, pi, 0.2,
      [](double t) {
        return Point{2 * (1 - std::cos(t)) - 1, 2 * (0.5 - std::sin(t)) - 0.2};
      },
      quarter);
  const auto moons = [&](double x1, double x2) {
    detail::LogSum sum;
    sum.add(outer.log_prob(x1, x2));
    sum.add(inner.log_prob(x1, x2));
    return sum.value();
  };
  const detail::SpreadCurve wide(
      2000, 1.5 * pi, 4.5 * pi, 1.0,
      [](double t) {
        return Point{t * std::cos(t), t * std::sin(t)};
      },
      [pi](double) { return 1 / (3 * pi); });
  const auto roll = [&](double x1, double x2) { return wide.log_prob(5.0 * x1, 5.0 * x2) + std::log(25.0); };
  const auto rule = detail::gauss_legendre(2500, 0.0, 3.0 * pi);
  const auto spirals = [&](double x1, double x2) {
    detail::LogSum sum;
    for (const auto& n : rule) {
      for (double s : {-3.0, 3.0}) {  // in the units before the division by 3
        const double a = s * x1 + n.x * std::cos(n.x), b = s * x2 - n.x * std::sin(n.x);
        sum.add(std::log(n.weight * n.x / (9 * pi * pi)) + detail::log_normal_between((a - 0.5) / 0.3, a / 0.3) +
                detail::log_normal_between((b - 0.5) / 0.3, b / 0.3));
      }
    }
    return sum.value() + 2.0 * std::log(3.0 / 0.5);
  };
  CHECK(largest_difference(moons, Moons::log_prob, 4.0) < 1e-10);
  CHECK(largest_difference(roll, SwissRoll::log_prob, 4.0) < 1e-10);
  CHECK(largest_difference(spirals, TwoSpirals::log_prob, 4.0) < 1e-10);
  CHECK(largest_difference(moons, Moons::log_prob, 10.0) < 1e-5);
  CHECK(largest_difference(roll, SwissRoll::log_prob, 10.0) < 1e-5);
  CHECK(largest_difference(spirals, TwoSpirals::log_prob, 10.0) < 1e-5);
}

namespace {

Point turned(double f1, double f2) {
  const double t = 0.25 * std::exp(f1), c = std::cos(t), s = std::sin(t);
  return {2.0 * (f1 * c + f2 * s), 2.0 * (f2 * c - f1 * s)};
}

}  // namespace

TEST_CASE("pinwheel: mass, entropy, sampler") {
  const auto q = edges(-5.0, 5.0, 0.2), c = edges(-3.6, 3.6, 0.15);
  CHECK(std::fabs(checks::totals(Pinwheel::log_prob, q, q).mass - 1.0) < 2e-7);  // 7e-8 lie outside
  double mass = 0.0, entropy = 0.0;  // as a mean over f, where nothing is singular
  const double h = 0.05;
  for (double u = -7.3; u < 7.3; u += h) {
    for (double v = -7.3; v < 7.3; v += h) {
      const Point x = turned(1.0 + 0.3 * u, 0.1 * v);
      const double w = std::exp(detail::log_normal(u) + detail::log_normal(v)) * h * h;
      mass += w;
      entropy -= w * Pinwheel::log_prob(x[0], x[1]);
    }
  }
  CHECK(std::fabs(mass - 1.0) < 1e-10);
  CHECK(std::fabs(entropy - Pinwheel::entropy()) < 1e-7);
  CHECK(std::fabs(Pinwheel::entropy() - 2.3176) < 1e-3);  // known before to 1e-3 only
  checks::same_law(Pinwheel::sample<double>(100000, rheo::Noise{21}), Pinwheel::log_prob, c, c, 4);
  checks::same_entropy<Pinwheel>(100000);
  checks::same_rows<Pinwheel>();
}

TEST_CASE("pinwheel: the roots are all found, folds included, to 1e-12 in the plotting box") {
  const auto h = [](double rho, double a) { return a - 0.25 * std::exp(rho * std::cos(a)); };
  const auto scan = [&](double x1, double x2) {  // sin(5/2 (h - angle)) vanishes where h is the angle modulo 2 pi / 5
    const double rho = 0.5 * std::hypot(x1, x2), angle = std::atan2(x2, x1);
    const auto f = [&](double a) { return std::sin(2.5 * (h(rho, a) - angle)); };
    double p = 0.0;
    const int n = 5000;
    for (int k = 0; k < n; ++k) {
      double lo = detail::pi * (2.0 * k / n - 1.0), hi = detail::pi * (2.0 * (k + 1) / n - 1.0);
      if (f(lo) * f(hi) > 0.0) continue;
      for (int step = 0; step < 60; ++step) (f(lo) * f(0.5 * (lo + hi)) > 0.0 ? lo : hi) = 0.5 * (lo + hi);
      const double slope = 1.0 + 0.25 * rho * std::sin(lo) * std::exp(rho * std::cos(lo));
      p += std::exp(detail::log_normal((rho * std::cos(lo) - 1.0) / 0.3) +
                    detail::log_normal(rho * std::sin(lo) / 0.1)) /
           (0.6 * std::fabs(slope));
    }
    return std::log(p);
  };
  CHECK(largest_difference(scan, Pinwheel::log_prob, 4.0) < 1e-12 * 500.0);  // log p reaches -500 there
}

TEST_CASE("pinwheel: the average over the angle takes over where it is one") {
  double mean = 0.0;  // of the exact density over the circle just inside |x| = 16, relative to the rule just outside
  const double far = Pinwheel::log_prob(16.0 + 1e-12, 0.0);
  for (int k = 0; k < 3000; ++k) {
    const double a = 0.4 * detail::pi * (k + 0.5) / 3000;
    mean += std::exp(Pinwheel::log_prob((16.0 - 1e-12) * std::cos(a), 16.0 * std::sin(a)) - far) / 3000;
  }
  CHECK(std::fabs(mean - 1.0) < 0.1);
}

}  // namespace targets_curves
