// SPDX-License-Identifier: MIT
// One row of the study: a family fitted to a place with a seed, and everything measured of it.
#pragma once

#include "families.hpp"
#include "json.hpp"

namespace study {

struct Budget {
  Index batch = 256, train = 20000, test = 10000, samples = 20000;
  long steps = 1500;   ///< rounded to whole epochs
  double seconds = 0;  ///< the training time that `steps` was measured to fill; 0: equal parameters and steps
};

inline const Budget core_budget{.steps = 1000};
inline constexpr double core_seconds = 3;

/// Fits and measures; all but the times is decided by the arguments, and `fingerprint` hashes what was computed, bit by
/// bit.  Files named `stem`_density.npy and `stem`_samples.npy are written where stem is not empty.
Record measure(const Family& family, const Place& place, std::uint64_t seed, const Budget& budget,
               const std::string& stem);

/// Steps that fill `seconds` of training here, by a short fit that is thrown away.
long steps_within(double seconds, const Family& family, const Place& place, const Budget& budget);

}  // namespace study
