// SPDX-License-Identifier: MIT
// Indexed: a bijection made a family of bijections by a drawn index u: a continuously indexed flow, whose support need
// not be that of its base.
//   Cornish, Caterini, Deligiannidis, Doucet 2020, arXiv:1909.13833 (CIF), eqs. 5, 7 and 8.
#pragma once

#include <limits>
#include <type_traits>

#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/nets/mlp.hpp"
#include "rheo/transformers/affine.hpp"

namespace rheo {

/// encode draws u ~ q(u | x, c) and gives z = G(x; u), G(x; u) = e^s(u, c) (g(x) + t(u, c)) with g the layer L; decode
/// draws u ~ p(u | z, c) and inverts G:
///   V = log|det dg/dx| + sum s(u, c) + log p(u | z, c) - log q(u | x, c).  A bound.
/// U coordinates to the index; Posterior and Prior are recipes (rheo/distributions/fibre.hpp) of the laws q = law<U, D
/// + C> and p = law<U, D + C>; Net makes s and t from u; any other scalar map of the line may stand in the place of
/// ShiftScale.  The same as augmenting by u, g beside u, a coupling of the first coordinates given u, and slicing u
/// off, to the last bit, with parameters in that order.  Nets whose last layer starts at zero make a new Indexed layer
/// L itself, without slack.  Off the support of L, p or q: v = -inf, gradient 0.
template <class L, Index U, class Posterior, class Prior, class Net = Mlp<10, 10>, Index C = 0,
          class Transformer = ShiftScale<>>
struct Indexed {
  static_assert(U > 0 && L::z_dim > 0, "rheo: Indexed wants an index, and a layer with a latent");
  static_assert(L::context_dim == 0 || L::context_dim == C,
                "rheo: Indexed: the layer wants a context of another width");
  static constexpr Index X = L::x_dim, D = L::z_dim;
  using PosteriorLaw = typename Posterior::template law<U, X + C>;
  using PriorLaw = typename Prior::template law<U, D + C>;
  using IndexNet = typename Net::template net<U, D * Transformer::params, C>;
  using Q = detail::Fibre<PosteriorLaw, X, C>;
  using P = detail::Fibre<PriorLaw, D, C>;
  static_assert(!detail::is_masked<IndexNet>, "rheo: Indexed wants a plain net: Mlp<10, 10> in place of Made<10, 10>");
  static constexpr bool fits = [] {
    for (Support s : L::z_support) {
      if (s != Support::any && detail::x_support_of<Transformer>() != Support::any &&
          s != detail::x_support_of<Transformer>())
        return false;
    }
    return PosteriorLaw::x_support == PriorLaw::x_support;
  }();
  static_assert(
      fits, "rheo: Indexed: the index moves coordinates on the line, and prior and posterior must have one support");

  static constexpr Index x_dim = X, z_dim = D, context_dim = C;
  static constexpr Index param_count =
      PosteriorLaw::param_count + L::param_count + IndexNet::param_count + PriorLaw::param_count;
  static constexpr Index buffer_count = PosteriorLaw::buffer_count + L::buffer_count + PriorLaw::buffer_count;
  static constexpr Kind kind = Kind::stochastic;
  static constexpr Exactness exactness =
      Exactness::bound | without_bound(L::exactness | PosteriorLaw::exactness | PriorLaw::exactness);
  static constexpr bool smooth = detail::is_smooth<L> && detail::is_smooth<PosteriorLaw> &&
                                 detail::is_smooth<PriorLaw> && IndexNet::smooth && detail::smooth_map<Transformer>;
  static constexpr bool biased_pulls = detail::has_biased_pulls<L> || Q::biased || P::biased;
  static constexpr detail::Effort to_z = detail::decode_effort<PosteriorLaw>() + detail::encode_effort<L>() +
                                         detail::Effort{1} + detail::encode_effort<PriorLaw>();
  static constexpr detail::Effort to_x = detail::decode_effort<PriorLaw>() + detail::Effort{1} +
                                         detail::decode_effort<L>() + detail::encode_effort<PosteriorLaw>();
  static constexpr Index encode_passes = to_z.passes, decode_passes = to_x.passes;
  static constexpr bool parallel_encode = to_z.parallel, parallel_decode = to_x.parallel;
  template <class T> static constexpr double accuracy() {
    return detail::accuracy<L, T>() + detail::accuracy<PosteriorLaw, T>() + detail::accuracy<PriorLaw, T>() +
           detail::accuracy<Transformer, T>();
  }
  static constexpr Supports<X> x_support = L::x_support;
  static constexpr Supports<D> z_support = all_of<D>(detail::z_support_of<Transformer>());
  template <class T> struct Cache {
    typename Q::template Cache<T> q;
    typename P::template Cache<T> p;
    CacheOf<L, T> layer;
    typename IndexNet::template Cache<T> net;
    Buffer<T> u, w, raw, v;  // the index, g(x), the net's numbers, this layer's own V
  };

  PosteriorLaw posterior{};
  L layer{};
  Transformer transformer{};
  PriorLaw prior{};
  IndexNet net{};
  Indexed() = default;
  explicit Indexed(const L& l) : layer(l) {}
  explicit Indexed(const L& l, const PosteriorLaw& q, const PriorLaw& p, const Transformer& t = {})
      : posterior(q), layer(l), transformer(t), prior(p) {}

  template <class A> static auto unpack(A a) {
    detail::name_part<PosteriorLaw>(a, "posterior");
    detail::name_part<L>(a, "layer");
    detail::name_part<IndexNet>(a, "index");
    detail::name_part<PriorLaw>(a, "prior");
    return a;
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    const auto t = parts(theta);
    const auto b = states(buffers);
    detail::init<PosteriorLaw, T>(posterior, t.q, b.q, noise.fork(0));
    detail::init<L, T>(layer, t.layer, b.layer, noise.fork(1));
    net.init(t.net, b.net, noise.fork(2));
    detail::init<PriorLaw, T>(prior, t.p, b.p, noise.fork(3));
  }
  template <class T> void initialise(InitPass<T> p) const {
    detail::initialise(layer, InitPass<T>{p.in, parts(p.theta).layer, states(p.buffers).layer,
                                          columns(p.context, 0, L::context_dim), p.anew, p.report});
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    const auto b = states(buffers);
    return detail::valid_buffers(posterior, b.q) && detail::valid_buffers(layer, b.layer) &&
           detail::valid_buffers(prior, b.p);
  }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const {
    const auto t = parts(theta);
    const auto b = states(buffers);
    detail::after_step(posterior, t.q, b.q);
    detail::after_step(layer, t.layer, b.layer);
    detail::after_step(prior, t.p, b.p);
  }

  template <class T>
  void encode(
      Pass<T, Cache<T>> p) const requires CanDecode<PosteriorLaw, T> && CanEncode<L, T> && CanEncode<PriorLaw, T> {
    Here<T> h(p);
    Q::draw(posterior, p, h.q_slot(p), p.in, h.u, h.log_q);
    detail::take_away(h.log_q, h.v);
    layer.encode(h.layer_pass(p, p.in, h.w));
    index(p, h);
    detail::transform<true, T>(transformer, read(h.w), read(h.raw), p.out, h.v, p.report);
    P::score(prior, p, h.p_slot(p), read(p.out), read(h.u), h.v);
    p.v += h.v;
  }
  template <class T>
  void encode_pull(Pull<T, Cache<T>> p) const
      requires(Q::template pulls_draw<T>&& CanEncodePull<L, T>&& P::template pulls_score<T>) {
    There<T> h(p);
    pull_to_index(p, h);
    Q::draw_pull(posterior, p, h.q_slot(p), p.in, read(h.u), read(h.g_u), read(h.minus_g_v), p.g_in);
  }
  template <class T>
  void encode_path_pull(Pull<T, Cache<T>> p, CColView<T> factor) const
      requires(Q::template pulls_path<T>&& CanEncodePull<L, T>&& P::template pulls_score<T>) {
    There<T> h(p);
    pull_to_index(p, h);
    Q::path_pull(posterior, p, h.q_slot(p), p.in, read(h.u), read(h.g_u), read(h.minus_g_v), factor, p.g_in);
  }
  template <class T>
  void decode(
      Pass<T, Cache<T>> p) const requires CanDecode<PriorLaw, T> && CanDecode<L, T> && CanEncode<PosteriorLaw, T> {
    Here<T> h(p);
    P::draw(prior, p, h.p_slot(p), p.in, h.u, h.v);
    index(p, h);
    detail::transform<false, T>(transformer, p.in, read(h.raw), h.w, h.v, p.report);
    layer.decode(h.layer_pass(p, read(h.w), p.out));
    Q::score(posterior, p, h.q_slot(p), read(p.out), read(h.u), h.log_q);
    detail::take_away(h.log_q, h.v);
    p.v += h.v;
  }
  template <class T>
  void decode_pull(Pull<T, Cache<T>> p) const
      requires(P::template pulls_draw<T>&& CanDecodePull<L, T>&& Q::template pulls_score<T>) {
    There<T> h(p);
    copy(p.g_out, h.g_x);
    Q::score_pull(posterior, p, h.q_slot(p), p.out, read(h.u), read(h.minus_g_v), h.g_u, h.g_x);
    layer.decode_pull(h.layer_pull(p, read(h.w), p.out, read(h.g_x), h.g_w));
    detail::transform_pull<false, T>(transformer, p.in, read(h.w), read(h.g_w), read(h.g_v), read(h.raw), p.g_in,
                                     h.g_raw);
    index_pull(p, h);
    P::draw_pull(prior, p, h.p_slot(p), p.in, read(h.u), read(h.g_u), read(h.g_v), p.g_in);
  }

 private:
  template <class T> struct Slices { Params<T> q, layer, net, p; };
  template <class T> static Slices<T> slices(Params<T> all, Index q, Index l, Index n, Index p) {
    return {{all.data(), q}, {all.data() + q, l}, {all.data() + q + l, n}, {all.data() + q + l + n, p}};
  }
  template <class T> static Slices<T> parts(Params<T> theta) {
    return slices(theta, PosteriorLaw::param_count, L::param_count, IndexNet::param_count, PriorLaw::param_count);
  }
  template <class T> static Slices<T> states(Params<T> buffers) {
    return slices(buffers, PosteriorLaw::buffer_count, L::buffer_count, Index(0), PriorLaw::buffer_count);
  }

  /// encode's pull, all but that of the draw.
  template <class H, class T> void pull_to_index(Pull<T, Cache<T>>& p, H& h) const {
    copy(p.g_out, h.g_z);
    P::score_pull(prior, p, h.p_slot(p), p.out, read(h.u), read(h.g_v), h.g_u, h.g_z);
    detail::transform_pull<true, T>(transformer, read(h.w), p.out, read(h.g_z), read(h.g_v), read(h.raw), h.g_w,
                                    h.g_raw);
    index_pull(p, h);
    layer.encode_pull(h.layer_pull(p, p.in, read(h.w), read(h.g_w), p.g_in));
  }
  /// What both directions of a call, and of a pull, look at.
  template <class T> struct Views {
    Arena::Scope scope;
    Slices<const T> theta, state;
    View<T> u, w, raw;
    ColView<T> v;
    template <class Call>
    explicit Views(Call& p)
        : scope(p.scratch),
          theta(parts(p.theta)),
          state(states(p.buffers)),
          u(p.cache.u.view(p.in.rows(), U)),
          w(p.cache.w.view(p.in.rows(), D)),
          raw(p.cache.raw.view(p.in.rows(), D * Transformer::params)),
          v(p.cache.v.column(p.in.rows())) {}
    template <class Call> typename Q::template Slot<T> q_slot(Call& p) const {
      typename Q::template Slot<T> s{theta.q, state.q, p.noise.fork(0), p.cache.q};
      if constexpr (requires { p.g_theta; }) s.g_theta = parts(p.g_theta).q;
      return s;
    }
    template <class Call> typename P::template Slot<T> p_slot(Call& p) const {
      typename P::template Slot<T> s{theta.p, state.p, p.noise.fork(3), p.cache.p};
      if constexpr (requires { p.g_theta; }) s.g_theta = parts(p.g_theta).p;
      return s;
    }
  };
  template <class T> struct Here : Views<T> {
    ColView<T> log_q;
    explicit Here(Pass<T, Cache<T>>& p) : Views<T>(p), log_q(p.scratch.template column<T>(p.in.rows())) {
      this->v.setZero();
      log_q.setZero();
    }
    Pass<T, CacheOf<L, T>> layer_pass(Pass<T, Cache<T>>& p, CView<T> in, View<T> out) const {
      return {in,
              out,
              this->v,
              this->theta.layer,
              this->state.layer,
              columns(p.context, 0, L::context_dim),
              p.noise.fork(1),
              p.cache.layer,
              p.scratch,
              p.keep,
              p.report,
              p.wants_v};
    }
  };
  template <class T> struct There : Views<T> {
    View<T> g_u, g_u_index, g_w, g_raw, g_x, g_z;
    ColView<T> g_v, minus_g_v;
    explicit There(Pull<T, Cache<T>>& p)
        : Views<T>(p),
          g_u(take(p, U)),
          g_u_index(take(p, U)),
          g_w(take(p, D)),
          g_raw(take(p, D * Transformer::params)),
          g_x(take(p, X)),
          g_z(take(p, D)),
          g_v(p.scratch.template column<T>(p.in.rows())),
          minus_g_v(p.scratch.template column<T>(p.in.rows())) {
      for (Index i = 0; i < g_v.size(); ++i) {
        g_v(i) = this->v(i) == T(-std::numeric_limits<double>::infinity()) ? T(0) : p.g_v(i);
        minus_g_v(i) = -g_v(i);
      }
    }
    static View<T> take(Pull<T, Cache<T>>& p, Index c) { return p.scratch.template take<T>(p.in.rows(), c); }
    Pull<T, CacheOf<L, T>> layer_pull(Pull<T, Cache<T>>& p, CView<T> in, CView<T> out, CView<T> g_out,
                                      View<T> g_in) const {
      return {in,
              out,
              g_out,
              read(g_v),
              g_in,
              this->theta.layer,
              parts(p.g_theta).layer,
              this->state.layer,
              columns(p.context, 0, L::context_dim),
              columns(p.g_context, 0, L::context_dim),
              p.noise.fork(1),
              p.cache.layer,
              p.scratch};
    }
  };
  template <class T> void index(Pass<T, Cache<T>>& p, const Here<T>& h) const {
    net.map(NetPass<T, typename IndexNet::template Cache<T>>{read(h.u), h.raw, h.theta.net, p.context, p.cache.net,
                                                             p.scratch});
  }
  template <class T> void index_pull(Pull<T, Cache<T>>& p, There<T>& h) const {
    net.map_pull(NetPull<T, typename IndexNet::template Cache<T>>{read(h.u), read(h.g_raw), h.g_u_index, h.theta.net,
                                                                  parts(p.g_theta).net, p.context, p.g_context,
                                                                  p.cache.net, p.scratch});
    h.g_u += h.g_u_index;
  }
};

}  // namespace rheo
