// SPDX-License-Identifier: MIT
// FreeForm: an encoder f and a decoder g, two nets of any kind that learn to undo one another; neither is invertible by
// its making.
//   Draxler et al. 2024, arXiv:2310.16624 (free-form flows);  Sorrenson et al. 2024, arXiv:2306.01843.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

#include "rheo/core/layer_more.hpp"
#include "rheo/math/small_lu.hpp"
#include "rheo/nets/mlp.hpp"
#include "rheo/nets/residual_tangent.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// f(x) = x + Encoder's net, g(z) = z + Decoder's net: recipes of smooth plain or residual nets (BasicMlp<Silu,
/// WideZeroLast, 64, 64>, ResidualMlpOf<Silu, 64, 2>), C the width of the context.  To be fitted by FreeFormLikelihood
/// (rheo/training/free_form.hpp).
///
/// The density is that of the samples, the decoder's: decode is g, one pass, and V = -log abs det g'(z), exact by D
/// tangents and an LU, for D up to 64.  encode finds the z with g(z) = x by Newton's method from f(x), its steps halved
/// until the residual falls, and adds V at that z: the encoder is where the search begins and has no part in the
/// numbers.  Where g is one to one this is exactly log p(x), whatever error x - g(f(x)) of reconstruction is left;
/// where g folds the plane, the density of samples is a sum over all z that g takes to x, and this the term of one of
/// them: too little, never too much, so that an integral below one tells the folds' share.  A row that is not solved in
/// 200 evaluations is NaN in out and V, and counted as unsolved with its residual: no z may lead there.
///
/// Pulls are those of g, by the implicit function in encode; MaximumLikelihood therefore trains the decoder alone, by
/// the exact gradient: from a fit by FreeFormLikelihood on, while the search succeeds.
template <Index D, class Encoder, class Decoder = Encoder, Index C = 0> struct FreeForm {
  static_assert(D > 0 && D <= 64, "rheo: FreeForm: the log-determinant by LU is for 1 to 64 dimensions");
  using EncoderNet = detail::PlainNet<Encoder, D, D, C>;
  using DecoderNet = detail::PlainNet<Decoder, D, D, C>;
  static constexpr Index x_dim = D, z_dim = D, context_dim = C, buffer_count = 0,
                         param_count = EncoderNet::param_count + DecoderNet::param_count;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Index encode_passes = as_needed, decode_passes = 1 + D;
  static constexpr bool parallel_encode = true, parallel_decode = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;
  /// Of a solved row's residual, relative to 1 + the largest coordinate of x and z.
  template <class T> static constexpr double accuracy() {
    return 4096 * static_cast<double>(std::numeric_limits<T>::epsilon());
  }

  /// What one net keeps, and its values and tangents side by side.
  template <bool Encode, class T> struct NetCache {
    typename Tangent<std::conditional_t<Encode, EncoderNet, DecoderNet>>::template Cache<T> net;
    Buffer<T> jet;  // n rows of values, then n rows a direction
  };
  template <class T> struct Cache {
    using Plain = decltype(autodiff::value_of(T()));
    NetCache<true, T> f;
    NetCache<false, T> g;
    NetCache<true, Plain> f_of_values;  // where T is a dual
    NetCache<false, Plain> g_of_values;
  };

  template <class P> static auto unpack(P p) {
    p.part(EncoderNet{}, EncoderNet::param_count, "encoder");
    p.part(DecoderNet{}, DecoderNet::param_count, "decoder");
    return p;
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    EncoderNet{}.init(part<true>(theta), buffers, noise.fork(0));
    DecoderNet{}.init(part<false>(theta), buffers, noise.fork(1));
  }

  /// No rows.
  template <class T> static View<T> nowhere(Index columns) { return view_of(static_cast<T*>(nullptr), 0, columns, 0); }
  /// The parameters of f, or of g.
  template <bool Encode, class T> static Params<T> part(Params<T> theta) {
    if constexpr (Encode) return {theta.data(), EncoderNet::param_count};
    else return {theta.data() + EncoderNet::param_count, DecoderNet::param_count};
  }
  /// f (Encode) or g of n rows and their derivatives along k directions each: (k + 1) n x D (rheo/nets/tangent.hpp).
  /// `theta` is the layer's.
  template <bool Encode, class T>
  static View<T> jet(CView<T> in, CView<T> along, Params<const T> theta, CView<T> context, NetCache<Encode, T>& cache,
                     Arena& scratch) {
    const Index n = in.rows(), k = along.rows();
    const View<T> out = cache.jet.view(n + k, D);
    NetOf<Encode>{}.map(
        TangentPass<T, CacheOfNet<Encode, T>>{in, along, out, part<Encode>(theta), context, cache.net, scratch});
    for (Index j = 0; j < D; ++j) {
      column(out, j).head(n) += column(in, j);
      column(out, j).tail(k) += column(along, j);
    }
    return out;
  }
  /// Its pull; g is (k + 1) n x D, or n x D for values alone, g_in overwritten.
  template <bool Encode, class T, class Call>
  static void jet_pull(Call& p, CView<T> in, CView<T> along, CView<T> g, View<T> g_in, NetCache<Encode, T>& cache) {
    NetOf<Encode>{}.map_pull(TangentPull<T, CacheOfNet<Encode, T>>{in, along, g, g_in, part<Encode>(p.theta),
                                                                   part<Encode>(p.g_theta), p.context, p.g_context,
                                                                   cache.net, p.scratch, nowhere<T>(D)});
    for (Index j = 0; j < D; ++j) column(g_in, j) += column(g, j).head(in.rows());
  }
  /// The D unit vectors for each of n rows.
  template <class T> static CView<T> units(Index n, Arena& scratch) {
    View<T> e = scratch.take<T>(D * n, D);
    e.setZero();
    for (Index j = 0; j < D; ++j) column(e, j).segment(j * n, n).setOnes();
    return read(e);
  }
  /// log abs det of the Jacobian that stands in `jet` below its n rows of values: NaN where it is singular; and its
  /// inverse, entry (k, j) in column j D + k, unless `inverse` is n x 0.
  template <class T> static void log_det(const View<T>& jet, ColView<T> log_abs, View<T> inverse) {
    const Index n = log_abs.size();
    Square<T> a;
    for (Index i = 0; i < n; ++i) {
      const auto det = a.factor(jet, n, i);
      log_abs(i) = det.sign ? det.log_abs : T(std::numeric_limits<double>::quiet_NaN());
      for (Index j = 0; inverse.cols() > 0 && j < D; ++j) {
        std::array<T, S(D)> e{};
        e[S(j)] = T(1);
        math::lu_solve(a.a.data(), a.pivot.data(), D, e.data());
        for (Index k = 0; k < D; ++k) inverse(i, j * D + k) = e[S(k)];
      }
    }
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    using Plain = decltype(autodiff::value_of(T()));
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    if constexpr (autodiff::is_dual_v<T>) {
      const auto values = [&p](CView<T> a) {
        View<Plain> out = p.scratch.template take<Plain>(a.rows(), a.cols());
        for (Index j = 0; j < a.cols(); ++j) {
          for (Index i = 0; i < a.rows(); ++i) out(i, j) = autodiff::value_of(a(i, j));
        }
        return read(out);
      };
      const View<Plain> z = p.scratch.template take<Plain>(n, D);
      const CView<Plain> theta = values(view_of(p.theta.data(), param_count, 1, param_count));
      search<Plain>(values(p.in), z, {theta.data(), param_count}, values(p.context), p.cache.f_of_values,
                    p.cache.g_of_values, p.scratch, p.report);
      p.out = z.template cast<T>();
      Square<T> a;
      for (int step = 0; step < 2; ++step) {  // Newton in T gives the root's derivatives
        const View<T> at = record(p, read(p.out));
        for (Index i = 0; i < n; ++i) {
          std::array<T, S(D)> r;
          for (Index j = 0; j < D; ++j) r[S(j)] = p.in(i, j) - at(i, j);
          a.factor(at, n, i);
          math::lu_solve(a.a.data(), a.pivot.data(), D, r.data());
          for (Index j = 0; j < D; ++j) p.out(i, j) += r[S(j)];
        }
      }
    } else {
      search<T>(p.in, p.out, p.theta, p.context, p.cache.f, p.cache.g, p.scratch, p.report);
    }
    if (p.needs_v()) add_v(p, read(p.out));
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    if (!p.needs_v())
      return copy(read(jet<false>(p.in, units<T>(0, p.scratch), p.theta, p.context, p.cache.g, p.scratch)), p.out);
    add_v(p, p.in);
    copy(read(rows(p.cache.g.jet.view((D + 1) * p.in.rows(), D), 0, p.in.rows())), p.out);
  }
  /// With a the cotangent of z and u = g'^-T a: g_x = u, and g's values have the cotangent -u.
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> B = p.scratch.template take<T>(n, D * D), a = p.scratch.template take<T>(n, D),
                  u = p.scratch.template take<T>(n, D);
    const CView<T> e = units<T>(n, p.scratch), g = read(cotangents(p, B));
    jet_pull<false>(p, p.out, e, g, a, p.cache.g);
    for (Index j = 0; j < D; ++j) column(a, j) += column(p.g_out, j);
    for (Index j = 0; j < D; ++j) {
      column(p.g_in, j).setZero();
      for (Index k = 0; k < D; ++k) column(p.g_in, j) += column(B, j * D + k) * column(a, k);
      column(u, j) = -column(p.g_in, j);
    }
    jet_pull<false>(p, p.out, e, read(u), a, p.cache.g);
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> g = cotangents(p, p.scratch.template take<T>(n, D * D));
    for (Index j = 0; j < D; ++j) column(g, j).head(n) = column(p.g_out, j);
    jet_pull<false>(p, p.in, units<T>(n, p.scratch), read(g), p.g_in, p.cache.g);
  }

 private:
  using S = std::size_t;
  template <bool Encode> using NetOf = Tangent<std::conditional_t<Encode, EncoderNet, DecoderNet>>;
  template <bool Encode, class T> using CacheOfNet = typename NetOf<Encode>::template Cache<T>;

  /// One row's Jacobian, factored.
  template <class T> struct Square {
    std::array<T, S(D* D)> a;
    std::array<Index, S(D)> pivot;
    math::LogDet<T> factor(const View<T>& jet, Index n, Index i) {
      for (Index k = 0; k < D; ++k) {
        for (Index j = 0; j < D; ++j) a[S(j + k * D)] = jet((k + 1) * n + i, j);
      }
      return math::lu_factor(a.data(), pivot.data(), D);
    }
  };

  /// g and its Jacobian at z, kept for the pull.
  template <class T> static View<T> record(Pass<T, Cache<T>>& p, CView<T> z) {
    Arena::Scope scope(p.scratch);
    return jet<false>(z, units<T>(z.rows(), p.scratch), p.theta, p.context, p.cache.g, p.scratch);
  }
  template <class T> static void add_v(Pass<T, Cache<T>>& p, CView<T> z) {
    ColView<T> log_abs = p.scratch.template column<T>(z.rows());
    log_det<T>(record(p, z), log_abs, nowhere<T>(0));
    p.v -= log_abs;
  }
  /// Cotangents of the recorded tangents that g_v makes, none of the values; B gets the inverse Jacobian.
  template <class T> static View<T> cotangents(Pull<T, Cache<T>>& p, View<T> B) {
    const Index n = p.in.rows();
    const View<T> g = p.scratch.template take<T>((D + 1) * n, D);
    log_det<T>(p.cache.g.jet.view((D + 1) * n, D), p.scratch.template column<T>(n), B);
    for (Index j = 0; j < D; ++j) {
      column(g, j).head(n).setZero();
      for (Index k = 0; k < D; ++k) column(g, j).segment((k + 1) * n, n) = -p.g_v * column(B, j * D + k);
    }
    return g;
  }

  /// z with g(z) = x.  Every row is evaluated until all have finished: which rows share a product would show in the
  /// last bits.
  template <class T>
  static void search(CView<T> x, View<T> z, Params<const T> theta, CView<T> context, NetCache<true, T>& f,
                     NetCache<false, T>& g, Arena& scratch, Report* report) {
    Arena::Scope scope(scratch);
    const Index n = x.rows();
    constexpr double eps = static_cast<double>(std::numeric_limits<T>::epsilon());
    const CView<T> e = units<T>(n, scratch);
    View<T> step = scratch.take<T>(n, D), trial = scratch.take<T>(n, D);
    auto best = scratch.column<double>(n), allowed = scratch.column<double>(n);
    auto size = scratch.column<T>(n);
    auto live = scratch.column<char>(n);
    copy(read(jet<true>(x, rows(e, 0, 0), theta, context, f, scratch)), z);
    step.setZero();
    size.setOnes();
    for (Index i = 0; i < n; ++i) best(i) = std::numeric_limits<double>::infinity(), allowed(i) = 0, live(i) = 1;
    Index left = n, used = 0;
    for (Square<T> a; left > 0 && used < 200; ++used) {
      for (Index j = 0; j < D; ++j) column(trial, j) = column(z, j) + size * column(step, j);
      const View<T> at = jet<false>(read(trial), e, theta, context, g, scratch);
      left = 0;
      for (Index i = 0; i < n; ++i) {
        if (!live(i)) continue;
        double square = 0, scale = 0;
        std::array<T, S(D)> r;
        for (Index j = 0; j < D; ++j) {
          r[S(j)] = x(i, j) - at(i, j);
          square += static_cast<double>(r[S(j)]) * static_cast<double>(r[S(j)]);
          scale = std::max({scale, std::abs(static_cast<double>(x(i, j))), std::abs(static_cast<double>(trial(i, j)))});
        }
        const double residual = std::sqrt(square);
        if (residual <= (1 - 0.1 * static_cast<double>(size(i))) * best(i)) {
          best(i) = residual, allowed(i) = accuracy<T>() * (1 + scale), size(i) = T(1);
          a.factor(at, n, i);
          math::lu_solve(a.a.data(), a.pivot.data(), D, r.data());
          for (Index j = 0; j < D; ++j) z(i, j) = trial(i, j), step(i, j) = r[S(j)];
          live(i) = residual > 16 * eps * (1 + scale) && residual < std::numeric_limits<double>::infinity();
        } else {  // what rounding leaves does not fall
          size(i) /= 2;
          live(i) = residual == residual && best(i) > allowed(i) && size(i) > T(1e-6);
        }
        left += live(i);
      }
    }
    if (report) report->evaluations += static_cast<std::int64_t>(n) * static_cast<std::int64_t>(1 + used);
    for (Index i = 0; i < n; ++i) {
      if (best(i) <= allowed(i) && best(i) < std::numeric_limits<double>::infinity()) continue;
      bool sound = true;
      for (Index j = 0; j < D; ++j) {
        sound = sound && std::isfinite(x(i, j));
        z(i, j) = std::numeric_limits<T>::quiet_NaN();
      }
      if (report && sound) report->miss(best(i));
    }
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
