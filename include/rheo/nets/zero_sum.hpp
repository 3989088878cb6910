// SPDX-License-Identifier: MIT
// ZeroSum: a net whose log-scales cancel, so that the affine coupling it steers keeps volumes.
//   Sorrenson, Rother and Koethe 2020, arXiv:2001.04872, sec. 3.2 (GIN; there the last is minus the sum of the others).
#pragma once

#include "rheo/core/pass.hpp"

namespace rheo {

/// A recipe around a recipe: of the outputs, pairs (t, a), every a becomes 2 tanh(a / 2) less the mean of these: their
/// sum is 0 up to rounding.  For ScaleShift<Exp>; one coordinate alone is shifted only.
template <class Net> struct ZeroSum {
  template <Index In, Index Out, Index C = 0> struct net {
    static_assert(Out % 2 == 0, "rheo: ZeroSum: of a transformer with two parameters, ScaleShift<Exp>");
    using Inner = typename Net::template net<In, Out, C>;
    static constexpr Index param_count = Inner::param_count, K = Out / 2;
    static constexpr bool smooth = Inner::smooth;
    template <class T> struct Cache {
      typename Inner::template Cache<T> inner;
      Buffer<T> half;  // tanh(a / 2)
    };
    template <class P> static auto unpack(P p) { return Inner::unpack(p); }
    template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
      Inner{}.init(theta, buffers, noise);
    }

    template <class T> void map(NetPass<T, Cache<T>> p) const {
      Inner{}.map(
          NetPass<T, typename Inner::template Cache<T>>{p.in, p.out, p.theta, p.context, p.cache.inner, p.scratch});
      const View<T> half = p.cache.half.view(p.in.rows(), K);
      for (Index k = 0; k < K; ++k) column(half, k) = (column(p.out, 2 * k + 1) * T(0.5)).tanh();
      centre(read(half), T(2), p.out, p.scratch);
    }
    template <class T> void map_pull(NetPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.in.rows();
      const View<T> half = p.cache.half.view(n, K), g = p.scratch.template take<T>(n, Out),
                    g_a = p.scratch.template take<T>(n, K);
      copy(p.g_out, g);
      for (Index k = 0; k < K; ++k) column(g_a, k) = column(p.g_out, 2 * k + 1);
      centre(read(g_a), T(1), g, p.scratch);
      for (Index k = 0; k < K; ++k) column(g, 2 * k + 1) *= T(1) - column(half, k).square();
      Inner{}.map_pull(NetPull<T, typename Inner::template Cache<T>>{p.in, read(g), p.g_in, p.theta, p.g_theta,
                                                                     p.context, p.g_context, p.cache.inner, p.scratch});
    }

   private:
    /// The odd columns of out: factor times s less its rows' means.
    template <class T> static void centre(CView<T> s, T factor, View<T> out, Arena& scratch) {
      Arena::Scope scope(scratch);
      ColView<T> mean = scratch.template column<T>(s.rows());
      mean.setZero();
      for (Index k = 0; k < K; ++k) mean += column(s, k);
      mean *= T(1.0 / static_cast<double>(K));
      for (Index k = 0; k < K; ++k) column(out, 2 * k + 1) = (column(s, k) - mean) * factor;
    }
  };
};

}  // namespace rheo
