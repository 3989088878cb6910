// SPDX-License-Identifier: MIT
// Ordered and OrderedPoints: ascending numbers, or points that ascend in one coordinate, to the line: z_1 = x_1, z_k =
// log(x_k - x_(k-1)).
//   Stan reference manual, "Ordered vector";  Bijectors.jl.
#pragma once

#include <limits>

#include "rheo/core/layer.hpp"
#include "rheo/math/lane.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// x: N points of D coordinates, point by point, with coordinate Key, here called x_k, ascending; the other coordinates
/// pass with their supports. V = -sum over k > 1 of z_k.  Steps below the smallest normal number, ties among them,
/// count as that; a descent is off the support: v = -inf, gradient 0.  Close numbers far from 0 have lost their step to
/// rounding before they come here.
template <Index N, Index D, Index Key = 0> struct OrderedPoints {
  static_assert(N > 0 && D > 0 && 0 <= Key && Key < D, "rheo: OrderedPoints wants a key among the coordinates");
  static constexpr Index x_dim = N * D, z_dim = N * D, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<N * D> supports(Support key) {
    Supports<N* D> s = all_of<N * D>(Support::any);
    for (Index k = 0; k < N; ++k) s[static_cast<std::size_t>(at(k))] = key;
    return s;
  }
  static constexpr Index at(Index k) { return k * D + Key; }
  static constexpr Supports<N*D> x_support = supports(Support::ordered), z_support = supports(Support::real);
  template <class T> using Cache = NoCache;

  template <class T> void encode(Pass<T, NoCache> p) const {
    pass(p.in, p.out);
    const Index xs = D * p.in.outerStride(), zs = D * p.out.outerStride();
    math::sweep<T>(p.in.rows(), [=, x = column(p.in, at(0)).data(), z = column(p.out, at(0)).data(), v = p.v.data()](
                                    auto where, Index i) {
      using L = typename decltype(where)::Number;
      using math::select, math::both, std::log;
      L own(0);  // a NaN in it stays, and so does one in v
      for (Index k = 1; k < N; ++k) {
        const L step = where.load(x + k * xs + i) - where.load(x + (k - 1) * xs + i),
                l = log(select(step < L(least<T>), L(least<T>), step));
        where.store(z + k * zs + i, l);
        own = select(both(step < L(0), own == own), L(-std::numeric_limits<double>::infinity()), own - l);
      }
      where.store(v + i, where.load(v + i) + own);
    });
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    if constexpr (D > 1) {
      pass(p.g_out, p.g_in);
      for (Index k = 1; k < N; ++k) {
        for (Index i = 0; i < p.in.rows(); ++i) {
          if (p.in(i, at(k)) < p.in(i, at(k - 1))) {
            for (Index j = 0; j < N * D; ++j) p.g_in(i, j) = T(0);
          }
        }
      }
    }
    const Index xs = D * p.in.outerStride(), gs = D * p.g_out.outerStride(), os = D * p.g_in.outerStride();
    const T *x = column(p.in, Key).data(), *g = column(p.g_out, Key).data();
    math::sweep<T>(p.in.rows(), [=, g_v = p.g_v.data(), o = column(p.g_in, Key).data()](auto where, Index i) {
      using L = typename decltype(where)::Number;
      using math::select;
      const L gv = where.load(g_v + i), least_step(least<T>);
      L inside(1), from_next(0);  // minus the cotangent of x_(k+1) - x_k
      for (Index k = 1; k < N; ++k)
        inside = select(where.load(x + k * xs + i) < where.load(x + (k - 1) * xs + i), L(0), inside);
      for (Index k = N; k-- > 0;) {
        L own = k > 0 ? L(0) : where.load(g + i);
        if (k > 0) {
          const L step = where.load(x + k * xs + i) - where.load(x + (k - 1) * xs + i);
          own = select(step < least_step, L(0), (where.load(g + k * gs + i) - gv) / step);
        }
        where.store(o + k * os + i, select(inside == L(0), L(0), own + from_next));
        from_next = -own;
      }
    });
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    pass(p.in, p.out);
    for (Index k = 1; k < N; ++k) {
      column(p.out, at(k)) = column(p.out, at(k - 1)) + column(p.in, at(k)).exp();
      p.v -= column(p.in, at(k));
    }
  }
  template <class T> void decode_pull(Pull<T, NoCache> p) const {
    pass(p.g_out, p.g_in);
    auto total = column(p.g_in, at(0));  // the cotangents of x_k and all behind it
    total.setZero();
    for (Index k = N; k-- > 1;) {
      total += column(p.g_out, at(k));
      column(p.g_in, at(k)) = total * column(p.in, at(k)).exp() - p.g_v;
    }
    total += column(p.g_out, at(0));
  }

 private:
  /// The coordinates that pass, and the first key.
  template <class T> static void pass(CView<T> from, View<T> to) {
    for (Index j = 0; j < N * D; ++j) {
      if (j % D != Key || j == Key) column(to, j) = column(from, j);
    }
  }
  template <class T>
  static constexpr double least = static_cast<double>(std::numeric_limits<decltype(autodiff::value_of(T()))>::min());
};

/// D ascending real numbers.
template <Index D> struct Ordered : OrderedPoints<D, 1, 0> {};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
