// SPDX-License-Identifier: MIT
// Ordered: ascending numbers to the line: z_1 = x_1, z_k = log(x_k - x_(k-1)).
//   Stan reference manual, "Ordered vector";  Bijectors.jl.
#pragma once

#include <limits>

#include "rheo/core/layer.hpp"
#include "rheo/math/lane.hpp"

namespace rheo {

/// x: D ascending real numbers;  V = -sum over k > 1 of z_k.  Steps below the smallest normal number, ties among them, count as that; a
/// descent is off the support: v = -inf, gradient 0.  Close numbers far from 0 have lost their step to rounding before they come here.
template <Index D> struct Ordered {
  static constexpr Index x_dim = D, z_dim = D, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::ordered), z_support = all_of<D>(Support::real);
  template <class T> using Cache = NoCache;

  template <class T> void encode(Pass<T, NoCache> p) const {
    const Index xs = p.in.outerStride(), zs = p.out.outerStride();
    column(p.out, 0) = column(p.in, 0);
    math::sweep<T>(p.in.rows(), [=, x = p.in.data(), z = p.out.data(), v = p.v.data()](auto at, Index i) {
      using L = typename decltype(at)::Number;
      using math::select, math::both, std::log;
      L own(0);  // a NaN in it stays, and so does one in v
      for (Index k = 1; k < D; ++k) {
        const L step = at.load(x + k * xs + i) - at.load(x + (k - 1) * xs + i), l = log(select(step < L(least<T>), L(least<T>), step));
        at.store(z + k * zs + i, l);
        own = select(both(step < L(0), own == own), L(-std::numeric_limits<double>::infinity()), own - l);
      }
      at.store(v + i, at.load(v + i) + own);
    });
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    const Index xs = p.in.outerStride(), gs = p.g_out.outerStride(), os = p.g_in.outerStride();
    math::sweep<T>(p.in.rows(), [=, x = p.in.data(), g = p.g_out.data(), g_v = p.g_v.data(), o = p.g_in.data()](auto at, Index i) {
      using L = typename decltype(at)::Number;
      using math::select;
      const L gv = at.load(g_v + i), least_step(least<T>);
      L inside(1), from_next(0);  // minus the cotangent of x_(k+1) - x_k
      for (Index k = 1; k < D; ++k) inside = select(at.load(x + k * xs + i) < at.load(x + (k - 1) * xs + i), L(0), inside);
      for (Index k = D; k-- > 0;) {
        L own = k > 0 ? L(0) : at.load(g + i);
        if (k > 0) {
          const L step = at.load(x + k * xs + i) - at.load(x + (k - 1) * xs + i);
          own = select(step < least_step, L(0), (at.load(g + k * gs + i) - gv) / step);
        }
        at.store(o + k * os + i, select(inside == L(0), L(0), own + from_next));
        from_next = -own;
      }
    });
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    column(p.out, 0) = column(p.in, 0);
    for (Index k = 1; k < D; ++k) {
      column(p.out, k) = column(p.out, k - 1) + column(p.in, k).exp();
      p.v -= column(p.in, k);
    }
  }
  template <class T> void decode_pull(Pull<T, NoCache> p) const {
    auto total = column(p.g_in, 0);  // the cotangents of x_k and all behind it
    total.setZero();
    for (Index k = D; k-- > 1;) {
      total += column(p.g_out, k);
      column(p.g_in, k) = total * column(p.in, k).exp() - p.g_v;
    }
    total += column(p.g_out, 0);
  }

 private:
  template <class T> static constexpr double least = static_cast<double>(std::numeric_limits<decltype(autodiff::value_of(T()))>::min());
};

}  // namespace rheo
