// SPDX-License-Identifier: MIT
// LU of small dense matrices in place, for numbers and duals alike: Gaussian elimination with partial pivoting on
// values.
//   Golub and Van Loan, Matrix Computations, 4th ed., alg. 3.4.1.
#pragma once

#include <algorithm>
#include <cmath>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/batch.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// log abs det and the sign of det: 0 for a singular matrix (log_abs = -inf), and for one with a NaN (log_abs NaN).
template <class T> struct LogDet {
  T log_abs;
  int sign;
};

/// Factors the D x D column-major `a` in place; `pivot` (D) gets the row exchanges.
template <class T> LogDet<T> lu_factor(T* a, Index* pivot, Index D) {
  using std::abs, std::log;
  LogDet<T> det{T(0), 1};
  for (Index k = 0; k < D; ++k) {
    Index p = k;
    for (Index i = k + 1; i < D; ++i) {
      if (autodiff::value_of(abs(a[i + k * D])) > autodiff::value_of(abs(a[p + k * D]))) p = i;
    }
    pivot[k] = p;
    if (p != k) {
      for (Index j = 0; j < D; ++j) std::swap(a[k + j * D], a[p + j * D]);
      det.sign = -det.sign;
    }
    const T d = a[k + k * D];
    det.log_abs += log(abs(d));
    det.sign *= d > T(0) ? 1 : d < T(0) ? -1 : 0;
    if (autodiff::value_of(d) == 0)
      continue;  // zeros below as well: nothing to take off, and 0 / 0 would make log_abs NaN
    for (Index i = k + 1; i < D; ++i) a[i + k * D] /= d;
    for (Index j = k + 1; j < D; ++j) {
      const T c = a[k + j * D];
      for (Index i = k + 1; i < D; ++i) a[i + j * D] -= a[i + k * D] * c;
    }
  }
  return det;
}

/// b becomes a^-1 b, from what lu_factor left.
template <class T> void lu_solve(const T* a, const Index* pivot, Index D, T* b) {
  for (Index k = 0; k < D; ++k) std::swap(b[k], b[pivot[k]]);
  for (Index k = 0; k < D; ++k) {
    for (Index i = k + 1; i < D; ++i) b[i] -= a[i + k * D] * b[k];
  }
  for (Index k = D; k-- > 0;) {
    b[k] /= a[k + k * D];
    for (Index i = 0; i < k; ++i) b[i] -= a[i + k * D] * b[k];
  }
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
