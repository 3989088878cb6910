// SPDX-License-Identifier: MIT
// VaeLayer: both directions are draws, from an encoder q(z|x) and a decoder p(x|z): the layer that a variational
// autoencoder is made of.
//   Kingma and Welling 2014, arXiv:1312.6114, eqs. 2, 3 and 8;  as a layer of a flow: Nielsen et al. 2020,
//     arXiv:2007.02731 (SurVAE flows), table 1;
//   as a pair of Markov kernels: Hagemann, Hertrich, Steidl 2022, arXiv:2109.11375, sec. 4.
#pragma once

#include <array>
#include <limits>

#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/fibre.hpp"

namespace rheo {

/// encode draws z ~ q(z | x, c), decode draws x ~ p(x | z, c), and V = log p(x | z, c) - log q(z | x, c) in both.  A
/// bound: VaeLayer and a base p(z) make a variational autoencoder, several of them a hierarchy; any other layer may
/// stand before, between and behind them. Encoder and Decoder are recipes (rheo/distributions/fibre.hpp): the laws are
/// Encoder::law<Z, X + C> and Decoder::law<X, Z + C>, say Given<family::Normal<SoftBound>, Mlp<64, 64>>, and x and z
/// have their supports: Given<family::Bernoulli, Net> decodes to bits. Gradients are reparameterised where the laws are
/// (normals, logistics, flows); whole numbers that a law learns to draw are held constant, if it has a pull at all,
/// which makes its gradients biased, and so does the accept test of a law that samples.  Off the support of the laws: v
/// = -inf, gradient 0.
template <Index X, Index Z, class Encoder, class Decoder, Index C = 0> struct VaeLayer {
  static_assert(X > 0 && Z > 0, "rheo: VaeLayer wants data and latents");
  using EncoderLaw = typename Encoder::template law<Z, X + C>;
  using DecoderLaw = typename Decoder::template law<X, Z + C>;
  using Q = detail::Fibre<EncoderLaw, X, C>;
  using P = detail::Fibre<DecoderLaw, Z, C>;

  static constexpr Index x_dim = X, z_dim = Z, context_dim = C;
  static constexpr Index param_count = EncoderLaw::param_count + DecoderLaw::param_count,
                         buffer_count = EncoderLaw::buffer_count + DecoderLaw::buffer_count;
  static constexpr Kind kind = Kind::stochastic;
  static constexpr Exactness exactness =
      Exactness::bound | without_bound(EncoderLaw::exactness | DecoderLaw::exactness);
  static constexpr bool smooth = detail::is_smooth<EncoderLaw> && detail::is_smooth<DecoderLaw>;
  static constexpr bool biased_pulls = Q::biased || P::biased;
  static constexpr Index categories = detail::category_count<DecoderLaw>();
  static constexpr detail::Effort to_z = detail::decode_effort<EncoderLaw>() + detail::encode_effort<DecoderLaw>();
  static constexpr detail::Effort to_x = detail::decode_effort<DecoderLaw>() + detail::encode_effort<EncoderLaw>();
  static constexpr Index encode_passes = to_z.passes, decode_passes = to_x.passes;
  static constexpr bool parallel_encode = to_z.parallel, parallel_decode = to_x.parallel;
  template <class T> static constexpr double accuracy() {
    return detail::accuracy<EncoderLaw, T>() + detail::accuracy<DecoderLaw, T>();
  }
  static constexpr Supports<X> x_support = DecoderLaw::x_support;
  static constexpr Supports<Z> z_support = EncoderLaw::x_support;
  static constexpr std::array<Index, static_cast<std::size_t>(Z)> support_source = [] {
    std::array<Index, static_cast<std::size_t>(Z)> s{};
    s.fill(-1);
    return s;
  }();
  template <class T> struct Cache {
    typename Q::template Cache<T> q;
    typename P::template Cache<T> p;
    Buffer<T> v;  // this layer's own V
  };

  EncoderLaw encoder{};
  DecoderLaw decoder{};
  VaeLayer() = default;
  explicit VaeLayer(const EncoderLaw& q, const DecoderLaw& p) : encoder(q), decoder(p) {}

  template <class U> static auto unpack(U u) {
    detail::name_part<EncoderLaw>(u, "encoder");
    detail::name_part<DecoderLaw>(u, "decoder");
    return u;
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    detail::init<EncoderLaw, T>(encoder, of_q(theta), state_of_q(buffers), noise.fork(0));
    detail::init<DecoderLaw, T>(decoder, of_p(theta), state_of_p(buffers), noise.fork(1));
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    return detail::valid_buffers(encoder, state_of_q(buffers)) && detail::valid_buffers(decoder, state_of_p(buffers));
  }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const {
    detail::after_step(encoder, of_q(theta), state_of_q(buffers));
    detail::after_step(decoder, of_p(theta), state_of_p(buffers));
  }

  template <class T>
  void encode(Pass<T, Cache<T>> p) const requires CanDecode<EncoderLaw, T> && CanEncode<DecoderLaw, T> {
    run(p, [&](ColView<T> log_q, ColView<T> v) {
      Q::draw(encoder, p, q_slot<T>(p), p.in, p.out, log_q);
      detail::take_away(log_q, v);
      P::score(decoder, p, p_slot<T>(p), read(p.out), p.in, v);
    });
  }
  template <class T>
  void encode_pull(Pull<T, Cache<T>> p) const requires(Q::template pulls_draw<T>&& P::template pulls_score<T>) {
    pull(p, [&](View<T> g_z, CColView<T> g_v, CColView<T> minus_g_v) {
      P::score_pull(decoder, p, p_slot<T>(p), p.out, p.in, g_v, p.g_in, g_z);
      Q::draw_pull(encoder, p, q_slot<T>(p), p.in, p.out, read(g_z), minus_g_v, p.g_in);
    });
  }
  template <class T>
  void encode_path_pull(Pull<T, Cache<T>> p, CColView<T> factor) const
      requires(Q::template pulls_path<T>&& P::template pulls_score<T>) {
    pull(p, [&](View<T> g_z, CColView<T> g_v, CColView<T> minus_g_v) {
      P::score_pull(decoder, p, p_slot<T>(p), p.out, p.in, g_v, p.g_in, g_z);
      Q::path_pull(encoder, p, q_slot<T>(p), p.in, p.out, read(g_z), minus_g_v, factor, p.g_in);
    });
  }
  template <class T>
  void decode(Pass<T, Cache<T>> p) const requires CanDecode<DecoderLaw, T> && CanEncode<EncoderLaw, T> {
    run(p, [&](ColView<T> log_q, ColView<T> v) {
      P::draw(decoder, p, p_slot<T>(p), p.in, p.out, v);
      Q::score(encoder, p, q_slot<T>(p), read(p.out), p.in, log_q);
      detail::take_away(log_q, v);
    });
  }
  template <class T>
  void decode_pull(Pull<T, Cache<T>> p) const requires(P::template pulls_draw<T>&& Q::template pulls_score<T>) {
    pull(p, [&](View<T> g_x, CColView<T> g_v, CColView<T> minus_g_v) {
      Q::score_pull(encoder, p, q_slot<T>(p), p.out, p.in, minus_g_v, p.g_in, g_x);
      P::draw_pull(decoder, p, p_slot<T>(p), p.in, p.out, read(g_x), g_v, p.g_in);
    });
  }

 private:
  template <class T> static Params<T> of_q(Params<T> theta) { return {theta.data(), EncoderLaw::param_count}; }
  template <class T> static Params<T> of_p(Params<T> theta) {
    return {theta.data() + EncoderLaw::param_count, DecoderLaw::param_count};
  }
  template <class T> static Params<T> state_of_q(Params<T> buffers) {
    return {buffers.data(), EncoderLaw::buffer_count};
  }
  template <class T> static Params<T> state_of_p(Params<T> buffers) {
    return {buffers.data() + EncoderLaw::buffer_count, DecoderLaw::buffer_count};
  }
  template <class T, class Call> static typename Q::template Slot<T> q_slot(const Call& p) {
    typename Q::template Slot<T> s{of_q(p.theta), state_of_q(p.buffers), p.noise.fork(0), p.cache.q};
    if constexpr (requires { p.g_theta; }) s.g_theta = of_q(p.g_theta);
    return s;
  }
  template <class T, class Call> static typename P::template Slot<T> p_slot(const Call& p) {
    typename P::template Slot<T> s{of_p(p.theta), state_of_p(p.buffers), p.noise.fork(1), p.cache.p};
    if constexpr (requires { p.g_theta; }) s.g_theta = of_p(p.g_theta);
    return s;
  }
  template <class T, class Body> static void run(Pass<T, Cache<T>>& p, Body body) {
    Arena::Scope scope(p.scratch);
    ColView<T> log_q = p.scratch.template column<T>(p.in.rows()), v = p.cache.v.column(p.in.rows());
    log_q.setZero();
    v.setZero();
    body(log_q, v);
    p.v += v;
  }
  /// Hands on a copy of g_out to add to, and the cotangents of log p and of log q: none off the support.
  template <class T, class Body> static void pull(Pull<T, Cache<T>>& p, Body body) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> g = p.scratch.template take<T>(n, p.g_out.cols());
    ColView<T> g_v = p.scratch.template column<T>(n), minus_g_v = p.scratch.template column<T>(n);
    copy(p.g_out, g);
    const ColView<T> v = p.cache.v.column(n);
    for (Index i = 0; i < n; ++i) {
      g_v(i) = v(i) == T(-std::numeric_limits<double>::infinity()) ? T(0) : p.g_v(i);
      minus_g_v(i) = -g_v(i);
    }
    body(g, read(g_v), read(minus_g_v));
  }
};

}  // namespace rheo
