// SPDX-License-Identifier: MIT
// Toy densities that are one coordinate's density times a Gaussian for the other, its mean a function of the first:
// closed forms.
//   crescent, crescent_cubed, sine, abs_curve, sign_curve: Durkan et al. 2019, arXiv:1906.04032;
//   two_marginals, split_gaussian: Cornish et al. 2020, arXiv:1909.13833.
#pragma once

#include <cmath>

#include "rheo/targets/toy.hpp"

namespace rheo::targets {
namespace detail {

/// u = N and v = Self::mean(u) + exp(Self::log_sd) N; the point is (u, v), or (v, u) if Self::swapped.
template <class Self> struct Bent : Toy<Self> {
  static constexpr double log_sd = 0.0;
  static constexpr bool swapped = false;
  static Point draw(const Noise& noise, Index i) {
    const double u = noise.normal(i, 0), v = Self::mean(u) + std::exp(Self::log_sd) * noise.normal(i, 1);
    return Self::swapped ? Point{v, u} : Point{u, v};
  }
  static double log_prob(double x1, double x2) {
    const double u = Self::swapped ? x2 : x1, v = Self::swapped ? x1 : x2;
    if (!std::isfinite(u) || !std::isfinite(v)) return off_support(x1, x2);
    return log_normal(u) + log_normal((v - Self::mean(u)) * std::exp(-Self::log_sd)) - Self::log_sd;
  }
  static double entropy() { return log_2pi + 1.0 + Self::log_sd; }
};

inline double sign(double u) { return u < 0.0 ? -1.0 : 1.0; }

}  // namespace detail

/// x2 = N, x1 = x2^2 / 2 - 1 + e^-1 N.
struct Crescent : detail::Bent<Crescent> {
  static constexpr const char* name = "crescent";
  static constexpr double log_sd = -1.0;                      ///< of the coordinate that is drawn second
  static constexpr bool swapped = true;                       ///< x1 is drawn second
  static double mean(double u) { return 0.5 * u * u - 1.0; }  ///< its mean, given the first
  static Box box() { return {-3.0, 6.0, -4.0, 4.0}; }
};

/// x2 = N, x1 = x2^3 / 5 + N.
struct CrescentCubed : detail::Bent<CrescentCubed> {
  static constexpr const char* name = "crescent_cubed";
  static constexpr bool swapped = true;                     ///< x1 is drawn second
  static double mean(double u) { return 0.2 * u * u * u; }  ///< its mean, given the first
  static Box box() { return {-6.0, 6.0, -4.0, 4.0}; }
};

/// x1 = N, x2 = sin(5 x1) + e^-1 N.
struct Sine : detail::Bent<Sine> {
  static constexpr const char* name = "sine";
  static constexpr double log_sd = -1.0;                      ///< of the coordinate that is drawn second
  static double mean(double u) { return std::sin(5.0 * u); }  ///< its mean, given the first
  static Box box() { return {-4.0, 4.0, -3.0, 3.0}; }
};

/// x1 = N, x2 = |x1| - 1 + e^-1.5 N.
struct AbsCurve : detail::Bent<AbsCurve> {
  static constexpr const char* name = "abs_curve";
  static constexpr double log_sd = -1.5;                       ///< of the coordinate that is drawn second
  static double mean(double u) { return std::fabs(u) - 1.0; }  ///< its mean, given the first
  static Box box() { return {-4.0, 4.0, -2.0, 4.0}; }
};

/// x1 = N, x2 = sign(x1) + x1 + e^-1.5 N.
struct SignCurve : detail::Bent<SignCurve> {
  static constexpr const char* name = "sign_curve";
  static constexpr double log_sd = -1.5;                        ///< of the coordinate that is drawn second
  static double mean(double u) { return detail::sign(u) + u; }  ///< its mean, given the first
  static Box box() { return {-4.0, 4.0, -5.0, 5.0}; }
};

/// A standard normal cut along x1 = 0: x1 = N, x2 = 2 sign(x1) + N.
struct SplitGaussian : detail::Bent<SplitGaussian> {
  static constexpr const char* name = "split_gaussian";
  static double mean(double u) { return 2.0 * detail::sign(u); }  ///< its mean, given the first
  static Box box() { return {-4.0, 4.0, -5.0, 5.0}; }
};

/// x1 uniform on [-1.25, -0.75] and [0.75, 1.25], x2 = N independent.
struct TwoMarginals : Toy<TwoMarginals> {
  static constexpr const char* name = "two_marginals";
  static Point draw(const Noise& noise, Index i) {
    const double centre = noise.uniform(i, 3) < 0.5 ? -1.0 : 1.0;
    return {centre + 0.5 * (noise.uniform(i, 2) - 0.5), noise.normal(i, 0)};
  }
  /// The density of x1 is 1 on its support.
  static double log_prob(double x1, double x2) {
    return std::fabs(std::fabs(x1) - 1.0) <= 0.25 ? detail::log_normal(x2) : detail::off_support(x1, x2);
  }
  static double entropy() { return 0.5 * (detail::log_2pi + 1.0); }
  static Box box() { return {-2.0, 2.0, -4.0, 4.0}; }
};

/// n x 2 points of the density of this name; T is given: crescent<double>(1000, Noise{1}).
template <class T> Batch<T> crescent(Index n, Noise noise) { return Crescent::sample<T>(n, noise); }
template <class T> Batch<T> crescent_cubed(Index n, Noise noise) { return CrescentCubed::sample<T>(n, noise); }
template <class T> Batch<T> sine(Index n, Noise noise) { return Sine::sample<T>(n, noise); }
template <class T> Batch<T> abs_curve(Index n, Noise noise) { return AbsCurve::sample<T>(n, noise); }
template <class T> Batch<T> sign_curve(Index n, Noise noise) { return SignCurve::sample<T>(n, noise); }
template <class T> Batch<T> split_gaussian(Index n, Noise noise) { return SplitGaussian::sample<T>(n, noise); }
template <class T> Batch<T> two_marginals(Index n, Noise noise) { return TwoMarginals::sample<T>(n, noise); }

}  // namespace rheo::targets
