// SPDX-License-Identifier: MIT
// Invert: any layer run backwards: functions swapped, V negated.  -inf stays: data off the support in encode, and in
// decode a latent that encode cannot have made, which is no path of the flow.  Augment is Invert<Slice>, an inverse
// autoregressive flow Invert<Maf>.
#pragma once

#include <array>
#include <limits>

#include "rheo/core/layer_more.hpp"

namespace rheo {

/// encode is L's decode and decode its encode; V has the other sign.  An L with a stochastic side becomes a bound, or
/// exact, by the side that now encodes.
template <class L> struct Invert {
  static_assert(detail::owes_no_layout<L>());
  static constexpr Index x_dim = L::z_dim, z_dim = L::x_dim, context_dim = L::context_dim, param_count = L::param_count,
                         buffer_count = L::buffer_count;
  static constexpr Kind kind = reversed(L::kind);
  /// Run backwards, a layer that encodes stochastically is a bound, whatever it was forwards; what is estimated stays
  /// so.
  static constexpr Exactness exactness =
      (encodes_stochastically(kind) ? Exactness::bound : Exactness::exact) | without_bound(L::exactness);
  static constexpr Index categories = detail::category_count<L>();
  static constexpr std::array<Index, static_cast<std::size_t>(x_dim)> x_categories = detail::z_categories<L>();
  static constexpr std::array<Index, static_cast<std::size_t>(z_dim)> z_categories = detail::x_categories<L>();
  static constexpr bool smooth = detail::is_smooth<L>, exact_pulls = detail::has_exact_pulls<L>,
                        biased_pulls = detail::has_biased_pulls<L>;
  static constexpr Index encode_passes = detail::decode_effort<L>().passes,
                         decode_passes = detail::encode_effort<L>().passes;
  static constexpr bool parallel_encode = detail::decode_effort<L>().parallel,
                        parallel_decode = detail::encode_effort<L>().parallel;
  template <class T> static constexpr double accuracy() { return detail::accuracy<L, T>(); }
  static constexpr Supports<x_dim> x_support = L::z_support;
  static constexpr Supports<z_dim> z_support = L::x_support;
  static constexpr std::array<Index, static_cast<std::size_t>(z_dim)> support_source = [] {
    std::array<Index, static_cast<std::size_t>(z_dim)> s{};
    for (auto& i : s) i = -1;
    const auto forwards = detail::support_source<L>();
    for (std::size_t j = 0; j < forwards.size(); ++j) {
      if (forwards[j] >= 0 && forwards[j] < z_dim) s[static_cast<std::size_t>(forwards[j])] = static_cast<Index>(j);
    }
    return s;
  }();

  L layer;  ///< forwards
  constexpr Invert() requires(std::is_default_constructible_v<L>) : layer() {}
  /// Of a layer with hyper-parameters.
  explicit Invert(L l) : layer(std::move(l)) {}

  template <class T> struct Cache { CacheOf<L, T> inner; };

  template <class P> static auto unpack(P p) { return L::unpack(p); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    detail::init<L, T>(layer, theta, buffers, noise);
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const { return detail::valid_buffers(layer, buffers); }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const requires detail::HasAfterStep<L, T> {
    layer.after_step(theta, buffers);
  }

  template <class Add> void seams(Index j, double other, Add add) const requires requires {
    layer.z_seams(j, other, add);
  }
  { layer.z_seams(j, other, add); }

  template <class T> void encode(Pass<T, Cache<T>> p) const requires CanDecode<L, T> {
    run<T>(p, [this](auto q) { layer.decode(q); });
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const requires CanEncode<L, T> {
    run<T>(p, [this](auto q) { layer.encode(q); });
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const requires CanDecodePull<L, T> {
    pull<T>(p, [this](auto q) { layer.decode_pull(q); });
  }
  template <class T>
  void encode_path_pull(Pull<T, Cache<T>> p, CColView<T> factor) const requires detail::HasDecodePathPull<L, T> {
    pull<T>(p, [&](auto q) { layer.decode_path_pull(q, factor); });
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const requires CanEncodePull<L, T> {
    pull<T>(p, [this](auto q) { layer.encode_pull(q); });
  }

 private:
  template <class T, class Call> static void run(Pass<T, Cache<T>>& p, Call call) {
    Arena::Scope scope(p.scratch);
    const T off_support = T(-std::numeric_limits<double>::infinity());
    ColView<T> v = p.scratch.template column<T>(p.in.rows());
    v.setZero();
    call(Pass<T, CacheOf<L, T>>{p.in, p.out, v, p.theta, p.buffers, p.context, p.noise, p.cache.inner, p.scratch,
                                p.keep, p.report, p.wants_v});
    for (Index i = 0; i < v.size(); ++i) p.v(i) += v(i) == off_support ? v(i) : -v(i);
  }
  template <class T, class Call> static void pull(Pull<T, Cache<T>>& p, Call call) {
    Arena::Scope scope(p.scratch);
    ColView<T> g_v = p.scratch.template column<T>(p.in.rows());
    g_v = -p.g_v;
    call(Pull<T, CacheOf<L, T>>{p.in, p.out, p.g_out, read(g_v), p.g_in, p.theta, p.g_theta, p.buffers, p.context,
                                p.g_context, p.noise, p.cache.inner, p.scratch});
  }
};

}  // namespace rheo
