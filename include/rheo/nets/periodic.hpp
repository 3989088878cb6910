// SPDX-License-Identifier: MIT
// Periodic and Harmonics: nets of angles, seen through their cosines and sines, so that they are smooth across -pi =
// pi.
//   Rezende et al. 2020, arXiv:2002.02428, sec. 2.
#pragma once

#include <numbers>

#include "rheo/core/pass.hpp"

namespace rheo {

/// A recipe around a recipe: net<In, Out, C> sees cos(k w x) and sin(k w x), k = 1 .. K, of the In inputs, and the
/// context as it is: w = 1 of angles (radians), w = pi (not Angle) of numbers in the unit interval, whose ends are then
/// apart.  The more waves, the faster it can bend.
template <class Net, Index K, bool Angle = true> struct Harmonics {
  static_assert(K > 0, "rheo: Harmonics wants a wave or more");
  template <Index In, Index Out, Index C = 0> struct net {
    using Inner = typename Net::template net<2 * K * In, Out, C>;
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
      const View<T> f = p.cache.features.view(n, 2 * Waves);
      for (Index i = 0; i < Waves; ++i) {
        column(f, i) = (column(p.in, i / K) * T(frequency(i))).cos();
        column(f, Waves + i) = (column(p.in, i / K) * T(frequency(i))).sin();
      }
      Inner{}.map(
          NetPass<T, typename Inner::template Cache<T>>{read(f), p.out, p.theta, p.context, p.cache.inner, p.scratch});
    }
    template <class T> void map_pull(NetPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.in.rows();
      const View<T> f = p.cache.features.view(n, 2 * Waves), g = p.scratch.template take<T>(n, 2 * Waves);
      Inner{}.map_pull(NetPull<T, typename Inner::template Cache<T>>{read(f), p.g_out, g, p.theta, p.g_theta, p.context,
                                                                     p.g_context, p.cache.inner, p.scratch});
      p.g_in.setZero();
      for (Index i = 0; i < Waves; ++i)
        column(p.g_in, i / K) +=
            T(frequency(i)) * (column(g, Waves + i) * column(f, i) - column(g, i) * column(f, Waves + i));
    }

   private:
    static constexpr Index Waves = K * In;  // of input j: j K .. j K + K - 1
    static constexpr double frequency(Index i) {
      return static_cast<double>(i % K + 1) * (Angle ? 1 : std::numbers::pi);
    }
  };
};

/// One wave of each angle.
template <class Net> struct Periodic : Harmonics<Net, 1> {};

}  // namespace rheo
