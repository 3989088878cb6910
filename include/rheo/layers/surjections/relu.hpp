// SPDX-License-Identifier: MIT
// ReluSurjection: x = max(z, 0): data with a mass of its own at 0 have a latent below it, drawn from a law.
//   Nielsen et al. 2020, arXiv:2007.02731 (SurVAE flows): the max value with 0, generative.
#pragma once

#include <array>
#include <limits>
#include <string>

#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/fibre.hpp"

namespace rheo {

/// Data of D coordinates in [0, inf), 0 among them with a probability of its own; log p(x) is a density in the
/// coordinates above 0 and a probability in those at 0.  z_j = x_j above 0; at 0, -z_j follows the j-th copy of
/// Negative::law<1, D + C> on (0, inf), as Given<family::HalfNormal<>, Net>, given the whole x and the context.  V = -
/// sum over x_j = 0 of log q(-z_j | x).  A bound.  decode is max(z, 0). x_j < 0, and a z_j that the law cannot draw: v
/// = -inf.  x_j < 0: gradient 0.  The inference form, Invert<ReluSurjection>, is exact for data on the line and a
/// latent that has masses at 0.
template <Index D, class Negative, Index C = 0> struct ReluSurjection {
  using Law = detail::LawOf<Negative, 1, D + C, Support::positive>;
  using Fibre = detail::Fibre<Law, D, C>;
  static_assert(Fibre::all(Support::positive),
                "rheo: ReluSurjection: the law below 0 is one of -z, on (0, inf), as Plain<family::HalfNormal<>>");
  static_assert(is_exact_v<Law>, "rheo: ReluSurjection: the fibre's law must have an exact density");

  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = D * Law::param_count,
                         buffer_count = D * Law::buffer_count;
  static constexpr Kind kind = Kind::generative_surjection;
  static constexpr Exactness exactness = Exactness::bound;
  static constexpr bool smooth = false;
  static constexpr bool parallel_encode = detail::decode_effort<Law>().parallel,
                        parallel_decode = detail::encode_effort<Law>().parallel;
  static constexpr Index encode_passes = (detail::decode_effort<Law>() * D).passes;
  static constexpr Index decode_passes = (detail::encode_effort<Law>() * D).passes;
  static constexpr Supports<D> x_support = all_of<D>(Support::censored), z_support = all_of<D>(Support::real);
  template <class T> static constexpr double accuracy() { return detail::accuracy<Law, T>(); }
  template <class T> struct Cache {
    std::array<typename Fibre::template Cache<T>, static_cast<std::size_t>(D)> fibres;
    Buffer<T> below;  // -z; 1 where x is above 0
  };

  Law law{};
  ReluSurjection() = default;
  explicit ReluSurjection(const Law& l) : law(l) {}

  template <class P> static auto unpack(P p) {
    for (Index j = 0; j < D; ++j) p.part(Law{}, Law::param_count, "below_" + std::to_string(j));
    return p;
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    for (Index j = 0; j < D; ++j) {
      const Params<T> own = theta.part(law, Law::param_count), state = buffers.part(law, Law::buffer_count);
      detail::init<Law, T>(law, own, state, noise.fork(static_cast<std::uint64_t>(j)));
    }
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    for (Index j = 0; j < D; ++j) {
      if (!detail::valid_buffers(law, slice(buffers, Law::buffer_count, j))) return false;
    }
    return true;
  }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const requires detail::HasAfterStep<Law, T> {
    for (Index j = 0; j < D; ++j) {
      const Params<T> own = theta.part(law, Law::param_count), state = buffers.part(law, Law::buffer_count);
      law.after_step(own, state);
    }
  }

  template <class Add> void z_seams(Index, double, Add add) const { add(0.0); }

  template <class T> void encode(Pass<T, Cache<T>> p) const requires CanDecode<Law, T> {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> below = p.cache.below.view(n, D);
    ColView<T> v = p.scratch.template column<T>(n);
    for (Index j = 0; j < D; ++j) {
      v.setZero();
      Fibre::draw(law, p, slot(p, j), p.in, columns(below, j, 1), v);
      for (Index i = 0; i < n; ++i) {
        const T x = p.in(i, j);
        p.out(i, j) = x == T(0) ? T(-below(i, j)) : x;
        if (x == T(0)) p.v(i) -= v(i);
        if (x < T(0) && p.v(i) == p.v(i)) p.v(i) = T(-std::numeric_limits<double>::infinity());
      }
    }
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const requires(Fibre::template pulls_draw<T>) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> below = p.cache.below.view(n, D), g_below = p.scratch.template take<T>(n, 1);
    ColView<T> g_v = p.scratch.template column<T>(n), off = p.scratch.template column<T>(n);
    mark_off<T>(p.in, off);
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) p.g_in(i, j) = p.in(i, j) == T(0) || off(i) != T(0) ? T(0) : p.g_out(i, j);
    }
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) {
        const bool drawn = p.in(i, j) == T(0) && off(i) == T(0);
        g_below(i, 0) = drawn ? T(-p.g_out(i, j)) : T(0);
        g_v(i) = drawn ? T(-p.g_v(i)) : T(0);
      }
      Fibre::draw_pull(law, p, slot(p, j), p.in, read(columns(below, j, 1)), read(g_below), read(g_v), p.g_in);
    }
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> below = p.cache.below.view(n, D);
    ColView<T> v = p.scratch.template column<T>(n);
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) {
        const T z = p.in(i, j);
        p.out(i, j) = z <= T(0) ? T(0) : z;
        below(i, j) = z <= T(0) ? T(-z) : T(1);
      }
    }
    for (Index j = 0; j < D; ++j) {
      v.setZero();
      Fibre::score(law, p, slot(p, j), read(p.out), read(columns(below, j, 1)), v);
      for (Index i = 0; i < n; ++i) {
        if (p.in(i, j) <= T(0)) p.v(i) += v(i) == T(-std::numeric_limits<double>::infinity()) ? v(i) : -v(i);
      }
    }
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const requires(Fibre::template pulls_score<T>) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> below = p.cache.below.view(n, D), g_below = p.scratch.template take<T>(n, D),
            g_x = p.scratch.template take<T>(n, D);
    ColView<T> g_v = p.scratch.template column<T>(n);
    copy(p.g_out, g_x);
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) g_v(i) = p.in(i, j) <= T(0) ? T(-p.g_v(i)) : T(0);
      Fibre::score_pull(law, p, slot(p, j), p.out, read(columns(below, j, 1)), read(g_v), columns(g_below, j, 1), g_x);
    }
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) p.g_in(i, j) = p.in(i, j) <= T(0) ? T(-g_below(i, j)) : g_x(i, j);
    }
  }

 private:
  /// 1 for rows off the support, 0 for the others.
  template <class T> static void mark_off(CView<T> x, ColView<T> off) {
    off.setZero();
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < x.rows(); ++i) {
        if (x(i, j) < T(0)) off(i) = T(1);
      }
    }
  }
  template <class T> static Params<T> slice(Params<T> p, Index count, Index j) { return {p.data() + j * count, count}; }
  template <class T> static auto slot(Pass<T, Cache<T>>& p, Index j) {
    return typename Fibre::template Slot<T>{slice(p.theta, Law::param_count, j), slice(p.buffers, Law::buffer_count, j),
                                            p.noise.fork(static_cast<std::uint64_t>(j)),
                                            p.cache.fibres[static_cast<std::size_t>(j)]};
  }
  template <class T> static auto slot(Pull<T, Cache<T>>& p, Index j) {
    return typename Fibre::template Slot<T>{slice(p.theta, Law::param_count, j), slice(p.buffers, Law::buffer_count, j),
                                            p.noise.fork(static_cast<std::uint64_t>(j)),
                                            p.cache.fibres[static_cast<std::size_t>(j)],
                                            slice(p.g_theta, Law::param_count, j)};
  }
};

}  // namespace rheo
