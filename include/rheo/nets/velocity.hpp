// SPDX-License-Identifier: MIT
// Velocity: a vector field f(x, t; context) made of a perceptron and embeddings of time and point, with its divergence
// and the pull of both.
//   Fields of neural ODEs: Chen et al. 2018, arXiv:1806.07366;  divergence along probes: Grathwohl et al. 2019,
//     arXiv:1810.01367, eq. 7.
#pragma once

#include "rheo/nets/embedding.hpp"
#include "rheo/nets/mlp.hpp"
#include "rheo/nets/tangent.hpp"

namespace rheo {

namespace detail {

template <class Field, Index D, Index C>
concept IsField = requires {
  typename Field::template field<D, C>;
};
template <class Field, Index D, Index C> struct FieldIn {
  static_assert(IsField<Field, D, C>,
                "rheo: a field is wanted, which knows the time: Velocity<MlpOf<Tanh, 64, 64>> in place of the bare net "
                "MlpOf<Tanh, 64, 64>");
  using type = typename Field::template field<D, C>;
};
/// The field of D coordinates and a context of C that a recipe makes.
template <class Field, Index D, Index C> using FieldOf = typename FieldIn<Field, D, C>::type;

}  // namespace detail

/// One evaluation of a field on n rows, each at its own time.
template <class T, class Cache> struct FieldPass {
  CView<T> x;        ///< n x D
  CColView<T> t;     ///< n
  CView<T> along;    ///< kn x D: k directions s of each row, direction d of row i in row d n + i; 0 rows when no
                     ///< divergence is wanted
  View<T> f;         ///< n x D, overwritten
  ColView<T> trace;  ///< n, overwritten if k > 0: the sum over a row's directions of s' (df/dx) s.  Unit vectors give
                     ///< the divergence
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
  Params<T> g_theta;  ///< accumulated
  CView<T> context;
  View<T> g_context;  ///< accumulated
  Cache& cache;
  Arena& scratch;
};

/// Net (MlpOf<Tanh, 64, 64>) on x and Point's features of it (FourierPoint<3>), the embedded time (FourierTime<4>) and
/// the context.  A field of one's own owes what `field` has: param_count, smooth, Cache, unpack, init, map, map_pull.
template <class Net, class Time = PlainTime, class Point = PlainPoint> struct Velocity {
  template <Index D, Index C> struct field {
    static constexpr Index features = Point::template size<D>, moving = D + features, in_dim = moving + Time::size;
    using Body = typename Net::template net<in_dim, D, C>;
    static_assert(Body::smooth,
                  "rheo: Velocity: solvers of differential equations and divergences need a smooth activation: Tanh, "
                  "Silu, Gelu or Softplus");
    static constexpr Index param_count = Body::param_count;
    static constexpr bool smooth = true;
    template <class T> struct Cache {
      typename Tangent<Body>::template Cache<T> net;
      Buffer<T> in, along;  // the net's inputs; the directions in the first `moving` of them, if there are features
    };
    Tangent<Body> net{};

    template <class P> static auto unpack(P p) { return Body::unpack(p); }
    template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
      Body{}.init(theta, buffers, noise);
    }

    template <class T> void map(FieldPass<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.x.rows(), all = n + p.along.rows();
      const View<T> in = p.cache.in.view(n, in_dim), out = all > n ? p.scratch.template take<T>(all, D) : p.f;
      copy(p.x, columns(in, 0, D));
      Time::template embed<T>(p.t, columns(in, moving, Time::size));
      CView<T> along = p.along;
      if constexpr (features > 0) {
        Point::template embed<T>(p.x, columns(in, D, features));
        if (all > n) {
          const View<T> with = p.cache.along.view(all - n, moving);
          copy(p.along, columns(with, 0, D));
          Point::template embed_along<T>(read(columns(in, D, features)), p.along, columns(with, D, features));
          reseat(along, read(with));
        }
      }
      net.map(TangentPass<T, typename Tangent<Body>::template Cache<T>>{read(in), along, out, p.theta, p.context,
                                                                        p.cache.net, p.scratch});
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
      const View<T> in = p.cache.in.view(n, in_dim), g_in = p.scratch.template take<T>(n, in_dim);
      CView<T> g_out = p.g_f, along = p.along;
      if (all > n) {
        const View<T> stacked = p.scratch.template take<T>(all, D);
        copy(p.g_f, rows(stacked, 0, n));
        for (Index j = 0; j < D; ++j) {
          for (Index d = n; d < all; d += n)
            column(rows(stacked, d, n), j) = p.g_trace * column(rows(p.along, d - n, n), j);
        }
        reseat(g_out, read(stacked));
        if (features > 0) reseat(along, read(p.cache.along.view(all - n, moving)));
      }
      const View<T> g_along = p.scratch.template take<T>(features > 0 ? all - n : 0, moving);
      net.map_pull(TangentPull<T, typename Tangent<Body>::template Cache<T>>{
          read(in), along, g_out, g_in, p.theta, p.g_theta, p.context, p.g_context, p.cache.net, p.scratch, g_along});
      copy(read(columns(g_in, 0, D)), p.g_x);
      if constexpr (features > 0) {
        Point::template pull<T>(read(columns(in, D, features)), read(columns(g_in, D, features)), p.along,
                                read(columns(g_along, D, features)), p.g_x);
      }
    }
  };
};

}  // namespace rheo
