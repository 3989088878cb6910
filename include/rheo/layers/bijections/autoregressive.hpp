// SPDX-License-Identifier: MIT
// Autoregressive: every coordinate goes through a scalar transformer whose parameters a masked net makes from those
// before it.
//   Kingma et al. 2016, arXiv:1606.04934 (the wiring, and its inverse IAF);  Papamakarios et al. 2017, arXiv:1705.07057
//     (MAF).
#pragma once

#include <array>

#include "rheo/core/layer_more.hpp"
#include "rheo/nets/masked.hpp"
#include "rheo/transformers/affine.hpp"

namespace rheo {

/// Coordinate k is the k-th.
struct NaturalOrder {
  template <Index D> static constexpr Index at(Index k) { return k; }
};
/// The last coordinate is the first.
struct ReversedOrder {
  template <Index D> static constexpr Index at(Index k) { return D - 1 - k; }
};
/// Order<2, 0, 1>: coordinate 2 first, then 0, then 1.
template <int... J> struct Order {
  static constexpr std::array<int, sizeof...(J)> order{J...};
  template <Index D> static constexpr Index at(Index k) {
    static_assert(D == static_cast<Index>(sizeof...(J)), "rheo: Order: as many numbers as there are coordinates");
    return order[static_cast<std::size_t>(k)];
  }
};

/// z_j = tau(x_j; net(x before j, context)_j), "before" by the order O; V is the sum of the transformer's log-slopes.
/// encode takes one pass of the net, all coordinates at once; decode goes coordinate by coordinate, D dependent steps
/// (with Made each hidden unit is computed once over all of them, so that the arithmetic is that of one pass).  The
/// other way about: Invert<Autoregressive<...>>. Both pulls are exact; that of decode is a back substitution along the
/// order, the transposed triangular solve. Net is a recipe: net<D, P, C> with map, map_pull, unroll and unroll_pull as
/// in nets/masked.hpp, coordinates numbered along the order.
template <Index D, class Tau, class Net, Index C = 0, class O = NaturalOrder> struct Autoregressive {
  using Transformer = detail::LearnedMap<Tau>;
  static_assert(D > 0, "rheo: Autoregressive: at least one coordinate");
  static_assert(
      [] {
        for (Index j = 0; j < D; ++j) {
          Index hits = 0;
          for (Index k = 0; k < D; ++k) hits += O::template at<D>(k) == j;
          if (hits != 1) return false;
        }
        return true;
      }(),
      "rheo: Autoregressive: the order must name every coordinate once");
  static constexpr Index P = Transformer::params;
  using Conditioner = detail::MaskedNet<Net, D, P, C>;

  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = Conditioner::param_count,
                         buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = Conditioner::smooth && detail::smooth_map<Transformer>;
  static constexpr Index encode_passes = 1, decode_passes = detail::decode_passes_of<Transformer>(D);
  static constexpr bool parallel_encode = true, parallel_decode = false;
  template <class T> static constexpr double accuracy() { return detail::accuracy<Transformer, T>(); }
  static constexpr Supports<D> x_support = all_of<D>(detail::x_support_of<Transformer>()),
                               z_support = all_of<D>(detail::z_support_of<Transformer>());

  Transformer transformer{};
  Conditioner net{};

  Autoregressive() = default;
  explicit Autoregressive(Transformer t) : transformer(t) {}

  template <class T> struct Cache {
    typename Conditioner::template Cache<T> net;
    Buffer<T> raw, ordered;  // parameters of the transformers; x along the order
  };

  template <class Q> static auto unpack(Q p) { return p.part(Conditioner{}, param_count, "net"); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    net.init(theta, buffers, noise);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    const Index n = p.in.rows();
    const View<T> raw = p.cache.raw.view(n, D * P);
    if constexpr (!natural) {
      for (Index k = 0; k < D; ++k) column(p.cache.ordered.view(n, D), k) = column(p.in, at(k));
    }
    net.map(NetCall<T>{along(p.in, p.cache), raw, p.theta, p.context, p.cache.net, p.scratch});
    runs([&](Index j, Index k, Index count) {
      detail::transform<true, T>(transformer, columns(p.in, j, count), read(columns(raw, k * P, count * P)),
                                 columns(p.out, j, count), p.v);
    });
  }

  template <class T> void decode(Pass<T, Cache<T>> p) const {
    const Index n = p.in.rows();
    const View<T> raw = p.cache.raw.view(n, D * P);
    net.unroll(NetCall<T>{along(read(p.out), p.cache), raw, p.theta, p.context, p.cache.net, p.scratch}, [&](Index k) {
      const Index j = at(k);
      detail::transform<false, T>(transformer, columns(p.in, j, 1), read(columns(raw, k * P, P)), columns(p.out, j, 1),
                                  p.v, p.report);
      if constexpr (!natural) column(p.cache.ordered.view(n, D), k) = column(p.out, j);
    });
  }

  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> raw = p.cache.raw.view(n, D * P), g_raw = p.scratch.template take<T>(n, D * P),
                  g_x = p.scratch.template take<T>(n, D);
    runs([&](Index j, Index k, Index count) {
      detail::transform_pull<true, T>(transformer, columns(p.in, j, count), columns(p.out, j, count),
                                      columns(p.g_out, j, count), p.g_v, read(columns(raw, k * P, count * P)),
                                      columns(p.g_in, j, count), columns(g_raw, k * P, count * P));
    });
    net.map_pull(NetPullCall<T>{along(p.in, p.cache), read(g_raw), g_x, p.theta, p.g_theta, p.context, p.g_context,
                                p.cache.net, p.scratch});
    for (Index k = 0; k < D; ++k) column(p.g_in, at(k)) += column(g_x, k);
  }

  template <class T> void decode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> raw = p.cache.raw.view(n, D * P), g_raw = p.scratch.template take<T>(n, D * P),
                  g_x = p.scratch.template take<T>(n, D);
    net.unroll_pull(NetPullCall<T>{along(p.out, p.cache), read(g_raw), g_x, p.theta, p.g_theta, p.context, p.g_context,
                                   p.cache.net, p.scratch},
                    [&](Index k) {
                      const Index j = at(k);
                      column(g_x, k) += column(p.g_out, j);  // all that depends on x_j is known
                      detail::transform_pull<false, T>(transformer, columns(p.in, j, 1), columns(p.out, j, 1),
                                                       read(columns(g_x, k, 1)), p.g_v, read(columns(raw, k * P, P)),
                                                       columns(p.g_in, j, 1), columns(g_raw, k * P, P));
                    });
  }

 private:
  template <class T> using NetCall = NetPass<T, typename Conditioner::template Cache<T>>;
  template <class T> using NetPullCall = NetPull<T, typename Conditioner::template Cache<T>>;
  static constexpr Index at(Index k) { return O::template at<D>(k); }
  static constexpr bool natural = [] {
    for (Index k = 0; k < D; ++k)
      if (at(k) != k) return false;
    return true;
  }();
  /// x as the net numbers it: the batch itself in natural order.
  template <class T> static CView<T> along(CView<T> x, Cache<T>& cache) {
    if constexpr (natural) return x;
    else return read(cache.ordered.view(x.rows(), D));
  }
  /// Calls body(first column in the batch, first place in the order, count) over runs of coordinates that stand
  /// together.
  template <class Body> static void runs(Body body) {
    if constexpr (natural) {
      body(Index(0), Index(0), D);
    } else {
      for (Index k = 0; k < D; ++k) body(at(k), k, Index(1));
    }
  }
};

/// MAF's layer.  Net is a recipe (Made<64, 64>), Scale the map to the log-scale.  IAF's layer is Invert of it.
template <Index D, class Net, Index C = 0, class Scale = BoundedExp, class O = NaturalOrder>
using MaskedAffineAutoregressive = Autoregressive<D, ScaleShift<Scale>, Net, C, O>;

}  // namespace rheo
