// SPDX-License-Identifier: MIT
// LinearRationalSpline, on the line and on the unit interval: K bins, in each two monotone quotients of linear
// functions, so that both directions are quotients.
//   Dolatabadi, Erfani and Leckie 2020, arXiv:2001.05168.
#pragma once

#include "rheo/math/linear_rational.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

namespace rheo {

namespace detail {
template <Index K, EndSlopes Ends, class Knots>
using LinearRationalCore = RationalQuadraticCore<K, Ends, Knots, math::LinearRationalBin>;
}  // namespace detail

/// Monotone from [-bound, bound] onto itself, the identity outside, value and slope continuous everywhere.  4K - 1 raw
/// numbers: those of RationalQuadraticSpline, then K that part the bins, at 0.025 + 0.95 sigmoid of them; all zero is
/// the identity.
template <Index K = 8, class Knots = SafeKnots>
struct LinearRationalSpline : detail::LinearTails<detail::LinearRationalCore<K, detail::EndSlopes::one, Knots>> {
  LinearRationalSpline() : LinearRationalSpline(5) {}
  /// Throws std::invalid_argument for a bound that is not positive and finite, and for a policy whose bins do not fit.
  explicit LinearRationalSpline(double bound, Knots policy = Knots())
      : detail::LinearTails<detail::LinearRationalCore<K, detail::EndSlopes::one, Knots>>(detail::Box::symmetric(bound),
                                                                                          policy) {}
};

/// Monotone from [0, 1] onto itself, slopes at the ends free: 4K + 1 raw numbers.  V = -inf outside.
template <Index K = 8, class Knots = SafeKnots>
struct IntervalLinearRationalSpline : detail::OnUnit<detail::LinearRationalCore<K, detail::EndSlopes::free, Knots>> {
  explicit IntervalLinearRationalSpline(Knots policy = Knots())
      : detail::OnUnit<detail::LinearRationalCore<K, detail::EndSlopes::free, Knots>>(detail::Box::unit(), policy) {}
};

}  // namespace rheo
