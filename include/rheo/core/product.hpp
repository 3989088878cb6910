// SPDX-License-Identifier: MIT
// Matrix products down contiguous columns: one function per scalar and orientation, and their descriptions for what
// does more than multiply (nets/linear.hpp).
#pragma once

#include "rheo/core/tile.hpp"
#include "rheo/platform/compiled.hpp"

namespace rheo {
namespace detail {

/// out = a b.
template <class T> Product<T> product_nn(CView<T> a, CView<T> b, View<T> out) {
  return {out.rows(), a.cols(), out.cols(),      a.data(),   a.outerStride(),  false,
          b.data(),   1,        b.outerStride(), out.data(), out.outerStride()};
}
/// out = a b'.
template <class T> Product<T> product_nt(CView<T> a, CView<T> b, View<T> out) {
  return {out.rows(), a.cols(),        out.cols(), a.data(),   a.outerStride(),  false,
          b.data(),   b.outerStride(), 1,          out.data(), out.outerStride()};
}
/// out = a' b.
template <class T> Product<T> product_tn(CView<T> a, CView<T> b, View<T> out) {
  return {out.rows(), a.rows(), out.cols(),      a.data(),   a.outerStride(),  true,
          b.data(),   1,        b.outerStride(), out.data(), out.outerStride()};
}

}  // namespace detail

/// out (n x h) = a (n x k) b (k x h).
template <class T> [[gnu::noinline]] void gemm_nn(CView<T> a, CView<T> b, View<T> out) {
  if constexpr (detail::tiled_v<T>) {
    detail::multiply(detail::product_nn<T>(a, b, out));
  } else {
    out.matrix() = a.matrix().lazyProduct(b.matrix());
  }
}

/// out (n x k) = a (n x h) b' with b (k x h).
template <class T> [[gnu::noinline]] void gemm_nt(CView<T> a, CView<T> b, View<T> out) {
  if constexpr (detail::tiled_v<T>) {
    detail::multiply(detail::product_nt<T>(a, b, out));
  } else {
    out.matrix() = a.matrix().lazyProduct(b.matrix().transpose());
  }
}

/// out (k x h) += a' b with a (n x k), b (n x h).
template <class T> [[gnu::noinline]] void gemm_tn_add(CView<T> a, CView<T> b, View<T> out) {
  if constexpr (detail::tiled_v<T>) {
    detail::Product<T> p = detail::product_tn<T>(a, b, out);
    p.add = true;
    detail::multiply(p);
  } else {
    out.matrix() += a.matrix().transpose().lazyProduct(b.matrix());
  }
}

RHEO_COMPILE(void gemm_nn<float>(CView<float>, CView<float>, View<float>));
RHEO_COMPILE(void gemm_nt<float>(CView<float>, CView<float>, View<float>));
RHEO_COMPILE(void gemm_tn_add<float>(CView<float>, CView<float>, View<float>));
RHEO_COMPILE(void gemm_nn<double>(CView<double>, CView<double>, View<double>));
RHEO_COMPILE(void gemm_nt<double>(CView<double>, CView<double>, View<double>));
RHEO_COMPILE(void gemm_tn_add<double>(CView<double>, CView<double>, View<double>));

}  // namespace rheo
