// SPDX-License-Identifier: MIT
// Densities on one or two coordinates against quadrature: that they integrate to one, and that draws follow them.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numbers>
#include <utility>
#include <vector>

#include "rheo/core/layer_more.hpp"
#include "rheo/math/gauss_legendre.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::detail {

/// Nodes and weights of one coordinate, smooth or not so: trapezoidal rule in t with x = sinh t on the whole line, x =
/// exp(t - exp(-t)) on (0, inf), and before it the atom at 0 where numbers are censored; midpoints on the unit interval
/// and the circle; x = k + 1 / (1 + e^-t) in each cell of an interval of `count` cells; sums over whole numbers.
inline std::pair<std::vector<double>, std::vector<double>> rule_of(Support s, Index count, Index m) {
  std::pair<std::vector<double>, std::vector<double>> rule;
  auto add = [&](double x, double weight) { rule.first.push_back(x), rule.second.push_back(weight); };
  const double reach = 7, h = 2 * reach / static_cast<double>(m - 1), step = 1 / static_cast<double>(m);
  if (s == Support::integer || s == Support::category) {
    for (Index k = count > 0 ? 0 : -300; k < (count > 0 ? count : 301); ++k) add(static_cast<double>(k), 1);
    return rule;
  }
  if (s == Support::interval) {
    const Index n = std::max<Index>(m / count, 200);
    const double w = 60 / static_cast<double>(n - 1);
    for (Index k = 0; k < count * n; ++k) {
      const double u = 1 / (1 + std::exp(30 - w * static_cast<double>(k % n)));
      add(static_cast<double>(k / n) + u, w * u * (1 - u));
    }
    return rule;
  }
  if (s == Support::censored) add(0, 1);
  for (Index k = 0; k < m; ++k) {
    const double t = -reach + h * static_cast<double>(k), u = (static_cast<double>(k) + 0.5) * step,
                 x = std::exp(t - std::exp(-t));
    if (s == Support::unit) add(u, step);
    else if (s == Support::circle) add((2 * u - 1) * std::numbers::pi, 2 * std::numbers::pi * step);
    else if (s == Support::positive || s == Support::censored) add(x, h * x * (1 + std::exp(-t)));
    else add(std::sinh(t), h * std::cosh(t));
  }
  return rule;
}

/// The integral, or sum, of a density on one or two coordinates.
template <class Density>
double integral(const std::vector<Support>& supports, const std::vector<Index>& counts, bool smooth, Density density) {
  const auto D = static_cast<Index>(supports.size()),
             m = D == 1 ? Index(smooth ? 4001 : 40001) : Index(smooth ? 601 : 1201);
  const auto [inner, weight_0] = rule_of(supports.front(), counts.front(), m);
  const auto [outer, weight_1] = rule_of(supports.back(), counts.back(), m);
  const auto n = static_cast<Index>(inner.size());
  Batch<double> x(n, D);
  x.col(0) = Eigen::Map<const Column<double>>(inner.data(), n);
  const Column<double> weight = Eigen::Map<const Column<double>>(weight_0.data(), n);
  double total = 0;
  for (std::size_t a = 0; a < (D == 2 ? outer.size() : 1); ++a) {
    if (D == 2) x.col(1).setConstant(outer[a]);
    total += (density(x) * weight).sum() * (D == 2 ? weight_1[a] : 1.0);
  }
  return total;
}

/// Nodes and weights on one coordinate: Gauss-Legendre on pieces between seams, exponential maps on the pieces that
/// reach to infinity.
struct Nodes {
  std::vector<double> x, weight;
  Nodes(double lo, double hi, std::vector<double> seams) {
    const double inf = std::numeric_limits<double>::infinity();
    std::erase_if(seams, [&](double a) { return !(a > lo && a < hi); });
    std::sort(seams.begin(), seams.end());  // of numbers alone: NaN is between no lo and hi
    seams.erase(std::unique(seams.begin(), seams.end()), seams.end());
    if (seams.empty() && lo == -inf && hi == inf) seams.push_back(0);
    double a = lo;
    for (double b : seams) piece(a, b), a = b;
    piece(a, hi);
  }

 private:
  void piece(double a, double b) {
    if (std::isfinite(a) && std::isfinite(b)) {
      const auto& rule = math::gauss_legendre<16>;
      for (std::size_t q = 0; q < rule.node.size(); ++q)
        x.push_back(a + (b - a) * rule.node[q]), weight.push_back((b - a) * rule.weight[q]);
      return;
    }
    const int m = 360;
    const double h = 10.0 / m;
    for (int k = 0; k <= m; ++k) {
      const double t = -3.7 + h * k, u = std::exp(t - std::exp(-t));
      x.push_back(std::isfinite(a) ? a + u : b - u);
      weight.push_back(h * u * (1 + std::exp(-t)));
    }
  }
};

/// The same on the support of a layer.
template <class L, class Density>
requires Layer<L>
double integral(Density density) {
  const auto counts = x_categories<L>();
  return integral(std::vector<Support>(L::x_support.begin(), L::x_support.end()),
                  std::vector<Index>(counts.begin(), counts.end()), is_smooth<L>, density);
}

/// The x_j at which the layer's derivatives jump where the other coordinate is `other`.
template <class L> std::vector<double> seams_of(const L& layer, Index j, double other) {
  std::vector<double> all;
  if constexpr (HasSeams<L>) layer.seams(j, other, [&](double a) { all.push_back(a); });
  return all;
}

/// The integral over a box of a density on one or two coordinates, smooth but for seams: seams(j, other) are the x_j of
/// those across coordinate j where the other coordinate is `other`, NaN where it is not yet known.
template <class Seams, class Density>
double integral_between_seams(Seams seams, Density density, Index D, const double* lo, const double* hi) {
  auto line = [&](double other) {
    const Nodes inner(lo[0], hi[0], seams(0, other));
    const auto n = static_cast<Index>(inner.x.size());
    Batch<double> x(n, D);
    x.col(0) = Eigen::Map<const Column<double>>(inner.x.data(), n);
    if (D == 2) x.col(1).setConstant(other);
    return (density(x) * Eigen::Map<const Column<double>>(inner.weight.data(), n)).sum();
  };
  const double unknown = std::numeric_limits<double>::quiet_NaN();
  if (D == 1) return line(unknown);
  std::vector<double> bends = seams(D - 1, unknown);  // of the outer integrand: also where a seam leaves the box
  for (double c : {lo[0], hi[0]}) {
    const std::vector<double> more = seams(D - 1, c);
    bends.insert(bends.end(), more.begin(), more.end());
  }
  const Nodes outer(lo[D - 1], hi[D - 1], bends);
  double total = 0;
  for (std::size_t k = 0; k < outer.x.size(); ++k) total += outer.weight[k] * line(outer.x[k]);
  return total;
}
template <class Seams, class Density>
double integral_between_seams(Seams seams, Density density, const std::vector<Support>& supports) {
  double lo[2], hi[2];
  for (std::size_t j = 0; j < supports.size(); ++j) {
    const Support s = supports[j];
    const double inf = std::numeric_limits<double>::infinity(), pi = std::numbers::pi;
    lo[j] = s == Support::unit || s == Support::positive ? 0 : s == Support::circle ? -pi : -inf;
    hi[j] = s == Support::unit ? 1 : s == Support::circle ? pi : inf;
  }
  return integral_between_seams(seams, density, static_cast<Index>(supports.size()), lo, hi);
}

/// The same with the seams and on the support of a layer.
template <class L, class Density> double integral_between_seams(const L& layer, Density density) {
  return integral_between_seams([&](Index j, double other) { return seams_of(layer, j, other); }, density,
                                std::vector<Support>(L::x_support.begin(), L::x_support.end()));
}

/// Draws x on one or two coordinates against the masses of boxes, mass(lo, hi): chi-square over a grid of 14 cells a
/// side, as a standard normal; infinite where draws are not finite, or all alike.
template <class Mass> double chi_square_of_cells(const Batch<double>& x, Mass mass) {
  const Index n = x.rows(), D = x.cols(), side = 14;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (!x.allFinite()) return infinity;
  double lo[2] = {0, 0}, width[2] = {1, 1};
  for (Index j = 0; j < D; ++j) {
    lo[j] = x.col(j).minCoeff();
    width[j] = (x.col(j).maxCoeff() - lo[j]) / static_cast<double>(side) * (1 + 1e-12);
    if (!(width[j] > 0)) return infinity;
  }
  const Index rows_2 = D == 2 ? side : 1;
  Batch<double> count = Batch<double>::Zero(side, rows_2), expected = count;
  for (Index i = 0; i < n; ++i) {
    count(static_cast<Index>((x(i, 0) - lo[0]) / width[0]),
          D == 2 ? static_cast<Index>((x(i, D - 1) - lo[1]) / width[1]) : 0) += 1;
  }
  double inside = 0;
  for (Index a = 0; a < side; ++a) {
    for (Index c = 0; c < rows_2; ++c) {
      const double from[2] = {lo[0] + width[0] * static_cast<double>(a), lo[1] + width[1] * static_cast<double>(c)};
      const double to[2] = {from[0] + width[0], from[1] + width[1]};
      expected(a, c) = mass(from, to) * static_cast<double>(n);
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

/// The same against a density, with masses by midpoints, 8 a side of a cell where it is smooth.  One that is not may
/// jump at a learned place, which no seam tells: 16 a side, and 4096 on a line, where all that cells miss would be
/// seen.
template <class Density> double chi_square(const Batch<double>& x, Density density, bool smooth = true) {
  const Index D = x.cols(), fine = smooth ? 8 : D == 2 ? 16 : 4096;
  Batch<double> point(fine * (D == 2 ? fine : 1), D);
  return chi_square_of_cells(x, [&](const double* lo, const double* hi) {
    for (Index k = 0; k < point.rows(); ++k) {
      point(k, 0) = lo[0] + (hi[0] - lo[0]) * (static_cast<double>(k % fine) + 0.5) / static_cast<double>(fine);
      if (D == 2)
        point(k, 1) = lo[1] + (hi[1] - lo[1]) * (static_cast<double>(k / fine) + 0.5) / static_cast<double>(fine);
    }
    return density(point).mean() * (hi[0] - lo[0]) * (D == 2 ? hi[1] - lo[1] : 1);
  });
}

/// Draws against the probabilities of the values that they take, or of being above 0 where there is no atom,
/// coordinates together.
template <class Density> double chi_square_of_values(const Batch<double>& x, Density density) {
  if (!x.allFinite()) return std::numeric_limits<double>::infinity();
  std::map<std::vector<double>, double> count;
  for (Index i = 0; i < x.rows(); ++i) {
    std::vector<double> key;
    for (Index j = 0; j < x.cols(); ++j) key.push_back(x(i, j) == std::floor(x(i, j)) ? x(i, j) : 0.5);
    count[key] += 1;
  }
  const double n = static_cast<double>(x.rows());
  Batch<double> at(1, x.cols());
  double chi = 0, rest = n, rest_expected = n, cells = 0;
  for (const auto& [key, c] : count) {
    if (std::count(key.begin(), key.end(), 0.5) > 0) continue;
    for (Index j = 0; j < x.cols(); ++j) at(0, j) = key[static_cast<std::size_t>(j)];
    const double expected = n * density(at)(0);
    if (expected < 10) continue;
    chi += (c - expected) * (c - expected) / expected, rest -= c, rest_expected -= expected, cells += 1;
  }
  if (rest_expected >= 10) chi += (rest - rest_expected) * (rest - rest_expected) / rest_expected, cells += 1;
  const double k = std::max(cells - 1, 1.0), s = 2 / (9 * k);
  return (std::cbrt(chi / k) - (1 - s)) / std::sqrt(s);
}

}  // namespace rheo::detail

#include "rheo/platform/macros_on.hpp"
