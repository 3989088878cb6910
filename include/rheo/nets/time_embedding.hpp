// SPDX-License-Identifier: MIT
// Velocity: a vector field f(x, t; context) made of a perceptron and an embedding of time, with its divergence and the pull of both.
//   Fields of neural ODEs: Chen et al. 2018, arXiv:1806.07366;  divergence along probes: Grathwohl et al. 2019, arXiv:1810.01367, eq. 7.
#pragma once

#include <cmath>
#include <numbers>

#include "rheo/nets/mlp.hpp"
#include "rheo/nets/tangent.hpp"

namespace rheo {

/// Time as it is, one column.
struct PlainTime {
  static constexpr Index size = 1;
  template <class T> static void embed(CColView<T> t, View<T> out) { column(out, 0) = t; }
};

/// cos(pi k t) and sin(pi k t) for k = 1 ... F: 2 F columns that tell every t in [0, 2) apart.
template <Index F> struct FourierTime {
  static_assert(F > 0, "rheo: FourierTime wants at least one frequency");
  static constexpr Index size = 2 * F;
  template <class T> static void embed(CColView<T> t, View<T> out) {
    using std::cos, std::sin;
    for (Index k = 0; k < F; ++k) {
      for (Index i = 0; i < t.size(); ++i) {
        const T turn = t(i) * T(std::numbers::pi * static_cast<double>(k + 1));
        out(i, 2 * k) = cos(turn);
        out(i, 2 * k + 1) = sin(turn);
      }
    }
  }
};

/// One evaluation of a field on n rows, each at its own time.
template <class T, class Cache> struct FieldPass {
  CView<T> x;        ///< n x D
  CColView<T> t;     ///< n
  CView<T> along;    ///< kn x D: k directions s of each row, direction d of row i in row d n + i; 0 rows when no divergence is wanted
  View<T> f;         ///< n x D, overwritten
  ColView<T> trace;  ///< n, overwritten if k > 0: the sum over a row's directions of s' (df/dx) s.  Unit vectors give the divergence
  Params<const T> theta;
  CView<T> context;
  Cache& cache;
  Arena& scratch;
};

/// The vector-Jacobian product of the same call; times and directions are constants.
template <class T, class Cache> struct FieldPull {
  CView<T> x;
  CColView<T> t;
  CView<T> along, g_f;
  CColView<T> g_trace;  ///< n, looked at if k > 0
  View<T> g_x;          ///< overwritten
  Params<const T> theta;
  Params<T> g_theta;    ///< accumulated
  CView<T> context;
  View<T> g_context;    ///< accumulated
  Cache& cache;
  Arena& scratch;
};

/// Net (MlpOf<Tanh, 64, 64>) on x, the embedded time and the context.  A field of one's own owes what `field` has: param_count, smooth, Cache,
/// unpack, init, map, map_pull.
template <class Net, class Time = PlainTime> struct Velocity {
  template <Index D, Index C> struct field {
    using Body = typename Net::template net<D + Time::size, D, C>;
    static_assert(Body::smooth, "rheo: Velocity: solvers of differential equations and divergences need a smooth activation: Tanh, Silu, Gelu or Softplus");
    static constexpr Index param_count = Body::param_count;
    static constexpr bool smooth = true;
    template <class T> struct Cache {
      typename Tangent<Body>::template Cache<T> net;
      Buffer<T> in;
    };
    Tangent<Body> net{};

    template <class P> static auto unpack(P p) { return Body::unpack(p); }
    template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const { Body{}.init(theta, buffers, noise); }

    template <class T> void map(FieldPass<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.x.rows(), all = n + p.along.rows();
      const View<T> in = p.cache.in.view(n, D + Time::size), out = all > n ? p.scratch.template take<T>(all, D) : p.f;
      copy(p.x, columns(in, 0, D));
      Time::template embed<T>(p.t, columns(in, D, Time::size));
      net.map(TangentPass<T, typename Tangent<Body>::template Cache<T>>{read(in), p.along, out, p.theta, p.context, p.cache.net, p.scratch});
      if (all == n) return;
      copy(read(rows(out, 0, n)), p.f);
      p.trace.setZero();
      for (Index j = 0; j < D; ++j) {
        for (Index d = n; d < all; d += n) p.trace += column(rows(p.along, d - n, n), j) * column(rows(out, d, n), j);
      }
    }

    template <class T> void map_pull(FieldPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.x.rows(), all = n + p.along.rows();
      const View<T> in = p.cache.in.view(n, D + Time::size), g_in = p.scratch.template take<T>(n, D + Time::size);
      CView<T> g_out = p.g_f;
      if (all > n) {
        const View<T> stacked = p.scratch.template take<T>(all, D);
        copy(p.g_f, rows(stacked, 0, n));
        for (Index j = 0; j < D; ++j) {
          for (Index d = n; d < all; d += n) column(rows(stacked, d, n), j) = p.g_trace * column(rows(p.along, d - n, n), j);
        }
        reseat(g_out, read(stacked));
      }
      net.map_pull(TangentPull<T, typename Tangent<Body>::template Cache<T>>{read(in), p.along, g_out, g_in, p.theta, p.g_theta, p.context, p.g_context, p.cache.net, p.scratch});
      copy(read(columns(g_in, 0, D)), p.g_x);
    }
  };
};

}  // namespace rheo
