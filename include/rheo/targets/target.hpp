// SPDX-License-Identifier: MIT
// Target: a 2-D toy density with an exact sampler and, where they exist, its log-density, entropy and support.
#pragma once

#include <cmath>
#include <algorithm>
#include <functional>
#include <limits>
#include <numbers>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "rheo/core/noise.hpp"

namespace rheo::targets {

using Point = std::pair<double, double>;

struct Box {
  double x0, x1, y0, y1;
};

/// Everything is a function of plain doubles.  Row i of a sample depends on the key and on i alone.  Densities and entropies in nats.
struct Target {
  std::string name;
  Box box;                                              ///< holds all but a part in 10^4 of the mass; for plots and grids
  std::function<Point(const Noise&, Index)> draw;       ///< one point from row i of the noise
  std::function<double(double, double)> log_prob{};     ///< normalised; empty where there is no formula; -inf off the support
  std::optional<double> entropy{};
  std::function<double(double, double)> distance{};     ///< to the support, 0 inside; empty unless the support is compact

  Batch<double> sample(Index n, Noise noise) const {
    Batch<double> x(n, 2);
    for (Index i = 0; i < n; ++i) std::tie(x(i, 0), x(i, 1)) = draw(noise, i);
    return x;
  }
};

namespace detail {

inline constexpr double pi = std::numbers::pi, log_two_pi = 1.8378770664093454836;
inline constexpr double minus_infinity = -std::numeric_limits<double>::infinity();

inline double log_add(double a, double b) {
  const double top = std::max(a, b);
  return top == minus_infinity ? top : top + std::log(std::exp(a - top) + std::exp(b - top));
}

/// Distance from a point to an axis-parallel box.
inline double to_box(double x, double y, double x0, double x1, double y0, double y1) {
  return std::hypot(std::max({x0 - x, 0.0, x - x1}), std::max({y0 - y, 0.0, y - y1}));
}

/// A mixture of isotropic normals of one deviation: weights and centres.  Curves blurred by a normal are this, too, with enough centres: the
/// trapezoidal and midpoint rules at a spacing of a third of the deviation are good to 1e-9 on closed curves, 1e-6 near open ends.
struct Blobs {
  double deviation;
  std::vector<Point> centre;
  std::vector<double> weight;

  void add(double x, double y, double w) {
    centre.push_back({x, y});
    weight.push_back(w);
  }
  double operator()(double x, double y) const {
    const double k = 0.5 / (deviation * deviation);
    double nearest = std::numeric_limits<double>::infinity();
    for (const auto& [a, b] : centre) nearest = std::min(nearest, (x - a) * (x - a) + (y - b) * (y - b));
    double total = 0;
    for (std::size_t i = 0; i < centre.size(); ++i) {
      const double r = (x - centre[i].first) * (x - centre[i].first) + (y - centre[i].second) * (y - centre[i].second) - nearest;
      if (k * r < 40) total += weight[i] * std::exp(-k * r);
    }
    return std::log(total) - k * nearest - log_two_pi - 2 * std::log(deviation);
  }
};

/// Centres along a circle.
inline void add_circle(Blobs& b, double x, double y, double radius, double weight) {
  const int m = static_cast<int>(std::ceil(2 * pi * radius / b.deviation * 3)) + 16;
  for (int k = 0; k < m; ++k) {
    const double t = 2 * pi * k / m;
    b.add(x + radius * std::cos(t), y + radius * std::sin(t), weight / m);
  }
}

}  // namespace detail
}  // namespace rheo::targets
