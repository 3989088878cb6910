// SPDX-License-Identifier: MIT
// Gauss-Legendre quadrature on [0, 1], its nodes and weights made by the compiler.
#pragma once

#include "rheo/platform/compiler.hpp"

#include <array>
#include <cstddef>

namespace rheo::math {

/// sum_q weight[q] f(node[q]) is the integral of f over [0, 1], exactly for polynomials of degree up to 2 Q - 1.
template <std::size_t Q> struct GaussLegendre { std::array<double, Q> node{}, weight{}; };

/// Newton on the Legendre polynomial P_Q from cos(pi (i + 3/4) / (Q + 1/2)) (Davis and Rabinowitz 1984, sec. 2.7).
/// Errors below 4 eps.
template <std::size_t Q>
inline constexpr GaussLegendre<Q> gauss_legendre = [] {
  GaussLegendre<Q> rule;
  for (std::size_t i = 0; i < (Q + 1) / 2; ++i) {
    const double angle = 3.14159265358979323846 * (static_cast<double>(i) + 0.75) / (static_cast<double>(Q) + 0.5);
    double x = 0, term = 1, slope = 1;
    for (int k = 0; k < 24; k += 2) x += term, term *= -angle * angle / ((k + 1) * (k + 2));
    if (Q % 2 == 1 && i == Q / 2) x = 0;
    for (int newton = 0; newton < 8; ++newton) {
      double p = 1, below = 0;
      for (std::size_t n = 1; n <= Q; ++n) {
        const double k = static_cast<double>(n), above = ((2 * k - 1) * x * p - (k - 1) * below) / k;
        below = p, p = above;
      }
      slope = static_cast<double>(Q) * (x * p - below) / (x * x - 1);
      x -= p / slope;
    }
    const double weight = 1 / ((1 - x * x) * slope * slope);
    rule.node[i] = 0.5 - 0.5 * x, rule.node[Q - 1 - i] = 0.5 + 0.5 * x;
    rule.weight[i] = rule.weight[Q - 1 - i] = weight;
  }
  return rule;
}();

}  // namespace rheo::math
