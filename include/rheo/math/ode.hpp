// SPDX-License-Identifier: MIT
// Runge-Kutta tableaus, the control of their steps, and the solvers made of both.  Hairer, Norsett and Wanner 1993,
// Solving Ordinary Differential Equations I: the classical fourth-order method (II.1), Dormand and Prince 1980's 5(4)
// pair (II.5, table 5.2), control by the error (II.4); Hairer and Wanner 1996, part II, IV.2, for its
// proportional-integral form with DOPRI5's constants.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "rheo/core/layer_more.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// y1 = y + h sum_i b_i k_i with k_i = f(t + c_i h, y + h sum_{j < i} a_ij k_j).
struct ClassicalTableau {
  static constexpr int stages = 4, order = 4;
  static constexpr double a[4][4] = {{}, {0.5}, {0, 0.5}, {0, 0, 1}};
  static constexpr double b[4] = {1.0 / 6, 1.0 / 3, 1.0 / 3, 1.0 / 6};
  static constexpr double c[4] = {0, 0.5, 0.5, 1};
};

/// The last slope of a step, f(t + h, y1), is the first of the next; with it the error is h sum_i e_i k_i, i up to and
/// with `stages`.
struct DormandPrinceTableau {
  static constexpr int stages = 6, order = 5;
  static constexpr double a[6][6] = {{},
                                     {1.0 / 5},
                                     {3.0 / 40, 9.0 / 40},
                                     {44.0 / 45, -56.0 / 15, 32.0 / 9},
                                     {19372.0 / 6561, -25360.0 / 2187, 64448.0 / 6561, -212.0 / 729},
                                     {9017.0 / 3168, -355.0 / 33, 46732.0 / 5247, 49.0 / 176, -5103.0 / 18656}};
  static constexpr double b[6] = {35.0 / 384, 0, 500.0 / 1113, 125.0 / 192, -2187.0 / 6784, 11.0 / 84};
  static constexpr double c[6] = {0, 1.0 / 5, 3.0 / 10, 4.0 / 5, 8.0 / 9, 1};
  static constexpr double e[7] = {71.0 / 57600,      0,          -71.0 / 16695, 71.0 / 1920,
                                  -17253.0 / 339200, 22.0 / 525, -1.0 / 40};
};

/// Step sizes on [0, 1] from errors relative to the tolerance (1: just met).
///
/// Steps are rounded down to three bits behind the leading one.  They are then the same numbers when the values differ
/// by rounding alone (a number and its dual, one order of a sum and another), and times stay exact.
struct StepControl {
  double h = 0, last_error = 1e-4;
  bool rejected = false;

  static double rounded(double h) {
    int exponent = 0;
    const double m = std::frexp(h, &exponent);
    return std::ldexp(std::floor(m * 16) / 16, exponent);
  }
  /// The step that is trusted to a first Euler step for `start_second`: it moves y by a hundredth of 1 + |y|, and is a
  /// tenth at most.
  static double probe(double y, double slope) {
    return rounded(std::min(0.1, 0.01 * (1 + y) / std::max(slope, 1e-300)));
  }
  /// The first step, from the larger of slope and second derivative relative to the tolerance: their fifth-order term a
  /// hundredth of it.
  void start(double probe_step, double first, double second) {
    const double d = std::max(first, second);
    const double by_error =
        std::isfinite(first) && std::isfinite(second) ? std::pow(0.01 / std::max(d, 1e-15), 0.2) : 1e-3 * probe_step;
    h = rounded(std::min({1.0, 100 * probe_step, by_error}));
  }
  /// Sets the next step and says whether this one stands.  An error that is not finite is a step far too long.
  bool judge(double error) {
    if (!(error <= 1)) {
      h = rounded(h * (std::isfinite(error) ? std::max(0.2, 0.9 * std::pow(error, -0.2)) : 0.1));
      rejected = true;
      return false;
    }
    const double factor = 0.9 * std::pow(std::max(error, 1e-10), -0.17) * std::pow(last_error, 0.04);
    h = rounded(h * std::clamp(factor, 0.2, rejected ? 1.0 : 10.0));
    last_error = std::max(error, 1e-4);
    rejected = false;
    return true;
  }
};

}  // namespace rheo::math

namespace rheo {

/// Steps equal steps of the classical fourth-order method.  Nothing watches its error, which falls as Steps^-4 once the
/// field is resolved: rows whose result is not finite are counted as unsolved, others are taken as they are.
template <Index Steps> struct Rk4 {
  static_assert(Steps > 0, "rheo: Rk4 wants at least one step");
  using Tableau = math::ClassicalTableau;
  static constexpr bool adaptive = false;
  static constexpr Index passes = 4 * Steps;
  /// Relative to fields with derivatives up to about 2 on the unit of time; there is no bound without theirs.
  template <class T> static constexpr double accuracy() {
    const double s = static_cast<double>(Steps);
    return 0.25 / (s * s * s * s) + 1e3 * static_cast<double>(std::numeric_limits<T>::epsilon());
  }
};

/// Dormand and Prince's 5(4) pair with steps of each row's own.  A step stands when in every coordinate and in the
/// log-determinant, where that is asked for, its error is below atol + rtol max(|before|, |after|); both are
/// 10^-Digits, or tighter where so constructed, but not below 32 epsilons of T.
template <int Digits = 5> struct Dopri5 {
  static_assert(Digits > 0 && Digits < 16, "rheo: Dopri5: Digits is 1 to 15");
  using Tableau = math::DormandPrinceTableau;
  static constexpr bool adaptive = true;
  static constexpr Index passes = as_needed;
  static constexpr double tolerance = [] {
    double t = 1;
    for (int k = 0; k < Digits; ++k) t /= 10;
    return t;
  }();
  double rtol = tolerance, atol = tolerance;
  Index max_steps = 1000;  ///< steps tried by one row, before it is given up

  Dopri5() = default;
  /// Throws std::invalid_argument unless 0 < rtol, atol <= 10^-Digits and max_steps > 0.
  explicit Dopri5(double relative, double absolute = tolerance, Index most = 1000)
      : rtol(relative), atol(absolute), max_steps(most) {
    if (!(rtol > 0 && rtol <= tolerance && atol > 0 && atol <= tolerance)) {
      detail::fail("Dopri5<" + std::to_string(Digits) + "> wants tolerances in (0, 1e-" + std::to_string(Digits) +
                   "], got " + std::to_string(rtol) + " and " + std::to_string(atol) +
                   "; looser ones are fewer Digits");
    }
    if (max_steps < 1) detail::fail("Dopri5: max_steps must be at least 1, got " + std::to_string(max_steps));
  }
  /// The tolerance bounds the error of one step; this is what several of them leave where the field does not spread
  /// neighbours by more than about e^3.  There is no bound without the field's own.
  template <class T> static constexpr double accuracy() {
    return 20 * std::max(tolerance, 32 * static_cast<double>(std::numeric_limits<T>::epsilon()));
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
