// SPDX-License-Identifier: MIT
// Mixture: K copies of any base with parameters of their own, and learned weights.
#pragma once

#include <limits>

#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/normal.hpp"

namespace rheo {

/// p(x | c) = sum_k w_k p_k(x | c), w = softmax(logits), every p_k a Base.  Starts with equal weights; components that
/// started alike would stay alike, so each parameter of each component starts at the base's own start plus `spread`
/// times a normal draw. A whole pass of the base for each component; decode draws from all of them and picks one by the
/// row's first uniform.  No decode_pull: the choice has no derivative.  NormalMixture is the faster one for normals.
/// The log of a sum of noisy terms is biased: a base whose V is an estimate is taken only if it says `noise_free`, as
/// ResampledBase does: V does not depend on the call's noise, only on its parameters and buffers.
template <Index K, class Base> struct Mixture {
  static_assert(Distribution<Base>, "rheo: Mixture wants a distribution");
  static_assert(K > 0, "rheo: Mixture wants at least one component");
  static_assert(
      detail::is_noise_free<Base>,
      "rheo: Mixture: the log of a sum of noisy estimates is biased; take a base whose V is exact, or noise_free");
  static constexpr Index D = Base::x_dim, x_dim = D, z_dim = 0, context_dim = Base::context_dim;
  static constexpr Index param_count = K * (1 + Base::param_count), buffer_count = K * Base::buffer_count;
  static constexpr Kind kind = Base::kind;
  static constexpr Exactness exactness = Base::exactness;
  static constexpr Supports<D> x_support = Base::x_support;
  static constexpr Supports<0> z_support{};
  static constexpr bool smooth = detail::is_smooth<Base>;
  static constexpr Index encode_passes = detail::encode_effort<Base>().passes,
                         decode_passes = detail::decode_effort<Base>().passes;
  static constexpr bool parallel_encode = detail::encode_effort<Base>().parallel,
                        parallel_decode = detail::decode_effort<Base>().parallel;
  template <class T> static constexpr double accuracy() { return detail::accuracy<Base, T>(); }
  template <class T> struct Cache {
    std::array<CacheOf<Base, T>, static_cast<std::size_t>(K)> base;
    Buffer<T> part;  // n x K: log joint, then responsibilities
  };
  Base base{};
  double spread = 0.5;

  Mixture() = default;
  explicit Mixture(const Base& b, double s = 0.5) : base(b), spread(s) {}

  template <class P> static auto unpack(P p) {
    auto w = p.vector(K, "logits");
    if constexpr (Base::param_count > 0) {
      return std::pair{w, p.matrix(Base::param_count, K, "components")};
    } else {
      return std::pair{w, 0};
    }
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    theta.vector(K).setZero();
    for (Index k = 0; k < K; ++k) {
      const auto key = static_cast<std::uint64_t>(k);
      Params<T> own = theta.part(base, Base::param_count), state = buffers.part(base, Base::buffer_count);
      detail::init<Base, T>(base, own, state, noise.fork(2 * key));
      for (Index i = 0; i < Base::param_count; ++i) own.data()[i] += T(spread * noise.fork(2 * key + 1).normal(i, 0));
      detail::after_step(base, own, state);
    }
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    for (Index k = 0; k < K; ++k) {
      if (!detail::valid_buffers(base, Params<const T>(buffers.data() + k * Base::buffer_count, Base::buffer_count)))
        return false;
    }
    return true;
  }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const requires detail::HasAfterStep<Base, T> {
    theta.vector(K);
    for (Index k = 0; k < K; ++k) {
      const Params<T> own = theta.part(base, Base::param_count), state = buffers.part(base, Base::buffer_count);
      base.after_step(own, state);
    }
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const { score(p.in, p); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const requires CanEncodePull<Base, T> {
    using std::exp;
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> part = p.cache.part.view(n, K);
    View<T> g_x = p.scratch.template take<T>(n, D);
    auto g = p.scratch.template column<T>(n);
    auto theta = p.theta, buffers = p.buffers;
    auto g_theta = p.g_theta;
    const auto w = theta.vector(K);
    auto g_w = g_theta.vector(K);
    const T top = w.maxCoeff(), total = (w - top).exp().sum();
    p.g_in.setZero();
    for (Index k = 0; k < K; ++k) {
      g = column(part, k) * p.g_v;
      g_w(k) += (g - p.g_v * T(exp(w(k) - top) / total)).sum();
      const auto own = theta.part(base, Base::param_count), state = buffers.part(base, Base::buffer_count);
      base.encode_pull(Pull<T, CacheOf<Base, T>>{p.in, p.out, p.g_out, read(g), g_x, own,
                                                 g_theta.part(base, Base::param_count), state, p.context, p.g_context,
                                                 p.noise, p.cache.base[static_cast<std::size_t>(k)], p.scratch});
      p.g_in += g_x;
    }
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const requires CanDecode<Base, T> {
    using std::exp;
    {
      Arena::Scope scope(p.scratch);
      const Index n = p.out.rows();
      View<T> x = p.scratch.template take<T>(n, D);
      auto unused = p.scratch.template column<T>(n);
      auto left = p.scratch.template column<T>(n);
      auto theta = p.theta, buffers = p.buffers;
      const auto w = theta.vector(K);
      const T top = w.maxCoeff(), total = (w - top).exp().sum();
      for (Index i = 0; i < n; ++i) left(i) = total * p.noise.template uniform<T>(i, 0);
      p.out.setConstant(T(
          std::numeric_limits<double>::quiet_NaN()));  // what stays where a weight is NaN: no component is picked then
      for (Index k = 0; k < K; ++k) {
        const auto own = theta.part(base, Base::param_count), state = buffers.part(base, Base::buffer_count);
        unused.setZero();
        base.decode(Pass<T, CacheOf<Base, T>>{
            p.in, x, unused, own, state, p.context, p.noise.fork(static_cast<std::uint64_t>(k)),
            p.cache.base[static_cast<std::size_t>(k)], p.scratch, false, p.report, false});
        const T share = exp(w(k) - top);
        for (Index i = 0; i < n; ++i) {
          if (!(left(i) >= T(0))) continue;
          left(i) -= share;
          if (left(i) < T(0) || k + 1 == K) {
            for (Index j = 0; j < D; ++j) p.out(i, j) = x(i, j);
          }
        }
      }
    }
    if (p.needs_v()) score(read(p.out), p);
  }

 private:
  template <class T> void score(CView<T> x, Pass<T, Cache<T>>& p) const {
    using std::exp, std::log;
    const Index n = x.rows();
    View<T> part = p.cache.part.view(n, K);
    auto theta = p.theta, buffers = p.buffers;
    const auto w = theta.vector(K);
    const T top_w = w.maxCoeff(), log_total = top_w + log((w - top_w).exp().sum());
    for (Index k = 0; k < K; ++k) {
      column(part, k).setConstant(w(k) - log_total);
      const auto own = theta.part(base, Base::param_count), state = buffers.part(base, Base::buffer_count);
      base.encode(Pass<T, CacheOf<Base, T>>{x, columns(p.out, 0, 0), column(part, k), own, state, p.context, p.noise,
                                            p.cache.base[static_cast<std::size_t>(k)], p.scratch, p.keep, p.report});
    }
    for (Index i = 0; i < n; ++i) {  // log-sum-exp along the row; all -inf gives -inf, NaN gives NaN
      T top = part(i, 0), total(0);
      for (Index k = 1; k < K; ++k) top = part(i, k) > top || part(i, k) != part(i, k) ? part(i, k) : top;
      const bool finite = top > T(-std::numeric_limits<double>::infinity());
      for (Index k = 0; k < K; ++k) {
        part(i, k) = finite ? T(exp(part(i, k) - top)) : T(1);
        total += part(i, k);
      }
      for (Index k = 0; k < K; ++k) part(i, k) /= total;
      p.v(i) += finite ? T(top + log(total)) : top;
    }
  }
};

}  // namespace rheo
