// SPDX-License-Identifier: MIT
// Outlying rows: a number so far from its column's others that it decides the column's mean and deviation, as a
// sentinel of -999e30, a slipped decimal point or a failed sensor.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include "rheo/training/continuous_columns.hpp"
#include "rheo/platform/compiled.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// The number of a column that lies furthest from its median, where that is more than a thousand times the distance
/// between the quartiles.
struct OutlyingRow {
  Index column = 0;      ///< of the data, from 0
  Index row = 0;         ///< of the data, from 0
  double value = 0;      ///< what stands there
  double median = 0;     ///< of the rows looked at
  double quartiles = 0;  ///< the distance between the quartiles of the rows looked at
};

namespace detail {
template <class T>
[[gnu::noinline]] std::vector<OutlyingRow> outlying_in(CView<T> x, const Support* support, Index most);
}  // namespace detail

/// By column, where the support is continuous and half of the rows do not share one number.  Every row is looked at for
/// the furthest number, no more than `most`, evenly spread, for median and quartiles.
template <class T, std::size_t D>
std::vector<OutlyingRow> outlying_rows(CView<T> x, const std::array<Support, D>& support, Index most = 20000) {
  return detail::outlying_in<T>(x, support.data(), most);
}

template <class T> std::vector<OutlyingRow> detail::outlying_in(CView<T> x, const Support* support, Index most) {
  std::vector<OutlyingRow> found;
  continuous_columns(x, support, most, [&](Index j, std::vector<T>& values) {
    const auto n = static_cast<Index>(values.size());
    const auto quantile = [&](Index i) {
      std::nth_element(values.begin(), values.begin() + i, values.end());
      return static_cast<double>(values[static_cast<std::size_t>(i)]);
    };
    OutlyingRow r{j, 0, 0, quantile(n / 2), quantile(n - 1 - n / 4) - quantile(n / 4)};
    double furthest = -1;
    for (Index i = 0; i < x.rows(); ++i) {
      const double away = std::abs(static_cast<double>(x(i, j)) - r.median);
      if (away > furthest) furthest = away, r.row = i;
    }
    r.value = static_cast<double>(x(r.row, j));
    if (r.quartiles > 0 && furthest / r.quartiles > 1000) found.push_back(r);
  });
  return found;
}

namespace detail {
RHEO_COMPILE(std::vector<OutlyingRow> outlying_in<float>(CView<float>, const Support*, Index));
RHEO_COMPILE(std::vector<OutlyingRow> outlying_in<double>(CView<double>, const Support*, Index));
}  // namespace detail

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
