// SPDX-License-Identifier: MIT
// Dual: a + b eps with eps^2 = 0.  Code that is `template <class T>` runs on it unchanged and carries one directional
// derivative along; nested duals give second derivatives.  Comparisons look at values only.  At kinks the tangent is
// that of the branch taken.
#pragma once

#include "rheo/platform/instruction_set.hpp"

#include <cmath>
#include <type_traits>

#include "rheo/platform/macros_off.hpp"

namespace rheo::autodiff {

/// A value and its derivative along one direction, exact to rounding.  Nests: Dual<Dual<T>> has second derivatives.
/// Comparisons look at values alone.
template <class T> struct Dual {
  T a;  ///< value
  T b;  ///< tangent

  Dual() = default;
  constexpr Dual(T value, T tangent) : a(value), b(tangent) {}
  template <class U>
  requires(std::is_arithmetic_v<U> || std::is_same_v<U, T>) constexpr Dual(U value) : a(T(value)), b(T(0)) {}

  Dual& operator+=(Dual y) { return *this = *this + y; }
  Dual& operator-=(Dual y) { return *this = *this - y; }
  Dual& operator*=(Dual y) { return *this = *this * y; }
  Dual& operator/=(Dual y) { return *this = *this / y; }

  friend Dual operator+(Dual x) { return x; }
  friend Dual operator-(Dual x) { return {-x.a, -x.b}; }
  friend Dual operator+(Dual x, Dual y) { return {x.a + y.a, x.b + y.b}; }
  friend Dual operator-(Dual x, Dual y) { return {x.a - y.a, x.b - y.b}; }
  friend Dual operator*(Dual x, Dual y) { return {x.a * y.a, x.b * y.a + x.a * y.b}; }
  friend Dual operator/(Dual x, Dual y) {
    const T q = x.a / y.a;
    return {q, (x.b - q * y.b) / y.a};
  }
  friend bool operator==(Dual x, Dual y) { return x.a == y.a; }
  friend bool operator!=(Dual x, Dual y) { return x.a != y.a; }
  friend bool operator<(Dual x, Dual y) { return x.a < y.a; }
  friend bool operator>(Dual x, Dual y) { return x.a > y.a; }
  friend bool operator<=(Dual x, Dual y) { return x.a <= y.a; }
  friend bool operator>=(Dual x, Dual y) { return x.a >= y.a; }
};

/// Whether T is a Dual.
template <class T> inline constexpr bool is_dual_v = false;
template <class T> inline constexpr bool is_dual_v<Dual<T>> = true;

/// The number under all tangents.
template <class T> auto value_of(const T& x) {
  if constexpr (is_dual_v<T>) {
    return value_of(x.a);
  } else {
    return x;
  }
}

namespace detail {
/// f(x) from its value and slope at x.a.
template <class T> Dual<T> lift(Dual<T> x, T value, T slope) { return {value, slope * x.b}; }
}  // namespace detail

#define RHEO_DUAL_FUNCTION(name, slope)                                              \
  template <class T> Dual<T> name(Dual<T> x) {                                       \
    using std::name;                                                                 \
    using std::sqrt, std::exp, std::sin, std::cos, std::cosh, std::sinh, std::expm1; \
    const T u = x.a, f = name(u);                                                    \
    (void)u;                                                                         \
    return detail::lift(x, f, T(slope));                                             \
  }
RHEO_DUAL_FUNCTION(exp, f)
RHEO_DUAL_FUNCTION(expm1, f + T(1))
RHEO_DUAL_FUNCTION(log, T(1) / u)
RHEO_DUAL_FUNCTION(log1p, T(1) / (T(1) + u))
RHEO_DUAL_FUNCTION(sqrt, T(0.5) / f)
RHEO_DUAL_FUNCTION(sin, cos(u))
RHEO_DUAL_FUNCTION(cos, -sin(u))
RHEO_DUAL_FUNCTION(tan, T(1) + f * f)
RHEO_DUAL_FUNCTION(asin, T(1) / sqrt(T(1) - u * u))
RHEO_DUAL_FUNCTION(acos, T(-1) / sqrt(T(1) - u * u))
RHEO_DUAL_FUNCTION(atan, T(1) / (T(1) + u * u))
RHEO_DUAL_FUNCTION(sinh, cosh(u))
RHEO_DUAL_FUNCTION(cosh, sinh(u))
RHEO_DUAL_FUNCTION(tanh, T(1) - f * f)
RHEO_DUAL_FUNCTION(asinh, T(1) / sqrt(u * u + T(1)))
RHEO_DUAL_FUNCTION(atanh, T(1) / (T(1) - u * u))
RHEO_DUAL_FUNCTION(erf, T(1.1283791670955125739) * exp(-u * u))
RHEO_DUAL_FUNCTION(erfc, T(-1.1283791670955125739) * exp(-u * u))
RHEO_DUAL_FUNCTION(cbrt, T(1) / (T(3) * f * f))
#undef RHEO_DUAL_FUNCTION

template <class T> Dual<T> abs(Dual<T> x) { return x.a < T(0) ? -x : x; }
/// abs by its other name.
template <class T> Dual<T> fabs(Dual<T> x) { return abs(x); }
/// The larger, with its tangent; at ties the first.
template <class T> Dual<T> max(Dual<T> x, Dual<T> y) { return x.a < y.a ? y : x; }
/// The smaller, with its tangent; at ties the first.
template <class T> Dual<T> min(Dual<T> x, Dual<T> y) { return y.a < x.a ? y : x; }
/// Tangent 0.
template <class T> Dual<T> floor(Dual<T> x) {
  using std::floor;
  return {floor(x.a), T(0)};
}
/// x^p.
template <class T> Dual<T> pow(Dual<T> x, double p) {
  using std::pow;
  return detail::lift(x, T(pow(x.a, p)), T(T(p) * pow(x.a, p - 1)));
}
/// x^y for x > 0.
template <class T> Dual<T> pow(Dual<T> x, Dual<T> y) { return exp(y * log(x)); }
/// The angle of (x, y).
template <class T> Dual<T> atan2(Dual<T> y, Dual<T> x) {
  using std::atan2;
  const T r = x.a * x.a + y.a * y.a;
  return {atan2(y.a, x.a), (y.b * x.a - x.b * y.a) / r};
}
/// Whether value and tangent are.
template <class T> bool isfinite(Dual<T> x) {
  using std::isfinite;
  return isfinite(x.a) && isfinite(x.b);
}
/// Whether value or tangent is.
template <class T> bool isnan(Dual<T> x) {
  using std::isnan;
  return isnan(x.a) || isnan(x.b);
}

}  // namespace rheo::autodiff

namespace rheo {
using autodiff::Dual;
}

namespace Eigen {
template <class T> struct NumTraits<rheo::autodiff::Dual<T>> : NumTraits<T> {
  using Dual = rheo::autodiff::Dual<T>;
  using Real = Dual;
  using NonInteger = Dual;
  using Nested = Dual;
  using Literal = Dual;
  enum {
    IsComplex = 0,
    IsInteger = 0,
    IsSigned = 1,
    RequireInitialization = 0,
    ReadCost = 2,
    AddCost = 2,
    MulCost = 6
  };
  static Dual epsilon() { return NumTraits<T>::epsilon(); }
  static Dual dummy_precision() { return NumTraits<T>::dummy_precision(); }
  static Dual highest() { return NumTraits<T>::highest(); }
  static Dual lowest() { return NumTraits<T>::lowest(); }
};
}  // namespace Eigen

#include "rheo/platform/macros_on.hpp"
