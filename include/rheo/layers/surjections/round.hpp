// SPDX-License-Identifier: MIT
// Round: a number keeps its whole part; the fraction is dropped, and drawn again from a law on the unit cube.
//   Nielsen et al. 2020, arXiv:2007.02731, table 1 (rounding);  run backwards it is dequantization: Theis et al. 2016,
//     arXiv:1511.01844
//   (uniform), Ho et al. 2019, arXiv:1902.00275, sec. 3.1, eq. 12 (variational).
#pragma once

#include <cmath>
#include <limits>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/fibre.hpp"

namespace rheo {

/// z = floor(x), V = log p(x - z | z): exact.  decode draws u in [0, 1)^D from the fibre's law and gives x = z + u.
/// Invert<Round> is dequantization: whole numbers in, z = x + u out, V = -log q(u | x), a bound; V = 0 with
/// Fixed<Uniform>.
///
/// K > 0: the whole numbers are 0 .. K - 1 and x lives in the interval [0, K] (K itself counts as K - 1); IntervalMap
/// takes it to the line. K = 0: any whole number, x on the line; where numbers are too large for T to hold a fraction,
/// x = z. The law's context is the whole numbers, for K > 0 moved to [-1, 1], and behind them the C numbers of the
/// user's context. Off the support (x outside [0, K], in decode numbers that are not whole or not in 0 .. K - 1) V =
/// -inf and no gradient comes from the row; the values are those of a nearby number on the support.  NaN gives NaN. The
/// gradient of encode is that of the fraction, since z has none; a pull of decode takes z for a number like any other.
template <Index D, class Fibre, Index K = 0, Index C = 0> struct Round {
  using Law = detail::LawOf<Fibre, D, D + C, Support::unit>;
  using Call = detail::Fibre<Law, D, C>;
  static_assert(K == 0 || K > 1, "rheo: Round: wants two whole numbers at least, or K = 0 for all of them");
  static_assert(Law::x_dim == D && Law::z_dim == 0, "rheo: Round: the fibre must be a distribution of D fractions");
  static_assert(Law::context_dim == 0 || Law::context_dim == D + C,
                "rheo: Round: the fibre's law must see D + C numbers, or none");
  static_assert(detail::first_misfit(Law::x_support, all_of<D>(Support::unit)) < 0,
                "rheo: Round: the fibre's law must live on the unit cube");
  static_assert(is_exact_v<Law>, "rheo: Round: the fibre's law must have an exact density");

  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = Law::param_count,
                         buffer_count = Law::buffer_count, categories = K;
  static constexpr Kind kind = Kind::inference_surjection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr Supports<D> x_support = all_of<D>(K > 0 ? Support::interval : Support::real),
                               z_support = all_of<D>(Support::integer);
  static constexpr Index encode_passes = detail::encode_effort<Law>().passes,
                         decode_passes = detail::decode_effort<Law>().passes;
  static constexpr bool parallel_encode = detail::encode_effort<Law>().parallel,
                        parallel_decode = detail::decode_effort<Law>().parallel;
  template <class T> static constexpr double accuracy() { return detail::accuracy<Law, T>(); }
  Law law{};

  Round() = default;
  explicit Round(Law l) : law(std::move(l)) {}

  template <class T> struct Cache {
    typename Call::template Cache<T> fibre;
    Buffer<T> u, k;  // the fractions; the whole numbers as the law sees them
  };

  template <class P> static auto unpack(P p) { return p.part(Law{}, param_count, "fibre"); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    detail::init<Law, T>(law, theta, buffers, noise);
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const { return detail::valid_buffers(law, buffers); }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const requires detail::HasAfterStep<Law, T> {
    law.after_step(theta, buffers);
  }

  template <class T> void initialise(InitPass<T> p) const requires detail::HasInitialise<Law, T> {
    Batch<T> u(p.in.rows(), D), joined(p.in.rows(), Law::context_dim);
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < u.rows(); ++i) {
        const T x = p.in(i, j), k = floor_of(x);
        u(i, j) = fits(x) ? x - k : T(0.5);
        if constexpr (Law::context_dim > 0) joined(i, j) = k * T(scale) + T(shift);
      }
    }
    if constexpr (Law::context_dim > 0) copy(p.context, columns(view(joined), D, C));
    law.initialise(InitPass<T>{view(std::as_const(u)), p.theta, p.buffers, view(std::as_const(joined)), p.anew});
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const requires CanEncode<Law, T> {
    const Index n = p.in.rows();
    View<T> u = p.cache.u.view(n, D);
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) {
        const T x = p.in(i, j);
        p.out(i, j) = floor_of(x);
        u(i, j) = fits(x) ? x - p.out(i, j) : T(0.5);
      }
    }
    Call::score(law, p, Call::slot(p, p.cache.fibre), seen(p.cache, read(p.out)), read(u), p.v);
    mark(p, [](T x) { return fits(x); });
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const requires CanEncodePull<Law, T> {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const auto g_v = on_support(p, [](T x) { return fits(x); });
    const View<T> g_k = Call::zeros(p);
    Call::score_pull(law, p, Call::slot(p, p.cache.fibre), seen(p), read(p.cache.u.view(n, D)), read(g_v.v), p.g_in,
                     g_k);
    for (Index i = 0; i < n; ++i) {
      if (g_v.off(i) != T(0)) p.g_in.row(i).setZero();
    }
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const requires CanDecode<Law, T> {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> k = p.scratch.template take<T>(n, D), u = p.cache.u.view(n, D);
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) k(i, j) = is_whole(p.in(i, j)) ? p.in(i, j) : floor_of(p.in(i, j));
    }
    Call::draw(law, p, Call::slot(p, p.cache.fibre), seen(p.cache, read(k)), u, p.v);
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) p.out(i, j) = within(k(i, j), k(i, j) + u(i, j));
    }
    mark(p, [](T z) { return is_whole(z); });
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const requires CanDecodePull<Law, T> {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const auto g_v = on_support(p, [](T z) { return is_whole(z); });
    const View<T> g_k = Call::zeros(p);
    copy(p.g_out, p.g_in);
    for (Index i = 0; i < n; ++i) {
      if (g_v.off(i) != T(0)) p.g_in.row(i).setZero();
    }
    Call::draw_pull(law, p, Call::slot(p, p.cache.fibre), seen(p), read(p.cache.u.view(n, D)), read(p.g_in),
                    read(g_v.v), g_k);
    for (Index i = 0; i < n; ++i) {
      if (g_v.off(i) == T(0)) p.g_in.row(i) += g_k.row(i) * T(scale);
    }
  }

 private:
  static constexpr double scale = K > 0 ? 2.0 / static_cast<double>(K - 1 + (K == 0)) : 1, shift = K > 0 ? -1 : 0;
  template <class T> using Number = decltype(autodiff::value_of(T()));

  /// On the data side's support; NaN counts as on it and speaks for itself.
  template <class T> static bool fits(T x) {
    const auto a = autodiff::value_of(x);
    return K > 0 ? !(a < 0) && !(a > Number<T>(K)) : !std::isinf(a);
  }
  template <class T> static bool is_whole(T z) {
    const auto a = autodiff::value_of(z);
    if (std::isnan(a)) return true;
    return a == std::floor(a) && (K > 0 ? a >= 0 && a <= Number<T>(K - 1) : !std::isinf(a));
  }
  /// The whole number below x, or the nearest one on the support.
  template <class T> static T floor_of(T x) {
    const auto a = std::floor(autodiff::value_of(x)), top = Number<T>(K - 1);
    if (K > 0) return T(a < 0 ? Number<T>(0) : a > top ? top : a);
    return T(std::isinf(a) ? Number<T>(0) : a);
  }
  /// k + u may round to k + 1: then the largest number below.
  template <class T> static T within(T k, T x) {
    const auto a = autodiff::value_of(x), low = autodiff::value_of(k), end = low + 1;
    if (!(a >= end)) return x;
    return x + T(std::nextafter(end, low) - a);
  }
  template <class T, class Good> static void mark(Pass<T, Cache<T>>& p, Good good) {
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < p.in.rows(); ++i) {
        const T x = p.in(i, j);
        if (x != x) p.v(i) = x;
        else if (!good(x) && p.v(i) == p.v(i)) p.v(i) = T(-std::numeric_limits<double>::infinity());
      }
    }
  }
  template <class T> struct Cotangent { ColView<T> v, off; };
  /// g_v with zeros for rows off the support, and which these are.
  template <class T, class Good> static Cotangent<T> on_support(Pull<T, Cache<T>>& p, Good good) {
    Cotangent<T> c{p.scratch.template column<T>(p.in.rows()), p.scratch.template column<T>(p.in.rows())};
    c.v = p.g_v;
    c.off.setZero();
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < p.in.rows(); ++i) {
        if (!good(p.in(i, j))) c.v(i) = T(0), c.off(i) = T(1);
      }
    }
    return c;
  }
  template <class T> static CView<T> seen(Cache<T>& cache, CView<T> z) {
    View<T> k = cache.k.view(z.rows(), D);
    for (Index j = 0; j < D; ++j) column(k, j) = column(z, j) * T(scale) + T(shift);
    return read(k);
  }
  template <class T> static CView<T> seen(Pull<T, Cache<T>>& p) { return read(p.cache.k.view(p.in.rows(), D)); }
};

}  // namespace rheo
