// SPDX-License-Identifier: MIT
// The circles.  Entropies without a closed form are constants found by trapezoid sums over the plane, two steps
// agreeing to 1e-9; an independent rule confirms them here, beside the six decimals known before.
#include "rheo/targets/rings.hpp"

#include "targets/checks.hpp"

namespace targets_rings {
using namespace rheo::targets;
using checks::edges;

TEST_CASE("four_circles: mass, entropy, sampler") {
  const auto q = edges(-4.0, 4.0, 0.2), c = edges(-3.6, 3.6, 0.2);
  checks::certify<FourCircles>(2.870819, 1e-6, q, q, c, c);
}

TEST_CASE("rings and circles: mass, entropy, sampler") {
  const auto q = edges(-5.0, 5.0, 0.15), c = edges(-4.0, 4.0, 0.2);
  checks::certify<Rings>(2.623183, 1e-6, q, q, c, c);
  checks::certify<Circles>(3.268136, 1e-6, q, q, c, c);
}

TEST_CASE("stimper_moons: mass, entropy, sampler, and the formula as printed") {
  const auto q = edges(-4.2, 4.2, 0.3), c = edges(-3.0, 3.0, 0.15);
  checks::certify<StimperMoons>(1.571062, 1e-6, q, q, c, c);
  checks::same_entropy<StimperMoons>(1000000);
  CHECK(std::fabs(StimperMoons::z - 2.234940) < 1e-6);
  // the two bumps, written out
  const double x1 = 0.07, x2 = 2.1, r = std::hypot(x1, x2), a = (x1 - 2.0) / 0.3, b = (x1 + 2.0) / 0.3;
  const double direct = -0.5 * (r - 2.0) * (r - 2.0) / 0.04 +
                        std::log(std::exp(-0.5 * a * a) + std::exp(-0.5 * b * b)) - std::log(2.234940148768);
  CHECK(std::fabs(StimperMoons::log_prob(x1, x2) - direct) < 1e-11);
}

TEST_CASE("stimper_rings: mass, entropy, sampler, and Z in closed form") {
  const auto q = edges(-3.2, 3.2, 0.2), c = edges(-2.6, 2.6, 0.2);
  checks::certify<StimperRings>(2.275893, 1e-6, q, q, c, c);
  checks::same_entropy<StimperRings>(1000000);  // the proposal alone would be 1.5 % too wide
  CHECK(std::fabs(StimperRings::mass(1.0) + StimperRings::mass(2.0) - 5.906104) < 1e-6);
}

TEST_CASE("a blurred circle is the average of Gaussians centred on it") {
  for (double d : {0.0, 0.4, 1.9, 2.3, 6.0}) {
    double mean = 0.0;
    const double s = 0.3;
    const int n = 2000;
    for (int k = 0; k < n; ++k) {
      const double t = 2.0 * detail::pi * k / n, a = (d - 2.0 * std::cos(t)) / s, b = 2.0 * std::sin(t) / s;
      mean += std::exp(detail::log_normal(a) + detail::log_normal(b)) / (s * s * n);
    }
    CHECK(std::fabs(detail::log_blurred_circle(d, 2.0, s) - std::log(mean)) < 1e-12);
  }
}

}  // namespace targets_rings
