// SPDX-License-Identifier: MIT
// Energy: a density known up to a constant, u(x) = -log p(x) + const, with what samplers, path weights and training ask
// of it.
//   An energy is written by hand (rheo/targets/energies.hpp) or a generic lambda differentiated by the column tape
//     (energy_of).
#pragma once

#include <concepts>
#include <utility>

#include "rheo/autodiff/dual.hpp"
#include "rheo/autodiff/gradient.hpp"
#include "rheo/core/batch.hpp"

namespace rheo {

/// What u(x) alone asks for: Metropolis moves, weights.  `e.value(x, u, w)` writes u(i) for the n rows of x (n x dim),
/// in nats, +inf off the support, NaN for rows with a NaN.  `Workspace<T>` is default-constructible, one a thread; a
/// second call with no more rows allocates nothing.
template <class E>
concept ValueEnergy = requires(const E& e, CView<double> x, ColView<double> u,
                               typename E::template Workspace<double>& w) {
  { E::dim } -> std::convertible_to<Index>;
  e.value(x, u, w);
};

/// What gradients ask for besides: `e.value_and_gradient(x, u, g, w)` writes u(i) and g(i, :) = u'(x_i) (n x dim).
/// Works for float, double and duals of them, so that hessian_vector_product below works too.
template <class E>
concept Energy = ValueEnergy<E> && requires(const E& e, CView<double> x, ColView<double> u, View<double> g,
                                            typename E::template Workspace<double>& w) {
  e.value_and_gradient(x, u, g, w);
};

namespace detail {
/// What is no energy, in words.
template <class E> constexpr void wants_energy() {
  constexpr bool is_one = ValueEnergy<E>;  // said without the concept's own reasons
  static_assert(is_one,
                "rheo: this is no energy: make one of a lambda of one point, by energy_of<D>([](const auto& x) { "
                "return ...; })");
}
}  // namespace detail

/// The scratch of an energy that needs none.
struct NoWorkspace {};

/// u of all rows of x (n x dim), n numbers: for tables and pictures, where no workspace is at hand.  Throws
/// std::invalid_argument for another width.
template <ValueEnergy E> Column<double> energy_values(const E& e, const Input<double>& x) {
  detail::check_width(x, E::dim, "x");
  typename E::template Workspace<double> w;
  Column<double> u(x.rows());
  e.value(x.view(), ColView<double>(u.data(), u.size()), w);
  return u;
}

/// A user's energy: f of one point, a generic lambda as for autodiff::value_and_gradient (rheo/autodiff/gradient.hpp).
template <Index D, class F> class TapedEnergy {
 public:
  static constexpr Index dim = D;
  template <class T> using Workspace = autodiff::Tape<T>;
  explicit TapedEnergy(F f) : f_(std::move(f)) {}
  template <class X> auto operator()(const X& x) const { return f_(x); }
  template <class T> void value(CView<T> x, ColView<T> u, autodiff::Tape<T>& tape) const {
    autodiff::value_only(f_, tape, x, u);
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, autodiff::Tape<T>& tape) const {
    autodiff::value_and_gradient(f_, tape, x, u, g);
  }

 private:
  F f_;
};

/// `energy_of<2>([](const auto& x) { return x[0] * x[0] + exp(-pow(x[1], 2)); })`: u in nats at one point.  exp, log,
/// pow, abs, sin and their like without `std::`, which knows numbers alone: gradients come by the same call.
template <Index D, class F> TapedEnergy<D, F> energy_of(F f) { return TapedEnergy<D, F>(std::move(f)); }

/// u = (1 - lambda) u0 + lambda u1, the path from one energy to another (Wu et al. 2020, arXiv:2002.06707, section 3),
/// with its derivative in lambda.  At lambda = 0 and 1 the other energy is not looked at, where it may be infinite.
template <ValueEnergy Base, ValueEnergy Target> struct Interpolated {
  static_assert(Base::dim == Target::dim, "rheo::Interpolated: two energies of different dimensions");
  static constexpr Index dim = Base::dim;
  template <class T> struct Workspace {
    typename Base::template Workspace<T> base;
    typename Target::template Workspace<T> target;
    Buffer<T> u, g;
  };
  Base base;
  Target target;
  double lambda;
  Interpolated(Base u0, Target u1, double at) : base(std::move(u0)), target(std::move(u1)), lambda(at) {}

  template <class T> void value(CView<T> x, ColView<T> u, Workspace<T>& w) const {
    if (lambda == 1.0) return target.value(x, u, w.target);
    base.value(x, u, w.base);
    if (lambda == 0.0) return;
    ColView<T> u1 = w.u.column(x.rows());
    target.value(x, u1, w.target);
    u = u * T(1.0 - lambda) + u1 * T(lambda);
  }
  template <class T>
  void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, Workspace<T>& w) const
      requires(Energy<Base>&& Energy<Target>) {
    if (lambda == 1.0) return target.value_and_gradient(x, u, g, w.target);
    base.value_and_gradient(x, u, g, w.base);
    if (lambda == 0.0) return;
    ColView<T> u1 = w.u.column(x.rows());
    View<T> g1 = w.g.view(x.rows(), dim);
    target.value_and_gradient(x, u1, g1, w.target);
    u = u * T(1.0 - lambda) + u1 * T(lambda);
    for (Index j = 0; j < dim; ++j) column(g, j) = column(g, j) * T(1.0 - lambda) + column(g1, j) * T(lambda);
  }
  /// du(i) = u1(x_i) - u0(x_i), the derivative of u in lambda, at any lambda.
  template <class T> void lambda_derivative(CView<T> x, ColView<T> du, Workspace<T>& w) const {
    ColView<T> u0 = w.u.column(x.rows());
    base.value(x, u0, w.base);
    target.value(x, du, w.target);
    du -= u0;
  }
  /// And dg(i, :) = u1'(x_i) - u0'(x_i), that of the gradient.
  template <class T>
  void lambda_derivative(CView<T> x, ColView<T> du, View<T> dg, Workspace<T>& w) const
      requires(Energy<Base>&& Energy<Target>) {
    ColView<T> u0 = w.u.column(x.rows());
    View<T> g0 = w.g.view(x.rows(), dim);
    base.value_and_gradient(x, u0, g0, w.base);
    target.value_and_gradient(x, du, dg, w.target);
    du -= u0;
    for (Index j = 0; j < dim; ++j) column(dg, j) -= column(g0, j);
  }
};

/// Scratch of hessian_vector_product.
template <class E, class T> struct HessianWorkspace {
  typename E::template Workspace<autodiff::Dual<T>> energy;
  Buffer<autodiff::Dual<T>> x, u, g;
};

/// out(i, :) = u''(x_i) v_i (n x dim), by duals through the gradient: what the pull of a step along the gradient needs.
template <class T, Energy E>
void hessian_vector_product(const E& e, CView<T> x, CView<T> v, View<T> out, HessianWorkspace<E, T>& w) {
  using Dual = autodiff::Dual<T>;
  const Index n = x.rows();
  View<Dual> xd = w.x.view(n, E::dim), gd = w.g.view(n, E::dim);
  for (Index j = 0; j < E::dim; ++j) {
    for (Index i = 0; i < n; ++i) xd(i, j) = Dual(x(i, j), v(i, j));
  }
  e.value_and_gradient(read(xd), w.u.column(n), gd, w.energy);
  for (Index j = 0; j < E::dim; ++j) {
    for (Index i = 0; i < n; ++i) out(i, j) = gd(i, j).b;
  }
}

}  // namespace rheo
