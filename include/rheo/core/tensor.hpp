// SPDX-License-Identifier: MIT
// Eigen's Tensor and TensorMap of rank 2 to 4 as batches.  In a header of its own, since Eigen's Tensor module is large
// and unsupported.
#pragma once

#include <unsupported/Eigen/CXX11/Tensor>

#include "rheo/core/batch.hpp"

namespace rheo {
namespace detail {

/// A tensor (N, A), (N, A, B) or (N, A, B, C) is a batch of N rows; the other indices run with the last one fastest, as
/// in NumPy's reshape(N, -1), whatever the tensor's storage order: an image (N, channels, height, width) has its
/// channels one behind the other.
template <class X> struct TensorAsBatch {
  using T = std::remove_const_t<typename X::Scalar>;
  static constexpr int rank = X::NumDimensions;
  static_assert(rank >= 2 && rank <= 4, "rheo: a tensor of rank 2 to 4 makes a batch: rows first");
  static constexpr bool enabled = true;
  static void bind(const X& x, Input<T>& to) {
    constexpr bool row_major = int(X::Layout) == int(Eigen::RowMajor);
    const Index n = x.dimension(0), a = x.dimension(1), b = rank > 2 ? x.dimension(rank > 2 ? 2 : 0) : 1,
                c = rank > 3 ? x.dimension(rank > 3 ? 3 : 0) : 1;
    if constexpr (!row_major && rank == 2) {
      to.look(x.data(), n, a, n);
    } else if constexpr (row_major) {
      to.own(
          Eigen::Map<const Eigen::Array<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>(x.data(), n, a * b * c));
    } else {
      Batch<T> rows(n, a * b * c);
      for (Index k = 0; k < c; ++k) {
        for (Index j = 0; j < b; ++j) {
          for (Index i = 0; i < a; ++i)
            rows.col((i * b + j) * c + k) = Eigen::Map<const Column<T>>(x.data() + n * (i + a * (j + b * k)), n);
        }
      }
      to.own(rows);
    }
  }
};

}  // namespace detail

template <class T, int Rank, int Options, class TensorIndex>
struct AsBatch<Eigen::Tensor<T, Rank, Options, TensorIndex>>
    : detail::TensorAsBatch<Eigen::Tensor<T, Rank, Options, TensorIndex>> {};
template <class Plain, int Options>
struct AsBatch<Eigen::TensorMap<Plain, Options>> : detail::TensorAsBatch<Eigen::TensorMap<Plain, Options>> {};

}  // namespace rheo
