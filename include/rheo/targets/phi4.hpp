// SPDX-License-Identifier: MIT
// Phi4: a scalar field on a periodic L x L lattice, the action of lattice field theory that flows are tried on.
//   Albergo, Kanwar, Shanahan 2019, arXiv:1904.12072, eq. 11.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <type_traits>

#include "rheo/core/fail.hpp"
#include "rheo/math/energy.hpp"
#include "rheo/targets/quadrature.hpp"
#include "rheo/targets/toy.hpp"

namespace rheo::targets {

/// u = sum over sites of (phi - phi right)^2 + (phi - phi below)^2 + mass2 phi^2 + lambda phi^4; site (r, c) is column
/// r L + c of the batch.
///
/// Throws std::invalid_argument unless lambda > 0, or lambda = 0 and mass2 > 0: else it cannot be normalised.
template <Index L> class Phi4 {
  static_assert(L > 0);

 public:
  static constexpr Index dim = L * L;
  template <class T> using Workspace = NoWorkspace;
  /// Throws std::invalid_argument where u has no lower bound.
  Phi4(double mass2, double lambda) : mass2_(mass2), lambda_(lambda) {
    if (!(lambda > 0.0 || (lambda == 0.0 && mass2 > 0.0)))
      ::rheo::detail::fail("a field whose action has no lower bound");
  }
  double mass2() const { return mass2_; }    ///< of the mass, squared
  double lambda() const { return lambda_; }  ///< of the quartic term

  template <class X> auto operator()(const X& x) const {
    using V = std::decay_t<decltype(x[0])>;
    V u(0);
    for (Index s = 0; s < dim; ++s) {
      const V phi = x[static_cast<std::size_t>(s)];
      if constexpr (L > 1) {
        const V right = phi - x[static_cast<std::size_t>(shift(s, 0, 1))],
                below = phi - x[static_cast<std::size_t>(shift(s, 1, 0))];
        u += right * right + below * below;
      }
      u += phi * phi * (V(mass2_) + V(lambda_) * phi * phi);
    }
    return u;
  }
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    u.setZero();
    for (Index s = 0; s < dim; ++s) {
      const auto phi = column(x, s);
      if constexpr (L > 1) u += (phi - column(x, shift(s, 0, 1))).square() + (phi - column(x, shift(s, 1, 0))).square();
      u += (phi * T(lambda_) * phi + T(mass2_)) * phi.square();
    }
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    for (Index s = 0; s < dim; ++s) {
      const auto phi = column(x, s);
      auto g_phi = column(g, s);
      g_phi = (phi * T(4.0 * lambda_) * phi + T(2.0 * mass2_)) * phi;
      if constexpr (L > 1) {
        g_phi += (phi * T(4) - column(x, shift(s, 0, 1)) - column(x, shift(s, 1, 0)) - column(x, shift(s, 0, L - 1)) -
                  column(x, shift(s, L - 1, 0))) *
                 T(2);
      }
    }
  }
  /// Exact for lambda = 0, where u is a Gaussian's: a product over momenta k of pi / (mass2 + 4 sum sin^2(k / 2)),
  /// under a root.  By quadrature, to 1e-12, for L = 1.  Else not known.
  std::optional<double> log_z() const {
    if (lambda_ == 0.0) {
      double sum = 0.0;
      for (Index a = 0; a < L; ++a) {
        for (Index b = 0; b < L; ++b) sum += 0.5 * std::log(detail::pi / (mass2_ + momentum(a) + momentum(b)));
      }
      return sum;
    }
    if constexpr (L == 1) {
      const double lowest = mass2_ < 0.0 ? -0.25 * mass2_ * mass2_ / lambda_ : 0.0;
      const auto above = [&](double x) { return x * x * (mass2_ + lambda_ * x * x) - lowest; };
      double reach = 1.0;
      while (above(reach) > 60.0) reach *= 0.7;
      while (above(reach) < 60.0) reach *= 1.2;
      double sum = 0.0;
      const int panels = 64;
      const auto rule = detail::gauss_legendre(20, 0.0, reach / panels);
      for (int k = 0; k < panels; ++k) {
        for (const detail::Node& n : rule) sum += 2.0 * n.weight * std::exp(-above(k * reach / panels + n.x));
      }
      return std::log(sum) - lowest;
    }
    return std::nullopt;
  }

 private:
  /// The site that many rows and columns on, around the edges.
  static constexpr Index shift(Index s, Index rows, Index columns) {
    return (s / L + rows) % L * L + (s % L + columns) % L;
  }
  static double momentum(Index k) {
    const double s = std::sin(detail::pi * static_cast<double>(k) / static_cast<double>(L));
    return 4.0 * s * s;
  }
  double mass2_, lambda_;
};

}  // namespace rheo::targets
