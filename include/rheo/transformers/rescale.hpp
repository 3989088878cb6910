// SPDX-License-Identifier: MIT
// Rescale: an interval to the unit interval by a straight line, for flows that stay on boxes, as with splines of the
// unit interval.
#pragma once

#include <limits>

#include "rheo/transformers/range.hpp"

namespace rheo::range {

/// z = (x - a) / (b - a), V = -log(b - a); the ends belong to the interval and go to 0 and 1 exactly.  Off it v = -inf,
/// gradient 0.
struct Rescale {
  static constexpr Index params = 0;
  static constexpr Support x_support = Support::interval, z_support = Support::unit;
  double left = 0, right = 1;

  Rescale() = default;
  /// Throws std::invalid_argument unless a < b and both are finite.
  Rescale(double a, double b) : left(a), right(b) {
    if (!(a < b && b - a < std::numeric_limits<double>::infinity()))
      rheo::detail::fail("Rescale: wants two finite ends, the lower one first");
  }
  template <class L, class Raw> Mapped<L> encode(L x, Raw) const {
    return {(x - L(left)) / width<L>(),
            detail::within(x, L(left), L(right), L(-std::log(right - left)), detail::minus_infinity<L>())};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const {
    const L x = L(left) + z * width<L>();
    return {select(z <= L(1), select(x > L(right), L(right), x), x),
            detail::within(z, L(0), L(1), L(-std::log(right - left)), detail::minus_infinity<L>())};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L, Raw, Give) const {
    return detail::within(x, L(left), L(right), g_z / width<L>(), L(0));
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L, Raw, Give) const {
    return detail::within(x, L(left), L(right), g_x * width<L>(), L(0));
  }

 private:
  template <class L> L width() const {
    return L(right) - L(left);
  }  // of the rounded ends, so that the upper one gives 1
};

/// The same for positive numbers between a and b: behind Abs, where the moduli of the data are known to keep within.
struct RescalePositive : Rescale {
  static constexpr Support x_support = Support::positive;
  RescalePositive() = default;
  /// Throws std::invalid_argument unless 0 <= a < b, both finite.
  RescalePositive(double a, double b) : Rescale(a, b) {
    if (a < 0) rheo::detail::fail("RescalePositive: the lower end is negative");
  }
};

}  // namespace rheo::range
