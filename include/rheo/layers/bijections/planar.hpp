// SPDX-License-Identifier: MIT
// Planar: z = x + u^ tanh(w' x + b), a push along one direction that depends on another.
//   Rezende and Mohamed 2015, arXiv:1505.05770, eqs. 10-13 and app. A.1 (u^, with the squared norm of w).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "rheo/core/layer_more.hpp"
#include "rheo/math/root.hpp"
#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// u^ = u + (m - w' u) w / |w|^2 with m = softplus(w' u) - 1 > -1, so that V = log(1 + m (1 - tanh^2)) is finite.  w' u
/// counts as at least -7 in m: the slope along w never falls below 9e-4, and the inverse stays within 1100 eps in any
/// scalar.  decode solves one increasing scalar equation a row, alpha + m tanh(alpha + b) = w' z, to a residual of 4
/// eps (1 + |w' z|); rows that are not finite give NaN. Starts at the identity: u along w with w' u = log(e - 1).
template <Index D> struct Planar {
  static_assert(D > 0, "rheo: Planar wants at least one dimension");
  static constexpr Index x_dim = D, z_dim = D, context_dim = 0, param_count = 2 * D + 1, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;
  static constexpr Index encode_passes = 0, decode_passes = as_needed;
  static constexpr bool parallel_decode = true;
  template <class T> static constexpr double accuracy() {
    return 4096 * static_cast<double>(std::numeric_limits<decltype(autodiff::value_of(T()))>::epsilon());
  }
  template <class T> using Cache = NoCache;

  template <class P> static auto unpack(P p) {
    using V = decltype(p.vector(0));
    struct Parts {
      V w, u, b;
    };
    return Parts{p.vector(D, "w"), p.vector(D, "u"), p.vector(1, "b")};
  }
  template <class T> void init(Params<T> theta, Params<T>, Noise noise) const {
    auto [w, u, b] = unpack(theta);
    for (Index j = 0; j < D; ++j) w(j) = T(noise.normal(0, j) / std::sqrt(static_cast<double>(D)));
    u = w * T(0.54132485461291810 / static_cast<double>(w.square().sum()));
    b(0) = T(0);
  }

  template <class T> void encode(Pass<T, NoCache> p) const {
    Arena::Scope scope(p.scratch);
    const Shape<T> s(p.theta);
    auto t = p.scratch.template column<T>(p.in.rows());
    project(p.in, s, t);
    push(s, t, p.in, p.out, p.v, T(1));
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    using F = decltype(autodiff::value_of(T()));
    using std::tanh;
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const Shape<T> s(p.theta);
    auto t = p.scratch.template column<T>(n);
    project(p.in, s, t);
    const F m = autodiff::value_of(s.m), none = std::numeric_limits<F>::quiet_NaN();
    for (Index i = 0; i < n; ++i) {  // of t = alpha + b
      const F target = autodiff::value_of(t(i));
      const auto f = [=](F a) {
        const F h = std::tanh(a);
        return math::Graph<F>{a + m * h, F{1} + m * (F{1} - h * h)};
      };
      const F root = std::isfinite(target)
                         ? math::root_between(f, target, target - std::abs(m), target + std::abs(m), target)
                         : none;
      if (std::isnan(root) && p.report && !std::isnan(target)) ++p.report->unsolved;
      const T a = T(root);
      if constexpr (autodiff::is_dual_v<T>) {
        const T h = tanh(a);
        t(i) = a - ((a - t(i)) + s.m * h) / s.det(h);
      } else {
        t(i) = a;
      }
    }
    push(s, t, p.in, p.out, p.v, T(-1));
  }

  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    Arena::Scope scope(p.scratch);
    const Shape<T> s(p.theta);
    const auto g_t = gradients(p, s, p.in, p.g_out);
    for (Index j = 0; j < D; ++j) column(p.g_in, j) = column(p.g_out, j) + g_t * s.w(j);
  }
  /// a = J^-T (g_x + dV/dx) by Sherman and Morrison, g_z = a, and the parameters get what encode_pull gives for -a.
  template <class T> void decode_pull(Pull<T, NoCache> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const Shape<T> s(p.theta);
    auto h = p.scratch.template column<T>(n), along = p.scratch.template column<T>(n);
    project(p.out, s, h);
    View<T> minus = p.scratch.template take<T>(n, D);
    along.setZero();
    for (Index j = 0; j < D; ++j) along += column(p.g_out, j) * s.push(j);
    for (Index i = 0; i < n; ++i) {  // b = g_x + w c, a = b - d w (u^' b) / det, u^' w = m
      using std::tanh;
      const T hi = tanh(h(i)), d = T(1) - hi * hi, det = s.det(hi), c = T(-2) * hi * d * s.m * p.g_v(i) / det;
      along(i) = c - d * (along(i) + s.m * c) / det;
    }
    for (Index j = 0; j < D; ++j) {
      column(p.g_in, j) = column(p.g_out, j) + along * s.w(j);
      column(minus, j) = -column(p.g_in, j);
    }
    gradients(p, s, p.out, read(minus));
  }

 private:
  static constexpr double least = -7;
  /// The parameters as the map uses them.
  template <class T> struct Shape {
    CColView<T> w, u, b;
    T a, squared, m, lean;  // w' u, |w|^2, w' u^, (m - a) / |w|^2
    explicit Shape(Params<const T> theta) : Shape(unpack(theta)) {}
    template <class Parts>
    explicit Shape(const Parts& q) : w(q.w), u(q.u), b(q.b), a((q.w * q.u).sum()), squared(q.w.square().sum()) {
      using std::max;
      m = math::softplus(max(a, T(least))) - T(1);
      lean = squared > T(0) ? (m - a) / squared : T(0);
      if (!(squared > T(0))) m = T(0);
    }
    T push(Index j) const { return u(j) + lean * w(j); }
    /// 1 + m (1 - h^2) without cancellation.
    T det(T h) const { return h * h + (m + T(1)) * (T(1) - h * h); }
  };

  template <class T> static void project(CView<T> x, const Shape<T>& s, ColView<T> t) {
    t.setConstant(s.b(0));
    for (Index j = 0; j < D; ++j) t += column(x, j) * s.w(j);
  }
  /// out = in + side u^ tanh(t), v += log det.  Leaves tanh in t.
  template <class T> static void push(const Shape<T>& s, ColView<T> t, CView<T> in, View<T> out, ColView<T> v, T side) {
    using std::log, std::tanh;
    for (Index i = 0; i < t.size(); ++i) {
      t(i) = tanh(t(i));
      v(i) += log(s.det(t(i)));
    }
    for (Index j = 0; j < D; ++j) column(out, j) = column(in, j) + t * T(side * s.push(j));
  }
  /// Adds the parameters' gradients at points x of the data side, for the cotangents g_z of encode's output; gives that
  /// of w' x + b.
  template <class T> static ColView<T> gradients(Pull<T, NoCache>& p, const Shape<T>& s, CView<T> x, CView<T> g_z) {
    using std::tanh;
    const Index n = x.rows();
    auto g_t = p.scratch.template column<T>(n), h = p.scratch.template column<T>(n);
    auto [g_w, g_u, g_b] = unpack(p.g_theta);
    project(x, s, h);
    g_t.setZero();
    for (Index j = 0; j < D; ++j) g_t += column(g_z, j) * s.push(j);
    T g_m(0);
    for (Index i = 0; i < n; ++i) {
      const T hi = tanh(h(i)), d = T(1) - hi * hi, g_det = p.g_v(i) / s.det(hi);
      g_m += g_det * d;
      h(i) = hi;
      g_t(i) = (g_t(i) - T(2) * hi * s.m * g_det) * d;
    }
    g_b(0) += g_t.sum();
    T g_lean(0);
    for (Index j = 0; j < D; ++j) {
      const T g = (column(g_z, j) * h).sum();
      g_u(j) += g;
      g_lean += g * s.w(j);
      g_w(j) += s.lean * g + (column(x, j) * g_t).sum();
    }
    if (!(s.squared > T(0))) return g_t;
    const T slope = s.a > T(least) ? math::sigmoid(s.a) : T(0), g_a = g_lean * (slope - T(1)) / s.squared + g_m * slope,
            g_squared = -g_lean * s.lean / s.squared;
    for (Index j = 0; j < D; ++j) {
      g_w(j) += g_a * s.u(j) + T(2) * g_squared * s.w(j);
      g_u(j) += g_a * s.w(j);
    }
    return g_t;
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
