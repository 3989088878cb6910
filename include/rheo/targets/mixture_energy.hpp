// SPDX-License-Identifier: MIT
// MixtureEnergy: equal spherical Gaussians in any dimension, as an energy: shifted_modes, peaky_modes, random_modes.
//   The settings of Hertrich and Gruhlke 2025, arXiv:2407.20444: shifted 8 modes, shifted 8 peaky, GMM-d.
#pragma once

#include <array>
#include <cmath>
#include <type_traits>
#include <utility>

#include "rheo/core/fail.hpp"
#include "rheo/math/energy.hpp"
#include "rheo/targets/toy.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::targets {

/// u = -log of the mean over K of N(x; m_k, variance I); normalised, log Z = 0.
template <Index D> class MixtureEnergy {
 public:
  static constexpr Index dim = D;
  template <class T> struct Workspace { Buffer<T> terms; };
  /// Means, K x D.  Throws std::invalid_argument for another width, no mean, or a variance that is not positive.
  MixtureEnergy(Batch<double> means, double variance) : means_(std::move(means)), variance_(variance) {
    if (means_.rows() < 1 || means_.cols() != D || !(variance > 0))
      ::rheo::detail::fail("a mixture's means of the wrong size, or a variance that is not positive");
    constant_ = std::log(static_cast<double>(means_.rows())) +
                0.5 * static_cast<double>(D) * (detail::log_2pi + std::log(variance));
  }
  const Batch<double>& means() const { return means_; }  ///< K x D
  template <class X> auto operator()(const X& x) const {
    using std::exp, std::log, std::max;
    using V = std::decay_t<decltype(x[0])>;
    const auto term = [&](Index k) {
      V d(0);
      for (Index j = 0; j < D; ++j) {
        const V gap = x[static_cast<std::size_t>(j)] - V(means_(k, j));
        d += gap * gap;
      }
      return V(V(-0.5 / variance_) * d);
    };
    V top = term(0);
    for (Index k = 1; k < means_.rows(); ++k) top = max(top, term(k));
    V sum = exp(term(0) - top);
    for (Index k = 1; k < means_.rows(); ++k) sum += exp(term(k) - top);
    return V(V(constant_) - top - log(sum));
  }
  template <class T> void value(CView<T> x, ColView<T> u, Workspace<T>& w) const { shares(x, u, w); }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, Workspace<T>& w) const {
    const View<T> share = shares(x, u, w);
    for (Index j = 0; j < D; ++j) {
      auto g_j = column(g, j);
      g_j = column(x, j);
      for (Index k = 0; k < means_.rows(); ++k) g_j -= column(share, k) * T(means_(k, j));
      g_j *= T(1 / variance_);
    }
  }
  /// log of the integral of e^-u, nats.
  double log_z() const { return 0.0; }
  /// n x dim exact draws.
  template <class T = double> Batch<T> sample(Index n, Noise noise) const {
    Batch<::rheo::detail::Late<double, T>> x(n, D);
    noise.fork(0).normals(view(x));
    for (Index i = 0; i < n; ++i)
      x.row(i) = x.row(i) * std::sqrt(variance_) + means_.row(noise.fork(1).index(i, 0, means_.rows()));
    return x.template cast<T>();
  }

 private:
  /// u, and how much of e^-u is of which mean, n x K.
  template <class T> View<T> shares(CView<T> x, ColView<T> u, Workspace<T>& w) const {
    using std::exp, std::log;
    const Index K = means_.rows();
    View<T> terms = w.terms.view(x.rows(), K);
    for (Index k = 0; k < K; ++k) {
      auto t = column(terms, k);
      t = (column(x, 0) - T(means_(k, 0))).square();
      for (Index j = 1; j < D; ++j) t += (column(x, j) - T(means_(k, j))).square();
      t *= T(-0.5 / variance_);
    }
    for (Index i = 0; i < x.rows(); ++i) {
      T top = terms(i, 0), sum(0);
      for (Index k = 1; k < K; ++k) top = terms(i, k) > top ? terms(i, k) : top;
      u(i) = T(constant_) - top;
      if (autodiff::value_of(top) == -detail::infinity) top = T(0);
      for (Index k = 0; k < K; ++k) sum += terms(i, k) = exp(terms(i, k) - top);
      if (sum == T(0)) continue;  // so far that squares overflow
      u(i) -= log(sum);
      for (Index k = 0; k < K; ++k) terms(i, k) /= sum;
    }
    return terms;
  }
  Batch<double> means_;
  double variance_, constant_;
};

/// "Shifted 8 modes": centres on the circle of radius 1 about (-1, 0), at angles k pi / 4, of variance 1e-2.
inline MixtureEnergy<2> shifted_modes(double variance = 1e-2) {
  Batch<double> means(8, 2);
  for (Index k = 0; k < 8; ++k) {
    const double t = 0.25 * detail::pi * static_cast<double>(k);
    means(k, 0) = std::cos(t) - 1, means(k, 1) = std::sin(t);
  }
  return {std::move(means), variance};
}
/// "Shifted 8 peaky": the same of variance 5e-3.
inline MixtureEnergy<2> peaky_modes() { return shifted_modes(5e-3); }
/// "GMM-D": ten centres, uniform on [-1, 1]^D by the noise, of variance 1e-2.
template <Index D> MixtureEnergy<D> random_modes(Noise noise) {
  Batch<double> means(10, D);
  noise.uniforms(view(means));
  return {Batch<double>(2 * means - 1), 1e-2};
}

}  // namespace rheo::targets

#include "rheo/platform/macros_on.hpp"
