// SPDX-License-Identifier: MIT
// The densities with a closed form in both coordinates: the chain rule gives their entropies exactly.
#include "rheo/targets/conditionals.hpp"

#include "targets/checks.hpp"

namespace targets_conditionals {
using namespace rheo::targets;
using checks::edges;

TEST_CASE("crescent and crescent_cubed: mass, entropy, sampler") {
  checks::certify<Crescent>(1.837877, 1e-6, edges(-4.0, 22.0, 0.5), edges(-6.5, 6.5, 0.15), edges(-2.0, 5.0, 0.2),
                            edges(-3.5, 3.5, 0.2));
  checks::certify<CrescentCubed>(2.837877, 1e-6, edges(-45.0, 45.0, 1.0), edges(-6.0, 6.0, 0.2), edges(-6.0, 6.0, 0.4),
                                 edges(-3.5, 3.5, 0.2));
  CHECK(Crescent::log_prob(3.0, 0.0) < Crescent::log_prob(-1.0, 0.0) - 10.0);  // the bow points left
}

TEST_CASE("sine, abs_curve, sign_curve: mass, entropy, sampler") {
  const auto q = edges(-6.5, 6.5, 0.1), c = edges(-3.0, 3.0, 0.2);
  checks::certify<Sine>(1.837877, 1e-6, q, edges(-4.0, 4.0, 0.4), c, edges(-2.0, 2.0, 0.2), 12);
  checks::certify<AbsCurve>(1.337877, 1e-6, q, edges(-3.0, 8.0, 0.4), c, edges(-2.0, 3.0, 0.2));
  checks::certify<SignCurve>(1.337877, 1e-6, q, edges(-9.0, 9.0, 0.4), c, edges(-5.0, 5.0, 0.2));
}

TEST_CASE("split_gaussian: mass, entropy, sampler, and the sides of the cut") {
  checks::certify<SplitGaussian>(2.837877, 1e-6, edges(-6.5, 6.5, 0.5), edges(-9.0, 9.0, 0.5), edges(-3.0, 3.0, 0.2),
                                 edges(-5.0, 5.0, 0.4));
  CHECK(checks::near(SplitGaussian::log_prob(0.1, 2.0), -1.8378770664 - 0.005, 1e-9));
  CHECK(checks::near(SplitGaussian::log_prob(-0.1, 2.0), -1.8378770664 - 8.005, 1e-9));
}

TEST_CASE("two_marginals: mass, entropy, sampler") {
  const checks::Edges q{-1.25, -0.75, 0.75, 1.25},
      c{-1.35, -1.25, -1.15, -1.05, -0.95, -0.85, -0.75, 0.75, 0.85, 0.95, 1.05, 1.15, 1.25, 1.35};
  checks::certify<TwoMarginals>(1.418939, 1e-6, q, edges(-7.0, 7.0, 0.5), c, edges(-3.0, 3.0, 0.2));
  CHECK(TwoMarginals::log_prob(0.0, 0.0) == -detail::infinity);
}

}  // namespace targets_conditionals
