// SPDX-License-Identifier: MIT
// Folded: coordinates whose line is folded piece by piece onto one, and a law for the piece: what Abs, Partition and
// Modulo are.
//   Nielsen et al. 2020, arXiv:2007.02731;  Dinh et al. 2019, arXiv:1903.07714 (RAD).
//
// A fold owes, for T a number or a dual and `code` the whole number of a piece:
//   static constexpr Support x_support, z_support;
//   static constexpr Index pieces                    0: as many as whole numbers
//   T code(T x), fold(T x, T code), unfold(T z, T code)   affine on every piece
//   double slope(double code)                        dz/dx there
//   bool inside_x(double x), inside_z(double z)      false off the support; true for NaN
//   void seams(add)                                  calls add(x) where pieces meet
// and, where many z stand for one point,
//   T canonical(T z)                                 the one that fold gives: what the law sees
#pragma once

#include <cmath>
#include <limits>

#include "rheo/core/mask.hpp"
#include "rheo/distributions/fibre.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::detail {

/// z_j = fold(x_j) where M::transformed(j); the others pass, with their supports.  The codes of the folded coordinates
/// follow Recipe::law<folded coordinates, D + C> given the whole z and the context;  V = log p(codes | z) + sum of log
/// abs slope. Codes are drawn in decode: decode_pull exists where the law has nothing to learn
/// (rheo/distributions/fibre.hpp).
template <Index D, class Fold, class Recipe, class M, Index C> struct Folded {
  static constexpr Index K = transformed_count<D, M>;
  static_assert(K > 0, "rheo: the mask of a fold names no coordinate");
  using Law = LawOf<Recipe, K, D + C, Support::category>;
  using Fibre = detail::Fibre<Law, D, C>;
  static_assert(Fibre::discrete,
                "rheo: the pieces of a fold want a law on whole numbers, as Given<family::Bernoulli, Net>");
  static_assert(categories_fit<Law>(Fold::pieces),
                "rheo: the law of a fold has not as many categories as the fold has pieces");

  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = Law::param_count,
                         buffer_count = Law::buffer_count;
  static constexpr Kind kind = Kind::inference_surjection | Law::kind;
  static constexpr Exactness exactness = Law::exactness;
  static constexpr bool smooth = false, piecewise_smooth = Fibre::smooth;
  static constexpr Index encode_passes = detail::encode_effort<Law>().passes,
                         decode_passes = detail::decode_effort<Law>().passes;
  static constexpr Supports<D> x_support = masked_supports<D, M>(Fold::x_support),
                               z_support = masked_supports<D, M>(Fold::z_support);
  static constexpr bool parallel_encode = detail::encode_effort<Law>().parallel,
                        parallel_decode = detail::decode_effort<Law>().parallel;
  template <class T> static constexpr double accuracy() { return detail::accuracy<Law, T>(); }
  template <class T> struct Cache {
    typename Fibre::template Cache<T> fibre;
    Buffer<T> codes, canonical;
  };

  Fold map{};
  Law law{};
  Folded() = default;
  explicit Folded(const Fold& f) : map(f) {}
  explicit Folded(const Law& l) : law(l) {}
  Folded(const Fold& f, const Law& l) : map(f), law(l) {}

  template <class P> static auto unpack(P p) { return p.part(Law{}, param_count, "pieces"); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    detail::init<Law, T>(law, theta, buffers, noise);
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const { return detail::valid_buffers(law, buffers); }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const requires detail::HasAfterStep<Law, T> {
    law.after_step(theta, buffers);
  }
  template <class Add> void seams(Index j, double, Add add) const {
    if (M::transformed(j)) map.seams(add);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    const Index n = p.in.rows();
    const View<T> codes = p.cache.codes.view(n, K);
    each(
        [&](Index j, Index k) {
          const T* x = column(p.in, j).data();
          T *z = column(p.out, j).data(), *c = column(codes, k).data();
          for (Index i = 0; i < n; ++i) {
            c[i] = map.code(x[i]);
            z[i] = map.fold(x[i], c[i]);
          }
        },
        [&](Index j) { column(p.out, j) = column(p.in, j); });
    Fibre::score(law, p, Fibre::slot(p, p.cache.fibre), read(p.out), read(codes), p.v);
    slopes<true>(p.in, codes, p.v);
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const requires(Fibre::template pulls_score<T>) {
    Arena::Scope scope(p.scratch);
    const View<T> g_z = p.scratch.template take<T>(p.in.rows(), D), unused = p.scratch.template take<T>(p.in.rows(), K);
    const ColView<T> g_v = inside_only<true>(p.in, p);
    copy(p.g_out, g_z);
    const View<T> codes = p.cache.codes.view(p.in.rows(), K);
    Fibre::score_pull(law, p, Fibre::slot(p, p.cache.fibre), p.out, read(codes), read(g_v), unused, g_z);
    finish<true>(read(g_z), codes, p);
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const requires CanDecode<Law, T> {
    const Index n = p.in.rows();
    const View<T> codes = p.cache.codes.view(n, K);
    Fibre::draw(law, p, Fibre::slot(p, p.cache.fibre), seen<true>(p), codes, p.v);
    each(
        [&](Index j, Index k) {
          const T *z = column(p.in, j).data(), *c = column(codes, k).data();
          T* x = column(p.out, j).data();
          for (Index i = 0; i < n; ++i) x[i] = map.unfold(z[i], c[i]);
        },
        [&](Index j) { column(p.out, j) = column(p.in, j); });
    slopes<false>(p.in, codes, p.v);
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const requires(Fibre::template pulls_draw<T>) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> codes = p.cache.codes.view(n, K), g_codes = p.scratch.template take<T>(n, K);
    g_codes.setZero();
    const ColView<T> g_v = inside_only<false>(p.in, p);
    finish<false>(p.g_out, codes, p, false);
    Fibre::draw_pull(law, p, Fibre::slot(p, p.cache.fibre), seen<false>(p), read(codes), read(g_codes), read(g_v),
                     p.g_in);
    silence<false>(p);
  }

 private:
  template <class Body, class Rest> static void each(Body body, Rest rest) {
    for (Index j = 0, k = 0; j < D; ++j) {
      if (M::transformed(j)) body(j, k++);
      else rest(j);
    }
  }
  /// z as encode would have given it.
  template <bool Fill, class P> auto seen(P& p) const {
    if constexpr (Fibre::given && requires { map.canonical(p.in(0, 0)); }) {
      auto z = p.cache.canonical.view(p.in.rows(), D);
      if (Fill)
        each(
            [&](Index j, Index) {
              for (Index i = 0; i < z.rows(); ++i) z(i, j) = map.canonical(p.in(i, j));
            },
            [&](Index j) { column(z, j) = column(p.in, j); });
      return read(z);
    } else {
      return p.in;
    }
  }
  template <bool X, class T> bool inside(T a) const {
    const auto u = static_cast<double>(autodiff::value_of(a));
    return X ? map.inside_x(u) : map.inside_z(u);
  }
  template <class T> double slope(T code) const { return map.slope(static_cast<double>(autodiff::value_of(code))); }
  template <bool X, class T> void slopes(CView<T> side, View<T> codes, ColView<T> v) const {
    each(
        [&](Index j, Index k) {
          for (Index i = 0; i < side.rows(); ++i) {
            if constexpr (!Fold::isometric) v(i) += T(std::log(std::abs(slope(codes(i, k)))));
            if (!inside<X>(side(i, j)) && v(i) == v(i)) v(i) = T(-std::numeric_limits<double>::infinity());
          }
        },
        [](Index) {});
  }
  template <bool X, class T, class P> ColView<T> inside_only(CView<T> side, P& p) const {
    ColView<T> g_v = p.scratch.template column<T>(side.rows());
    g_v = p.g_v;
    each(
        [&](Index j, Index) {
          for (Index i = 0; i < side.rows(); ++i) {
            if (!inside<X>(side(i, j))) g_v(i) = T(0);
          }
        },
        [](Index) {});
    return g_v;
  }
  template <bool X, class T> void finish(CView<T> g, View<T> codes, Pull<T, Cache<T>>& p, bool off = true) const {
    each(
        [&](Index j, Index k) {
          for (Index i = 0; i < g.rows(); ++i)
            p.g_in(i, j) = X ? g(i, j) * T(slope(codes(i, k))) : g(i, j) / T(slope(codes(i, k)));
        },
        [&](Index j) { column(p.g_in, j) = column(g, j); });
    if (off) silence<X>(p);
  }
  template <bool X, class T> void silence(Pull<T, Cache<T>>& p) const {
    each(
        [&](Index j, Index) {
          for (Index i = 0; i < p.in.rows(); ++i) {
            if (!inside<X>(p.in(i, j))) p.g_in.row(i).setZero();
          }
        },
        [](Index) {});
  }
};

}  // namespace rheo::detail

#include "rheo/platform/macros_on.hpp"
