// SPDX-License-Identifier: MIT
// ConvexPotential: z is the gradient of a strongly convex net, so its Jacobian is symmetric and positive.
//   Huang et al. 2021, arXiv:2012.05942, eqs. 3-6 and 9.
#pragma once

#include <array>
#include <cmath>
#include <limits>

#include "rheo/core/layer_more.hpp"
#include "rheo/nets/input_convex.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// z = grad F(x) with F of rheo/nets/input_convex.hpp, strongly convex in x for every context; V = log det of the
/// Hessian, exact by its Cholesky factor, so for D <= 16. H units in each of Depth hidden layers.  Starts near the
/// identity: alpha = 1, the weights c sum to 0.3.
///
/// decode minimises F(x) - z.x row by row: Newton steps on values, halved until the residual falls, until it is below
/// eps (256 s + 8 r), where s is the size of the row (at least 1) and r bounds the net's share of z; then one more step
/// in T.  A row that fails after 200 evaluations, or is not finite, is NaN in out and v; the finite ones count as
/// unsolved.  Both pulls are exact: decode's by the implicit function, with the Hessian's factor at the solution.
/// Cost of encode: about D products of the net, and n D^2 H Depth / 2 for the Hessian.
template <Index D, Index H, Index Depth = 2, Index C = 0> struct ConvexPotential {
  static_assert(D >= 1 && D <= 16, "rheo: ConvexPotential factors the whole Hessian: at most 16 dimensions");
  static constexpr Index x_dim = D, z_dim = D, context_dim = C, buffer_count = 0;
  using Net = InputConvex<D, H, Depth, C>;
  static constexpr Index param_count = Net::param_count;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Index encode_passes = 1, decode_passes = as_needed;
  static constexpr bool parallel_decode = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;

  template <class T> struct Cache {
    Buffer<T> a, J,
        hessian;  // pre-activations, their Jacobians (d-th block of n rows: to x_d), Hessian: layers side by side
  };

  Net net{};

  template <class P> static auto unpack(P p) { return Net::unpack(p); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    net.init(theta, buffers, noise);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    const Index n = p.in.rows();
    View<T> hessian = p.cache.hessian.view(n, D * D);
    net.template gradient<T>(p.in, p.context, p.theta, p.cache.a.view(n, Net::units), p.cache.J.view(n * D, Net::units),
                             p.out, hessian, p.scratch);
    add_log_det(hessian, p.v);
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    View<T> G = p.scratch.template take<T>(p.in.rows(), D * D);
    inverse(p.cache.hessian.view(p.in.rows(), D * D), p.g_v, G);
    pull<T>(p, p.in, p.g_out, G, p.g_in);
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    using S = decltype(autodiff::value_of(T()));
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    auto solved = p.scratch.template column<unsigned char>(n);
    solve<S>(p, solved);
    View<T> hessian = p.cache.hessian.view(n, D * D), a = p.cache.a.view(n, Net::units),
            J = p.cache.J.view(n * D, Net::units), z = p.scratch.template take<T>(n, D);
    for (int k = 0; k < 1 + (depth<T>() > 1); ++k) {  // Newton in T: digits for values, derivatives for duals
      net.template gradient<T>(read(p.out), p.context, p.theta, a, J, z, hessian, p.scratch);
      for (Index i = 0; i < n; ++i) {
        RowOf<T> r;
        for (Index d = 0; d < D; ++d) r[d] = p.in(i, d) - z(i, d);
        Factor<T>(hessian, i).solve(r);
        for (Index d = 0; d < D; ++d) p.out(i, d) += r[d];
      }
    }
    if (p.needs_v()) {
      net.template gradient<T>(read(p.out), p.context, p.theta, a, J, z, hessian, p.scratch);
      add_log_det(hessian, p.v);
    }
    for (Index i = 0; i < n; ++i) {
      if (solved(i)) continue;
      for (Index d = 0; d < D; ++d) p.out(i, d) = T(std::numeric_limits<double>::quiet_NaN());
      p.v(i) = T(std::numeric_limits<double>::quiet_NaN());
    }
  }
  /// With w = H^-1 (g_x + g_v dV/dx): g_z = w, g_theta = g_v dV/dtheta - w . d(grad F)/dtheta.
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> G = p.scratch.template take<T>(n, D * D), g_x = p.scratch.template take<T>(n, D),
            none = p.scratch.template take<T>(n, D), hessian = p.cache.hessian.view(n, D * D);
    inverse(hessian, p.g_v, G);
    none.setZero();
    pull<T>(p, p.out, read(none), G, g_x);
    G.setZero();
    for (Index i = 0; i < n; ++i) {
      RowOf<T> w;
      for (Index d = 0; d < D; ++d) w[d] = g_x(i, d) + p.g_out(i, d);
      Factor<T>(hessian, i).solve(w);
      for (Index d = 0; d < D; ++d) p.g_in(i, d) = w[d], none(i, d) = -w[d];
    }
    pull<T>(p, p.out, read(none), G, g_x);
  }

 private:
  /// D numbers on the stack.
  template <class T> struct RowOf {
    std::array<T, static_cast<std::size_t>(D)> x{};
    T& operator[](Index d) { return x[static_cast<std::size_t>(d)]; }
  };
  template <class T> static constexpr int depth() {
    if constexpr (autodiff::is_dual_v<T>) return 1 + depth<decltype(T().a)>();
    return 0;
  }
  /// Cholesky's factor of one row's Hessian.
  template <class T> struct Factor {
    std::array<T, static_cast<std::size_t>(D* D)> l;
    Factor(const View<T>& hessian, Index i) {
      using std::sqrt;
      for (Index c = 0; c < D; ++c) {
        for (Index r = c; r < D; ++r) {
          T s = hessian(i, r + D * c);
          for (Index k = 0; k < c; ++k) s -= at(r, k) * at(c, k);
          at(r, c) = r == c ? T(sqrt(s)) : T(s / at(c, c));
        }
      }
    }
    T& at(Index r, Index c) { return l[static_cast<std::size_t>(r + D * c)]; }
    void solve(RowOf<T>& b) {
      for (Index r = 0; r < D; ++r) {
        for (Index k = 0; k < r; ++k) b[r] -= at(r, k) * b[k];
        b[r] /= at(r, r);
      }
      for (Index r = D; r-- > 0;) {
        for (Index k = r + 1; k < D; ++k) b[r] -= at(k, r) * b[k];
        b[r] /= at(r, r);
      }
    }
  };
  template <class T> static void add_log_det(const View<T>& hessian, ColView<T> v) {
    using std::log;
    for (Index i = 0; i < v.size(); ++i) {
      Factor<T> f(hessian, i);
      for (Index d = 0; d < D; ++d) v(i) += T(2) * log(f.at(d, d));
    }
  }
  /// G = g_v H^-1: the cotangent of the Hessian.
  template <class T> static void inverse(const View<T>& hessian, CColView<T> g_v, View<T> G) {
    for (Index i = 0; i < g_v.size(); ++i) {
      Factor<T> f(hessian, i);
      for (Index c = 0; c < D; ++c) {
        RowOf<T> e{};
        e[c] = g_v(i);
        f.solve(e);
        for (Index r = 0; r < D; ++r) G(i, r + D * c) = e[r];
      }
    }
  }
  template <class T> void pull(Pull<T, Cache<T>>& p, CView<T> x, CView<T> g_z, const View<T>& G, View<T> g_x) const {
    const Index n = x.rows();
    net.template pull<T>(x, p.context, p.theta, p.cache.a.view(n, Net::units), p.cache.J.view(n * D, Net::units), g_z,
                         G, g_x, p.g_theta, p.g_context, p.scratch);
  }

  /// Newton's method on values, into p.out.  Every row is evaluated until all have finished: which rows share a product
  /// would show in the last bits.
  template <class S, class T> void solve(Pass<T, Cache<T>>& p, ColView<unsigned char> solved) const {
    Arena::Scope scope(p.scratch);
    Arena& scratch = p.scratch;
    const Index n = p.in.rows();
    auto theta = scratch.template column<S>(param_count);
    for (Index k = 0; k < param_count; ++k) theta(k) = autodiff::value_of(p.theta.data()[k]);
    View<S> z = scratch.template take<S>(n, D), x = scratch.template take<S>(n, D),
            step = scratch.template take<S>(n, D), trial = scratch.template take<S>(n, D),
            f = scratch.template take<S>(n, D), context = scratch.template take<S>(n, C),
            a = scratch.template take<S>(n, Net::units), J = scratch.template take<S>(n * D, Net::units),
            hessian = scratch.template take<S>(n, D * D);
    auto best = scratch.template column<double>(n), size = scratch.template column<double>(n);
    auto live = scratch.template column<unsigned char>(n);
    const S alpha = Net::curvature(theta(0));
    const double reach =
        static_cast<double>(net.template reach<S>(Params<const S>(theta.data(), param_count), scratch));
    for (Index i = 0; i < n; ++i) {
      for (Index d = 0; d < D; ++d)
        z(i, d) = autodiff::value_of(p.in(i, d)), x(i, d) = z(i, d) / alpha, step(i, d) = S(0);
      for (Index d = 0; d < C; ++d) context(i, d) = autodiff::value_of(p.context(i, d));
      best(i) = std::numeric_limits<double>::infinity(), size(i) = 1, live(i) = 1, solved(i) = 0;
    }
    Index left = n;
    for (int evaluation = 0; evaluation < 200 && left > 0; ++evaluation) {
      for (Index d = 0; d < D; ++d) column(trial, d) = column(x, d) + size.template cast<S>() * column(step, d);
      net.template gradient<S>(read(trial), read(context), Params<const S>(theta.data(), param_count), a, J, f, hessian,
                               scratch);
      if (p.report) p.report->evaluations += n;
      left = 0;
      for (Index i = 0; i < n; ++i) {
        if (!live(i)) continue;
        double square = 0, scale = 1;
        for (Index d = 0; d < D; ++d) {
          const double r = static_cast<double>(f(i, d)) - static_cast<double>(z(i, d));
          square += r * r;
          scale = std::max(scale, std::max(std::abs(static_cast<double>(z(i, d))),
                                           static_cast<double>(alpha) * std::abs(static_cast<double>(trial(i, d)))));
        }
        const double norm = std::sqrt(square);
        const bool found = norm <= static_cast<double>(std::numeric_limits<S>::epsilon()) * (256 * scale + 8 * reach);
        if (found || norm <= (1 - 0.25 * size(i)) * best(i)) {
          RowOf<S> r;
          for (Index d = 0; d < D; ++d) x(i, d) = trial(i, d), r[d] = z(i, d) - f(i, d);
          best(i) = norm, size(i) = 1;
          if (!found) Factor<S>(hessian, i).solve(r);
          for (Index d = 0; d < D; ++d) step(i, d) = found ? S(0) : r[d];
        } else {
          size(i) /= 2;
        }
        solved(i) = found;
        live(i) = !found && norm == norm && size(i) > 1e-12;
        left += live(i);
      }
    }
    for (Index i = 0; i < n; ++i) {
      bool finite = true;
      for (Index d = 0; d < D; ++d)
        finite = finite && std::isfinite(static_cast<double>(z(i, d))), p.out(i, d) = T(x(i, d));
      if (!solved(i) && finite && p.report) p.report->miss(best(i));
    }
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
