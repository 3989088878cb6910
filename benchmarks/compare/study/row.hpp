// SPDX-License-Identifier: MIT
// One row of the study: a family fitted to a place with a seed, and everything measured of it.
#pragma once

#include "families.hpp"
#include "json.hpp"

namespace study {

/// What a search chooses for a family.
struct Setting {
  double rate = 2e-3;     ///< the peak
  bool averaged = false;  ///< a constant rate and a running mean of the parameters, instead of a cosine
};
struct Budget {
  double seconds = 3;  ///< of training
  long steps = 1000;   ///< that fill them, as measured beforehand; rounded to whole epochs
  Index batch = 256, train = 20000, test = 10000, samples = 20000;
};
/// Of so many seconds: longer trainings get more rows.
inline Budget budget_of(double seconds) { return {.seconds = seconds, .train = seconds > 5 ? 200000 : 20000}; }
/// A budget's name in rows and tables: "3".
std::string budget_name(double seconds);
/// What every record of a fit begins with.
Record heading(const std::string& family, const std::string& target, double seconds, const Setting& setting);

/// Fits and measures; all but the times is decided by the arguments, and `fingerprint` hashes what was computed, bit by
/// bit.  Files named `stem`_density.npy and `stem`_samples.npy are written where stem is not empty.
Record measure(const Family& family, const Place& place, std::uint64_t seed, const Setting& setting,
               const Budget& budget, const std::string& stem);

/// The score by which settings are chosen: minus the mean log-density, or its bound, of rows held out; and the seconds
/// that the fit took.
Record try_setting(const Family& family, const Place& place, const Setting& setting, const Budget& budget);

/// Steps that fill the budget's seconds here, by a short fit that is thrown away.
long steps_within(const Family& family, const Place& place, const Budget& budget);

}  // namespace study
