// SPDX-License-Identifier: MIT
// Normal distributions: standard, diagonal, full covariance.  A distribution is a layer onto nothing (z_dim = 0) with V
// = log p(x).
#pragma once

#include "rheo/core/layer.hpp"

namespace rheo {

/// log(2 pi) / 2.
inline constexpr double half_log_two_pi = 0.91893853320467274178;

/// What every distribution on R^D shares.
template <Index D, Support S> struct DistributionFacts {
  static constexpr Index x_dim = D, z_dim = 0, context_dim = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::inference_surjection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr Supports<D> x_support = all_of<D>(S);
  static constexpr Supports<0> z_support{};
  static constexpr bool smooth = true;
};

/// N(0, I).  log p is -inf where the square of x overflows, never NaN for finite x.
template <Index D> struct StandardNormal : DistributionFacts<D, Support::real> {
  static constexpr Index param_count = 0;
  template <class T> using Cache = NoCache;

  template <class T> void encode(Pass<T, NoCache> p) const { score(p.in, p.v); }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    for (Index j = 0; j < D; ++j) column(p.g_in, j) = -column(p.in, j) * p.g_v;
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    p.noise.normals(p.out);
    score(read(p.out), p.v);
  }
  template <class T> void decode_pull(Pull<T, NoCache>) const {}

 private:
  template <class T> static void score(CView<T> x, ColView<T> v) {
    for (Index j = 0; j < D; ++j) v -= T(0.5) * column(x, j).square() + T(half_log_two_pi);
  }
};

/// Independent normals with learned mean m and log deviation r; starts at N(0, I).
template <Index D> struct DiagonalNormal : DistributionFacts<D, Support::real> {
  static constexpr Index param_count = 2 * D;
  template <class T> using Cache = NoCache;
  template <class P> static auto unpack(P p) {
    auto m = p.vector(D, "mean");
    return std::pair{m, p.vector(D, "log_scale")};
  }

  template <class T> void encode(Pass<T, NoCache> p) const {
    using std::exp;
    const auto [m, r] = unpack(p.theta);
    for (Index j = 0; j < D; ++j) {
      const T precision = exp(-r(j));
      p.v -= T(0.5) * ((column(p.in, j) - m(j)) * precision).square() + (r(j) + T(half_log_two_pi));
    }
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    using std::exp;
    const auto [m, r] = unpack(p.theta);
    auto [g_m, g_r] = unpack(p.g_theta);
    for (Index j = 0; j < D; ++j) {
      const T precision = exp(-r(j));
      auto g_x = column(p.g_in, j);
      const auto e = (column(p.in, j) - m(j)) * precision;
      g_x = -e * precision * p.g_v;
      g_m(j) -= g_x.sum();
      g_r(j) += ((e.square() - T(1)) * p.g_v).sum();
    }
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    using std::exp;
    const auto [m, r] = unpack(p.theta);
    p.noise.normals(p.out);
    for (Index j = 0; j < D; ++j) {
      auto x = column(p.out, j);
      p.v -= T(0.5) * x.square() + (r(j) + T(half_log_two_pi));
      const T deviation = exp(r(j));
      x = x * deviation + m(j);
    }
  }
  template <class T> void decode_pull(Pull<T, NoCache> p) const {
    const auto [m, r] = unpack(p.theta);
    auto [g_m, g_r] = unpack(p.g_theta);
    for (Index j = 0; j < D; ++j) {
      g_m(j) += column(p.g_out, j).sum();
      g_r(j) += (column(p.g_out, j) * (column(p.out, j) - m(j)) - p.g_v).sum();
    }
  }
};

/// N(m, L L') with learned m and lower-triangular L, whose diagonal is e^r; starts at N(0, I).
template <Index D> struct FullNormal : DistributionFacts<D, Support::real> {
  static constexpr Index below = D * (D - 1) / 2, param_count = 2 * D + below;
  template <class T> struct Cache {
    Buffer<T> e;  // L^-1 (x - m)
  };
  template <class P> static auto unpack(P p) {
    auto m = p.vector(D, "mean");
    auto r = p.vector(D, "log_diagonal");
    return std::tuple{m, r, p.vector(below, "below_diagonal")};
  }
  /// Position of L(i, j), j < i, in below_diagonal: row by row.
  static constexpr Index at(Index i, Index j) { return i * (i - 1) / 2 + j; }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    using std::exp;
    const auto [m, r, l] = unpack(p.theta);
    auto e = p.cache.e.view(p.in.rows(), D);
    for (Index i = 0; i < D; ++i) {
      auto e_i = column(e, i);
      e_i = column(p.in, i) - m(i);
      for (Index j = 0; j < i; ++j) e_i -= column(e, j) * l(at(i, j));
      e_i *= T(exp(-r(i)));
      p.v -= T(0.5) * e_i.square() + (r(i) + T(half_log_two_pi));
    }
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    using std::exp;
    const auto [m, r, l] = unpack(p.theta);
    auto [g_m, g_r, g_l] = unpack(p.g_theta);
    const auto e = p.cache.e.view(p.in.rows(), D);
    for (Index i = D; i-- > 0;) {  // g_x = L^-T (-e g_v), back to front
      auto w = column(p.g_in, i);
      w = -column(e, i) * p.g_v;
      for (Index k = i + 1; k < D; ++k) w -= column(p.g_in, k) * l(at(k, i));
      w *= T(exp(-r(i)));
      g_m(i) -= w.sum();
      g_r(i) -= (w * column(e, i) * T(exp(r(i))) + p.g_v).sum();
      for (Index j = 0; j < i; ++j) g_l(at(i, j)) -= (w * column(e, j)).sum();
    }
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    using std::exp;
    const auto [m, r, l] = unpack(p.theta);
    auto e = p.cache.e.view(p.out.rows(), D);
    p.noise.normals(e);
    for (Index i = 0; i < D; ++i) {
      auto x = column(p.out, i);
      x = column(e, i) * T(exp(r(i))) + m(i);
      for (Index j = 0; j < i; ++j) x += column(e, j) * l(at(i, j));
      p.v -= T(0.5) * column(e, i).square() + (r(i) + T(half_log_two_pi));
    }
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const {
    using std::exp;
    const auto [m, r, l] = unpack(p.theta);
    auto [g_m, g_r, g_l] = unpack(p.g_theta);
    const auto e = p.cache.e.view(p.out.rows(), D);
    for (Index i = 0; i < D; ++i) {
      const auto g = column(p.g_out, i);
      g_m(i) += g.sum();
      g_r(i) += (g * column(e, i) * T(exp(r(i))) - p.g_v).sum();
      for (Index j = 0; j < i; ++j) g_l(at(i, j)) += (g * column(e, j)).sum();
    }
  }
};

}  // namespace rheo
