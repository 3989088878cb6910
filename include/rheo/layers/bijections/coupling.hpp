// SPDX-License-Identifier: MIT
// Coupling: some coordinates pass, the others go through a scalar transformer whose parameters a net makes from those
// that passed.
//   AdditiveCoupling: Dinh et al. 2014, arXiv:1410.8516 (NICE);  AffineCoupling: Dinh et al. 2017, arXiv:1605.08803
//     (RealNVP), eqs. 4-8.
#pragma once

#include <algorithm>
#include <array>

#include "rheo/core/layer_more.hpp"
#include "rheo/core/mask.hpp"
#include "rheo/nets/mlp.hpp"
#include "rheo/nets/zero_sum.hpp"
#include "rheo/transformers/affine.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

namespace detail {

/// How many coordinates a mask transforms that leaves others; at least 1, so that its error is the only one.
template <Index D, class M> consteval Index transformed_part() {
  constexpr Index n = transformed_count<D, M>;
  static_assert(0 < n && n < D,
                "rheo: Coupling: a mask must let some coordinate pass and transform some other, so that D is at least "
                "2; one coordinate has presets::NsfAutoregressive<1>, or Elementwise<1, RationalQuadraticSpline<8>>");
  return std::max(Index(1), n);
}

}  // namespace detail

/// z_t = tau(x_t; net(x_p, context)), z_p = x_p; V is the sum of the transformer's log-slopes.  Both directions take
/// one pass of the net.
template <Index D, class Tau, class Net, Index C = 0, class M = HalfMask<D>> struct Coupling {
  using Transformer = detail::LearnedMap<Tau>;
  static constexpr Index K = detail::transformed_part<D, M>(),
                         passed_count = std::max(Index(1), D - detail::transformed_count<D, M>);
  using Conditioner = detail::PlainNet<Net, passed_count, K * Transformer::params, C>;

  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = Conditioner::param_count,
                         buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = Conditioner::smooth && detail::smooth_map<Transformer>;
  static constexpr Index encode_passes = 1, decode_passes = detail::decode_passes_of<Transformer>(1);
  static constexpr bool parallel_decode = true;
  template <class T> static constexpr double accuracy() { return detail::accuracy<Transformer, T>(); }
  static constexpr Supports<D> x_support = detail::masked_supports<D, M>(detail::x_support_of<Transformer>());
  static constexpr Supports<D> z_support = detail::masked_supports<D, M>(detail::z_support_of<Transformer>());

  Transformer transformer;  // no braces: without a default value of it, only the default constructor falls away
  Conditioner net{};

  Coupling() = default;
  explicit Coupling(Transformer t) : transformer(t) {}

  template <class T> struct Cache {
    typename Conditioner::template Cache<T> net;
    Buffer<T> raw, passed;
  };

  template <class P> static auto unpack(P p) { return p.part(Conditioner{}, param_count, "net"); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    net.init(theta, buffers, noise);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const { run<true>(p); }
  template <class T> void decode(Pass<T, Cache<T>> p) const { run<false>(p); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const { pull<true>(p); }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const { pull<false>(p); }

 private:
  static constexpr std::array<Index, K> transformed_at = [] {
    std::array<Index, K> at{};
    for (Index j = 0, k = 0; j < D; ++j)
      if (M::transformed(j)) at[static_cast<std::size_t>(k++)] = j;
    return at;
  }();
  static constexpr std::array<Index, passed_count> passed_at = [] {
    std::array<Index, passed_count> at{};
    for (Index j = 0, k = 0; j < D; ++j)
      if (!M::transformed(j)) at[static_cast<std::size_t>(k++)] = j;
    return at;
  }();
  template <std::size_t N> static constexpr bool contiguous(const std::array<Index, N>& at) {
    return at[N - 1] - at[0] == static_cast<Index>(N) - 1;
  }

  /// The coordinates that pass, side by side: a view where they stand together.
  template <class T> static CView<T> passed(CView<T> in, Buffer<T>& buffer) {
    if constexpr (contiguous(passed_at)) {
      return columns(in, passed_at[0], passed_count);
    } else {
      View<T> side = buffer.view(in.rows(), passed_count);
      for (Index k = 0; k < passed_count; ++k) column(side, k) = column(in, passed_at[static_cast<std::size_t>(k)]);
      return read(side);
    }
  }
  /// Calls body(first column in the batch, first transformed, count) over runs of neighbouring transformed coordinates.
  template <class Body> static void runs(Body body) {
    if constexpr (contiguous(transformed_at)) {
      body(transformed_at[0], Index(0), K);
    } else {
      for (Index k = 0; k < K; ++k) body(transformed_at[static_cast<std::size_t>(k)], k, Index(1));
    }
  }

  template <bool Encode, class T> void run(Pass<T, Cache<T>>& p) const {
    constexpr Index P = Transformer::params;
    const Index n = p.in.rows();
    const CView<T> side = passed(p.in, p.cache.passed);
    const View<T> raw = p.cache.raw.view(n, K * P);
    net.map(NetPass<T, typename Conditioner::template Cache<T>>{side, raw, p.theta, p.context, p.cache.net, p.scratch});
    for (Index j : passed_at) column(p.out, j) = column(p.in, j);
    runs([&](Index j, Index k, Index count) {
      detail::transform<Encode, T>(transformer, columns(p.in, j, count), read(columns(raw, k * P, count * P)),
                                   columns(p.out, j, count), p.v, p.report);
    });
  }

  template <bool Encode, class T> void pull(Pull<T, Cache<T>>& p) const {
    constexpr Index P = Transformer::params;
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> raw = p.cache.raw.view(n, K * P);
    const View<T> g_raw = p.scratch.template take<T>(n, K * P);
    runs([&](Index j, Index k, Index count) {
      detail::transform_pull<Encode, T>(transformer, columns(p.in, j, count), columns(p.out, j, count),
                                        columns(p.g_out, j, count), p.g_v, read(columns(raw, k * P, count * P)),
                                        columns(p.g_in, j, count), columns(g_raw, k * P, count * P));
    });
    const CView<T> side = [&] {
      if constexpr (contiguous(passed_at)) return columns(p.in, passed_at[0], passed_count);
      else return read(p.cache.passed.view(n, passed_count));
    }();
    const View<T> g_side = p.scratch.template take<T>(n, passed_count);
    net.map_pull(NetPull<T, typename Conditioner::template Cache<T>>{side, read(g_raw), g_side, p.theta, p.g_theta,
                                                                     p.context, p.g_context, p.cache.net, p.scratch});
    for (Index k = 0; k < passed_count; ++k) {
      const Index j = passed_at[static_cast<std::size_t>(k)];
      column(p.g_in, j) = column(p.g_out, j) + column(g_side, k);
    }
  }
};

/// RealNVP's layer.  Net is a recipe (Mlp<64, 64>), C the width of the context, Scale the map to the log-scale.
template <Index D, class Net, Index C = 0, class Scale = BoundedExp, class M = HalfMask<D>>
using AffineCoupling = Coupling<D, ScaleShift<Scale>, Net, C, M>;

/// NICE's layer: volume preserving.
template <Index D, class Net, Index C = 0, class M = HalfMask<D>>
using AdditiveCoupling = Coupling<D, Shift, Net, C, M>;

/// GIN's: affine, its log-scales between -4 and 4 and 0 in sum, so that volumes are kept (V = 0 up to rounding).
template <Index D, class Net, Index C = 0, class M = HalfMask<D>>
using GinCoupling = Coupling<D, ScaleShift<Exp>, ZeroSum<Net>, C, M>;

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
