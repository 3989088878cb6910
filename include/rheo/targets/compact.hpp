// SPDX-License-Identifier: MIT
// Toy densities of compact support, constant or in two steps: where a flow leaks, mass can be counted.
//   checkerboard, corners: Nielsen et al. 2020, arXiv:2007.02731 (checkerboard first in Grathwohl et al. 2018,
//     arXiv:1810.01367);
//   two_uniforms, annulus, two_lines, one_uniform: Cornish et al. 2020, arXiv:1909.13833.
#pragma once

#include <cmath>

#include "rheo/targets/toy.hpp"

namespace rheo::targets {

/// Uniform on the 8 squares of side 2 in [-4, 4]^2 where floor(x1 / 2) + floor(x2 / 2) is even.
struct Checkerboard : Toy<Checkerboard> {
  static constexpr const char* name = "checkerboard";
  static Point draw(const Noise& noise, Index i) {
    const double a = 4.0 * noise.uniform(i, 0) - 2.0, lower = noise.uniform(i, 1) < 0.5 ? 2.0 : 0.0;
    const double odd = a - 2.0 * std::floor(0.5 * a) >= 1.0 ? 1.0 : 0.0;  // floor(a) mod 2
    return {2.0 * a, 2.0 * (noise.uniform(i, 2) - lower + odd)};
  }
  static double log_prob(double x1, double x2) { return in_support(x1, x2) ? -entropy() : detail::off_support(x1, x2); }
  static double entropy() { return std::log(32.0); }
  static bool in_support(double x1, double x2) { return distance_to_support(x1, x2) == 0.0; }
  static double distance_to_support(double x1, double x2) {
    double best = detail::infinity;
    for (int a = -2; a < 2; ++a) {
      for (int b = -2; b < 2; ++b) {
        if ((a + b) % 2 == 0)
          best = std::fmin(best, distance({2.0 * a, 2.0 * a + 2.0, 2.0 * b, 2.0 * b + 2.0}, x1, x2));
      }
    }
    return std::isnan(x1 + x2) ? x1 + x2 : best;
  }
  static Box box() { return {-4.5, 4.5, -4.5, 4.5}; }
};

/// An L in each quadrant: one |coordinate| uniform on [1, 2], the other on [1, 4], which is which by a fair coin,
/// random signs.
struct Corners : Toy<Corners> {
  static constexpr const char* name = "corners";
  static Point draw(const Noise& noise, Index i) {
    const double s = noise.uniform(i, 2) < 0.5 ? -1.0 : 1.0, t = noise.uniform(i, 3) < 0.5 ? -1.0 : 1.0;
    const double narrow = 1.0 + noise.uniform(i, 0), wide = 1.0 + 3.0 * noise.uniform(i, 1);
    const bool swap = noise.uniform(i, 4) < 0.5;
    return {s * (swap ? wide : narrow), t * (swap ? narrow : wide)};
  }
  /// 1/24 on the arms, 1/12 where they meet.
  static double log_prob(double x1, double x2) {
    if (!in_support(x1, x2)) return detail::off_support(x1, x2);
    return std::fabs(x1) <= 2.0 && std::fabs(x2) <= 2.0 ? -std::log(12.0) : -std::log(24.0);
  }
  static double entropy() { return (std::log(12.0) + 2.0 * std::log(24.0)) / 3.0; }
  static bool in_support(double x1, double x2) { return distance_to_support(x1, x2) == 0.0; }
  static double distance_to_support(double x1, double x2) {
    const double a = std::fabs(x1), b = std::fabs(x2);
    return std::isnan(a + b) ? a + b
                             : std::fmin(distance({1.0, 2.0, 1.0, 4.0}, a, b), distance({1.0, 4.0, 1.0, 2.0}, a, b));
  }
  static Box box() { return {-4.5, 4.5, -4.5, 4.5}; }
};

namespace detail {

/// Two rectangles side by side: |x1| within width / 2 of 1 and of the sign of a fair coin, x2 in [-1, 1] - the shape of
/// two sets.
struct TwoStrips {
  double centre, width;
  Point draw(const Noise& noise, Index i) const {
    const double x1 = width * (noise.uniform(i, 0) - 0.5);
    return {x1 + (noise.uniform(i, 2) < 0.5 ? -centre : centre), 2.0 * noise.uniform(i, 1) - 1.0};
  }
  double distance_to_support(double x1, double x2) const {
    if (std::isnan(x1 + x2)) return x1 + x2;
    return distance({centre - 0.5 * width, centre + 0.5 * width, -1.0, 1.0}, std::fabs(x1), x2);
  }
};

}  // namespace detail

/// Uniform on [-2, -1] x [-1, 1] and [1, 2] x [-1, 1].
struct TwoUniforms : Toy<TwoUniforms> {
  static constexpr const char* name = "two_uniforms";
  static constexpr detail::TwoStrips strips{1.5, 1.0};  ///< see above
  static Point draw(const Noise& noise, Index i) { return strips.draw(noise, i); }
  static double log_prob(double x1, double x2) { return in_support(x1, x2) ? -entropy() : detail::off_support(x1, x2); }
  static double entropy() { return std::log(4.0); }
  static bool in_support(double x1, double x2) { return distance_to_support(x1, x2) == 0.0; }
  static double distance_to_support(double x1, double x2) { return strips.distance_to_support(x1, x2); }
  static Box box() { return {-2.5, 2.5, -1.5, 1.5}; }
};

/// Uniform on two strips of width 0.01 about x1 = -1 and x1 = 1, x2 in [-1, 1]: lines, thick enough to have a density.
struct TwoLines : Toy<TwoLines> {
  static constexpr const char* name = "two_lines";
  static constexpr detail::TwoStrips strips{1.0, 0.01};  ///< see above
  static Point draw(const Noise& noise, Index i) { return strips.draw(noise, i); }
  static double log_prob(double x1, double x2) { return in_support(x1, x2) ? -entropy() : detail::off_support(x1, x2); }
  static double entropy() { return std::log(0.04); }
  static bool in_support(double x1, double x2) { return distance_to_support(x1, x2) == 0.0; }
  static double distance_to_support(double x1, double x2) { return strips.distance_to_support(x1, x2); }
  static Box box() { return {-1.5, 1.5, -1.5, 1.5}; }
};

/// Uniform on [-1/2, 1/2]^2.
struct OneUniform : Toy<OneUniform> {
  static constexpr const char* name = "one_uniform";
  static Point draw(const Noise& noise, Index i) { return {noise.uniform(i, 0) - 0.5, noise.uniform(i, 1) - 0.5}; }
  static double log_prob(double x1, double x2) { return in_support(x1, x2) ? 0.0 : detail::off_support(x1, x2); }
  static double entropy() { return 0.0; }
  static bool in_support(double x1, double x2) { return distance_to_support(x1, x2) == 0.0; }
  static double distance_to_support(double x1, double x2) {
    return std::isnan(x1 + x2) ? x1 + x2 : distance({-0.5, 0.5, -0.5, 0.5}, x1, x2);
  }
  static Box box() { return {-1.0, 1.0, -1.0, 1.0}; }
};

/// Uniform on the annulus 1 <= |x| <= 2.
struct Annulus : Toy<Annulus> {
  static constexpr const char* name = "annulus";
  static Point draw(const Noise& noise, Index i) {
    const double r = std::sqrt(1.0 + 3.0 * noise.uniform(i, 0)), t = 2.0 * detail::pi * noise.uniform(i, 1);
    return {r * std::cos(t), r * std::sin(t)};
  }
  static double log_prob(double x1, double x2) { return in_support(x1, x2) ? -entropy() : detail::off_support(x1, x2); }
  static double entropy() { return std::log(3.0 * detail::pi); }
  static bool in_support(double x1, double x2) { return distance_to_support(x1, x2) == 0.0; }
  static double distance_to_support(double x1, double x2) {
    const double r = std::hypot(x1, x2);
    return std::isnan(r) ? r : std::fmax(std::fmax(1.0 - r, r - 2.0), 0.0);
  }
  static Box box() { return {-2.5, 2.5, -2.5, 2.5}; }
};

/// n x 2 points of the density of this name; T is given: checkerboard<double>(1000, Noise{1}).
template <class T> Batch<T> checkerboard(Index n, Noise noise) { return Checkerboard::sample<T>(n, noise); }
template <class T> Batch<T> corners(Index n, Noise noise) { return Corners::sample<T>(n, noise); }
template <class T> Batch<T> two_uniforms(Index n, Noise noise) { return TwoUniforms::sample<T>(n, noise); }
template <class T> Batch<T> two_lines(Index n, Noise noise) { return TwoLines::sample<T>(n, noise); }
template <class T> Batch<T> one_uniform(Index n, Noise noise) { return OneUniform::sample<T>(n, noise); }
template <class T> Batch<T> annulus(Index n, Noise noise) { return Annulus::sample<T>(n, noise); }

}  // namespace rheo::targets
