// SPDX-License-Identifier: MIT
// check_finite: rows that hold a NaN or an infinity are refused, the first of them named.
#pragma once

#include <cmath>
#include <string>

#include "rheo/core/batch.hpp"
#include "rheo/core/fail.hpp"

namespace rheo::detail {

template <class T> void check_finite(CView<T> x, const char* what) {
  Index bad = 0, row = -1, col = -1;
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < x.cols(); ++j) {
      if (std::isfinite(x(i, j))) continue;
      if (bad++ == 0) row = i, col = j;
    }
  }
  if (bad > 0) {
    fail<DataError>(std::to_string(bad) + (bad == 1 ? " value of " : " values of ") + what +
                    (bad == 1 ? " is not finite, in row " : " are not finite, the first in row ") +
                    std::to_string(row) + ", column " + std::to_string(col));
  }
}

}  // namespace rheo::detail
