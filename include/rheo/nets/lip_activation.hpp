// SPDX-License-Identifier: MIT
// Activations with slopes between -1 and 1 and continuous second derivatives, one learned number b > 0 each at most.
//   LipSwish: Chen et al. 2019, arXiv:1906.02735, sec. 3.3.
#pragma once

#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// What a pass keeps: value and slope.
template <class L> struct Sloped { L value, slope; };
/// What a pull needs beside: the slope's slope, and the derivatives of value and slope in b.
template <class L> struct Bent { L bend, value_b, slope_b; };

/// a sigmoid(b a) / 1.1, b = softplus(beta), beta = 1/2 at first; slope between -0.1 and 1.
struct LipSwish {
  static constexpr bool learned = true;
  static constexpr double start = 0.5;
  template <class L> static Sloped<L> at(L a, L b) {
    using math::select;
    using std::abs, std::exp;
    const L t = a * b, e = exp(-abs(t)), r = L(1) / (L(1) + e), s = select(t < L(0), e * r, r);
    return {a * s * L(1 / 1.1), (s + keep_live(t, t * e * r * r)) * L(1 / 1.1)};
  }
  template <class L> static Bent<L> bent(L a, L b) {
    using math::select;
    using std::abs, std::exp;
    const L t = keep_live(a * b, a * b), u = keep_live(a * b, a), e = exp(-abs(t)), r = L(1) / (L(1) + e);
    const L s1 = keep_live(a * b, e * r * r) * L(1 / 1.1),
            odd = select(t < L(0), L(1) - e, e - L(1)) * r;  // 1 - 2 sigmoid
    const L c = s1 * (L(2) + t * odd);
    return {b * c, u * u * s1, u * c};
  }

 private:
  /// x where sigmoid has not saturated, so that nothing meets infinity.
  template <class L> static L keep_live(L t, L x) {
    using math::keep_where;
    using std::abs;
    return keep_where(abs(t) < L(80), x);
  }
};

/// tanh(a).
struct LipTanh {
  static constexpr bool learned = false;
  static constexpr double start = 0;
  template <class L> static Sloped<L> at(L a, L) {
    using std::tanh;
    const L h = tanh(a);
    return {h, L(1) - h * h};
  }
  template <class L> static Bent<L> bent(L a, L) {
    using std::tanh;
    const L h = tanh(a);
    return {L(-2) * h * (L(1) - h * h), L(0), L(0)};
  }
};

/// log(1 + e^a) - log 2: ELU's shape, but smooth.
struct LipSoftplus {
  static constexpr bool learned = false;
  static constexpr double start = 0;
  template <class L> static Sloped<L> at(L a, L) {
    return {math::softplus(a) - L(0.69314718055994530942), math::sigmoid(a)};
  }
  template <class L> static Bent<L> bent(L a, L) { return {math::sigmoid(a) * math::sigmoid(-a), L(0), L(0)}; }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
