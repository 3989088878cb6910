// SPDX-License-Identifier: MIT
// GaussianPath: two Markov chains of normal steps over the same states, one from data to latent, one back, and what their ratio weighs.
//   Hagemann et al. 2021, arXiv:2109.11375 (pairs of chains);  Zhang and Chen 2021, arXiv:2110.07579, eqs. 13-15 and alg. 1 (stored states);
//   Ho et al. 2020, arXiv:2006.11239, eq. 5.
#pragma once

#include <cmath>

#include "rheo/core/pass.hpp"

namespace rheo::math {

/// States x_0 (data) ... x_N;  encoding draws x_(i+1) = a_i(x_i) + s_i e,  decoding x_i = b_i(x_(i+1)) + r_i e,  and
///   V = sum_i log N(x_i; b_i(x_(i+1)), r_i^2) - log N(x_(i+1); a_i(x_i), s_i^2)
///     = sum_i (|u_i|^2 - |w_i|^2) / 2 + D log(s_i / r_i),   u_i = (x_(i+1) - a_i) / s_i,  w_i = (x_i - b_i) / r_i.
/// Steps owes
///   double forth(i), back(i)                                 s_i and r_i, both positive
///   means(j, x, a, b, call)                                  a_j(x) into a if j < N, b_(j-1)(x) into b if j > 0
///   means_pull(j, x, g_a, g_b, g_x, pull)                    g_x overwritten, after means of the same call
/// Only the states are kept for the pulls, which call means again: memory does not grow with what means keeps.
template <Index D, Index N, class Steps> struct GaussianPath {
  template <class T> struct Cache {
    typename Steps::template Cache<T> step;
    Buffer<T> states;  // x_1 ... x_(N-1) side by side, or the last two of them
  };
  template <class T> using PathPass = Pass<T, Cache<T>>;
  template <class T> using PathPull = Pull<T, Cache<T>>;

  template <class T> static void encode(const Steps& steps, PathPass<T>& p) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> a = p.scratch.template take<T>(n, D), b = p.scratch.template take<T>(n, D), e = p.scratch.template take<T>(n, D);
    const View<T> states = p.cache.states.view(n, D * slots(p.keep));
    CView<T> before = p.in, x = p.in;
    for (Index j = 0; j <= N; ++j) {
      steps.means(j, x, a, b, p);
      if (j > 0) {
        const T u = T(1 / steps.back(j - 1));
        const T ratio = T(static_cast<double>(D) * std::log(steps.forth(j - 1) / steps.back(j - 1)));
        for (Index c = 0; c < D; ++c) p.v += T(0.5) * (column(e, c).square() - ((column(before, c) - column(b, c)) * u).square());
        p.v += ratio;
      }
      if (j == N) break;
      reseat(before, x);
      p.noise.fork(static_cast<std::uint64_t>(j)).normals(e);
      const View<T> after = j + 1 == N ? p.out : columns(states, slot(j + 1, p.keep) * D, D);
      for (Index c = 0; c < D; ++c) column(after, c) = column(a, c) + T(steps.forth(j)) * column(e, c);
      reseat(x, read(after));
    }
  }

  template <class T> static void encode_pull(const Steps& steps, PathPull<T>& p) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> a = p.scratch.template take<T>(n, D), b = p.scratch.template take<T>(n, D), g = p.scratch.template take<T>(n, D);
    const View<T> g_b = p.scratch.template take<T>(n, D);
    View<T> direct = p.scratch.template take<T>(n, D);
    copy(p.g_out, g);
    direct.setZero();
    for (Index j = N; j >= 0; --j) {
      const CView<T> x = state(p, j);
      steps.means(j, x, a, b, p);
      if (j > 0) {
        const CView<T> before = state(p, j - 1);
        const T u = T(1 / steps.back(j - 1));
        for (Index c = 0; c < D; ++c) column(g_b, c) = (column(before, c) - column(b, c)) * (u * u) * p.g_v;
      }
      // x_N has no step forth: what comes from behind it goes straight to it
      steps.means_pull(j, x, read(g), read(g_b), p.g_in, p);
      for (Index c = 0; c < D; ++c) {
        if (j == N) column(p.g_in, c) += column(g, c);
        column(p.g_in, c) += column(direct, c);
        if (j > 0) column(direct, c) = -column(g_b, c);
        column(g, c) = column(p.g_in, c);
      }
    }
  }

  template <class T> static void decode(const Steps& steps, PathPass<T>& p) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> a = p.scratch.template take<T>(n, D), b = p.scratch.template take<T>(n, D), e = p.scratch.template take<T>(n, D);
    const View<T> states = p.cache.states.view(n, D * slots(p.keep));
    CView<T> behind = p.in, x = p.in;
    for (Index j = N; j >= 0; --j) {
      steps.means(j, x, a, b, p);
      if (j < N) {
        const T u = T(1 / steps.forth(j));
        const T ratio = T(static_cast<double>(D) * std::log(steps.forth(j) / steps.back(j)));
        for (Index c = 0; c < D; ++c) p.v += T(0.5) * (((column(behind, c) - column(a, c)) * u).square() - column(e, c).square());
        p.v += ratio;
      }
      if (j == 0) break;
      reseat(behind, x);
      p.noise.fork(static_cast<std::uint64_t>(j - 1)).normals(e);
      const View<T> before = j == 1 ? p.out : columns(states, slot(j - 1, p.keep) * D, D);
      for (Index c = 0; c < D; ++c) column(before, c) = column(b, c) + T(steps.back(j - 1)) * column(e, c);
      reseat(x, read(before));
    }
  }

  template <class T> static void decode_pull(const Steps& steps, PathPull<T>& p) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> a = p.scratch.template take<T>(n, D), b = p.scratch.template take<T>(n, D), g = p.scratch.template take<T>(n, D);
    const View<T> g_a = p.scratch.template take<T>(n, D);
    View<T> direct = p.scratch.template take<T>(n, D);
    copy(p.g_out, g);
    direct.setZero();
    for (Index j = 0; j <= N; ++j) {
      const CView<T> x = state_back(p, j);
      steps.means(j, x, a, b, p);
      if (j < N) {
        const CView<T> behind = state_back(p, j + 1);
        const T u = T(1 / steps.forth(j));
        for (Index c = 0; c < D; ++c) column(g_a, c) = (column(a, c) - column(behind, c)) * (u * u) * p.g_v;
      }
      steps.means_pull(j, x, read(g_a), read(g), p.g_in, p);
      for (Index c = 0; c < D; ++c) {
        if (j == 0) column(p.g_in, c) += column(g, c);
        column(p.g_in, c) += column(direct, c);
        if (j < N) column(direct, c) = -column(g_a, c);
        column(g, c) = column(p.g_in, c);
      }
    }
  }

 private:
  static constexpr Index slots(bool keep) { return keep ? N - 1 : std::min<Index>(N - 1, 2); }
  static constexpr Index slot(Index j, bool keep) { return keep ? j - 1 : (j - 1) % 2; }
  /// State j of a call from data to latent, and of one back.
  template <class T> static CView<T> state(PathPull<T>& p, Index j) {
    if (j == 0) return p.in;
    return j == N ? p.out : read(columns(p.cache.states.view(p.in.rows(), D * (N - 1)), (j - 1) * D, D));
  }
  template <class T> static CView<T> state_back(PathPull<T>& p, Index j) {
    if (j == 0) return p.out;
    return j == N ? p.in : read(columns(p.cache.states.view(p.in.rows(), D * (N - 1)), (j - 1) * D, D));
  }
};

}  // namespace rheo::math
