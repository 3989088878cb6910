// SPDX-License-Identifier: MIT
// Maps of the line onto itself without parameters: arsinh and sinh, LOFT, leaky ReLU, scale and shift.
//   LOFT: Andrade 2024, arXiv:2402.16408, eq. 5.
#pragma once

#include "rheo/transformers/range.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::range {

/// z = arsinh x on the line, logarithmic far out; V = -log(1 + x^2) / 2.
struct Arcsinh {
  static constexpr Index params = 0;
  template <class L> static L low() { return -detail::huge<L>(); }
  template <class L> static L high() { return detail::huge<L>(); }

  template <class L, class Raw> Mapped<L> encode(L x, Raw) const {
    using std::abs, std::log, std::min, std::sqrt;
    const L a = abs(x), m = min(a, L(beyond)), far_log = log(a), s = m * m;
    const L z =
        select(a > L(beyond), far_log + L(std::numbers::ln2), math::log1p_small(m + s / (L(1) + sqrt(L(1) + s))));
    return {detail::nan_through(x, select(x < L(0), -z, z)),
            select(a > L(beyond), -far_log, L(-0.5) * math::log1p_small(s))};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const {
    using std::abs, std::exp, std::min;
    const L a = abs(z), held = min(a, L(1)), e = exp(a);
    const L w = math::one_minus_exp(held),
            x = select(a < L(1), L(0.5) * (w * exp(held) + w), L(0.5) * (e - L(1) / e));  // sinh by e^a - 1 near 0
    return {detail::nan_through(z, select(z < L(0), -x, x)),
            L(std::numbers::ln2) - a - math::log1p_small(exp(-(a + a)))};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw, Give) const {
    const L h = hypotenuse(x);
    return (g_z - g_v * (x / h)) / h;
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw, Give) const {
    const L h = hypotenuse(x);
    return g_x * h - g_v * (x / h);
  }

 private:
  static constexpr double beyond = 1e8;  // beyond it 1 + x^2 is x^2 to 1e-16 and would overflow in float
  template <class L> static L hypotenuse(L x) {
    using std::abs, std::min, std::sqrt;
    const L a = abs(x), m = min(a, L(beyond));
    return select(a > L(beyond), a, sqrt(L(1) + m * m));
  }
};
/// z = sinh x on the line.
struct Sinh : Backward<Arcsinh> {};

/// z = x for abs(x) <= tau, beyond it sign(x) (tau + log(1 + abs(x) - tau)): the log soft extension, slope continuous.
/// InverseLoft in front of a flow keeps what it decodes from running away.
struct Loft {
  static constexpr Index params = 0;
  static constexpr bool smooth = false;  // the second derivative jumps at tau
  template <class L> static L low() { return -detail::huge<L>(); }
  template <class L> static L high() { return detail::huge<L>(); }
  double tau = 100;

  Loft() = default;
  /// Throws std::invalid_argument unless tau is not negative and finite.
  explicit Loft(double t) : tau(t) {
    if (!(t >= 0 && t < std::numeric_limits<double>::infinity()))
      rheo::detail::fail("Loft: tau must be finite and not negative");
  }
  template <class L, class Raw> Mapped<L> encode(L x, Raw) const {
    using std::log;
    const L more = beyond(x),
            v = select(more < L(1), math::log1p_small(select(more < L(1), more, L(0))), log(L(1) + more));
    const L z = L(tau) + v;
    return {select(more > L(0), select(x < L(0), -z, z), x), -v};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const {
    using std::exp;
    const L v = beyond(z), held = select(v < L(1), v, L(1)),
            more = select(v < L(1), math::one_minus_exp(held) * exp(held), exp(v) - L(1)), x = L(tau) + more;
    return {select(v > L(0), select(z < L(0), -x, x), z), -v};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw, Give) const {
    const L r = L(1) / (L(1) + beyond(x));
    return (g_z - bent(x, g_v)) * r;
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw, Give) const {
    return g_x * (L(1) + beyond(x)) - bent(x, g_v);
  }

 private:
  template <class L> L beyond(L x) const {
    using std::abs;
    return select(abs(x) > L(tau), abs(x) - L(tau), L(0));
  }
  template <class L> L bent(L x, L g_v) const { return select(x > L(tau), g_v, select(x < L(-tau), -g_v, L(0))); }
};
/// z = x for abs(x) <= tau, beyond it sign(x) (tau + e^(abs(x) - tau) - 1).
struct InverseLoft : Backward<Loft> {
  InverseLoft() = default;
  explicit InverseLoft(double tau) : Backward<Loft>(Loft(tau)) {}
};

/// z = x above zero, a x below; V = 0 or log a.
struct LeakyRelu {
  static constexpr Index params = 0;
  static constexpr bool smooth = false;
  double slope = 0.01;

  LeakyRelu() = default;
  /// Throws std::invalid_argument unless a is positive and finite.
  explicit LeakyRelu(double a) : slope(a) {
    if (!(a > 0 && a < std::numeric_limits<double>::infinity()))
      rheo::detail::fail("LeakyRelu: the slope must be positive");
  }
  template <class L, class Raw> Mapped<L> encode(L x, Raw) const {
    return {select(x < L(0), x * L(slope), x), select(x < L(0), L(std::log(slope)), L(0))};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const {
    return {select(z < L(0), z * L(1 / slope), z), select(z < L(0), L(std::log(slope)), L(0))};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L, Raw, Give) const {
    return select(x < L(0), g_z * L(slope), g_z);
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L, Raw, Give) const {
    return select(x < L(0), g_x * L(1 / slope), g_x);
  }
};

/// z = s x + b with fixed numbers; V = log abs s.  (ScaleShift learns them.)
struct ScaleShift {
  static constexpr Index params = 0;
  double scale = 1, shift = 0;

  ScaleShift() = default;
  /// Throws std::invalid_argument unless both are finite and s is not 0.
  ScaleShift(double s, double b) : scale(s), shift(b) {
    if (s == 0 || !std::isfinite(s) || !std::isfinite(b))
      rheo::detail::fail("ScaleShift: wants finite numbers, and a scale that is not 0");
  }
  template <class L, class Raw> Mapped<L> encode(L x, Raw) const {
    return {x * L(scale) + L(shift), L(std::log(std::abs(scale)))};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const {
    return {(z - L(shift)) / L(scale), L(std::log(std::abs(scale)))};
  }
  template <class L, class Raw, class Give> L encode_pull(L, L g_z, L, Raw, Give) const { return g_z * L(scale); }
  template <class L, class Raw, class Give> L decode_pull(L, L g_x, L, Raw, Give) const { return g_x / L(scale); }
};

}  // namespace rheo::range

#include "rheo/platform/macros_on.hpp"
