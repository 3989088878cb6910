// SPDX-License-Identifier: MIT
// The densities of compact support: closed forms throughout, panels along the jumps (for the annulus in polar
// coordinates).
#include "rheo/targets/compact.hpp"

#include "rheo/targets/fractals.hpp"
#include "targets/checks.hpp"

namespace targets_compact {
using namespace rheo::targets;
using checks::edges;

namespace {

/// Every point of the sampler lies in the support, which is where the density is positive.
template <class D> void stays_inside() {
  const auto x = D::template sample<double>(20000, rheo::Noise{3});
  for (rheo::Index i = 0; i < x.rows(); ++i) {
    if (!D::in_support(x(i, 0), x(i, 1)) || !(D::log_prob(x(i, 0), x(i, 1)) > -10.0)) FAIL(D::name << ": row " << i);
    const double y1 = 1.5 * x(i, 0) + 0.1, y2 = 1.5 * x(i, 1);
    const bool inside = D::in_support(y1, y2);
    if (inside != (D::distance_to_support(y1, y2) == 0.0) || inside != (D::log_prob(y1, y2) > -10.0))
      FAIL(D::name << ": row " << i);
  }
  const double nan = std::nan("");
  CHECK_FALSE(D::in_support(nan, 0.0));
  CHECK_FALSE(D::in_support(0.0, nan));
}

}  // namespace

TEST_CASE("checkerboard: mass, entropy, sampler, distances") {
  const auto e = edges(-4.0, 4.0, 0.5);
  checks::certify<Checkerboard>(3.465736, 1e-6, e, e, e, e);
  stays_inside<Checkerboard>();
  CHECK(Checkerboard::in_support(1.0, 1.0));
  CHECK_FALSE(Checkerboard::in_support(1.0, -1.0));
  CHECK(checks::near(Checkerboard::distance_to_support(1.0, 3.0), 1.0));
  CHECK(checks::near(Checkerboard::distance_to_support(0.25, -1.0), 0.25));
  CHECK(checks::near(Checkerboard::distance_to_support(7.0, 8.0), 5.0));
}

TEST_CASE("corners: mass, entropy, sampler, distances") {
  const auto e = edges(-4.0, 4.0, 0.5);
  checks::certify<Corners>(2.947005, 1e-6, e, e, e, e);
  stays_inside<Corners>();
  CHECK(checks::near(Corners::log_prob(1.5, -1.5), -std::log(12.0)));
  CHECK(checks::near(Corners::log_prob(-3.5, 1.5), -std::log(24.0)));
  CHECK(checks::near(Corners::distance_to_support(0.0, 0.0), std::sqrt(2.0)));
  CHECK(checks::near(Corners::distance_to_support(-3.0, 3.5), 1.0));
  CHECK(checks::near(Corners::distance_to_support(0.5, 4.0), 0.5));
}

TEST_CASE("two_uniforms: mass, entropy, sampler, distances") {
  const auto e1 = edges(-2.0, 2.0, 0.25), e2 = edges(-1.0, 1.0, 0.25);
  checks::certify<TwoUniforms>(1.386294, 1e-6, e1, e2, e1, e2);
  stays_inside<TwoUniforms>();
  CHECK(checks::near(TwoUniforms::distance_to_support(0.0, 2.0), std::sqrt(2.0)));
  CHECK(checks::near(TwoUniforms::distance_to_support(-2.5, 0.0), 0.5));
}

TEST_CASE("two_lines: mass, entropy, sampler, distances") {
  const checks::Edges e1{-1.005, -1.0025, -1.0, -0.9975, -0.995, 0.995, 0.9975, 1.0, 1.0025, 1.005};
  const auto e2 = edges(-1.0, 1.0, 0.25);
  checks::certify<TwoLines>(-3.218876, 1e-6, e1, e2, e1, e2);
  stays_inside<TwoLines>();
  CHECK(checks::near(TwoLines::distance_to_support(0.0, 0.0), 0.995));
  CHECK(checks::near(TwoLines::distance_to_support(1.015, 0.5), 0.01));
}

TEST_CASE("one_uniform: mass, entropy, sampler, distances") {
  const auto e = edges(-0.5, 0.5, 0.1);
  checks::certify<OneUniform>(0.0, 1e-15, e, e, e, e);
  stays_inside<OneUniform>();
  CHECK(checks::near(OneUniform::distance_to_support(-1.5, 1.5), std::sqrt(2.0)));
}

TEST_CASE("annulus: mass, entropy, sampler in polar coordinates, distances") {
  const auto polar = [](double r, double t) {
    return Annulus::log_prob(r * std::cos(t), r * std::sin(t)) + std::log(r);
  };
  const auto e1 = edges(1.0, 2.0, 0.1), e2 = edges(-detail::pi, detail::pi, detail::pi / 8);
  const auto t = checks::totals(polar, e1, e2);
  CHECK(checks::near(t.mass, 1.0));
  CHECK(checks::near(t.entropy + (8.0 * std::log(2.0) - 3.0) / 6.0, Annulus::entropy()));  // + E log r
  CHECK(std::fabs(Annulus::entropy() - 2.243342) < 1e-6);
  auto x = Annulus::sample<double>(100000, rheo::Noise{20});
  for (rheo::Index i = 0; i < x.rows(); ++i) {
    const double r = std::hypot(x(i, 0), x(i, 1)), angle = std::atan2(x(i, 1), x(i, 0));
    x(i, 0) = r;
    x(i, 1) = angle;
  }
  checks::same_law(x, polar, e1, e2);
  checks::same_entropy<Annulus>(1000);
  checks::same_rows<Annulus>();
  stays_inside<Annulus>();
  CHECK(checks::near(Annulus::distance_to_support(0.0, 0.0), 1.0));
  CHECK(checks::near(Annulus::distance_to_support(3.0, 4.0), 3.0));
}

TEST_CASE("sierpinski: mass, entropy, sampler, distances") {
  const auto e = edges(-2.0, 2.0, 4.0 / 81.0);
  const auto t = checks::totals(Sierpinski::log_prob, e, e, 2);
  CHECK(checks::near(t.mass, 1.0, 1e-11));
  CHECK(checks::near(t.entropy, Sierpinski::entropy(), 1e-10));
  CHECK(checks::near(Sierpinski::entropy(), std::log(16.0) - 4.0 * std::log(9.0 / 8.0)));
  checks::same_law(Sierpinski::sample<double>(200000, rheo::Noise{20}), Sierpinski::log_prob, e, e, 1);
  checks::same_entropy<Sierpinski>(1000);
  checks::same_rows<Sierpinski>();
  stays_inside<Sierpinski>();
  CHECK(checks::near(Sierpinski::distance_to_support(0.0, 0.0), 2.0 / 3.0));
  CHECK(checks::near(Sierpinski::distance_to_support(0.5, 0.1), 2.0 / 3.0 - 0.5));
  CHECK(checks::near(Sierpinski::distance_to_support(-4.0 / 3.0, 4.0 / 3.0), 2.0 / 9.0));
  CHECK(checks::near(Sierpinski::distance_to_support(-2.0 + 6.0 / 81.0, 2.0 - 6.0 / 81.0), 2.0 / 81.0));
  CHECK(checks::near(Sierpinski::distance_to_support(5.0, 6.0), 5.0));
  CHECK(Sierpinski::in_support(-2.0, 2.0));
  for (double x : {-1.9, -0.7, 0.2, 1.31}) {  // against the nearest of the 4096 squares
    for (double y : {-1.28, -0.4, 0.05, 1.777}) {
      double best = detail::infinity;
      const auto hole = [](int a, int b) {
        for (int k = 0; k < 4; ++k, a /= 3, b /= 3) {
          if (a % 3 == 1 && b % 3 == 1) return true;
        }
        return false;
      };
      for (int a = 0; a < 81; ++a) {
        for (int b = 0; b < 81; ++b) {
          const double s = 4.0 / 81.0;
          if (!hole(a, b))
            best = std::fmin(best, distance({a * s - 2.0, (a + 1) * s - 2.0, b * s - 2.0, (b + 1) * s - 2.0}, x, y));
        }
      }
      CHECK(checks::near(Sierpinski::distance_to_support(x, y), best));
    }
  }
}

}  // namespace targets_compact
