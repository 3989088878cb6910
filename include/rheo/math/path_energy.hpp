// SPDX-License-Identifier: MIT
// PathEnergy: an energy as sampling layers use it: values and gradients at a lambda that may be learned, and their
// pulls.
//   Wu et al. 2020, arXiv:2002.06707 (stochastic normalizing flows), section 3.
#pragma once

#include <cmath>
#include <limits>

#include "rheo/core/arena.hpp"
#include "rheo/math/energy.hpp"

namespace rheo {

/// u = |x|^2 / 2 + (D / 2) log 2 pi, the energy of N(0, I), log Z = 0: where paths begin.
template <Index D> struct NormalEnergy {
  static constexpr Index dim = D;
  template <class T> using Workspace = NoWorkspace;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    u.setConstant(T(0.91893853320467274178 * static_cast<double>(D)));
    for (Index j = 0; j < D; ++j) u += column(x, j).square() * T(0.5);
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    copy(x, g);
  }
};

/// Which numbers of a sampling layer are parameters of the flow.
enum class Learned : unsigned { none = 0, step = 1, lambda = 2, both = 3 };
/// Whether the step is trained.
constexpr bool learns_step(Learned l) { return unsigned(l) & 1u; }
/// Whether lambda is trained.
constexpr bool learns_lambda(Learned l) { return unsigned(l) & 2u; }

/// True of Interpolated and whatever has its parts.
template <class E>
concept HasLambda = requires(const E& e) {
  e.base;
  e.target;
  e.lambda;
};

namespace math {

template <class E, class T> struct PathWorkspace {
  typename E::template Workspace<T> plain;
  typename E::template Workspace<autodiff::Dual<T>> dual;
  Buffer<T> u1, g1;
  Buffer<autodiff::Dual<T>> x, u, g, u1_dual, g1_dual;
};

template <class T> bool is_finite(const T& x) { return std::isfinite(autodiff::value_of(x)); }

/// An energy of NaN or -inf, which is a fault; +inf is a place off the support.
template <class T> bool faulty(const T& u) {
  const auto a = autodiff::value_of(u);
  return std::isnan(a) || a == -std::numeric_limits<double>::infinity();
}

/// e at its own lambda or, if Learns, at `lambda`, any real number; at 0 and 1 the other energy may be infinite, as for
/// Interpolated.
template <bool Learns, class E, class T> struct PathEnergy {
  static constexpr Index D = E::dim;
  const E& e;
  T lambda;
  PathWorkspace<E, T>& w;

  void value(CView<T> x, ColView<T> u) const {
    if constexpr (Learns) {
      ColView<T> u1 = w.u1.column(x.rows());
      e.base.value(x, u, w.plain.base);
      e.target.value(x, u1, w.plain.target);
      look_away(lambda, u, u1, [](Index) {});
      u = u * (T(1) - lambda) + u1 * lambda;
    } else {
      e.value(x, u, w.plain);
    }
  }
  void gradient(CView<T> x, ColView<T> u, View<T> g) const { gradient<T>(lambda, x, u, g, w.u1, w.g1, w.plain); }

  /// g_x += g_u u'(x), g_lambda += its part.  Rows of infinite energy, or with g_u = 0, add nothing; nor to g_lambda do
  /// those where either energy is infinite.
  void value_pull(CView<T> x, CColView<T> g_u, View<T> g_x, T& g_lambda, Arena& scratch) const {
    Arena::Scope scope(scratch);
    const Index n = x.rows();
    ColView<T> u = scratch.template column<T>(n);
    View<T> g = scratch.template take<T>(n, D);
    if constexpr (Learns) {
      pull(x, g_u, read(g), g_x, g_lambda, false);
    } else {
      gradient(x, u, g);
      for (Index i = 0; i < n; ++i) {
        if (g_u(i) == T(0) || !is_finite(u(i))) continue;
        for (Index j = 0; j < D; ++j) g_x(i, j) += g_u(i) * g(i, j);
      }
    }
  }
  /// g_x += u''(x) g_g, where g_g is the cotangent of u'(x); g_lambda += its part.
  void gradient_pull(CView<T> x, CView<T> g_g, View<T> g_x, T& g_lambda) const {
    pull(x, CColView<T>(nullptr, 0), g_g, g_x, g_lambda, true);
  }

 private:
  template <class S, class W>
  void gradient(const S& at, CView<S> x, ColView<S> u, View<S> g, Buffer<S>& room_u, Buffer<S>& room_g,
                W& workspace) const {
    if constexpr (Learns) {
      ColView<S> u1 = room_u.column(x.rows());
      View<S> g1 = room_g.view(x.rows(), D);
      e.base.value_and_gradient(x, u, g, workspace.base);
      e.target.value_and_gradient(x, u1, g1, workspace.target);
      look_away(at, u, u1, [&](Index i) { (at == S(0) ? g1 : g).row(i).setZero(); });
      u = u * (S(1) - at) + u1 * at;
      for (Index j = 0; j < D; ++j) column(g, j) = column(g, j) * (S(1) - at) + column(g1, j) * at;
    } else {
      e.value_and_gradient(x, u, g, workspace);
    }
  }
  /// At lambda = 0 and 1 rows where the other energy is infinite are dropped from it, before they meet the zero.
  template <class S, class Drop> static void look_away(const S& at, ColView<S> u0, ColView<S> u1, Drop drop) {
    if (at != S(0) && at != S(1)) return;
    ColView<S> u = at == S(0) ? u1 : u0;
    for (Index i = 0; i < u.size(); ++i) {
      if (!is_finite(u(i))) u(i) = S(0), drop(i);
    }
  }
  /// Duals along g_g: u' and u'' g_g at once, and for lambda the differences of u and of u' g_g.
  void pull(CView<T> x, CColView<T> g_u, CView<T> g_g, View<T> g_x, T& g_lambda, bool second) const {
    using Dual = autodiff::Dual<T>;
    const Index n = x.rows();
    View<Dual> xd = w.x.view(n, D), gd = w.g.view(n, D), g1 = w.g1_dual.view(n, D);
    ColView<Dual> u = w.u.column(n), u1 = w.u1_dual.column(n);
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < n; ++i) xd(i, j) = Dual(x(i, j), second ? g_g(i, j) : T(0));
    }
    if constexpr (Learns) {
      e.base.value_and_gradient(read(xd), u, gd, w.dual.base);
      e.target.value_and_gradient(read(xd), u1, g1, w.dual.target);
    } else {
      e.value_and_gradient(read(xd), u, gd, w.dual);
    }
    for (Index i = 0; i < n; ++i) {
      const bool at_0 = is_finite(u(i)), at_1 = !Learns || is_finite(u1(i));
      if (!(at_0 || (Learns && lambda == T(1))) || !(at_1 || lambda == T(0))) continue;
      const T c = second ? T(0) : g_u(i);
      if constexpr (Learns) {
        if (!second && c == T(0)) continue;
        if (at_0 && at_1) g_lambda += second ? u1(i).b - u(i).b : c * (u1(i).a - u(i).a);
      }
      for (Index j = 0; j < D; ++j) {
        Dual g = at_0 ? gd(i, j) : g1(i, j);
        if constexpr (Learns) {
          if (at_0 && at_1) g = g * Dual(T(1) - lambda) + g1(i, j) * Dual(lambda);
        }
        g_x(i, j) += second ? g.b : c * g.a;
      }
    }
  }
};

}  // namespace math
}  // namespace rheo
