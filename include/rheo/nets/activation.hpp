// SPDX-License-Identifier: MIT
// Activations: value, and slope from the pre-activation a and the value h.  `from_value` says that the slope needs h
// alone, so that nothing but h is kept for the pull.  The smooth ones have `second`, the second derivative, for pulls
// of derivatives (nets/tangent.hpp).
#pragma once

#include "rheo/math/clip.hpp"
#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// max(a, 0); slope 0 at 0.  NaN gives NaN or 0.
struct Relu {
  static constexpr bool from_value = true, smooth = false;
  template <class L> static L value(L a) {
    using std::max;
    return max(a, L(0));
  }
  template <class L> static L pull(L, L h, L g) {
    using math::keep_where;
    return keep_where(h > L(0), g);
  }
};

/// a for a > 0, a / 100 below.
struct LeakyRelu {
  static constexpr bool from_value = true, smooth = false;
  template <class L> static L value(L a) {
    using std::max;
    return max(a, a * L(0.01));
  }
  template <class L> static L pull(L, L h, L g) {
    using math::select;
    return select(h > L(0), g, g * L(0.01));
  }
};

/// The hyperbolic tangent.
struct Tanh {
  static constexpr bool from_value = true, smooth = true;
  template <class L> static L value(L a) {
    using std::tanh;
    return tanh(a);
  }
  template <class L> static L pull(L, L h, L g) { return g * (L(1) - h * h); }
  template <class L> static L second(L, L h) { return L(-2) * h * (L(1) - h * h); }
};

/// a sigmoid(a).  Elfwing et al. 2018, arXiv:1702.03118.
struct Silu {
  static constexpr bool from_value = false, smooth = true;
  template <class L> static L value(L a) { return a * math::sigmoid(a); }
  template <class L> static L pull(L a, L h, L g) {
    const L s = math::sigmoid(a);
    return g * (s + h * (L(1) - s));
  }
  template <class L> static L second(L a, L) {
    const L s = math::sigmoid(a), r = math::sigmoid(-a);
    return s * r * (L(2) + a * (r - s));
  }
};

/// a Phi(a) in the tanh form: 0.5 a (1 + tanh(sqrt(2 / pi) (a + 0.044715 a^3))).  Hendrycks and Gimpel 2016,
/// arXiv:1606.08415.
struct Gelu {
  static constexpr bool from_value = false, smooth = true;
  template <class L> static L value(L a) {
    using std::tanh;
    return L(0.5) * a * (L(1) + tanh(inner(a)));
  }
  template <class L> static L pull(L a, L, L g) {
    using std::tanh;
    a = within(a);
    const L t = tanh(inner(a)), slope = L(0.7978845608028654) * (L(1) + L(0.134145) * a * a);
    return g * L(0.5) * (L(1) + t + a * (L(1) - t * t) * slope);
  }
  template <class L> static L second(L a, L) {
    using std::tanh;
    a = within(a);
    const L t = tanh(inner(a)), r = L(1) - t * t, slope = L(0.7978845608028654) * (L(1) + L(0.134145) * a * a);
    return r * slope + L(0.5) * a * r * (L(0.21406444881780073) * a - L(2) * t * slope * slope);
  }
  /// Beyond 10 the slope is 0 or 1 and bends no more, while its parts overflow.
  template <class L> static L within(L a) {
    using std::max, std::min;
    return math::clip(a, L(-10), L(10));
  }
  template <class L> static L inner(L a) { return L(0.7978845608028654) * (a + L(0.044715) * a * a * a); }
};

/// log(1 + e^a).
struct Softplus {
  static constexpr bool from_value = false, smooth = true;
  template <class L> static L value(L a) { return math::softplus(a); }
  template <class L> static L pull(L a, L, L g) { return g * math::sigmoid(a); }
  template <class L> static L second(L a, L) { return math::sigmoid(a) * math::sigmoid(-a); }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
