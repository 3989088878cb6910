// SPDX-License-Identifier: MIT
// Radial: z = x + beta (x - c) / (alpha + r), r = |x - c|: pushes away from a centre, or towards it.
//   Rezende and Mohamed 2015, arXiv:1505.05770, eq. 14 and app. A.2.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include "rheo/core/layer.hpp"
#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// alpha = softplus(a) and beta = s - alpha with s = softplus(max(b, -7)) > 0, so beta > -alpha and the map is
/// invertible; smooth in a, where alpha = abs(a) (a common choice) has a kink and may be 0.  V = (D - 1) log(1 + beta
/// h) + log(1 + alpha beta h^2), h = 1 / (alpha + r). decode is closed: |z - c| = r (r + s) / (alpha + r) is a
/// quadratic equation in r.  At the centre the gradient of r counts as 0. Starts at the identity, alpha = 1, c = 0.
template <Index D> struct Radial {
  static_assert(D > 0, "rheo: Radial wants at least one dimension");
  static constexpr Index x_dim = D, z_dim = D, context_dim = 0, param_count = D + 2, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = false;  // V has a cone at the centre
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;
  template <class T> using Cache = NoCache;

  template <class P> static auto unpack(P p) {
    using V = decltype(p.vector(0));
    struct Parts {
      V c, a, b;
    };
    return Parts{p.vector(D, "center"), p.vector(1, "alpha"), p.vector(1, "beta")};
  }
  template <class T> void init(Params<T> theta, Params<T>, Noise) const {
    auto [c, a, b] = unpack(theta);
    c.setZero();
    a(0) = b(0) = T(0.54132485461291810);  // log(e - 1)
  }

  template <class T> void encode(Pass<T, NoCache> p) const { run<true>(p); }
  template <class T> void decode(Pass<T, NoCache> p) const { run<false>(p); }

  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    const Shape<T> s(p.theta);
    Sums<T> sums{p.g_theta};
    std::array<T, static_cast<std::size_t>(D)> d, g;
    for (Index i = 0; i < p.in.rows(); ++i) {
      for (Index j = 0; j < D; ++j) {
        d[at(j)] = p.in(i, j) - s.c(j);
        g[at(j)] = p.g_out(i, j);
      }
      const Local<T> l(s, length(d));
      const T g_r = sums.add(s, l, d, g, p.g_v(i));
      for (Index j = 0; j < D; ++j) p.g_in(i, j) = g[at(j)] * l.A + (l.r > T(0) ? d[at(j)] / l.r * g_r : T(0));
    }
    sums.finish(s);
  }
  /// a = J^-1 (g_x + dV/dx), J symmetric with the values A across and B along; g_z = a, and the parameters get what
  /// encode_pull gives for -a.
  template <class T> void decode_pull(Pull<T, NoCache> p) const {
    const Shape<T> s(p.theta);
    Sums<T> sums{p.g_theta};
    std::array<T, static_cast<std::size_t>(D)> d, g;
    for (Index i = 0; i < p.in.rows(); ++i) {
      for (Index j = 0; j < D; ++j) d[at(j)] = p.out(i, j) - s.c(j);
      const Local<T> l(s, length(d));
      const T by_v = l.slope_v(s) * p.g_v(i), inverse = l.r > T(0) ? T(1) / l.r : T(0);
      T along = by_v;
      for (Index j = 0; j < D; ++j) along += d[at(j)] * inverse * p.g_out(i, j);
      const T extra = along * (T(1) / l.B - T(1) / l.A) + by_v / l.A;
      for (Index j = 0; j < D; ++j) {
        p.g_in(i, j) = p.g_out(i, j) / l.A + d[at(j)] * inverse * extra;
        g[at(j)] = -p.g_in(i, j);
      }
      sums.add(s, l, d, g, p.g_v(i));
    }
    sums.finish(s);
  }

 private:
  static constexpr double least = -7;
  static constexpr std::size_t at(Index j) { return static_cast<std::size_t>(j); }
  template <class T> struct Shape {
    CColView<T> c, a, b;
    T alpha, s, beta;
    explicit Shape(Params<const T> theta) : Shape(unpack(theta)) {}
    template <class Parts> explicit Shape(const Parts& q) : c(q.c), a(q.a), b(q.b), alpha(math::softplus(q.a(0))) {
      using std::max;
      s = math::softplus(max(T(q.b(0)), T(least)));
      beta = s - alpha;
    }
  };
  /// What the map is at distance r: A = 1 + beta h and B = 1 + alpha beta h^2, both without cancellation.
  template <class T> struct Local {
    T r, h, A, B;
    Local(const Shape<T>& s, T distance) : r(distance), h(T(1) / (s.alpha + distance)) {
      const T q = r * h, o = s.alpha * h;
      A = q + s.s * h;
      B = q * (q + T(2) * o) + o * s.s * h;
    }
    /// dV/dr.
    T slope_v(const Shape<T>& s) const {
      return -h * h * s.beta * (T(static_cast<double>(D - 1)) / A + T(2) * s.alpha * h / B);
    }
  };
  /// |d| without overflow.
  template <class T> static T length(const std::array<T, static_cast<std::size_t>(D)>& d) {
    using std::abs, std::sqrt, std::max;
    T top(0), sum(0);
    for (const T& x : d) {
      if (!(abs(x) <= top)) top = abs(x);
    }
    if (top == T(0)) return T(0);
    for (const T& x : d) sum += (x / top) * (x / top);
    return top * sqrt(sum);
  }
  template <bool Encode, class T> void run(Pass<T, NoCache>& p) const {
    using std::abs, std::log, std::sqrt;
    const Shape<T> s(p.theta);
    std::array<T, static_cast<std::size_t>(D)> d;
    for (Index i = 0; i < p.in.rows(); ++i) {
      for (Index j = 0; j < D; ++j) d[at(j)] = p.in(i, j) - s.c(j);
      T r = length(d);
      if constexpr (!Encode) {
        const T e = r - s.s, q = T(4) * r * s.alpha,
                root = abs(e) > T(1) ? abs(e) * sqrt(T(1) + q / e / e)
                       : r > T(0)    ? sqrt(e * e + q)
                                     : abs(e);
        r = e > T(0) ? (e + root) * T(0.5) : T(2) * r * s.alpha / (root - e);
      }
      const Local<T> l(s, r);
      for (Index j = 0; j < D; ++j)
        p.out(i, j) = Encode ? p.in(i, j) + s.beta * l.h * d[at(j)] : s.c(j) + d[at(j)] / l.A;
      p.v(i) += T(static_cast<double>(D - 1)) * log(l.A) + log(l.B);
    }
  }
  /// The parameters' gradients.
  template <class T> struct Sums {
    Params<T> g_theta;
    T alpha{0}, beta{0};
    /// Adds one row with cotangent g of encode's output; gives the cotangent of r.
    T add(const Shape<T>& s, const Local<T>& l, const std::array<T, static_cast<std::size_t>(D)>& d,
          const std::array<T, static_cast<std::size_t>(D)>& g, T g_v) {
      T dot(0);
      for (Index j = 0; j < D; ++j) dot += g[at(j)] * (d[at(j)] * l.h);
      const T g_A = g_v * T(static_cast<double>(D - 1)) / l.A, g_B = g_v / l.B;
      const T g_r = -l.h * s.beta * dot + l.slope_v(s) * g_v;  // through h alone, as alpha's
      beta += dot + g_A * l.h + g_B * s.alpha * l.h * l.h;
      alpha += g_r + g_B * s.beta * l.h * l.h;
      auto g_c = unpack(g_theta).c;
      for (Index j = 0; j < D; ++j) g_c(j) -= s.beta * l.h * g[at(j)] + (l.r > T(0) ? d[at(j)] / l.r * g_r : T(0));
      return g_r;
    }
    void finish(const Shape<T>& s) {
      auto [g_c, g_a, g_b] = unpack(g_theta);
      g_a(0) += (alpha - beta) * math::sigmoid(T(s.a(0)));
      if (s.b(0) > T(least)) g_b(0) += beta * math::sigmoid(T(s.b(0)));
    }
  };
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
