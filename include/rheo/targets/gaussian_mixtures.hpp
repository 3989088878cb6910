// SPDX-License-Identifier: MIT
// Toy densities that are mixtures of finitely many equal Gaussians, in closed form.
//   eight_gaussians: Grathwohl et al. 2018, arXiv:1810.01367, turned by pi / 8 as in Nielsen et al. 2020,
//     arXiv:2007.02731;
//   diamond: Durkan et al. 2019, arXiv:1906.04032; ring_of_gaussians: Stimper et al. 2022, arXiv:2110.15828.
#pragma once

#include <cmath>

#include "rheo/targets/toy.hpp"

namespace rheo::targets {
namespace detail {

/// Eight Gaussians of standard deviation sigma, centres at angles first + k pi / 4 on a circle.
struct Octagon {
  double radius, first, sigma;
  Point centre(Index k) const {
    const double t = first + static_cast<double>(k) * 0.25 * pi;
    return {radius * std::cos(t), radius * std::sin(t)};
  }
  Point draw(const Noise& noise, Index i) const {
    const Point c = centre(noise.index(i, 2, 8));
    return {c[0] + sigma * noise.normal(i, 0), c[1] + sigma * noise.normal(i, 1)};
  }
  double log_prob(double x1, double x2) const {
    LogSum sum;
    for (Index k = 0; k < 8; ++k) {
      const Point c = centre(k);
      sum.add(log_normal((x1 - c[0]) / sigma) + log_normal((x2 - c[1]) / sigma));
    }
    return sum.value() - std::log(8.0) - 2.0 * std::log(sigma);
  }
};

}  // namespace detail

/// Centres at radius 4 and angles pi / 8 + k pi / 4, standard deviation 1/2, all divided by 1.414 (sic, not the root of
/// 2).
struct EightGaussians : Toy<EightGaussians> {
  static constexpr const char* name = "eight_gaussians";
  static constexpr detail::Octagon octagon{4.0 / 1.414, detail::pi / 8,
                                           0.5 / 1.414};  ///< radius, first angle, deviation
  static Point draw(const Noise& noise, Index i) { return octagon.draw(noise, i); }
  static double log_prob(double x1, double x2) { return octagon.log_prob(x1, x2); }
  /// By quadrature, to the last digit given.
  static double entropy() { return 2.831880406; }
  static Box box() { return {-4.5, 4.5, -4.5, 4.5}; }
};

/// Centres at radius 2 and angles k pi / 4, standard deviation (2/3) sin(pi / 8), so that neighbours are three of them
/// apart.
struct RingOfGaussians : Toy<RingOfGaussians> {
  static constexpr const char* name = "ring_of_gaussians";
  static constexpr detail::Octagon octagon{2.0, 0.0, 0.25512228824339317};  ///< radius, first angle, deviation
  static Point draw(const Noise& noise, Index i) { return octagon.draw(noise, i); }
  static double log_prob(double x1, double x2) { return octagon.log_prob(x1, x2); }
  /// By quadrature, to the last digit given.
  static double entropy() { return 2.177595539; }
  static Box box() { return {-3.0, 3.0, -3.0, 3.0}; }
};

/// 20 x 20 Gaussians of standard deviation 0.04 on a regular grid over [-2.5, 2.5]^2, turned by 45 degrees.
/// The authors also move each centre by up to 1e-3 at random, which is left out.
struct Diamond : Toy<Diamond> {
  static constexpr const char* name = "diamond";
  static constexpr double sigma = 0.04;  ///< deviation of a component
  /// The k-th of 20 along either side.
  static double centre(Index k) { return -2.5 + static_cast<double>(k) * (5.0 / 19.0); }
  static Point draw(const Noise& noise, Index i) {
    const double u = centre(noise.index(i, 2, 20)) + sigma * noise.normal(i, 0),
                 v = centre(noise.index(i, 3, 20)) + sigma * noise.normal(i, 1);
    const double h = std::sqrt(0.5);
    return {h * (u + v), h * (v - u)};
  }
  /// The two turned coordinates are independent.
  static double log_prob(double x1, double x2) {
    if (!std::isfinite(x1) || !std::isfinite(x2)) return detail::off_support(x1, x2);
    const double h = std::sqrt(0.5);
    return log_side(h * (x1 - x2)) + log_side(h * (x1 + x2));
  }
  /// By quadrature, to the last digit given.
  static double entropy() { return 2.386082985; }
  static Box box() { return {-4.0, 4.0, -4.0, 4.0}; }

 private:
  static double log_side(double u) {
    detail::LogSum sum;
    for (Index k = 0; k < 20; ++k) sum.add(detail::log_normal((u - centre(k)) / sigma));
    return sum.value() - std::log(20.0 * sigma);
  }
};

/// n x 2 points of the density of this name; T is given: eight_gaussians<double>(1000, Noise{1}).
template <class T> Batch<T> eight_gaussians(Index n, Noise noise) { return EightGaussians::sample<T>(n, noise); }
template <class T> Batch<T> ring_of_gaussians(Index n, Noise noise) { return RingOfGaussians::sample<T>(n, noise); }
template <class T> Batch<T> diamond(Index n, Noise noise) { return Diamond::sample<T>(n, noise); }

}  // namespace rheo::targets
