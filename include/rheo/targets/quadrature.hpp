// SPDX-License-Identifier: MIT
// The numerical work behind the toy densities: Gauss-Legendre nodes, a Gaussian spread along a curve, Bessel's I0,
// normal probabilities.
#pragma once

#include <cmath>
#include <vector>

#include "rheo/targets/toy.hpp"

namespace rheo::targets::detail {

/// One node of a quadrature rule.
struct Node {
  double x, weight;
};

/// Gauss-Legendre rule with m nodes on [a, b]: exact for polynomials of degree 2m - 1.  Nodes by Newton's method, to
/// 1e-15.
inline std::vector<Node> gauss_legendre(int m, double a, double b) {
  std::vector<Node> rule;
  for (int i = 0; i < m; ++i) {
    double x = std::cos(pi * (i + 0.75) / (m + 0.5)), slope = 0.0;
    for (int step = 0; step < 100; ++step) {
      double p = 1.0, before = 0.0;  // Legendre's recurrence
      for (int k = 0; k < m; ++k) {
        const double next = ((2 * k + 1) * x * p - k * before) / (k + 1);
        before = p;
        p = next;
      }
      slope = m * (x * p - before) / (x * x - 1.0);
      const double dx = p / slope;
      x -= dx;
      if (std::fabs(dx) < 1e-15) break;
    }
    rule.push_back({0.5 * (a + b) - 0.5 * (b - a) * x, (b - a) / ((1.0 - x * x) * slope * slope)});
  }
  return rule;
}

/// exp(-z) I0(z) for z >= 0, relative error below 1e-13: the power series (all terms positive) up to 20, Hankel's
/// expansion beyond, whose terms fall below 1e-16 there.  Abramowitz and Stegun 9.6.12, 9.7.1.
inline double scaled_bessel_i0(double z) {
  double term = 1.0, sum = 1.0;
  if (z <= 20.0) {
    for (int k = 1; term > 1e-17 * sum; ++k) sum += term *= 0.25 * z * z / (static_cast<double>(k) * k);
    return std::exp(-z) * sum;
  }
  for (int k = 1; k <= 20 && term > 1e-17; ++k) sum += term *= (2.0 * k - 1.0) * (2.0 * k - 1.0) / (8.0 * k * z);
  return sum / std::sqrt(2.0 * pi * z);
}

/// log P(N > z) for z >= 25, relative error of the probability below 1e-13: Abramowitz and Stegun 26.2.12.
inline double log_far_tail(double z) {
  double term = 1.0, sum = 1.0;
  for (int k = 1; k <= 8; ++k) sum += term *= -(2.0 * k - 1.0) / (z * z);
  return log_normal(z) - std::log(z) + std::log(sum);
}

/// log P(a < N < b) of a standard normal N, a < b; keeps its relative accuracy in both tails.
inline double log_normal_between(double a, double b) {
  if (a + b < 0.0) {  // the interval's mirror image has the same probability
    const double mirrored = -b;
    b = -a;
    a = mirrored;
  }
  const double h = std::sqrt(0.5);
  if (a < 25.0) return std::log(0.5 * (std::erfc(h * a) - std::erfc(h * b)));
  const double tail = log_far_tail(a);
  if (!(tail > -infinity)) return tail;
  return tail + std::log1p(-std::exp(log_far_tail(b) - tail));
}

/// A Gaussian of standard deviation sigma whose centre runs along a curve c(t), t with density w(t) on [a, b]: the
/// integral over t by one Gauss-Legendre rule.  Converges geometrically once the nodes are closer than about sigma
/// along the curve; a point far from the curve, beyond the centres of curvature, sees a sharper integrand and wants
/// them closer.
class SpreadCurve {
 public:
  template <class Centre, class Weight>
  SpreadCurve(int m, double a, double b, double sigma, Centre c, Weight w) : sigma_(sigma) {
    for (const Node& node : gauss_legendre(m, a, b)) {
      const Point p = c(node.x);
      x1_.push_back(p[0]);
      x2_.push_back(p[1]);
      log_w_.push_back(std::log(node.weight * w(node.x)));
    }
  }
  double log_prob(double x1, double x2) const {
    double best = -infinity, sum = 0.0;
    for (std::size_t k = 0; k < x1_.size(); ++k) best = std::fmax(best, exponent(k, x1, x2));
    if (!(best > -infinity)) return off_support(x1, x2);
    for (std::size_t k = 0; k < x1_.size(); ++k) {
      const double e = exponent(k, x1, x2) - best;
      if (e > -45.0) sum += std::exp(e);
    }
    return best + std::log(sum) - log_2pi - 2.0 * std::log(sigma_);
  }

 private:
  double exponent(std::size_t k, double x1, double x2) const {
    const double d1 = x1 - x1_[k], d2 = x2 - x2_[k];
    return log_w_[k] - 0.5 * (d1 * d1 + d2 * d2) / (sigma_ * sigma_);
  }
  double sigma_;
  std::vector<double> x1_, x2_, log_w_;
};

}  // namespace rheo::targets::detail
