// SPDX-License-Identifier: MIT
// Densities on one or two coordinates against quadrature: that they integrate to one, and that draws follow them.
#pragma once

#include <cmath>
#include <numbers>

#include "rheo/core/layer.hpp"

namespace rheo::detail {

/// Trapezoidal rule in t with x = sinh t on the whole line, x = exp(t - exp(-t)) on (0, inf); midpoints on the unit interval and the circle.
template <class L, class Density> double integral(Density density) {
  const Index m = L::x_dim == 1 ? 4001 : (is_smooth<L> ? 601 : 1201);
  const double far = 7, h = 2 * far / static_cast<double>(m - 1);
  auto node = [&](Index k, Support s, double& weight) {
    if (s == Support::unit) {
      weight = 1 / static_cast<double>(m);
      return (static_cast<double>(k) + 0.5) * weight;
    }
    if (s == Support::circle) {
      weight = 2 * std::numbers::pi / static_cast<double>(m);
      return (static_cast<double>(k) + 0.5) * weight - std::numbers::pi;
    }
    const double t = -far + h * static_cast<double>(k);
    if (s == Support::positive) {
      const double x = std::exp(t - std::exp(-t));
      weight = h * x * (1 + std::exp(-t));
      return x;
    }
    weight = h * std::cosh(t);
    return std::sinh(t);
  };
  double total = 0;
  Batch<double> x(m, L::x_dim);
  Column<double> weight(m);
  for (Index a = 0; a < (L::x_dim == 2 ? m : 1); ++a) {
    for (Index k = 0; k < m; ++k) {
      double w = 1, w_a = 1;
      x(k, 0) = node(k, L::x_support[0], w);
      if constexpr (L::x_dim == 2) x(k, 1) = node(a, L::x_support[1], w_a);
      weight(k) = w * w_a;
    }
    total += (density(x) * weight).sum();
  }
  return total;
}

/// Draws x against a density on one or two coordinates: chi-square over a grid of 14 cells a side, expectations by 8 x 8 midpoints a cell, as a
/// standard normal.
template <class Density> double chi_square(const Batch<double>& x, Density density) {
  const Index n = x.rows(), D = x.cols(), side = 14, fine = 8;
  double lo[2] = {0, 0}, width[2] = {1, 1};
  for (Index j = 0; j < D; ++j) {
    lo[j] = x.col(j).minCoeff();
    width[j] = (x.col(j).maxCoeff() - lo[j]) / static_cast<double>(side) * (1 + 1e-12);
  }
  const Index rows_2 = D == 2 ? side : 1;
  Batch<double> count = Batch<double>::Zero(side, rows_2), expected = count;
  for (Index i = 0; i < n; ++i) {
    count(static_cast<Index>((x(i, 0) - lo[0]) / width[0]), D == 2 ? static_cast<Index>((x(i, D - 1) - lo[1]) / width[1]) : 0) += 1;
  }
  Batch<double> point(fine * (D == 2 ? fine : 1), D);
  double inside = 0;
  for (Index a = 0; a < side; ++a) {
    for (Index c = 0; c < rows_2; ++c) {
      for (Index k = 0; k < point.rows(); ++k) {
        point(k, 0) = lo[0] + width[0] * (static_cast<double>(a) + (static_cast<double>(k % fine) + 0.5) / static_cast<double>(fine));
        if (D == 2) point(k, 1) = lo[1] + width[1] * (static_cast<double>(c) + (static_cast<double>(k / fine) + 0.5) / static_cast<double>(fine));
      }
      expected(a, c) = density(point).mean() * width[0] * (D == 2 ? width[1] : 1) * static_cast<double>(n);
      inside += expected(a, c);
    }
  }
  double chi = 0, rest_count = 0, rest_expected = static_cast<double>(n) - inside;
  Index cells = 0;
  for (Index i = 0; i < count.size(); ++i) {
    if (expected.data()[i] < 10) {
      rest_count += count.data()[i];
      rest_expected += expected.data()[i];
      continue;
    }
    chi += std::pow(count.data()[i] - expected.data()[i], 2) / expected.data()[i];
    ++cells;
  }
  if (rest_expected >= 10) {
    chi += std::pow(rest_count - rest_expected, 2) / rest_expected;
    ++cells;
  }
  const double k = static_cast<double>(cells - 1), s = 2 / (9 * k);
  return (std::cbrt(chi / k) - (1 - s)) / std::sqrt(s);  // Wilson and Hilferty
}

}  // namespace rheo::detail
