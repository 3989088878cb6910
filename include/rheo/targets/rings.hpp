// SPDX-License-Identifier: MIT
// Toy densities made of circles: blurred by a Gaussian (Bessel's I0), or with a given profile along the radius.
//   rings, circles: Grathwohl et al. 2018, arXiv:1810.01367; four_circles: Durkan et al. 2019, arXiv:1906.04032;
//   stimper_moons, stimper_rings: Stimper et al. 2022, arXiv:2110.15828.
//   Where the authors place points at equal angles, the angle is uniform here.
#pragma once

#include <cmath>

#include "rheo/targets/quadrature.hpp"
#include "rheo/targets/toy.hpp"

namespace rheo::targets {
namespace detail {

/// log-density at distance d from the centre of a circle of radius r, uniform angle, blurred by sigma N.
/// The angle integrates to Bessel's I0; exact to 1e-13.
inline double log_blurred_circle(double d, double r, double sigma) {
  const double s2 = sigma * sigma;
  return -log_2pi - std::log(s2) - 0.5 * (d - r) * (d - r) / s2 + std::log(scaled_bessel_i0(d * r / s2));
}

/// A point of that circle, centred at 0: normals 0 and 1, uniform 2.
inline Point draw_blurred_circle(const Noise& noise, Index i, double r, double sigma) {
  const double t = 2.0 * pi * noise.uniform(i, 2);
  return {r * std::cos(t) + sigma * noise.normal(i, 0), r * std::sin(t) + sigma * noise.normal(i, 1)};
}

/// A try at a radius of density proportional to r exp(-(r - m)^2 / (2 s^2)), r > 0: with the tangent r <= m exp((r - m)
/// / m) the proposal is N(m + s^2 / m, s).  False if `u` rejects.
inline bool try_radius(double m, double s, double normal, double u, double& r) {
  r = m + s * s / m + s * normal;
  return u * m * std::exp((r - m) / m) < r;
}

}  // namespace detail

/// Four circles of radius 2 about (+-1, +-1), blurred by 0.1 N.
struct FourCircles : Toy<FourCircles> {
  static constexpr const char* name = "four_circles";
  static Point draw(const Noise& noise, Index i) {
    const Point p = detail::draw_blurred_circle(noise, i, 2.0, 0.1);
    return {p[0] + (noise.uniform(i, 3) < 0.5 ? -1.0 : 1.0), p[1] + (noise.uniform(i, 4) < 0.5 ? -1.0 : 1.0)};
  }
  static double log_prob(double x1, double x2) {
    detail::LogSum sum;
    for (double a : {-1.0, 1.0}) {
      for (double b : {-1.0, 1.0}) sum.add(detail::log_blurred_circle(std::hypot(x1 - a, x2 - b), 2.0, 0.1));
    }
    return sum.value() - std::log(4.0);
  }
  /// By quadrature, to the last digit given.
  static double entropy() { return 2.870819018; }
  static Box box() { return {-4.0, 4.0, -4.0, 4.0}; }
};

/// Four rings about 0, radii 3, 2.25, 1.5, 0.75 with equal weights, blurred by 0.08 N.
struct Rings : Toy<Rings> {
  static constexpr const char* name = "rings";
  static Point draw(const Noise& noise, Index i) {
    return detail::draw_blurred_circle(noise, i, 0.75 * static_cast<double>(1 + noise.index(i, 3, 4)), 0.08);
  }
  static double log_prob(double x1, double x2) {
    detail::LogSum sum;
    for (int k = 1; k <= 4; ++k) sum.add(detail::log_blurred_circle(std::hypot(x1, x2), 0.75 * k, 0.08));
    return sum.value() - std::log(4.0);
  }
  /// By quadrature, to the last digit given.
  static double entropy() { return 2.623182770; }
  static Box box() { return {-4.0, 4.0, -4.0, 4.0}; }
};

/// Two circles about 0, radii 3 and 1.5 with equal weights, blurred by 0.24 N.
struct Circles : Toy<Circles> {
  static constexpr const char* name = "circles";
  static Point draw(const Noise& noise, Index i) {
    return detail::draw_blurred_circle(noise, i, noise.uniform(i, 3) < 0.5 ? 3.0 : 1.5, 0.24);
  }
  static double log_prob(double x1, double x2) {
    detail::LogSum sum;
    for (double r : {3.0, 1.5}) sum.add(detail::log_blurred_circle(std::hypot(x1, x2), r, 0.24));
    return sum.value() - std::log(2.0);
  }
  /// By quadrature, to the last digit given.
  static double entropy() { return 3.268135712; }
  static Box box() { return {-4.0, 4.0, -4.0, 4.0}; }
};

/// Two moons: log p = -((|x| - 2) / 0.2)^2 / 2 - ((|x1| - 2) / 0.3)^2 / 2 + log(1 + exp(-4 |x1| / 0.09)) - log Z.
struct StimperMoons : Toy<StimperMoons> {
  static constexpr const char* name = "stimper_moons";
  static constexpr double z = 2.234940148768;  ///< by quadrature, to the last digit given
  /// Rejection from a ring of uniform angle; about one try in three succeeds.
  static Point draw(const Noise& noise, Index i) {
    for (Index j = 0;; j += 6) {
      double r;
      const bool ring = detail::try_radius(2.0, 0.2, noise.normal(i, j), noise.uniform(i, j + 2), r);
      const double t = 2.0 * detail::pi * noise.uniform(i, j + 3), x1 = r * std::cos(t);
      if (ring && noise.uniform(i, j + 4) < std::exp(log_two_sides(x1))) return {x1, r * std::sin(t)};
    }
  }
  static double log_prob(double x1, double x2) {
    const double ring = (std::hypot(x1, x2) - 2.0) / 0.2;
    return -0.5 * ring * ring + log_two_sides(x1) - std::log(z);
  }
  /// By quadrature, to the last digit given.
  static double entropy() { return 1.571062367; }
  static Box box() { return {-3.0, 3.0, -3.0, 3.0}; }

 private:
  /// exp of this is at most 1 + 1e-38: one in double.
  static double log_two_sides(double x1) {
    const double a = std::fabs(x1), side = (a - 2.0) / 0.3;
    return -0.5 * side * side + std::log1p(std::exp(-4.0 * a / 0.09));
  }
};

/// Two rings: p = sum over m = 1, 2 of exp(-(|x| - m)^2 / (2 s^2)) / Z, s = 1/8.
struct StimperRings : Toy<StimperRings> {
  static constexpr const char* name = "stimper_rings";
  static constexpr double sigma = 0.125;  ///< s of above
  static Point draw(const Noise& noise, Index i) {
    const double m = noise.uniform(i, 0) * (mass(1.0) + mass(2.0)) < mass(1.0) ? 1.0 : 2.0,
                 t = 2.0 * detail::pi * noise.uniform(i, 1);
    for (Index j = 2;; j += 4) {
      double r;
      if (detail::try_radius(m, sigma, noise.normal(i, j), noise.uniform(i, j + 2), r))
        return {r * std::cos(t), r * std::sin(t)};
    }
  }
  static double log_prob(double x1, double x2) {
    const double r = std::hypot(x1, x2);
    detail::LogSum sum;
    for (double m : {1.0, 2.0}) sum.add(-0.5 * (r - m) * (r - m) / (sigma * sigma));
    return sum.value() - std::log(mass(1.0) + mass(2.0));
  }
  /// By quadrature, to the last digit given.
  static double entropy() { return 2.27589281; }
  /// The integral of ring m before normalisation, 2 pi (s^2 exp(-m^2 / (2 s^2)) + m s sqrt(2 pi) Phi(m / s)); Z =
  /// mass(1) + mass(2).
  static double mass(double m) {
    const double s = sigma, h = m / (s * std::sqrt(2.0));
    return 2.0 * detail::pi * (s * s * std::exp(-h * h) + m * s * std::sqrt(0.5 * detail::pi) * std::erfc(-h));
  }
  static Box box() { return {-3.0, 3.0, -3.0, 3.0}; }
};

/// n x 2 points of the density of this name; T is given: four_circles<double>(1000, Noise{1}).
template <class T> Batch<T> four_circles(Index n, Noise noise) { return FourCircles::sample<T>(n, noise); }
template <class T> Batch<T> rings(Index n, Noise noise) { return Rings::sample<T>(n, noise); }
template <class T> Batch<T> circles(Index n, Noise noise) { return Circles::sample<T>(n, noise); }
template <class T> Batch<T> stimper_moons(Index n, Noise noise) { return StimperMoons::sample<T>(n, noise); }
template <class T> Batch<T> stimper_rings(Index n, Noise noise) { return StimperRings::sample<T>(n, noise); }

}  // namespace rheo::targets
