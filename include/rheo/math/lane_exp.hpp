// SPDX-License-Identifier: MIT
// The exponential of a packet: Eigen's scales by the power of two in four steps that serve every exponent; this one in
// one, an addition to the exponent's bits.
//   Cody and Waite 1980, chapter 6 (reduction by ln 2 in two parts);  float's polynomial: Moshier, Cephes 2.8, expf.
#pragma once

#include <cstdint>
#include <limits>

#include "rheo/core/batch.hpp"
#include "rheo/platform/compiler.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// What the reduction x = k ln 2 + r and its limits are in a format.
template <class T> struct ExpOf;
template <> struct ExpOf<float> {
  using Bits = std::int32_t;
  static constexpr int mantissa = 23;
  static constexpr float low = -87.33f, high = 88.72283f, ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
  /// (e^r - 1 - r) / r^2 on [-ln 2 / 2, ln 2 / 2], from the highest power on.
  static constexpr float series[] = {1.9875691500e-4f, 1.3981999507e-3f, 8.3334519073e-3f,
                                     4.1665795894e-2f, 1.6666665459e-1f, 5.0000001201e-1f};
};
template <> struct ExpOf<double> {
  using Bits = std::int64_t;
  static constexpr int mantissa = 52;
  static constexpr double low = -708.39, high = 709.782712893384, ln2_high = 6.93145751953125e-1,
                          ln2_low = 1.42860682030941723212e-6;
  static constexpr double series[] = {1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800,
                                      1.0 / 362880,     1.0 / 40320,     1.0 / 5040,     1.0 / 720,
                                      1.0 / 120,        1.0 / 24,        1.0 / 6,        0.5};
};

/// e^x for each number of a packet of T.  Relative error below 2 eps; below -87.33 (double: -708.39), where e^x nears
/// the least normal number, what it is there; infinite where e^x is; NaN for NaN.
template <class T, class Packet> [[gnu::always_inline]] inline Packet packet_exp(Packet x) {
  using namespace Eigen::internal;
  using Of = ExpOf<T>;
  typedef T Numbers __attribute__((vector_size(sizeof(Packet))));
  typedef typename Of::Bits Bits __attribute__((vector_size(sizeof(Packet))));
  const auto all = [](T a) { return pset1<Packet>(a); };
  const Packet top = all(Of::high), y = pmax(pmin(x, top), all(Of::low));
  // added to this, a number is rounded to a whole one, which stands in the lowest bits
  const Packet rounding = all(T(1.5) * static_cast<T>(std::int64_t(1) << Of::mantissa));
  const Packet shifted = pmadd(y, all(T(1.44269504088896341)), rounding), k = psub(shifted, rounding);
  const Packet r = pmadd(k, all(-Of::ln2_low), pmadd(k, all(-Of::ln2_high), y));
  const Packet r2 = pmul(r, r);
  // even and odd powers apart: two short chains in place of a long one
  constexpr int terms = sizeof Of::series / sizeof(T);
  Packet even = all(Of::series[1]), odd = all(Of::series[0]);
  for (int i = 2; i < terms; i += 2) {
    odd = pmadd(odd, r2, all(Of::series[i]));
    even = pmadd(even, r2, all(Of::series[i + 1]));
  }
  const Packet p = pmadd(pmadd(odd, r, even), r2, padd(r, all(T(1))));
  const Bits exponent = platform::bit_cast<Bits>(shifted) << Of::mantissa;
  const Packet e = platform::bit_cast<Packet>(platform::bit_cast<Numbers>(platform::bit_cast<Bits>(p) + exponent));
  return pselect(pcmp_le(x, top), e, pmul(x, all(std::numeric_limits<T>::infinity())));
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
