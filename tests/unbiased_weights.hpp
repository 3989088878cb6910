// SPDX-License-Identifier: MIT
// Weighted rows of a chain that resamples: without bias for Z and for means, whatever the threshold.
#pragma once

#include <cmath>

#include "catch.hpp"
#include "rheo/evaluation/importance.hpp"

namespace rheo_test {

/// Of run(noise, threshold), rows of an energy of one coordinate with that log Z and mean, in chains of `steps` steps.
template <class Run> void unbiased_weights(double log_z, double centre, int steps, Run run) {
  using namespace rheo;
  for (double threshold : {0.0, 0.7, 1.0}) {
    const Index repeats = 400;
    Column<double> z(repeats), mean(repeats);
    Index resampled = 0;
    for (Index r = 0; r < repeats; ++r) {
      const auto s = run(Noise{1}.fork(static_cast<std::uint64_t>(r)), threshold);
      z(r) = std::exp(s.log_z.value - log_z);
      mean(r) = z(r) * (expectation(s.x.col(0), s.log_w).value - centre);  // E of (1/n) sum w (x - centre) is 0
      resampled += s.resampled;
    }
    const Estimate e = mean_and_error(z), m = mean_and_error(mean);
    INFO("threshold " << threshold << ": Z / exact " << e.value << " +- " << e.error << ", mean " << m.value << " +- "
                      << m.error << ", resampled " << resampled);
    CHECK(std::abs(e.value - 1) < 4 * e.error);
    CHECK(e.error < 0.03);
    CHECK(std::abs(m.value) < 4 * m.error);
    CHECK(m.error < 0.03);
    const Index most = (steps - 1) * repeats;
    CHECK((threshold == 0 ? resampled == 0 : threshold == 1 ? resampled == most : resampled > 0 && resampled < most));
  }
}

}  // namespace rheo_test
