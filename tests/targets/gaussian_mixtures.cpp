// SPDX-License-Identifier: MIT
// The mixtures.  Their entropies have no closed form: the constants are trapezoid sums over the plane, which converge
// geometrically for densities analytic in both variables; two steps agreed to 1e-9.  Here an independent Gauss-Legendre
// rule confirms them, and so do the six decimals known before (2.831880, 2.177596, 2.386083).
#include "rheo/targets/gaussian_mixtures.hpp"

#include "targets/checks.hpp"

namespace targets_gaussian_mixtures {
using namespace rheo::targets;
using checks::edges;

TEST_CASE("eight_gaussians: mass, entropy, sampler") {
  const auto q = edges(-6.0, 6.0, 0.75), c = edges(-4.5, 4.5, 0.25);
  checks::certify<EightGaussians>(2.831880, 1e-6, q, q, c, c);
  const double first = 4.0 / 1.414 * std::cos(0.125 * detail::pi), second = 4.0 / 1.414 * std::sin(0.125 * detail::pi);
  CHECK(EightGaussians::log_prob(first, second) > EightGaussians::log_prob(4.0 / 1.414, 0.0) + 1.0);
  CHECK(std::fabs(EightGaussians::log_prob(first, second) + std::log(8.0 * 2.0 * detail::pi * 0.125037511)) < 1e-3);
}

TEST_CASE("ring_of_gaussians: mass, entropy, sampler") {
  const auto q = edges(-4.5, 4.5, 0.5), c = edges(-3.0, 3.0, 0.2);
  checks::certify<RingOfGaussians>(2.177596, 1e-6, q, q, c, c);
  CHECK(std::fabs(RingOfGaussians::octagon.sigma - 2.0 / 3.0 * std::sin(detail::pi / 8)) < 1e-15);
}

TEST_CASE("diamond: mass, entropy, sampler") {
  const auto q = edges(-4.0, 4.0, 0.08), c = edges(-3.8, 3.8, 0.2);
  checks::certify<Diamond>(2.386083, 1e-6, q, q, c, c, 16);
  // if the 400 Gaussians did not overlap: log 400 + log(2 pi e sigma^2)
  CHECK(Diamond::entropy() < std::log(400.0) + detail::log_2pi + 1.0 + 2.0 * std::log(0.04));
}

}  // namespace targets_gaussian_mixtures
