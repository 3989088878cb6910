// SPDX-License-Identifier: MIT
// Matrix products: one non-inlined function per scalar and orientation, cut so that no packed block leaves the stack: Eigen calls malloc
// for a block above 128 KB.
#pragma once

#include <algorithm>
#include <type_traits>

#include "rheo/core/batch.hpp"

#include "rheo/core/macros_off.hpp"

namespace rheo {
namespace detail {

/// Eigen's packed products are for the machine's own numbers; everything else (duals) takes plain loops.
template <class T> inline constexpr bool packed_v = std::is_same_v<T, float> || std::is_same_v<T, double>;

/// Longest inner dimension and widest result of one call.
template <class T> inline constexpr Index block_k = 131072 / (128 * static_cast<Index>(sizeof(T)));
template <class T> constexpr Index block_n(Index k) { return std::max<Index>(1, 131072 / (std::clamp<Index>(k, 1, block_k<T>) * static_cast<Index>(sizeof(T)))); }
template <class T> inline constexpr Index block_m = 128;

/// Calls body(i, m, j, c, k0, k) over blocks of an n x h product with inner dimension `inner`.
template <class T, class Body> void blocks(Index n, Index h, Index inner, Body body) {
  const Index kc = block_k<T>, nc = block_n<T>(inner), mc = block_m<T>;
  for (Index i = 0; i < n; i += mc) {
    for (Index j = 0; j < h; j += nc) {
      for (Index k = 0; k < inner; k += kc) body(i, std::min(mc, n - i), j, std::min(nc, h - j), k, std::min(kc, inner - k));
    }
  }
}
template <class V> auto block(V a, Index i, Index m, Index j, Index c) { return rows(columns(a, j, c), i, m).matrix(); }

}  // namespace detail

/// out (n x h) = a (n x k) b (k x h).
template <class T> [[gnu::noinline]] void gemm_nn(CView<T> a, CView<T> b, View<T> out) {
  if constexpr (!detail::packed_v<T>) {
    out.matrix() = a.matrix().lazyProduct(b.matrix());
  } else {
    if (a.cols() == 0) out.setZero();
    detail::blocks<T>(out.rows(), out.cols(), a.cols(), [&](Index i, Index m, Index j, Index c, Index k0, Index k) {
      auto o = detail::block(out, i, m, j, c);
      const auto x = detail::block(a, i, m, k0, k);
      const auto y = detail::block(b, k0, k, j, c);
      if (k0 == 0) {
        o.noalias() = x * y;
      } else {
        o.noalias() += x * y;
      }
    });
  }
}

/// out (n x k) = a (n x h) b' with b (k x h).
template <class T> [[gnu::noinline]] void gemm_nt(CView<T> a, CView<T> b, View<T> out) {
  if constexpr (!detail::packed_v<T>) {
    out.matrix() = a.matrix().lazyProduct(b.matrix().transpose());
  } else {
    if (a.cols() == 0) out.setZero();
    detail::blocks<T>(out.rows(), out.cols(), a.cols(), [&](Index i, Index m, Index j, Index c, Index k0, Index k) {
      auto o = detail::block(out, i, m, j, c);
      const auto x = detail::block(a, i, m, k0, k);
      const auto y = detail::block(b, j, c, k0, k);
      if (k0 == 0) {
        o.noalias() = x * y.transpose();
      } else {
        o.noalias() += x * y.transpose();
      }
    });
  }
}

/// out (k x h) += a' b with a (n x k), b (n x h).
template <class T> [[gnu::noinline]] void gemm_tn_add(CView<T> a, CView<T> b, View<T> out) {
  if constexpr (!detail::packed_v<T>) {
    out.matrix() += a.matrix().transpose().lazyProduct(b.matrix());
  } else {
    detail::blocks<T>(out.rows(), out.cols(), a.rows(), [&](Index i, Index m, Index j, Index c, Index k0, Index k) {
      detail::block(out, i, m, j, c).noalias() += detail::block(a, k0, k, i, m).transpose() * detail::block(b, k0, k, j, c);
    });
  }
}

}  // namespace rheo

#include "rheo/core/macros_on.hpp"
