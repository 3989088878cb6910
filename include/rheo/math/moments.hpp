// SPDX-License-Identifier: MIT
// Column means and deviations for data-dependent starts, in double whatever the data (Welford 1962, on differences from
// the first row).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "rheo/core/batch.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

struct Moments {
  double mean = 0, deviation = 0;
};

/// Whether a column of scalar T tells its numbers apart: a deviation of at most eps abs(mean), the distance of
/// neighbouring numbers near the mean, is what rounding makes of one number.  A small deviation is none the worse: the
/// floor has no unit.
template <class T> bool varies(const Moments& m) {
  return m.deviation > static_cast<double>(std::numeric_limits<T>::epsilon()) * std::abs(m.mean);
}

/// Whether rows with moments `here` are of other units than those that `stored` came from: their mean lies more than 3
/// stored deviations away, or their deviation is more than 5 times larger or smaller.
inline bool apart(const Moments& stored, const Moments& here) {
  return std::abs(here.mean - stored.mean) > 3 * stored.deviation || here.deviation > 5 * stored.deviation ||
         stored.deviation > 5 * here.deviation;
}

/// Mean and deviation (divisor n - 1) of one column, constant or not; differences from the first row keep a large
/// offset out of their rounding. Squares are of differences over the largest power of two in them, so that units of
/// 1e-300 are as good as any. Throws DataError, naming the column, for fewer than 2 rows, for a value that is not
/// finite, and where numbers lie further apart than 1.8e308.
template <class T> Moments raw_moments(CView<T> x, Index j, const char* what = "column ") {
  if (x.rows() < 2)
    rheo::detail::fail<DataError>("a data-dependent start needs at least 2 rows, got " + std::to_string(x.rows()));
  const double first = static_cast<double>(x(0, j));
  double largest = 0, mean = 0, m2 = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    const double value = static_cast<double>(x(i, j));
    if (!std::isfinite(value))
      rheo::detail::fail<DataError>("row " + std::to_string(i) + " of " + what + std::to_string(j) + " is not finite");
    largest = (std::max)(largest, std::abs(value - first));
  }
  if (!std::isfinite(largest))
    rheo::detail::fail<DataError>(std::string("the deviation of ") + what + std::to_string(j) +
                                  " overflows: choose larger units");
  const int unit = largest > 0 ? std::ilogb(largest) : 0;
  for (Index i = 0; i < x.rows(); ++i) {
    const double value = std::ldexp(static_cast<double>(x(i, j)) - first, -unit), d = value - mean;
    mean += d / static_cast<double>(i + 1);
    m2 += d * (value - mean);
  }
  return {first + std::ldexp(mean, unit), std::ldexp(std::sqrt(m2 / static_cast<double>(x.rows() - 1)), unit)};
}

/// The same, of a column that must vary: throws DataError, naming it, where it does not.
template <class T> Moments moments(CView<T> x, Index j) {
  const Moments m = raw_moments(x, j);
  if (!varies<T>(m))
    rheo::detail::fail<DataError>(
        "column " + std::to_string(j) +
        " is constant, or nearly so beside its mean: drop it, subtract its mean, or add noise");
  return m;
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
