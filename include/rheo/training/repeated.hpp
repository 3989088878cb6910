// SPDX-License-Identifier: MIT
// Repeated values: numbers that many rows share exactly, as exact zeros and rounded readings, where a continuous
// density grows without bound.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "rheo/training/continuous_columns.hpp"
#include "rheo/platform/compiled.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// A column of which at least a hundredth of the rows hold a number that another row holds too.
struct RepeatedValues {
  Index column = 0;  ///< from 0
  double share = 0;  ///< of the rows looked at: those whose number is not theirs alone
  double value = 0;  ///< the most frequent number
  Index count = 0;   ///< rows that hold it
  Index rows = 0;    ///< rows looked at
};

namespace detail {
template <class T>
[[gnu::noinline]] std::vector<RepeatedValues> repeated_in(CView<T> x, const Support* support, Index most);
}  // namespace detail

/// By column, where the support is continuous; whole numbers, categories and censored numbers may repeat.  Looks at no
/// more than `most` rows, evenly spread, and sorts their numbers: some 2 ms a column.
template <class T, std::size_t D>
std::vector<RepeatedValues> repeated_values(CView<T> x, const std::array<Support, D>& support, Index most = 20000) {
  return detail::repeated_in<T>(x, support.data(), most);
}

template <class T> std::vector<RepeatedValues> detail::repeated_in(CView<T> x, const Support* support, Index most) {
  std::vector<RepeatedValues> found;
  continuous_columns(x, support, most, [&](Index j, std::vector<T>& values) {
    std::sort(values.begin(), values.end());
    const auto n = static_cast<Index>(values.size());
    RepeatedValues r{j, 0, 0, 0, n};
    Index shared = 0;
    for (auto first = values.begin(); first != values.end();) {
      const auto last = std::upper_bound(first, values.end(), *first);
      const Index count = last - first;
      if (count > 1) shared += count;
      if (count > r.count) r.count = count, r.value = static_cast<double>(*first);
      first = last;
    }
    r.share = static_cast<double>(shared) / static_cast<double>(n);
    if (r.share >= 0.01) found.push_back(r);
  });
  return found;
}

namespace detail {
RHEO_COMPILE(std::vector<RepeatedValues> repeated_in<float>(CView<float>, const Support*, Index));
RHEO_COMPILE(std::vector<RepeatedValues> repeated_in<double>(CView<double>, const Support*, Index));
}  // namespace detail

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
