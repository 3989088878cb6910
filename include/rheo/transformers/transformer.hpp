// SPDX-License-Identifier: MIT
// Scalar transformers: monotone maps of one coordinate with P parameters, and the sweeps that apply one down the
// columns of a batch.
//
// A transformer owes, for L a number, a dual or a lane, and raw(k) its k-th parameter:
//   static constexpr Index params;
//   Mapped<L> encode(L x, raw)                       y and V = log dy/dx
//   Mapped<L> decode(L y, raw)                       x and the same V
//   L encode_pull(L x, L g_y, L g_v, raw, g_raw)     the cotangent of x; g_raw(k, g) hands out that of parameter k,
//                                                    each exactly once
//   L decode_pull(L x, L g_x, L g_v, raw, g_raw)     the cotangent of y, given the x that decode found
// and may say
//   static constexpr Support x_support, z_support    real without it
//   static constexpr bool smooth                     value and slope have continuous derivatives; true without it
//   template <class T> static constexpr double accuracy()   as a layer's: of one whose decode iterates
// All parameters zero should be the identity where the supports allow it: conditioners start there.
// How it is wired (coupling, autoregressive, elementwise, conditional) is not its business.
#pragma once

#include <array>
#include <cstdint>

#include "rheo/core/layer_more.hpp"
#include "rheo/math/lane.hpp"

namespace rheo {

/// What a scalar map gives: the value, and the log of its slope taken from data to latent.
template <class L> struct Mapped { L y, v; };

namespace detail {

template <class M> constexpr Support x_support_of() {
  if constexpr (requires { M::x_support; }) return M::x_support;
  return Support::real;
}
template <class M> constexpr Support z_support_of() {
  if constexpr (requires { M::z_support; }) return M::z_support;
  return Support::real;
}
template <class M>
inline constexpr bool smooth_map = [] {
  if constexpr (requires { M::smooth; }) return bool(M::smooth);
  return true;
}();

/// The passes of a map's decode behind `net` of a net: those that it takes, or an iteration.
template <class M> constexpr Index decode_passes_of(Index net) {
  return accuracy<M, double>() > 0 || accuracy<M, float>() > 0 ? as_needed : net;
}

/// How many rows missed their root: finite y and parameters, x NaN.  A row whose v was NaN before is not counted: it
/// lost a root already.
template <Index P, class L, class Raw> std::int64_t missed(L y, L x, L v, Raw raw) {
  using math::any, math::both, math::select, math::sum;
  const L lost = select(x == x, L(0), L(1));
  if (!any(lost > L(0))) return 0;
  L fine = y - y;  // NaN if anything is not finite
  for (Index k = 0; k < P; ++k) fine = fine + (raw(k) - raw(k));
  return static_cast<std::int64_t>(autodiff::value_of(sum(select(both(fine == L(0), v == v), lost, L(0)))));
}
template <bool Encode, class T, class M>
inline constexpr bool may_miss = !Encode && accuracy<M, decltype(autodiff::value_of(T()))>() > 0;

/// Applies column j of `in` through the transformer whose parameters are columns j P .. j P + P - 1 of raw.  Rows whose
/// decode found no root are counted in `report`, if it is given.
template <bool Encode, class T, class M>
void transform(const M& map, CView<T> in, CView<T> raw, View<T> out, ColView<T> v, Report* report = nullptr) {
  for (Index j = 0; j < in.cols(); ++j) {
    const T *x = column(in, j).data(), *r = raw.data() + j * M::params * raw.outerStride();
    const Index stride = raw.outerStride();
    T *y = column(out, j).data(), *vj = v.data();
    math::sweep<T>(in.rows(), [=, &map](auto at, Index i) {
      const auto a = [=](Index k) { return at.load(r + k * stride + i); };
      const auto m = Encode ? map.encode(at.load(x + i), a) : map.decode(at.load(x + i), a);
      if constexpr (may_miss<Encode, T, M>) {
        if (report) report->unsolved += missed<M::params>(at.load(x + i), m.y, at.load(vj + i), a);
      }
      at.store(y + i, m.y);
      at.store(vj + i, at.load(vj + i) + m.v);
    });
  }
}

/// The pull of transform: overwrites g_in and g_raw.
template <bool Encode, class T, class M>
void transform_pull(const M& map, CView<T> in, CView<T> out, CView<T> g_out, CColView<T> g_v, CView<T> raw,
                    View<T> g_in, View<T> g_raw) {
  const CView<T> x_side = Encode ? in : out;
  for (Index j = 0; j < in.cols(); ++j) {
    const Index stride = raw.outerStride(), g_stride = g_raw.outerStride();
    const T *x = column(x_side, j).data(), *r = raw.data() + j * M::params * stride, *g = column(g_out, j).data(),
            *gv = g_v.data();
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

/// Applies one column through the transformer whose P parameters, at r, all rows share.  `report` as above.
template <bool Encode, class T, class M>
void transform_shared(const M& map, CColView<T> in, const T* r, ColView<T> out, ColView<T> v,
                      Report* report = nullptr) {
  math::sweep<T>(in.size(), [=, &map, x = in.data(), y = out.data(), vj = v.data()](auto at, Index i) {
    using L = typename decltype(at)::Number;
    const auto a = [=](Index k) { return L(r[k]); };
    const auto m = Encode ? map.encode(at.load(x + i), a) : map.decode(at.load(x + i), a);
    if constexpr (may_miss<Encode, T, M>) {
      if (report) report->unsolved += missed<M::params>(at.load(x + i), m.y, at.load(vj + i), a);
    }
    at.store(y + i, m.y);
    at.store(vj + i, at.load(vj + i) + m.v);
  });
}

/// The pull of transform_shared: overwrites g_in, adds to the P numbers at g_r.
template <bool Encode, class T, class M>
void transform_shared_pull(const M& map, CColView<T> x_side, CColView<T> g_out, CColView<T> g_v, const T* r,
                           ColView<T> g_in, T* g_r) {
  constexpr auto P = static_cast<std::size_t>(M::params);
  const auto run = [&, x = x_side.data(), g = g_out.data(), gv = g_v.data(), gi = g_in.data()](auto at, Index i,
                                                                                               auto* total) {
    using L = typename decltype(at)::Number;
    const auto a = [=](Index k) { return L(r[k]); };
    const auto give = [=](Index k, L value) { total[k] += value; };
    if constexpr (Encode) {
      at.store(gi + i, map.encode_pull(at.load(x + i), at.load(g + i), at.load(gv + i), a, give));
    } else {
      at.store(gi + i, map.decode_pull(at.load(x + i), at.load(g + i), at.load(gv + i), a, give));
    }
  };
  const Index n = x_side.size();
  Index i = 0;
  if constexpr (math::has_lanes_v<T>) {
    using L = math::Lane<T>;
    if (n >= L::size) {
      std::array<L, P> total;
      total.fill(L(0));
      for (; i + L::size <= n; i += L::size) run(math::At<L>{}, i, total.data());
      for (std::size_t k = 0; k < P; ++k) g_r[k] += sum(total[k]);
    }
  }
  for (; i < n; ++i) run(math::At<T>{}, i, g_r);
}

}  // namespace detail
}  // namespace rheo
