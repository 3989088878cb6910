// SPDX-License-Identifier: MIT
// Energies in any dimension with exact samplers and known constants: Gaussian, funnel, banana; in the plane, mustache.
//   Each is an Energy (rheo/math/energy.hpp) and a callable on one point, for arrays of numbers, duals and columns of
//     the tape.
//   funnel: Neal 2003, Slice sampling, section 8; banana: Haario et al. 1999, Adaptive proposal distribution for random
//     walk Metropolis; mustache: Hertrich and Gruhlke 2025, arXiv:2407.20444.
#pragma once

#include <array>
#include <cmath>
#include <type_traits>

#include "rheo/core/fail.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/math/clip.hpp"
#include "rheo/math/energy.hpp"
#include "rheo/targets/toy.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::targets {

/// u = |y|^2 / 2 with L y = x - m, L the root of the covariance; log Z = (D log 2 pi + log det covariance) / 2.
template <Index D> class GaussianEnergy {
 public:
  static constexpr Index dim = D;
  template <class T> struct Workspace { Buffer<T> y; };
  /// N(0, I).
  GaussianEnergy() : GaussianEnergy(Row<double>::Zero(D), Batch<double>(Eigen::MatrixXd::Identity(D, D))) {}
  /// Mean (D numbers) and covariance (D x D, the lower triangle is read).  Throws std::invalid_argument for wrong sizes
  /// or a covariance that is not positive definite.
  GaussianEnergy(const Row<double>& mean, const Batch<double>& covariance) : mean_(mean), root_(covariance) {
    if (mean.size() != D || covariance.rows() != D || covariance.cols() != D)
      ::rheo::detail::fail("a Gaussian energy's mean or covariance of the wrong size");
    for (Index i = 0; i < D; ++i) {  // Cholesky, row by row
      for (Index j = 0; j <= i; ++j) {
        double s = covariance(i, j);
        for (Index k = 0; k < j; ++k) s -= root_(i, k) * root_(j, k);
        if (i == j && !(s > 0.0)) ::rheo::detail::fail("a covariance that is not positive definite");
        root_(i, j) = i == j ? std::sqrt(s) : s / root_(j, j);
      }
    }
  }
  template <class X> auto operator()(const X& x) const {
    using V = std::decay_t<decltype(x[0])>;
    std::array<V, D> y;
    V u(0);
    for (Index i = 0; i < D; ++i) {
      V s = x[static_cast<std::size_t>(i)] - V(mean_(i));
      for (Index k = 0; k < i; ++k) s -= y[static_cast<std::size_t>(k)] * V(root_(i, k));
      y[static_cast<std::size_t>(i)] = s = s * V(1.0 / root_(i, i));
      u += V(0.5) * s * s;
    }
    return u;
  }
  template <class T> void value(CView<T> x, ColView<T> u, Workspace<T>& w) const { solve(x, u, w.y.view(x.rows(), D)); }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, Workspace<T>& w) const {
    const View<T> y = w.y.view(x.rows(), D);
    solve(x, u, y);
    for (Index i = D; i-- > 0;) {  // L' g = y, back to front
      auto g_i = column(g, i);
      g_i = column(y, i);
      for (Index k = i + 1; k < D; ++k) g_i -= column(g, k) * T(root_(k, i));
      g_i *= T(1.0 / root_(i, i));
    }
  }
  /// log of the integral of e^-u, nats.
  double log_z() const {
    return 0.5 * static_cast<double>(D) * detail::log_2pi + root_.matrix().diagonal().array().log().sum();
  }
  /// n x D independent points.
  /// n x dim exact draws.
  template <class T = double> Batch<T> sample(Index n, Noise noise) const {
    Batch<double> e(n, D), x(n, D);
    noise.normals(view(e));
    for (Index i = 0; i < D; ++i) {
      x.col(i).setConstant(mean_(i));
      for (Index j = 0; j <= i; ++j) x.col(i) += e.col(j) * root_(i, j);
    }
    return x.template cast<T>();
  }

 private:
  template <class T> void solve(CView<T> x, ColView<T> u, View<T> y) const {
    u.setZero();
    for (Index i = 0; i < D; ++i) {
      auto y_i = column(y, i);
      y_i = column(x, i) - T(mean_(i));
      for (Index k = 0; k < i; ++k) y_i -= column(y, k) * T(root_(i, k));
      y_i *= T(1.0 / root_(i, i));
      u += y_i.square() * T(0.5);
    }
  }
  Row<double> mean_;
  Batch<double> root_;  // lower triangle
};

/// x1 ~ N(0, 9), the others N(0, exp(x1)) given x1; normalised, log Z = 0.  u = x1^2 / 18 + sum_k (x_k^2 exp(-x1) + x1)
/// / 2 + const, where the exponent is kept within 80: 26 deviations of x1, beyond which the funnel is a pipe.
template <Index D> struct Funnel {
  static_assert(D >= 2);
  static constexpr Index dim = D;
  template <class T> using Workspace = NoWorkspace;
  /// Added to u, so that log Z = 0.
  static constexpr double constant = 0.5 * static_cast<double>(D) * detail::log_2pi + 1.098612288668109691;  // + log 3
  template <class X> auto operator()(const X& x) const {
    using std::exp, std::min, std::max;
    using V = std::decay_t<decltype(x[0])>;
    V squares = x[1] * x[1];
    for (std::size_t k = 2; k < D; ++k) squares += x[k] * x[k];
    const V precision = exp(math::clip(V(-x[0]), V(-80), V(80)));
    return V(0.5) * squares * precision + x[0] * (x[0] * V(1.0 / 18.0) + V(0.5 * (D - 1))) + V(constant);
  }
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    u = column(x, 1).square();
    for (Index k = 2; k < D; ++k) u += column(x, k).square();
    for (Index i = 0; i < x.rows(); ++i)
      u(i) = u(i) * T(0.5) * inverse(x(i, 0)) + x(i, 0) * (x(i, 0) * T(1.0 / 18.0) + T(0.5 * (D - 1))) + T(constant);
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace&) const {
    u = column(x, 1).square();
    for (Index k = 2; k < D; ++k) u += column(x, k).square();
    for (Index i = 0; i < x.rows(); ++i) {
      const T v = x(i, 0), p = inverse(v), h = u(i) * T(0.5) * p;
      u(i) = h + v * (v * T(1.0 / 18.0) + T(0.5 * (D - 1))) + T(constant);
      for (Index k = 1; k < D; ++k) g(i, k) = x(i, k) * p;
      g(i, 0) = v * T(1.0 / 9.0) + T(0.5 * (D - 1)) - (v < T(-80) || v > T(80) ? T(0) : h);
    }
  }
  /// log of the integral of e^-u, nats.
  double log_z() const { return 0.0; }
  /// n x dim exact draws.
  template <class T = double> Batch<T> sample(Index n, Noise noise) const {
    Batch<double> x(n, D);
    noise.normals(view(x));
    x.col(0) *= 3.0;
    for (Index i = 0; i < n; ++i) x.row(i).tail(D - 1) *= std::exp(0.5 * x(i, 0));
    return x.template cast<T>();
  }

 private:
  /// exp(-v), v kept within 80.
  template <class T> static T inverse(const T& v) {
    using std::exp;
    const T e = -v;
    return exp(e > T(80) ? T(80) : (e < T(-80) ? T(-80) : e));
  }
};

/// x1 ~ N(0, s^2), x2 ~ N(-b (x1^2 - s^2), 1) given x1, the others N(0, 1); normalised, log Z = 0.  s = 10, b = 0.03
/// unless given.
template <Index D> class Banana {
  static_assert(D >= 2);

 public:
  static constexpr Index dim = D;
  template <class T> using Workspace = NoWorkspace;
  /// s > 0 the deviation of x_1, b the bend.
  explicit Banana(double s = 10.0, double b = 0.03)
      : s_(s), b_(b), constant_(0.5 * static_cast<double>(D) * detail::log_2pi + std::log(s)) {
    if (!(s > 0.0)) ::rheo::detail::fail("a banana's deviation must be positive");
  }
  template <class X> auto operator()(const X& x) const {
    using V = std::decay_t<decltype(x[0])>;
    const V bend = x[1] + V(b_) * x[0] * x[0] - V(b_ * s_ * s_);
    V u = x[0] * x[0] * V(0.5 / (s_ * s_)) + V(0.5) * bend * bend + V(constant_);
    for (std::size_t k = 2; k < D; ++k) u += V(0.5) * x[k] * x[k];
    return u;
  }
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    u = (column(x, 0).square() * T(b_) + column(x, 1) - T(b_ * s_ * s_)).square() * T(0.5) +
        column(x, 0).square() * T(0.5 / (s_ * s_)) + T(constant_);
    for (Index k = 2; k < D; ++k) u += column(x, k).square() * T(0.5);
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    column(g, 1) = column(x, 0).square() * T(b_) + column(x, 1) - T(b_ * s_ * s_);
    column(g, 0) = column(x, 0) * (column(g, 1) * T(2.0 * b_) + T(1.0 / (s_ * s_)));
    for (Index k = 2; k < D; ++k) column(g, k) = column(x, k);
  }
  /// log of the integral of e^-u, nats.
  double log_z() const { return 0.0; }
  /// n x dim exact draws.
  template <class T = double> Batch<T> sample(Index n, Noise noise) const {
    Batch<double> x(n, D);
    noise.normals(view(x));
    x.col(0) *= s_;
    x.col(1) -= b_ * (x.col(0).square() - s_ * s_);
    return x.template cast<T>();
  }

 private:
  double s_, b_, constant_;
};

/// (x1, x2 - (x1^2 - 1)^2) ~ N(0, (1, r; r, 1)): two thin arms that rise as x1^4; normalised, log Z = 0.  r = 0.9
/// unless given.
class Mustache {
 public:
  static constexpr Index dim = 2;
  template <class T> using Workspace = NoWorkspace;
  /// Throws std::invalid_argument unless -1 < r < 1.
  explicit Mustache(double r = 0.9)
      : r_(r), scale_(1 / (1 - r * r)), constant_(detail::log_2pi - 0.5 * std::log(scale_)) {
    if (!(std::abs(r) < 1)) ::rheo::detail::fail("a mustache's correlation must be between -1 and 1");
  }
  template <class X> auto operator()(const X& x) const {
    using V = std::decay_t<decltype(x[0])>;
    const V rise = x[0] * x[0] - V(1), b = x[1] - rise * rise;
    return V(0.5 * scale_) * (x[0] * x[0] - V(2 * r_) * x[0] * b + b * b) + V(constant_);
  }
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    const auto a = column(x, 0);
    u = column(x, 1) - (a.square() - T(1)).square() - a * T(r_);
    u = (a.square() * T(1 - r_ * r_) + u.square()) * T(0.5 * scale_) + T(constant_);
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    const auto a = column(x, 0);
    column(g, 1) = (column(x, 1) - (a.square() - T(1)).square() - a * T(r_)) * T(scale_);
    column(g, 0) = a - column(g, 1) * (T(r_) + a * (a.square() - T(1)) * T(4));
  }
  /// log of the integral of e^-u, nats.
  double log_z() const { return 0.0; }
  /// n x dim exact draws.
  template <class T = double> Batch<T> sample(Index n, Noise noise) const {
    Batch<::rheo::detail::Late<double, T>> x(n, 2);
    noise.normals(view(x));
    x.col(1) = r_ * x.col(0) + x.col(1) / std::sqrt(scale_) + (x.col(0).square() - 1).square();
    return x.template cast<T>();
  }

 private:
  double r_, scale_, constant_;
};

}  // namespace rheo::targets

#include "rheo/platform/macros_on.hpp"
