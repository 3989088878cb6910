// SPDX-License-Identifier: MIT
// Energies with two modes a pair of coordinates: DoubleWell and its products, ManyWell.
//   Wu et al. 2020, arXiv:2002.06707, section 4 (after Noe et al. 2019, arXiv:1812.01729); ManyWell: Midgley et al.
//     2022,
//   arXiv:2208.01893, appendix.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

#include "rheo/core/fail.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/math/energy.hpp"
#include "rheo/targets/quadrature.hpp"
#include "rheo/targets/toy.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::targets {
namespace detail {

/// The density exp(-(a x + b x^2 + c x^4)) on the line, b < 0 < c, |a| small enough for two minima: constants by
/// quadrature to 1e-13.
class QuarticWell {
 public:
  QuarticWell(double a, double b, double c) : a_(a), b_(b), c_(c) {
    const double turn = std::sqrt(-b / (6.0 * c));  // of the slope, which has three roots if it changes sign here
    if (!(b < 0.0 && c > 0.0) || !(slope(-turn) > 0.0 && slope(turn) < 0.0))
      ::rheo::detail::fail("a double well needs two minima");
    const double outside = 2.0 * std::sqrt(-b / c) + std::cbrt(std::fabs(a) / c);
    left_ = root(-outside, -turn);
    barrier_ = root(turn, -turn);
    right_ = root(turn, outside);
    lowest_ = std::fmin(value(left_), value(right_));
    reach_ = outside;
    while (std::fmin(value(-reach_), value(reach_)) < lowest_ + 60.0)
      reach_ *= 1.05;  // e^-60 of the peak and less lies beyond
    mass_ = integral(-reach_, reach_);
  }
  double value(double x) const { return x * (a_ + x * (b_ + x * x * c_)); }
  double left() const { return left_; }
  double right() const { return right_; }
  double barrier() const { return barrier_; }
  double log_z() const { return std::log(mass_) - lowest_; }
  double probability(double lo, double hi) const {
    if (std::isnan(lo) || std::isnan(hi)) return lo + hi;
    return integral(std::max(lo, -reach_), std::min(hi, reach_)) / mass_;
  }
  double mean_energy() const {
    double sum = 0.0;
    each(-reach_, reach_, [&](double x, double w) { sum += w * std::exp(lowest_ - value(x)) * value(x); });
    return sum / mass_;
  }
  /// Rejection from a uniform on [-reach, reach]: uniforms j, j + 1 onwards.
  double draw(const Noise& noise, Index i, Index j) const {
    for (;; j += 2) {
      const double x = reach_ * (2.0 * noise.uniform(i, j) - 1.0);
      if (noise.uniform(i, j + 1) < std::exp(lowest_ - value(x))) return x;
    }
  }

 private:
  double slope(double x) const { return a_ + x * (2.0 * b_ + 4.0 * c_ * x * x); }
  /// Where the slope changes sign between `falling` (slope < 0) and `rising` (slope > 0).
  double root(double x0, double x1) const {
    double negative = slope(x0) < 0.0 ? x0 : x1, positive = slope(x0) < 0.0 ? x1 : x0;
    for (int k = 0; k < 100; ++k) {
      const double middle = 0.5 * (negative + positive);
      (slope(middle) < 0.0 ? negative : positive) = middle;
    }
    return 0.5 * (negative + positive);
  }
  template <class F> static void each(double lo, double hi, F visit) {
    if (!(lo < hi)) return;
    static const std::vector<Node> rule = gauss_legendre(20, 0.0, 1.0);
    const int panels = 64;
    const double h = (hi - lo) / panels;
    for (int k = 0; k < panels; ++k) {
      for (const Node& n : rule) visit(lo + h * (k + n.x), h * n.weight);
    }
  }
  double integral(double lo, double hi) const {
    double sum = 0.0;
    each(lo, hi, [&](double x, double w) { sum += w * std::exp(lowest_ - value(x)); });
    return sum;
  }
  double a_, b_, c_, left_, barrier_, right_, lowest_, reach_, mass_;
};

}  // namespace detail

/// u = sum over pairs (x, y) = (x_1, x_2), (x_3, x_4), ... of a x + b x^2 + c x^4 + y^2 / 2: 2^(D / 2) modes.
///
/// a = -1/2, b = -6, c = 1 unless given; then, a pair, the minima are x = -1.71083 and 1.75252, the barrier -0.04169,
/// log Z 10.293480 and P(x > 0) 0.844307.  Throws std::invalid_argument where there are not two minima.
template <Index D> class ManyWell {
  static_assert(D % 2 == 0 && D > 0, "rheo::ManyWell: coordinates come in pairs");

 public:
  static constexpr Index dim = D;
  static constexpr Index pairs = D / 2;  ///< each a double well and a normal
  template <class T> using Workspace = NoWorkspace;
  /// a x + b x^2 + c x^4 in the first of each pair.
  explicit ManyWell(double a = -0.5, double b = -6.0, double c = 1.0) : a_(a), b_(b), c_(c), well_(a, b, c) {}

  template <class X> auto operator()(const X& x) const {
    using V = std::decay_t<decltype(x[0])>;
    V u(0);
    for (std::size_t j = 0; j < D; j += 2)
      u += x[j] * (V(a_) + x[j] * (V(b_) + V(c_) * x[j] * x[j])) + V(0.5) * x[j + 1] * x[j + 1];
    return u;
  }
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    u.setZero();
    for (Index j = 0; j < D; j += 2) {
      const auto a = column(x, j), b = column(x, j + 1);
      u += ((a.square() * T(c_) + T(b_)) * a + T(a_)) * a + b.square() * T(0.5);
    }
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    for (Index j = 0; j < D; j += 2) {
      const auto a = column(x, j);
      column(g, j) = (a.square() * T(4.0 * c_) + T(2.0 * b_)) * a + T(a_);
      column(g, j + 1) = column(x, j + 1);
    }
  }
  /// log of the integral of e^-u, nats.
  double log_z() const { return static_cast<double>(pairs) * (well_.log_z() + 0.5 * detail::log_2pi); }
  /// Nats.
  double entropy() const { return static_cast<double>(pairs) * (well_.mean_energy() + 0.5) + log_z(); }
  double left() const { return well_.left(); }        ///< the minimum at x < barrier
  double right() const { return well_.right(); }      ///< the minimum at x > barrier
  double barrier() const { return well_.barrier(); }  ///< the maximum between them
  /// P(lo < x < hi) of the first coordinate of a pair.
  double probability(double lo, double hi) const { return well_.probability(lo, hi); }
  /// The mode whose pair k lies right where bit k of `which` is set, which in [0, 2^(D / 2)).
  Row<double> mode(std::size_t which) const {
    Row<double> x = Row<double>::Zero(D);
    for (Index k = 0; k < pairs; ++k) x(2 * k) = which >> k & 1 ? right() : left();
    return x;
  }
  /// The probability of that mode's orthant of x, the cut being at 0.
  double mode_mass(std::size_t which) const {
    const double r = probability(0.0, detail::infinity);
    double p = 1.0;
    for (Index k = 0; k < pairs; ++k) p *= which >> k & 1 ? r : 1.0 - r;
    return p;
  }
  /// n x D independent points, by rejection; what lies beyond has relative mass below e^-60.  About 11 tries a pair.
  template <class T = double> Batch<T> sample(Index n, Noise noise) const {
    Batch<T> x(n, D);
    for (Index k = 0; k < pairs; ++k) {
      const Noise own = noise.fork(static_cast<std::uint64_t>(k));
      for (Index i = 0; i < n; ++i) {
        x(i, 2 * k) = T(well_.draw(own, i, 2));
        x(i, 2 * k + 1) = T(own.normal(i, 0));
      }
    }
    return x;
  }

 private:
  double a_, b_, c_;
  detail::QuarticWell well_;
};

/// The double well of Wu et al.: u = -x1 / 2 - 6 x1^2 + x1^4 + x2^2 / 2, log Z = 10.293480, entropy 1.718576.
using DoubleWell = ManyWell<2>;

}  // namespace rheo::targets

#include "rheo/platform/macros_on.hpp"
