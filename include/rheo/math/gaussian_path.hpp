// SPDX-License-Identifier: MIT
// GaussianPath: two Markov chains of normal steps over the same states, one from data to latent, one back, and what
// their ratio weighs.
//   Hagemann et al. 2021, arXiv:2109.11375 (pairs of chains);  Zhang and Chen 2021, arXiv:2110.07579, eqs. 13-15 and
//     alg. 1 (stored states);
//   Ho et al. 2020, arXiv:2006.11239, eq. 5.
#pragma once

#include <algorithm>
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

  template <class T> static void encode(const Steps& steps, PathPass<T>& p) { run<true>(steps, p); }
  template <class T> static void encode_pull(const Steps& steps, PathPull<T>& p) { pull<true>(steps, p); }
  template <class T> static void decode(const Steps& steps, PathPass<T>& p) { run<false>(steps, p); }
  template <class T> static void decode_pull(const Steps& steps, PathPull<T>& p) { pull<false>(steps, p); }

 private:
  // The k-th state of a call is x_j with j = k or N - k; `ahead` is the mean of the step that the call takes from it,
  // `behind` that of the step back.
  template <bool Encode, class T> static void run(const Steps& steps, PathPass<T>& p) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> a = p.scratch.template take<T>(n, D), b = p.scratch.template take<T>(n, D),
                  e = p.scratch.template take<T>(n, D);
    const View<T> ahead = Encode ? a : b, behind = Encode ? b : a, states = p.cache.states.view(n, D * places(p.keep));
    CView<T> before = p.in, x = p.in;
    for (Index k = 0; k <= N; ++k) {
      const Index j = Encode ? k : N - k, next = Encode ? j + 1 : j - 1;
      steps.means(j, x, a, b, p);
      if (k > 0) {
        const Index i = Encode ? j - 1 : j;
        const T u = T(1 / (Encode ? steps.back(i) : steps.forth(i))), half = T(Encode ? 0.5 : -0.5);
        const T ratio = T(static_cast<double>(D) * std::log(steps.forth(i) / steps.back(i)));
        for (Index c = 0; c < D; ++c)
          p.v += half * (column(e, c).square() - ((column(before, c) - column(behind, c)) * u).square());
        p.v += ratio;
      }
      if (k == N) break;
      reseat(before, x);
      const Index i = Encode ? j : j - 1;
      const T deviation = T(Encode ? steps.forth(i) : steps.back(i));
      p.noise.fork(static_cast<std::uint64_t>(i)).normals(e);
      const View<T> y = k + 1 == N ? p.out : columns(states, slot(next, p.keep) * D, D);
      for (Index c = 0; c < D; ++c) column(y, c) = column(ahead, c) + deviation * column(e, c);
      reseat(x, read(y));
    }
  }

  template <bool Encode, class T> static void pull(const Steps& steps, PathPull<T>& p) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> a = p.scratch.template take<T>(n, D), b = p.scratch.template take<T>(n, D),
                  g = p.scratch.template take<T>(n, D);
    const View<T> g_behind = p.scratch.template take<T>(n, D), behind = Encode ? b : a;
    View<T> direct = p.scratch.template take<T>(n, D);
    copy(p.g_out, g);
    direct.setZero();
    for (Index k = N; k >= 0; --k) {
      const Index j = Encode ? k : N - k;
      const CView<T> x = state<Encode>(p, k);
      steps.means(j, x, a, b, p);
      if (k > 0) {
        const CView<T> before = state<Encode>(p, k - 1);
        const T u = T(1 / (Encode ? steps.back(j - 1) : steps.forth(j))), precision = T(Encode ? 1 : -1) * u * u;
        for (Index c = 0; c < D; ++c) column(g_behind, c) = (column(before, c) - column(behind, c)) * precision * p.g_v;
      }
      // the last state has no step ahead: what comes from behind it goes straight to it
      steps.means_pull(j, x, read(Encode ? g : g_behind), read(Encode ? g_behind : g), p.g_in, p);
      for (Index c = 0; c < D; ++c) {
        if (k == N) column(p.g_in, c) += column(g, c);
        column(p.g_in, c) += column(direct, c);
        if (k > 0) column(direct, c) = -column(g_behind, c);
        column(g, c) = column(p.g_in, c);
      }
    }
  }

  static constexpr Index places(bool keep) { return keep ? N - 1 : std::min<Index>(N - 1, 2); }
  static constexpr Index slot(Index j, bool keep) { return keep ? j - 1 : (j - 1) % 2; }
  /// The k-th state of the call.
  template <bool Encode, class T> static CView<T> state(PathPull<T>& p, Index k) {
    if (k == 0) return p.in;
    const Index j = Encode ? k : N - k;
    return k == N ? p.out : read(columns(p.cache.states.view(p.in.rows(), D * (N - 1)), (j - 1) * D, D));
  }
};

}  // namespace rheo::math
