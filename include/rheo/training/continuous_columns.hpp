// SPDX-License-Identifier: MIT
// The columns of data that a continuous density has, a sample of each: what repeated values and outlying rows are
// looked for in.
#pragma once

#include <algorithm>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/core/kind.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::detail {

/// visit(j, values) for each column j of x, n x D, whose numbers are no whole numbers, categories, censored ones, or
/// coordinates of points of the sphere, where equal ones mean nothing: values are those of at most `most` rows, evenly
/// spread, in the rows' order, and may be reordered.
template <class T, class Visit>
void continuous_columns(CView<T> x, const Support* support, Index most, const Visit& visit) {
  const Index n = std::min(most, x.rows());
  std::vector<T> values(static_cast<std::size_t>(n));
  for (Index j = 0; n > 0 && j < x.cols(); ++j) {
    const Support s = support[j];
    if (s == Support::integer || s == Support::category || s == Support::censored || s == Support::sphere) continue;
    for (Index i = 0; i < n; ++i) values[static_cast<std::size_t>(i)] = x(i * x.rows() / n, j);
    visit(j, values);
  }
}

}  // namespace rheo::detail

#include "rheo/platform/macros_on.hpp"
