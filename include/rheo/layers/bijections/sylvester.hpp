// SPDX-License-Identifier: MIT
// Sylvester: z = x + Q R tanh(R~ Q' x + b), Q with M orthonormal columns, R and R~ upper triangular: M planar pushes
// that see each other.
//   van den Berg et al. 2018, arXiv:1803.05649, eqs. 9-13 and sec. 4.2 (Householder Sylvester flows).
#pragma once

#include <array>
#include <cmath>
#include <limits>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/layer_more.hpp"
#include "rheo/core/product.hpp"
#include "rheo/math/reflections.hpp"
#include "rheo/math/root.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// Q = H_1 ... H_M (first M columns of I) by Householder reflections H = I - 2 v v' / v'v with v free.  The diagonals
/// of R and R~ are 0.9995 tanh of their parameters, so every product p_i of two is above -0.999 and V = sum log(1 + p_i
/// (1 - tanh^2)) is finite.  decode solves, from the last coordinate of Q' x to the first, one increasing scalar
/// equation each (math/root.hpp), to a residual of 4 eps relative to 1 + the size of its right side; rows that are not
/// finite give NaN.  Starts at the identity (R = 0), R~ and the reflections drawn.
template <Index D, Index M = D> struct Sylvester {
  static_assert(M > 0 && M <= D, "rheo: Sylvester: between 1 and D columns");
  static constexpr Index above = M * (M - 1) / 2;
  static constexpr Index x_dim = D, z_dim = D, context_dim = 0, param_count = D * M + 2 * above + 3 * M,
                         buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;
  static constexpr Index encode_passes = 0, decode_passes = as_needed;
  static constexpr bool parallel_decode = true;
  template <class T> static constexpr double accuracy() {
    return 4096 * static_cast<double>(std::numeric_limits<decltype(autodiff::value_of(T()))>::epsilon());
  }
  template <class T> struct Cache {
    Buffer<T> Q, R, y, h;  // Q, R and R~ as used; Q' x and tanh of the call
  };

  template <class P> static auto unpack(P p) {
    using Mat = decltype(p.matrix(0, 0));
    using V = decltype(p.vector(0));
    struct Parts {
      Mat reflections;
      V r_above, r_diagonal, s_above, s_diagonal, b;
    };
    return Parts{p.matrix(D, M, "reflections"),    p.vector(above, "r_above"),      p.vector(M, "r_diagonal"),
                 p.vector(above, "r_tilde_above"), p.vector(M, "r_tilde_diagonal"), p.vector(M, "bias")};
  }
  template <class T> void init(Params<T> theta, Params<T>, Noise noise) const {
    auto q = unpack(theta);
    for (Index j = 0; j < M; ++j) {
      for (Index i = 0; i < D; ++i) q.reflections(i, j) = T(noise.normal(i, j));
      q.s_diagonal(j) = T(noise.normal(D, j));
    }
    for (Index k = 0; k < above; ++k) q.s_above(k) = T(noise.normal(D + 1, k) / std::sqrt(static_cast<double>(M)));
    q.r_above.setZero();
    q.r_diagonal.setZero();
    q.b.setZero();
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    prepare(p.theta, p.cache, p.scratch);
    View<T> y = p.cache.y.view(n, M);
    gemm_nn<T>(p.in, read(p.cache.Q.view(D, M)), y);
    push(p, y, T(1));
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    using F = decltype(autodiff::value_of(T()));
    using std::tanh;
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    prepare(p.theta, p.cache, p.scratch);
    const auto parts = unpack(p.theta);
    const View<T> R = p.cache.R.view(M, 2 * M);
    View<T> y = p.cache.y.view(n, M), h = p.cache.h.view(n, M);
    gemm_nn<T>(p.in, read(p.cache.Q.view(D, M)), y);
    for (Index i = 0; i < n; ++i) {
      bool good = true, finite = true;
      for (Index k = M; k-- > 0;) {
        T target = y(i, k), c = parts.b(k);
        for (Index j = k + 1; j < M; ++j) {
          target -= R(k, j) * h(i, j);
          c += R(k, M + j) * y(i, j);
        }
        const F r = autodiff::value_of(R(k, k)), s = autodiff::value_of(R(k, M + k)), w = autodiff::value_of(target),
                c0 = autodiff::value_of(c);
        finite = finite && std::isfinite(w) && std::isfinite(c0);
        const auto f = [=](F a) {
          const F t = std::tanh(s * a + c0);
          return math::Graph<F>{a + r * t, F{1} + r * s * (F{1} - t * t)};
        };
        const F root = finite ? math::root_between(f, w, w - std::abs(r), w + std::abs(r), w)
                              : std::numeric_limits<F>::quiet_NaN();
        good = good && !std::isnan(root);
        T a = T(root), t = tanh(R(k, M + k) * a + c);
        if constexpr (autodiff::is_dual_v<T>) {
          a -= ((a - target) + R(k, k) * t) / (T(1) + R(k, k) * R(k, M + k) * (T(1) - t * t));
        }
        y(i, k) = a;
        h(i, k) = tanh(R(k, M + k) * a + c);
      }
      if (!good && finite && p.report) ++p.report->unsolved;
    }
    push(p, y, T(-1));
  }

  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const View<T> g_y = gradients(p, p.in, p.g_out);
    gemm_nt<T>(read(g_y), read(p.cache.Q.view(D, M)), p.g_in);
    for (Index j = 0; j < D; ++j) column(p.g_in, j) += column(p.g_out, j);
  }
  /// a = J^-T (g_x + dV/dx) with J = I + Q N Q', N = R diag(1 - tanh^2) R~ upper triangular; g_z = a, the parameters
  /// get encode_pull's for -a.
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> R = p.cache.R.view(M, 2 * M), h = p.cache.h.view(n, M);
    const CView<T> Q = read(p.cache.Q.view(D, M));
    View<T> along = p.scratch.template take<T>(n, M), minus = p.scratch.template take<T>(n, D);
    gemm_nn<T>(p.g_out, Q, along);
    std::array<T, static_cast<std::size_t>(M)> d, a, g_u;
    for (Index i = 0; i < n; ++i) {
      for (Index k = 0; k < M; ++k) {
        const T t = h(i, k), slope = T(1) - t * t, product = R(k, k) * R(k, M + k);
        d[at(k)] = slope;
        g_u[at(k)] = T(-2) * t * slope * product * p.g_v(i) / (T(1) + product * slope);
      }
      for (Index k = 0; k < M;
           ++k) {  // b = Q' g_x + R~' g_u, then (I + N') a = b from the first down, N' = R~' diag(d) R'
        T b = along(i, k);
        for (Index j = 0; j <= k; ++j) b += R(j, M + k) * g_u[at(j)];
        // sum over l <= k of R~(l, k) d_l (R' a)_l, where (R' a)_l takes a_0 .. a_l
        for (Index l = 0; l <= k; ++l) {
          T Ra(0);
          for (Index j = 0; j <= l && j < k; ++j) Ra += R(j, l) * a[at(j)];
          b -= R(l, M + k) * d[at(l)] * Ra;
        }
        a[at(k)] = b / (T(1) + R(k, k) * R(k, M + k) * d[at(k)]);
      }
      for (Index k = 0; k < M; ++k) along(i, k) = a[at(k)] - along(i, k);
    }
    gemm_nt<T>(read(along), Q, p.g_in);
    for (Index j = 0; j < D; ++j) {
      column(p.g_in, j) += column(p.g_out, j);
      column(minus, j) = -column(p.g_in, j);
    }
    gradients(p, p.out, read(minus));
  }

 private:
  static constexpr double most = 0.9995;
  static constexpr std::size_t at(Index k) { return static_cast<std::size_t>(k); }

  using Reflections = math::Reflections<D, M>;  // run backwards they take e_j, as a row, to H_1 ... H_M e_j
  template <class T> static Params<const T> reflections(Params<const T> theta) {
    return {theta.data(), Reflections::param_count};
  }

  template <class T> static void prepare(Params<const T> theta, Cache<T>& cache, Arena& scratch) {
    using std::tanh;
    Arena::Scope scope(scratch);
    const auto q = unpack(theta);
    View<T> Q = cache.Q.view(D, M), R = cache.R.view(M, 2 * M), start = scratch.template take<T>(M, D),
            rows = scratch.template take<T>(M, D);
    start.setZero();
    R.setZero();
    for (Index k = 0; k < M; ++k) start(k, k) = T(1);
    const Reflections h;
    h.template apply<false>(h.ready(reflections(theta), Params<const T>{}, scratch, false), read(start), rows, scratch);
    Q = rows.transpose();
    for (Index j = 0, k = 0; j < M; ++j) {
      for (Index i = 0; i < j; ++i, ++k) {
        R(i, j) = q.r_above(k);
        R(i, M + j) = q.s_above(k);
      }
      R(j, j) = T(most) * tanh(q.r_diagonal(j));
      R(j, M + j) = T(most) * tanh(q.s_diagonal(j));
    }
  }
  /// out = in + side Q R tanh(R~ y + b), v += log det; keeps the tanh.
  template <class T> static void push(Pass<T, Cache<T>>& p, const View<T>& y, T side) {
    using std::log, std::tanh;
    const Index n = p.in.rows();
    const auto q = unpack(p.theta);
    const View<T> R = p.cache.R.view(M, 2 * M);
    View<T> h = p.cache.h.view(n, M), s = p.scratch.template take<T>(n, M);
    for (Index k = 0; k < M; ++k) {
      auto hk = column(h, k);
      hk.setConstant(q.b(k));
      for (Index j = k; j < M; ++j) hk += column(y, j) * R(k, M + j);
      const T product = R(k, k) * R(k, M + k);
      for (Index i = 0; i < n; ++i) {
        const T t = tanh(hk(i));
        hk(i) = t;
        p.v(i) += log(T(1) + product * (T(1) - t * t));
      }
    }
    for (Index k = 0; k < M; ++k) {
      column(s, k).setZero();
      for (Index j = k; j < M; ++j) column(s, k) += column(h, j) * T(side * R(k, j));
    }
    gemm_nt<T>(read(s), read(p.cache.Q.view(D, M)), p.out);
    for (Index j = 0; j < D; ++j) column(p.out, j) += column(p.in, j);
  }

  /// Adds the parameters' gradients at points x of the data side, for the cotangents g_z of encode's output; gives that
  /// of Q' x.
  template <class T> static View<T> gradients(Pull<T, Cache<T>>& p, CView<T> x, CView<T> g_z) {
    using std::tanh;
    const Index n = x.rows();
    const auto q = unpack(p.theta);
    auto g = unpack(p.g_theta);
    const View<T> R = p.cache.R.view(M, 2 * M), y = p.cache.y.view(n, M), h = p.cache.h.view(n, M),
                  Q = p.cache.Q.view(D, M);
    View<T> g_y = p.scratch.template take<T>(n, M), g_s = p.scratch.template take<T>(n, M),
            g_u = p.scratch.template take<T>(n, M), s = p.scratch.template take<T>(n, M);
    View<T> g_R = p.scratch.template take<T>(M, 2 * M), g_Q = p.scratch.template take<T>(D, M),
            rows = p.scratch.template take<T>(M, D);
    View<T> g_rows = p.scratch.template take<T>(M, D), g_start = p.scratch.template take<T>(M, D);
    gemm_nn<T>(g_z, read(Q), g_s);
    g_R.setZero();
    g_y.setZero();
    for (Index k = 0; k < M; ++k) {
      auto gu = column(g_u, k);
      gu.setZero();
      for (Index j = 0; j <= k; ++j) {
        gu += column(g_s, j) * R(j, k);
        g_R(j, k) += (column(g_s, j) * column(h, k)).sum();
      }
      const T product = R(k, k) * R(k, M + k);
      T g_product(0);
      for (Index i = 0; i < n; ++i) {
        const T t = h(i, k), d = T(1) - t * t, g_det = p.g_v(i) / (T(1) + product * d);
        g_product += g_det * d;
        gu(i) = (gu(i) - T(2) * t * product * g_det) * d;
      }
      g_R(k, k) += g_product * R(k, M + k);
      g_R(k, M + k) += g_product * R(k, k);
      g.b(k) += gu.sum();
      for (Index j = k; j < M; ++j) {
        g_R(k, M + j) += (gu * column(y, j)).sum();
        column(g_y, j) += gu * R(k, M + j);
      }
    }
    for (Index j = 0, k = 0; j < M; ++j) {
      for (Index i = 0; i < j; ++i, ++k) {
        g.r_above(k) += g_R(i, j);
        g.s_above(k) += g_R(i, M + j);
      }
      const T a = tanh(q.r_diagonal(j)), b = tanh(q.s_diagonal(j));
      g.r_diagonal(j) += g_R(j, j) * T(most) * (T(1) - a * a);
      g.s_diagonal(j) += g_R(j, M + j) * T(most) * (T(1) - b * b);
    }
    for (Index k = 0; k < M; ++k) {
      column(s, k).setZero();
      for (Index j = k; j < M; ++j) column(s, k) += column(h, j) * R(k, j);
    }
    g_Q.setZero();
    gemm_tn_add<T>(g_z, read(s), g_Q);
    gemm_tn_add<T>(x, read(g_y), g_Q);
    rows = Q.transpose();
    g_rows = g_Q.transpose();
    const Reflections by;
    const auto ready = by.ready(reflections(p.theta), Params<const T>{}, p.scratch, true);
    by.template pull<false>(ready, read(rows), read(g_rows), g_start, p.scratch);
    by.finish(ready, T(0), T(0), reflections(p.theta), Params<T>{p.g_theta.data(), Reflections::param_count},
              p.scratch);
    return g_y;
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
