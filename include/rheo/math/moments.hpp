// SPDX-License-Identifier: MIT
// Column means and deviations for data-dependent starts, in double whatever the data (Welford 1962).
#pragma once

#include <cmath>
#include <string>

#include "rheo/core/batch.hpp"

namespace rheo::math {

struct Moments {
  double mean = 0, deviation = 0;
};

/// Mean and deviation (divisor n - 1) of one column.  Throws DataError, naming the column, for fewer than 2 rows, for a value that is not
/// finite, and for a deviation of at most 8 eps abs(mean), which rounding alone can make: a constant column.
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
  const double least = 8 * static_cast<double>(Eigen::NumTraits<T>::epsilon()) * std::abs(mean);
  if (!(deviation > least)) rheo::detail::fail<DataError>("column " + std::to_string(j) + " is constant: drop it, or add noise");
  return {mean, deviation};
}

}  // namespace rheo::math
