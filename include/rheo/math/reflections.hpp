// SPDX-License-Identifier: MIT
// Householder reflections applied to rows, as a factor of a linear bijection (rheo/math/factored_linear.hpp).
//   Householder 1958;  in flows: Tomczak and Welling 2016, arXiv:1611.09630.
#pragma once

#include "rheo/autodiff/dual.hpp"
#include "rheo/math/factored_linear.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// H_K ... H_1 with H = I - 2 u u', u = v / |v|: orthogonal whatever the K vectors v are (v = 0 counts as no
/// reflection).  It starts as the identity, in pairs of equal reflections of random direction; an odd last one starts
/// by flipping the sign of the last coordinate.
template <Index D, Index K> struct Reflections {
  static constexpr Index param_count = D * K, buffer_count = 0;
  static constexpr const char* name = "reflections";
  template <class P> static auto unpack(P p) { return p.matrix(D, K, "v"); }
  template <class T> void init(Params<T> theta, Params<T>, Noise noise) const {
    auto v = unpack(theta);
    for (Index k = 0; k < K; ++k) {
      for (Index j = 0; j < D; ++j)
        v(j, k) = K % 2 != 0 && k == K - 1 ? T(j == D - 1 ? 1 : 0) : T(noise.normal(k / 2, j));
    }
  }

  template <class T> struct Ready {
    T *u, *inverse_norm, *sums;  // D x K, K, D x K
    T log_det;
  };
  template <class T> Ready<T> ready(Params<const T> theta, Params<const T>, Arena& scratch, bool pull) const {
    using std::abs, std::max, std::sqrt;
    const auto v = unpack(theta);
    View<T> u = scratch.take<T>(D, K), inverse_norm = scratch.take<T>(K, 1);
    Ready<T> r{u.data(), inverse_norm.data(), nullptr, T(0)};
    for (Index k = 0; k < K; ++k) {
      using S = decltype(autodiff::value_of(T()));
      S largest(0);
      for (Index j = 0; j < D; ++j) largest = max(largest, S(abs(autodiff::value_of(v(j, k)))));
      const T unit = largest > S(0) ? T(S(1) / largest) : T(0);  // |v|^2 neither overflows nor vanishes
      T square(0);
      for (Index j = 0; j < D; ++j) square += (v(j, k) * unit) * (v(j, k) * unit);
      inverse_norm(k, 0) = largest > S(0) ? T(unit / sqrt(square)) : T(0);
      for (Index j = 0; j < D; ++j) u(j, k) = v(j, k) * inverse_norm(k, 0);
    }
    if (pull) {
      View<T> sums = scratch.take<T>(D, K);
      sums.setZero();
      r.sums = sums.data();
    }
    return r;
  }
  template <bool Encode, class T> void apply(const Ready<T>& r, CView<T> in, View<T> out, Arena&) const {
    copy(in, out);
    for (Index k = 0; k < K; ++k) reflect(out, r.u + (Encode ? k : K - 1 - k) * D);
  }
  /// Walks back through the reflections, undoing each (H H = I): nothing between them is kept.  With y the value after
  /// a reflection and g its cotangent, g_u = -2 sum over rows of ((g.u) y - (y.u) g), up to a multiple of u, which the
  /// norm's gradient takes away.
  template <bool Encode, class T>
  void pull(const Ready<T>& r, CView<T> x, CView<T> g_out, View<T> g_in, Arena& scratch) const {
    Arena::Scope scope(scratch);
    const Index n = x.rows();
    View<T> y = scratch.take<T>(n, D);
    ColView<T> yu = scratch.column<T>(n), gu = scratch.column<T>(n);
    copy(g_out, g_in);
    if constexpr (Encode) apply<true, T>(r, x, y, scratch);
    else copy(x, y);
    for (Index i = 0; i < K; ++i) {
      const Index k = Encode ? K - 1 - i : i;
      const T* u = r.u + k * D;
      yu.setZero();
      gu.setZero();
      for (Index j = 0; j < D; ++j) {
        yu += column(y, j) * u[j];
        gu += column(g_in, j) * u[j];
      }
      for (Index j = 0; j < D; ++j) {
        auto yj = column(y, j), gj = column(g_in, j);
        r.sums[k * D + j] -= T(2) * (gu * yj - yu * gj).sum();
        yj -= yu * T(T(2) * u[j]);
        gj -= gu * T(T(2) * u[j]);
      }
    }
  }
  template <class T> void finish(const Ready<T>& r, T, T, Params<const T>, Params<T> g_theta, Arena&) const {
    for (Index k = 0; k < K; ++k) {
      const T *u = r.u + k * D, *g = r.sums + k * D;
      T along(0);
      for (Index j = 0; j < D; ++j) along += g[j] * u[j];
      for (Index j = 0; j < D; ++j) g_theta.data()[k * D + j] += (g[j] - along * u[j]) * r.inverse_norm[k];
    }
  }

 private:
  template <class T> [[gnu::noinline]] static void reflect(View<T> a, const T* u) {
    const Index stride = a.outerStride();
    sweep_wide<T>(a.rows(), [=, p = a.data()](auto at, Index i, auto wide) {
      using L = typename decltype(at)::Number;
      constexpr std::size_t N = decltype(wide)::value;
      constexpr Index step = static_cast<Index>(sizeof(L) / sizeof(T));
      std::array<L, N> t;
      t.fill(L(0));
      for (Index j = 0; j < D; ++j) {
        for (std::size_t w = 0; w < N; ++w)
          t[w] += at.load(p + j * stride + i + static_cast<Index>(w) * step) * L(u[j]);
      }
      for (std::size_t w = 0; w < N; ++w) t[w] = t[w] + t[w];
      for (Index j = 0; j < D; ++j) {
        for (std::size_t w = 0; w < N; ++w) {
          T* q = p + j * stride + i + static_cast<Index>(w) * step;
          at.store(q, at.load(q) - t[w] * L(u[j]));
        }
      }
    });
  }
};

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
