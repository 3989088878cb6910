// SPDX-License-Identifier: MIT
// Harmonics: a net of one angle, or of a number in the unit interval, seen through K cosines and sines, so that it can
// bend as fast as coasts do.
#pragma once

#include <cmath>
#include <numbers>

#include "rheo/core/pass.hpp"

namespace published {
using namespace rheo;

/// A recipe around a recipe: net<1, Out, C> sees cos(k w x) and sin(k w x), k = 1 .. K, with w = 1 of an angle, w = pi
/// of a number in the unit interval, whose ends then are apart.
template <class Net, Index K, bool Angle> struct Harmonics {
  template <Index In, Index Out, Index C = 0> struct net {
    static_assert(In == 1);
    using Inner = typename Net::template net<2 * K, Out, C>;
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
      const View<T> f = p.cache.features.view(p.in.rows(), 2 * K);
      for (Index k = 0; k < K; ++k) {
        column(f, k) = (column(p.in, 0) * T(frequency(k))).cos();
        column(f, K + k) = (column(p.in, 0) * T(frequency(k))).sin();
      }
      Inner{}.map(
          NetPass<T, typename Inner::template Cache<T>>{read(f), p.out, p.theta, p.context, p.cache.inner, p.scratch});
    }
    template <class T> void map_pull(NetPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.in.rows();
      const View<T> f = p.cache.features.view(n, 2 * K), g = p.scratch.template take<T>(n, 2 * K);
      Inner{}.map_pull(NetPull<T, typename Inner::template Cache<T>>{read(f), p.g_out, g, p.theta, p.g_theta, p.context,
                                                                     p.g_context, p.cache.inner, p.scratch});
      p.g_in.setZero();
      for (Index k = 0; k < K; ++k)
        column(p.g_in, 0) += T(frequency(k)) * (column(g, K + k) * column(f, k) - column(g, k) * column(f, K + k));
    }

   private:
    static constexpr double frequency(Index k) { return static_cast<double>(k + 1) * (Angle ? 1 : std::numbers::pi); }
  };
};

}  // namespace published
