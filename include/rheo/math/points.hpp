// SPDX-License-Identifier: MIT
// Rows that are sets of N points of D coordinates, flattened point by point, and permutations of their points, one a
// row.
#pragma once

#include <cmath>
#include <cstdint>

#include "rheo/core/noise.hpp"

namespace rheo::math {

/// log n!, by adding logarithms: relative error below n eps.
inline double log_factorial(Index n) {
  double sum = 0;
  for (Index k = 2; k <= n; ++k) sum += std::log(static_cast<double>(k));
  return sum;
}

/// order(i, k): which point of row i stands at place k.
using Order = View<std::int32_t>;

/// Point k of `to` is point order(i, k) of `from`.
template <Index D, class T> void gather_points(CView<T> from, Order order, View<T> to) {
  for (Index k = 0; k < order.cols(); ++k) {
    for (Index c = 0; c < D; ++c) {
      for (Index i = 0; i < from.rows(); ++i) to(i, k * D + c) = from(i, order(i, k) * D + c);
    }
  }
}
/// The way back: point order(i, k) of `to` is point k of `from`.
template <Index D, class T> void scatter_points(CView<T> from, Order order, View<T> to) {
  for (Index k = 0; k < order.cols(); ++k) {
    for (Index c = 0; c < D; ++c) {
      for (Index i = 0; i < from.rows(); ++i) to(i, order(i, k) * D + c) = from(i, k * D + c);
    }
  }
}
/// A permutation of the row's own for every row; all equally likely.
template <Index N> void shuffle_points(const Noise& noise, Order order) {
  std::int32_t p[static_cast<std::size_t>(N)];
  for (Index i = 0; i < order.rows(); ++i) {
    noise.permutation(p, N, i);
    for (Index k = 0; k < N; ++k) order(i, k) = p[k];
  }
}

}  // namespace rheo::math
