// SPDX-License-Identifier: MIT
// Toy: what every two-dimensional toy density offers, and the sampling loop they share.
//   A density is a struct of static functions; rheo/targets/table.hpp holds all of them behind one run-time type.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <concepts>
#include <initializer_list>
#include <limits>

#include "rheo/core/batch.hpp"
#include "rheo/core/noise.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::targets {

/// (x1, x2).
using Point = std::array<double, 2>;

/// A closed rectangle; as a target's `box()`, the part of the plane worth plotting.
struct Box {
  double x1_min, x1_max, x2_min, x2_max;  ///< [x1_min, x1_max] x [x2_min, x2_max]
};

/// Euclidean distance to a closed rectangle, 0 inside.
inline double distance(const Box& b, double x1, double x2) {
  const double d1 = std::max({b.x1_min - x1, x1 - b.x1_max, 0.0}), d2 = std::max({b.x2_min - x2, x2 - b.x2_max, 0.0});
  return std::hypot(d1, d2);
}

/// The sampling loop.  `Self` owes
///   static constexpr const char* name;
///   static Point draw(const Noise&, Index i);       an exact draw from row i's numbers alone
///   static double log_prob(double x1, double x2);   exact and normalised, nats; -infinity off the support, NaN where a
///                                                   coordinate is
///   static double entropy();                        nats
///   static Box box();
/// and, when the support is compact, what `Compact` asks for.
template <class Self> struct Toy {
  static constexpr Index dim = 2;
  /// n x 2 independent points.  Row i depends on (noise, i) only; float points are the double ones, rounded.
  template <class T = double> static Batch<T> sample(Index n, Noise noise) {
    Batch<T> x(n, dim);
    for (Index i = 0; i < n; ++i) {
      const Point p = Self::draw(noise, i);
      x(i, 0) = T(p[0]);
      x(i, 1) = T(p[1]);
    }
    return x;
  }
};

/// A density whose support is compact and known: in_support(x) holds where distance_to_support(x) is 0, the closed
/// support. Rounding to float may put a point of the edge outside, by less than 1e-6: give leak measures a larger delta
/// then.
template <class D>
concept Compact = requires(double x) {
  { D::in_support(x, x) } -> std::same_as<bool>;
  { D::distance_to_support(x, x) } -> std::same_as<double>;
};

namespace detail {

inline constexpr double pi = 3.141592653589793238463;
inline constexpr double log_2pi = 1.837877066409345483561;
inline constexpr double infinity = std::numeric_limits<double>::infinity();

/// What log_prob says off the support: -infinity, but NaN where a coordinate is.
inline double off_support(double x1, double x2) { return std::isnan(x1) || std::isnan(x2) ? x1 + x2 : -infinity; }

/// log of the standard normal density.
inline double log_normal(double z) { return -0.5 * (log_2pi + z * z); }

/// Sum of exponentials given by their logarithms, one at a time, without overflow.
class LogSum {
 public:
  void add(double a) {
    if (a <= max_) {
      sum_ += max_ == -infinity ? 0.0 : std::exp(a - max_);
    } else {
      sum_ = 1.0 + sum_ * std::exp(max_ - a);
      max_ = a;
    }
  }
  double value() const { return max_ + std::log(sum_); }

 private:
  double max_ = -infinity, sum_ = 0.0;
};

}  // namespace detail
}  // namespace rheo::targets

#include "rheo/platform/macros_on.hpp"
