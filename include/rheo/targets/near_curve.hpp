// SPDX-License-Identifier: MIT
// Toy density near a one-dimensional manifold, of any width: what becomes of a flow as its data lose a dimension.
//   Our own formula; the question is that of Brehmer and Cranmer 2020, arXiv:2003.13913.
#pragma once

#include <cmath>
#include <vector>

#include "rheo/core/fail.hpp"
#include "rheo/targets/toy.hpp"

namespace rheo::targets {

/// The clover (2 + 0.8 cos 3t)(cos t, sin t), t uniform on [0, 2 pi), + width N.  A closed curve that does not cross
/// itself, of length 16.5 and curvature between -4.2 and 1.3; its reach is 0.24.
///
/// log_prob is a trapezoid sum over t, which converges geometrically on a closed curve: error below 1e-10 in box(),
/// 1e-5 for |x_i| < 10; the nodes are 60 / width.  Throws std::invalid_argument unless 1e-5 <= width <= 1.
class NearCurve {
 public:
  static constexpr Index dim = 2;
  /// Throws std::invalid_argument unless 1e-5 <= width <= 1.
  explicit NearCurve(double width) : width_(width) {
    if (!(width >= 1e-5 && width <= 1.0)) ::rheo::detail::fail("a width near the curve is between 1e-5 and 1");
    const std::size_t blocks = static_cast<std::size_t>(std::ceil(60.0 / width / block));
    for (std::size_t k = 0; k < blocks * block; ++k)
      nodes_.push_back(centre(2.0 * detail::pi * static_cast<double>(k) / static_cast<double>(blocks * block)));
    for (std::size_t b = 0; b < blocks; ++b) {
      double r = 0.0;
      for (std::size_t k = b * block; k < (b + 1) * block; ++k) r = std::fmax(r, square(nodes_[k], middle(b)));
      radius_.push_back(std::sqrt(r));
    }
  }
  double width() const { return width_; }  ///< as given
  /// n x 2 independent points: normals 0 and 1, uniform 2.  Float points are the double ones, rounded.
  template <class T = double> Batch<T> sample(Index n, Noise noise) const {
    Batch<T> x(n, dim);
    for (Index i = 0; i < n; ++i) {
      const Point c = centre(2.0 * detail::pi * noise.uniform(i, 2));
      x(i, 0) = T(c[0] + width_ * noise.normal(i, 0));
      x(i, 1) = T(c[1] + width_ * noise.normal(i, 1));
    }
    return x;
  }
  /// Nats, normalised.  -infinity beyond |x| = 1e150, NaN for NaN.
  double log_prob(double x1, double x2) const {
    const Point x{x1, x2};
    if (!(square(x, {0.0, 0.0}) < 1e300)) return detail::off_support(x1, x2);
    double nearest = detail::infinity;
    for (std::size_t b = 0; b < radius_.size(); ++b) nearest = std::fmin(nearest, square(x, middle(b)));
    visit(x, std::sqrt(nearest), [&](double d) { nearest = std::fmin(nearest, d); });
    const double precision = 0.5 / (width_ * width_);
    double sum = 0.0;
    visit(x, std::sqrt(nearest + 45.0 / precision),
          [&](double d) { sum += std::exp((nearest - d) * precision); });  // to e^-45 of the whole
    return std::log(sum / static_cast<double>(nodes_.size())) - nearest * precision - detail::log_2pi -
           2.0 * std::log(width_);
  }
  /// Nats: the mean of -log_prob over the blur (trapezoid in the plane) and a sixth of the curve (by symmetry), to
  /// about 1e-9.  About 200 000 evaluations of log_prob.
  double entropy() const {
    const int m = 200;
    const double h = 0.4;
    double sum = 0.0;
    for (int k = 0; k <= m; ++k) {
      const Point c = centre(detail::pi / 3.0 * k / m);
      for (double u = -7.2; u < 7.3; u += h) {
        for (double v = -7.2; v < 7.3; v += h) {
          const double w = h * h * std::exp(detail::log_normal(u) + detail::log_normal(v));
          if (w > 1e-14) sum -= w * log_prob(c[0] + width_ * u, c[1] + width_ * v) / (k == 0 || k == m ? 2.0 * m : m);
        }
      }
    }
    return sum;
  }
  static Box box() { return {-3.2, 3.2, -3.2, 3.2}; }
  /// The curve at t.
  static Point centre(double t) {
    const double r = 2.0 + 0.8 * std::cos(3.0 * t);
    return {r * std::cos(t), r * std::sin(t)};
  }

 private:
  static constexpr std::size_t block = 32;  // nodes that are looked at or skipped together
  static double square(const Point& a, const Point& b) {
    return (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]);
  }
  const Point& middle(std::size_t b) const { return nodes_[b * block + block / 2]; }
  /// f(squared distance) for the nodes of the blocks that come within `reach` of x.
  template <class F> void visit(const Point& x, double reach, F f) const {
    for (std::size_t b = 0; b < radius_.size(); ++b) {
      if (square(x, middle(b)) > (reach + radius_[b]) * (reach + radius_[b])) continue;
      for (std::size_t k = b * block; k < (b + 1) * block; ++k) f(square(x, nodes_[k]));
    }
  }
  double width_;
  std::vector<Point> nodes_;
  std::vector<double> radius_;  // of each block, about its middle node
};

/// n x 2 points near the clover, see NearCurve.
template <class T> Batch<T> near_curve(Index n, Noise noise, double width) {
  return NearCurve(width).sample<T>(n, noise);
}

}  // namespace rheo::targets
