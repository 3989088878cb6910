// SPDX-License-Identifier: MIT
// One row of the study: a family fitted to a target with a seed, and everything measured of it.
#pragma once

#include "families.hpp"
#include "json.hpp"

namespace study {

struct Budget {
  Index batch = 256, train = 50000, test = 20000, samples = 100000;
  long steps = 4000;
  double seconds = 0;  ///< the training time that `steps` was measured to fill; 0: equal parameters and steps
};

/// Fits and measures; deterministic but for the seconds.  Files named `stem`_density.npy and `stem`_samples.npy are written where stem is not empty.
Record measure(const Family& family, const targets::Target& target, std::uint64_t seed, const Budget& budget, const std::string& stem);

/// Steps that fill `seconds` of training here, by a short fit that is thrown away.
long steps_within(double seconds, const Family& family, const targets::Target& target, const Budget& budget);

}  // namespace study
