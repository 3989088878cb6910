// SPDX-License-Identifier: MIT
// Elementwise and Conditional: the two wirings of a scalar transformer in which coordinates do not see one another.
#pragma once

#include "rheo/core/layer_more.hpp"
#include "rheo/nets/mlp.hpp"
#include "rheo/transformers/affine.hpp"
#include "rheo/transformers/line.hpp"
#include "rheo/transformers/pointwise.hpp"
#include "rheo/transformers/range.hpp"
#include "rheo/transformers/custom.hpp"

namespace rheo {

/// z_j = tau(x_j; theta_j) with learned parameters theta, D x P of them, the same for every row; start at zero.
/// Constructed from a transformer, or from the arguments of one.
template <Index D, class Transformer> struct Elementwise : detail::Pointwise<D, AllMask<D>, Transformer> {
  using detail::Pointwise<D, AllMask<D>, Transformer>::Pointwise;
};

/// A whole layer from one generic lambda of a number and its P parameters: `elementwise<2, 1>([](auto x, const auto& a)
/// { ... })`; see Custom.
template <Index D, Index P, class F> Elementwise<D, Custom<P, F>> elementwise(F f) {
  return Elementwise<D, Custom<P, F>>(Custom<P, F>(f));
}

/// z_j = tau(x_j; net(context)_j): the coordinates are independent given the context, C > 0 wide.
template <Index D, class Transformer, class Net, Index C>
struct Conditional : detail::PointwiseFacts<D, AllMask<D>, Transformer> {
  static_assert(C > 0, "rheo: Conditional wants a context; Elementwise is the wiring without one");
  static constexpr Index P = Transformer::params;
  using Conditioner = typename Net::template net<0, D * P, C>;
  static_assert(!detail::is_masked<Conditioner>,
                "rheo: Conditional wants a plain net: Mlp<64, 64> in place of Made<64, 64>");
  static constexpr Index context_dim = C, param_count = Conditioner::param_count;
  static constexpr Index encode_passes = 1, decode_passes = detail::decode_passes_of<Transformer>(1);
  static constexpr bool smooth = Conditioner::smooth && detail::smooth_map<Transformer>;
  template <class T> struct Cache {
    typename Conditioner::template Cache<T> net;
    Buffer<T> raw;
  };
  Transformer transformer;
  Conditioner net{};

  Conditional() = default;
  explicit Conditional(Transformer t) : transformer(t) {}

  template <class Q> static auto unpack(Q p) { return p.part(Conditioner{}, param_count, "net"); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    net.init(theta, buffers, noise);
  }
  template <class T> void encode(Pass<T, Cache<T>> p) const { run<true>(p); }
  template <class T> void decode(Pass<T, Cache<T>> p) const { run<false>(p); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const { pull<true>(p); }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const { pull<false>(p); }

 private:
  template <bool Encode, class T> void run(Pass<T, Cache<T>>& p) const {
    const View<T> raw = p.cache.raw.view(p.in.rows(), D * P);
    net.map(NetPass<T, typename Conditioner::template Cache<T>>{columns(p.in, 0, 0), raw, p.theta, p.context,
                                                                p.cache.net, p.scratch});
    detail::transform<Encode, T>(transformer, p.in, read(raw), p.out, p.v, p.report);
  }
  template <bool Encode, class T> void pull(Pull<T, Cache<T>>& p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> raw = p.cache.raw.view(n, D * P), g_raw = p.scratch.template take<T>(n, D * P);
    detail::transform_pull<Encode, T>(transformer, p.in, p.out, p.g_out, p.g_v, read(raw), p.g_in, g_raw);
    net.map_pull(NetPull<T, typename Conditioner::template Cache<T>>{columns(p.in, 0, 0), read(g_raw),
                                                                     columns(p.g_in, 0, 0), p.theta, p.g_theta,
                                                                     p.context, p.g_context, p.cache.net, p.scratch});
  }
};

/// The range maps and the maps of the line on every coordinate, in encode direction: LogitMap takes the unit interval
/// to the line, SigmoidMap the line to the unit interval.  With numbers: LogitMap<2>{0.5}.  rheo/transformers/range.hpp
/// says what happens at edges.
template <Index D> using LogitMap = Elementwise<D, range::Logit>;
template <Index D> using SigmoidMap = Elementwise<D, range::Sigmoid>;
template <Index D> using IntervalMap = Elementwise<D, range::Interval>;
template <Index D> using LogitUpToMap = Elementwise<D, range::LogitUpTo>;
template <Index D> using LogMap = Elementwise<D, range::Log>;
template <Index D> using ExpMap = Elementwise<D, range::Exp>;
template <Index D> using SoftplusMap = Elementwise<D, range::Softplus>;
template <Index D> using SoftplusInverseMap = Elementwise<D, range::SoftplusInverse>;
template <Index D> using ArctanhMap = Elementwise<D, range::Arctanh>;
template <Index D> using TanhMap = Elementwise<D, range::Tanh>;
template <Index D> using PowerMap = Elementwise<D, range::Power>;
template <Index D> using CutCircleMap = Elementwise<D, range::CutCircle>;
template <Index D> using ArcsinhMap = Elementwise<D, range::Arcsinh>;
template <Index D> using SinhMap = Elementwise<D, range::Sinh>;
template <Index D> using LoftMap = Elementwise<D, range::Loft>;
template <Index D> using InverseLoftMap = Elementwise<D, range::InverseLoft>;
template <Index D> using LeakyReluMap = Elementwise<D, range::LeakyRelu>;
template <Index D> using ScaleShiftMap = Elementwise<D, range::ScaleShift>;
/// z_j = x_j e^(s_j) + t_j with s and t learned, s unbounded; starts as the identity.
template <Index D> using LearnedScaleShift = Elementwise<D, ScaleShift<Exp>>;

}  // namespace rheo
