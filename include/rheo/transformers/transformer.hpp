// SPDX-License-Identifier: MIT
// Scalar transformers: monotone maps of one coordinate with P parameters, and the sweep that applies one down the columns of a batch.
//
// A transformer owes, for L a number, a dual or a lane, and raw(k) its k-th parameter:
//   static constexpr Index params;
//   Mapped<L> encode(L x, raw)                       y and V = log dy/dx
//   Mapped<L> decode(L y, raw)                       x and the same V
//   L encode_pull(L x, L g_y, L g_v, raw, g_raw)     the cotangent of x; g_raw(k, g) hands out that of parameter k
//   L decode_pull(L x, L g_x, L g_v, raw, g_raw)     the cotangent of y, given the x that decode found
// How it is wired (coupling, autoregressive, elementwise) is not its business.
#pragma once

#include "rheo/core/pass.hpp"
#include "rheo/math/lane.hpp"

namespace rheo {

/// What a scalar map gives: the value, and the log of its slope taken from data to latent.
template <class L> struct Mapped {
  L y, v;
};

namespace detail {

/// Applies column j of `in` through the transformer whose parameters are columns j P .. j P + P - 1 of raw.
template <bool Encode, class T, class M> void transform(const M& map, CView<T> in, CView<T> raw, View<T> out, ColView<T> v) {
  for (Index j = 0; j < in.cols(); ++j) {
    const T *x = column(in, j).data(), *r = raw.data() + j * M::params * raw.outerStride();
    const Index stride = raw.outerStride();
    T *y = column(out, j).data(), *vj = v.data();
    math::sweep<T>(in.rows(), [=, &map](auto at, Index i) {
      const auto a = [=](Index k) { return at.load(r + k * stride + i); };
      const auto m = Encode ? map.encode(at.load(x + i), a) : map.decode(at.load(x + i), a);
      at.store(y + i, m.y);
      at.store(vj + i, at.load(vj + i) + m.v);
    });
  }
}

/// The pull of transform: overwrites g_in and g_raw.
template <bool Encode, class T, class M>
void transform_pull(const M& map, CView<T> in, CView<T> out, CView<T> g_out, CColView<T> g_v, CView<T> raw, View<T> g_in, View<T> g_raw) {
  const CView<T> x_side = Encode ? in : out;
  for (Index j = 0; j < in.cols(); ++j) {
    const Index stride = raw.outerStride(), g_stride = g_raw.outerStride();
    const T *x = column(x_side, j).data(), *r = raw.data() + j * M::params * stride, *g = column(g_out, j).data(), *gv = g_v.data();
    T *gi = column(g_in, j).data(), *gr = g_raw.data() + j * M::params * g_stride;
    math::sweep<T>(in.rows(), [=, &map](auto at, Index i) {
      using L = typename decltype(at)::Number;
      const auto a = [=](Index k) { return at.load(r + k * stride + i); };
      const auto give = [=](Index k, L value) { at.store(gr + k * g_stride + i, value); };
      if constexpr (Encode) {
        at.store(gi + i, map.encode_pull(at.load(x + i), at.load(g + i), at.load(gv + i), a, give));
      } else {
        at.store(gi + i, map.decode_pull(at.load(x + i), at.load(g + i), at.load(gv + i), a, give));
      }
    });
  }
}

}  // namespace detail
}  // namespace rheo
