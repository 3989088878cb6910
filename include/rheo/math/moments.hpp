// SPDX-License-Identifier: MIT
// Column means and deviations for data-dependent starts, in double whatever the data (Welford 1962).
#pragma once

#include <cmath>
#include <string>

#include "rheo/core/batch.hpp"

#include "rheo/core/macros_off.hpp"

namespace rheo::math {

struct Moments {
  double mean = 0, deviation = 0;
};

/// Mean and deviation (divisor n - 1) of one column.  Throws DataError, naming the column, for fewer than 2 rows, for a value that is not
/// finite, for a deviation of at most 1e-6 abs(mean), which rounding in float alone can make and in which a flow would see steps of it: a constant
/// column; and for a deviation that overflows, from numbers near 1e150 on.  A small deviation is none the worse: the floor has no unit.
template <class T> Moments moments(CView<T> x, Index j) {
  if (x.rows() < 2) rheo::detail::fail<DataError>("a data-dependent start needs at least 2 rows, got " + std::to_string(x.rows()));
  double mean = 0, m2 = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    const double value = static_cast<double>(x(i, j)), d = value - mean;
    if (!std::isfinite(value)) rheo::detail::fail<DataError>("row " + std::to_string(i) + " of column " + std::to_string(j) + " is not finite");
    mean += d / static_cast<double>(i + 1);
    m2 += d * (value - mean);
  }
  const double deviation = std::sqrt(m2 / static_cast<double>(x.rows() - 1));
  if (!std::isfinite(deviation)) rheo::detail::fail<DataError>("the deviation of column " + std::to_string(j) + " overflows: choose larger units");
  if (!(deviation > 1e-6 * std::abs(mean))) rheo::detail::fail<DataError>("column " + std::to_string(j) + " is constant, or nearly so beside its mean: drop it, subtract its mean, or add noise");
  return {mean, deviation};
}

}  // namespace rheo::math

#include "rheo/core/macros_on.hpp"
