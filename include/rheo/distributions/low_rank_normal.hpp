// SPDX-License-Identifier: MIT
// LowRankNormal: a normal whose covariance is a diagonal and R directions: factor analysis; a Mixture of them is a
// mixture of factor analysers.
//   Ghahramani and Hinton 1996, The EM algorithm for mixtures of factor analyzers, CRG-TR-96-1, eqs. 1-5.
#pragma once

#include "rheo/distributions/normal.hpp"
#include "rheo/math/low_rank.hpp"

namespace rheo {

/// N(m, S (I + U U') S) with S = diag e^r and U (D x R), all learned: D R + 2 D parameters where FullNormal has D (D +
/// 3) / 2.  A row costs D R. Starts at m = 0, r = 0 and U drawn from N(0, 0.01): at U = 0 its gradient would vanish.
/// log p is -inf where squares of x overflow.
template <Index D, Index R> struct LowRankNormal : DistributionFacts<D, Support::real> {
  using Factor = math::LowRank<D, R>;
  static constexpr Index param_count = 2 * D + Factor::param_count;
  template <class T> struct Cache {
    Buffer<T> w, wu, drawn;  // w = (I + U U')^-1 S^-1 (x - m); w U; D + R standard normals
  };
  template <class P> static auto unpack(P p) {
    auto m = p.vector(D, "mean");
    auto r = p.vector(D, "log_scale");
    return std::tuple{m, r, p.matrix(D, R, "U")};
  }
  template <class T> void init(Params<T> theta, Params<T>, Noise noise) const {
    auto [m, r, U] = unpack(theta);
    m.setZero();
    r.setZero();
    for (Index k = 0; k < R; ++k) {
      for (Index j = 0; j < D; ++j) U(j, k) = T(0.1 * noise.normal(k, j));
    }
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const { score(p.in, p); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    using std::exp;
    Arena::Scope scope(p.scratch);
    const auto [m, r, U] = unpack(p.theta);
    auto [g_m, g_r, g_U] = unpack(p.g_theta);
    const View<T> g_w = weighted(p);
    const T total = p.g_v.sum();
    for (Index j = 0; j < D; ++j) {
      const T precision = exp(-r(j));
      auto g_x = column(p.g_in, j);
      g_x = column(g_w, j) * T(-precision);
      g_m(j) -= g_x.sum();
      g_r(j) -= (g_x * (column(p.in, j) - m(j))).sum() + total;
    }
    const auto ready = Factor{}.ready(of_factor(p.theta), {}, p.scratch, true);
    add_outer(read(g_w), p, ready.sums);
    Factor{}.finish(ready, T(1), T(T(-0.5) * total), of_factor(p.theta), of_factor(p.g_theta), p.scratch);
  }

  template <class T> void decode(Pass<T, Cache<T>> p) const {
    using std::exp;
    const auto [m, r, U] = unpack(p.theta);
    View<T> drawn = p.cache.drawn.view(p.out.rows(), D + R);
    p.noise.normals(drawn);
    gemm_nt<T>(read(columns(drawn, D, R)), U, p.out);
    for (Index j = 0; j < D; ++j) {
      auto x = column(p.out, j);
      x = (x + column(drawn, j)) * T(exp(r(j))) + m(j);
    }
    score(read(p.out), p);
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const {
    using std::exp;
    Arena::Scope scope(p.scratch);
    const auto [m, r, U] = unpack(p.theta);
    auto [g_m, g_r, g_U] = unpack(p.g_theta);
    const Index n = p.out.rows();
    const View<T> g_w = weighted(p);
    View<T> g_e = p.scratch.template take<T>(n, D);  // of drawn + drawn' U'
    const T total = p.g_v.sum();
    for (Index j = 0; j < D; ++j) {
      const auto g = column(p.g_out, j);
      g_m(j) += g.sum();
      g_r(j) += (g * (column(p.out, j) - m(j))).sum() - total;
      column(g_e, j) = g * T(exp(r(j))) - column(g_w, j);
    }
    const auto ready = Factor{}.ready(of_factor(p.theta), {}, p.scratch, true);
    add_outer(read(g_w), p, ready.sums);
    gemm_tn_add<T>(read(g_e), read(columns(p.cache.drawn.view(n, D + R), D, R)), view_of(ready.sums, D, R, D));
    Factor{}.finish(ready, T(1), T(T(-0.5) * total), of_factor(p.theta), of_factor(p.g_theta), p.scratch);
  }

 private:
  template <class T> static Params<T> of_factor(Params<T> p) { return {p.data() + 2 * D, Factor::param_count}; }
  /// With e = S^-1 (x - m) the square form e' (I + U U')^-1 e is |w|^2 + |U' w|^2, which neither cancels nor turns inf
  /// - inf.  U' w comes from Woodbury's middle, not from w, whose rounding U would enlarge.
  template <class T> static void score(CView<T> x, Pass<T, Cache<T>>& p) {
    using std::exp;
    Arena::Scope scope(p.scratch);
    const auto [m, r, U] = unpack(p.theta);
    const Index n = x.rows();
    View<T> e = p.scratch.template take<T>(n, D), w = p.cache.w.view(n, D), wu = p.cache.wu.view(n, R);
    for (Index j = 0; j < D; ++j) column(e, j) = (column(x, j) - m(j)) * T(exp(-r(j)));
    const auto ready = Factor{}.ready(of_factor(p.theta), {}, p.scratch, false);
    Factor{}.template solve<T>(ready, read(e), wu, w, p.scratch);
    p.v -= T(T(0.5) * ready.log_det + r.sum() + T(static_cast<double>(D) * half_log_two_pi));
    for (Index j = 0; j < D; ++j) p.v -= T(0.5) * column(w, j).square();
    for (Index k = 0; k < R; ++k) p.v -= T(0.5) * column(wu, k).square();
  }
  /// w times g_v.
  template <class T> static View<T> weighted(Pull<T, Cache<T>>& p) {
    const Index n = p.g_v.size();
    const View<T> w = p.cache.w.view(n, D), g_w = p.scratch.template take<T>(n, D);
    for (Index j = 0; j < D; ++j) column(View<T>(g_w), j) = column(w, j) * p.g_v;
    return g_w;
  }
  /// Half the slope of -|w|^2 - |U' w|^2 in U at given e: sum over the rows of g_v w (w' U).
  template <class T> static void add_outer(CView<T> g_w, Pull<T, Cache<T>>& p, T* sums) {
    gemm_tn_add<T>(g_w, read(p.cache.wu.view(g_w.rows(), R)), view_of(sums, D, R, D));
  }
};

}  // namespace rheo
