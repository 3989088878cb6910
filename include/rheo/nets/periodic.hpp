// SPDX-License-Identifier: MIT
// Periodic: a net of angles, seen through their cosines and sines, so that it is smooth across -pi = pi.
//   Rezende et al. 2020, arXiv:2002.02428, sec. 2.
#pragma once

#include "rheo/core/pass.hpp"

namespace rheo {

/// A recipe around a recipe: net<In, Out, C> sees cos and sin of the In inputs (radians), and the context as it is.
template <class Net> struct Periodic {
  template <Index In, Index Out, Index C = 0> struct net {
    using Inner = typename Net::template net<2 * In, Out, C>;
    static constexpr Index param_count = Inner::param_count;
    static constexpr bool smooth = Inner::smooth;
    template <class T> struct Cache {
      typename Inner::template Cache<T> inner;
      Buffer<T> features;  // cosines, then sines
    };
    template <class P> static auto unpack(P p) { return Inner::unpack(p); }
    template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
      Inner{}.init(theta, buffers, noise);
    }

    template <class T> void map(NetPass<T, Cache<T>> p) const {
      const Index n = p.in.rows();
      const View<T> f = p.cache.features.view(n, 2 * In);
      for (Index j = 0; j < In; ++j) {
        column(f, j) = column(p.in, j).cos();
        column(f, In + j) = column(p.in, j).sin();
      }
      Inner{}.map(
          NetPass<T, typename Inner::template Cache<T>>{read(f), p.out, p.theta, p.context, p.cache.inner, p.scratch});
    }
    template <class T> void map_pull(NetPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.in.rows();
      const View<T> f = p.cache.features.view(n, 2 * In), g = p.scratch.template take<T>(n, 2 * In);
      Inner{}.map_pull(NetPull<T, typename Inner::template Cache<T>>{read(f), p.g_out, g, p.theta, p.g_theta, p.context,
                                                                     p.g_context, p.cache.inner, p.scratch});
      for (Index j = 0; j < In; ++j)
        column(p.g_in, j) = column(g, In + j) * column(f, j) - column(g, j) * column(f, In + j);
    }
  };
};

}  // namespace rheo
