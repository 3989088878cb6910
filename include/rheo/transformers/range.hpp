// SPDX-License-Identifier: MIT
// Range maps: scalar transformers without parameters between the line, the positive numbers, intervals and the circle.
//   Logit with temperature and the softplus inverse as in SurVAE's code, arXiv:2007.02731;  the others are calculus.
// V comes from stable forms: log-sigmoids, log1p and distances to the edges, never from the log of a rounded slope.
#pragma once

#include <algorithm>
#include <limits>
#include <numbers>
#include <string>

#include "rheo/math/clip.hpp"
#include "rheo/math/log1m_exp.hpp"
#include "rheo/transformers/transformer.hpp"

/// Edges.  A map from a bounded side clamps its argument to the nearest number inside whose image is finite (the
/// smallest normal number above 0, 1 - eps / 2 below 1, eps / 4 of the width inside an interval), and value and V are
/// those of that number: they agree with one another, and what is clamped has probability of the order of the clamp.
/// There, and off the support, the gradient is 0; off the support v = -inf.  NaN gives NaN.
#include "rheo/platform/macros_off.hpp"

namespace rheo::range {

using math::select;

namespace detail {
template <class L> struct RealOf { using type = decltype(autodiff::value_of(L())); };
template <class T> struct RealOf<math::Lane<T>> { using type = T; };
template <class L> L tiny() { return L(std::numeric_limits<typename RealOf<L>::type>::min()); }
template <class L> L huge() { return L(std::numeric_limits<typename RealOf<L>::type>::max()); }
/// The largest number below 1.
template <class L> L below_one() {
  using S = typename RealOf<L>::type;
  return L(S(1) - std::numeric_limits<S>::epsilon() / S(2));
}
/// Unlike math::clip, whose min and max leave open what becomes of it, NaN stays NaN.
template <class L> L clamp(L x, L low, L high) { return select(x < low, low, select(x > high, high, x)); }
/// `value` for x in [low, high], `other` elsewhere.
template <class L> L within(L x, L low, L high, L value, L other) {
  return select(x < low, other, select(x > high, other, value));
}
template <class L> L minus_infinity() { return L(-std::numeric_limits<double>::infinity()); }
/// Packet functions may lose a NaN: y, or NaN where x is.
template <class L> L nan_through(L x, L y) { return select(x == x, y, x); }
/// -log(sigmoid(x) sigmoid(-x)) = abs x + 2 log(1 + e^-abs x).
template <class L> L minus_log_logistic(L x) {
  using std::abs, std::exp;
  const L a = abs(x);
  return a + L(2) * math::log1p_small(exp(-a));
}
inline double positive_bound(double b, const char* who) {
  if (!(b > 0 && b < std::numeric_limits<double>::infinity()))
    rheo::detail::fail(std::string(who) + ": the bound must be positive and finite");
  return b;
}
}  // namespace detail

/// A map run backwards: values swapped, V negated.  Its pulls take one evaluation of the map more.
template <class M> struct Backward {
  static constexpr Index params = 0;
  static constexpr Support x_support = rheo::detail::z_support_of<M>(), z_support = rheo::detail::x_support_of<M>();
  static constexpr bool smooth = rheo::detail::smooth_map<M>;
  M map{};

  Backward() = default;
  explicit Backward(M m) : map(m) {}
  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const {
    const auto m = map.decode(x, raw);
    return {m.y, -m.v};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw raw) const {
    const auto m = map.encode(z, raw);
    return {m.y, select(m.v == detail::minus_infinity<L>(), m.v, -m.v)};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw raw, Give give) const {
    return map.decode_pull(map.decode(x, raw).y, g_z, -g_v, raw, give);
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw raw, Give give) const {
    const L g = map.encode_pull(map.decode(x, raw).y, g_x, -g_v, raw, give);
    const L low = map.encode(M::template low<L>(), raw).y,
            high = map.encode(M::template high<L>(), raw).y;  // clamped where x is at or beyond these
    return select(x <= low, L(0), select(x >= high, L(0), g));
  }
};

/// z = log(x / (1 - x)) / t, the unit interval to the line.  V = -log t + softplus(t z) + softplus(-t z).
struct Logit {
  static constexpr Index params = 0;
  static constexpr Support x_support = Support::unit;
  template <class L> static L low() { return detail::tiny<L>(); }
  template <class L> static L high() { return detail::below_one<L>(); }
  double temperature = 1;

  Logit() = default;
  /// Throws std::invalid_argument unless t is positive and finite.
  explicit Logit(double t) : temperature(t) {
    if (!(t > 0 && t < std::numeric_limits<double>::infinity()))
      rheo::detail::fail("Logit: the temperature must be positive");
  }
  template <class L, class Raw> Mapped<L> encode(L x, Raw) const {
    using std::log;
    const L c = detail::clamp(x, low<L>(), high<L>()), v = -log(c * (L(1) - c)) - L(std::log(temperature));
    return {log(c / (L(1) - c)) * L(1 / temperature), detail::within(x, L(0), L(1), v, detail::minus_infinity<L>())};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const {
    const L t = z * L(temperature);
    return {detail::nan_through(z, math::sigmoid(t)), detail::minus_log_logistic(t) - L(std::log(temperature))};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw, Give) const {
    const L c = detail::clamp(x, low<L>(), high<L>());
    return detail::within(x, low<L>(), high<L>(), (g_z * L(1 / temperature) + g_v * (c + c - L(1))) / (c * (L(1) - c)),
                          L(0));
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw, Give) const {
    return (g_x * x * (L(1) - x) + g_v * (x + x - L(1))) * L(temperature);
  }
};
/// z = 1 / (1 + e^(-t x)), the line to the unit interval.
struct Sigmoid : Backward<Logit> {
  Sigmoid() = default;
  /// Throws std::invalid_argument unless t is positive and finite.
  explicit Sigmoid(double t) : Backward<Logit>(Logit(t)) {}
};

/// z = log((x - low) / (high - x)), an interval to the line.
struct Interval {
  static constexpr Index params = 0;
  static constexpr Support x_support = Support::interval;
  double left = 0, right = 1;

  Interval() = default;
  /// Throws std::invalid_argument unless a < b and both are finite.
  Interval(double a, double b) : left(a), right(b) {
    if (!(a < b && b - a < std::numeric_limits<double>::infinity()))
      rheo::detail::fail("Interval: wants two finite ends, the lower one first");
  }
  template <class L, class Raw> Mapped<L> encode(L x, Raw) const {
    using std::log;
    const L c = nearest<L>(at_zero), d = nearest<L>(), a = x - L(left), b = L(right) - x, p = select(a < c, c, a),
            q = select(b < d, d, b);
    const L v = L(std::log(right - left)) - log(p) - log(q);
    return {log(p / q),
            select(a < L(0), detail::minus_infinity<L>(), select(b < L(0), detail::minus_infinity<L>(), v))};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const {
    using std::abs;
    const L part = L(right - left) * math::sigmoid(-abs(z));
    return {detail::nan_through(z, select(z < L(0), L(left) + part, L(right) - part)),
            detail::minus_log_logistic(z) - L(std::log(right - left))};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw, Give) const {
    const L c = nearest<L>(at_zero), d = nearest<L>(), a = x - L(left), b = L(right) - x,
            p = L(1) / select(a < c, c, a), q = L(1) / select(b < d, d, b);
    return select(a < c, L(0), select(b < d, L(0), g_z * (p + q) + g_v * (q - p)));
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw, Give) const {
    const L a = x - L(left), b = L(right) - x;
    return (g_x * (a * b) + g_v * (a - b)) * L(1 / (right - left));
  }

 protected:
  bool at_zero = false;  ///< the left end is 0, and numbers count however near they are to it

 private:
  /// What a shorter distance to an end counts as.  From 0 it may be the smallest that has a normal ratio to the width.
  template <class L> L nearest(bool exact = false) const {
    using S = typename detail::RealOf<L>::type;
    const auto least = static_cast<double>(std::numeric_limits<S>::min());
    return L(exact ? least * std::max(right - left, 1.0)
                   : (right - left) * 0.25 * static_cast<double>(std::numeric_limits<S>::epsilon()));
  }
};

/// z = log(x / (b - x)), positive numbers up to b to the line: behind Abs, where the data are known to keep within b.
/// A density of (0, b) is one of (0, inf): nothing leaks; above b as off any support. Near 0 it is right down to the
/// smallest normal number, times b where b > 1.
struct LogitUpTo : Interval {
  static constexpr Support x_support = Support::positive;
  /// b = 1.
  LogitUpTo() { at_zero = true; }
  /// Throws std::invalid_argument unless b is positive and finite.
  explicit LogitUpTo(double b) : Interval(0, detail::positive_bound(b, "LogitUpTo")) { at_zero = true; }
};

/// z = log x, the positive numbers to the line; V = -z.
struct Log {
  static constexpr Index params = 0;
  static constexpr Support x_support = Support::positive;
  template <class L> static L low() { return detail::tiny<L>(); }
  template <class L> static L high() { return detail::huge<L>(); }

  template <class L, class Raw> Mapped<L> encode(L x, Raw) const {
    using std::log;
    const L z = log(detail::clamp(x, low<L>(), high<L>()));
    return {z, select(x < L(0), detail::minus_infinity<L>(), -z)};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const {
    using std::exp;
    return {detail::nan_through(z, exp(z)), -z};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw, Give) const {
    return detail::within(x, low<L>(), high<L>(), (g_z - g_v) / detail::clamp(x, low<L>(), high<L>()), L(0));
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw, Give) const { return g_x * x - g_v; }
};
/// z = e^x, the line to the positive numbers; V = x.
struct Exp : Backward<Log> {};

/// z = log(e^x - 1), the positive numbers to the line; V = -log(1 - e^-x).
struct SoftplusInverse {
  static constexpr Index params = 0;
  static constexpr Support x_support = Support::positive;
  template <class L> static L low() { return detail::tiny<L>(); }
  template <class L> static L high() { return detail::huge<L>(); }

  template <class L, class Raw> Mapped<L> encode(L x, Raw) const {
    const L c = detail::clamp(x, low<L>(), high<L>()), w = math::log1m_exp(c);
    return {c + w, select(x < L(0), detail::minus_infinity<L>(), -w)};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const {
    return {detail::nan_through(z, math::softplus(z)), math::softplus(-z)};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw, Give) const {
    using std::exp;
    const L c = detail::clamp(x, low<L>(), high<L>());
    return detail::within(x, low<L>(), high<L>(), (g_z - g_v * exp(-c)) / math::one_minus_exp(c), L(0));
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw, Give) const {
    using std::exp;
    return g_x * math::one_minus_exp(x) - g_v * exp(-x);
  }
};
/// z = log(1 + e^x), the line to the positive numbers.
struct Softplus : Backward<SoftplusInverse> {};

/// z = artanh x, (-1, 1) to the line; V = -log((1 - x) (1 + x)).
struct Arctanh {
  static constexpr Index params = 0;
  static constexpr Support x_support = Support::interval;
  template <class L> static L low() { return -detail::below_one<L>(); }
  template <class L> static L high() { return detail::below_one<L>(); }

  template <class L, class Raw> Mapped<L> encode(L x, Raw) const {
    using std::abs, std::log;
    const L c = detail::clamp(x, low<L>(), high<L>()), a = abs(c), z = L(0.5) * math::log1p_small((a + a) / (L(1) - a));
    return {select(c < L(0), -z, z),
            detail::within(x, L(-1), L(1), -log((L(1) - c) * (L(1) + c)), detail::minus_infinity<L>())};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const {
    using std::tanh;
    return {detail::nan_through(z, tanh(z)), detail::minus_log_logistic(z + z) - L(2 * std::numbers::ln2)};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw, Give) const {
    const L c = detail::clamp(x, low<L>(), high<L>());
    return detail::within(x, low<L>(), high<L>(), (g_z + g_v * (c + c)) / ((L(1) - c) * (L(1) + c)), L(0));
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw, Give) const {
    return g_x * ((L(1) - x) * (L(1) + x)) + g_v * (x + x);
  }
};
/// z = tanh x, the line to (-1, 1).
struct Tanh : Backward<Arctanh> {};

/// z = x^p on the positive numbers, p != 0; V = log abs p + (p - 1) log x.  Relative error of z: eps abs(p log x).
struct Power {
  static constexpr Index params = 0;
  static constexpr Support x_support = Support::positive, z_support = Support::positive;
  double p = 1;

  Power() = default;
  /// Throws std::invalid_argument unless the exponent is finite and not 0.
  explicit Power(double exponent) : p(exponent) {
    if (!(p != 0 && std::abs(p) < std::numeric_limits<double>::infinity()))
      rheo::detail::fail("Power: the exponent must be finite and not 0");
  }
  template <class L, class Raw> Mapped<L> encode(L x, Raw) const { return map(x, L(1), L(p)); }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const { return map(z, L(1 / p), L(1 / p)); }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L g_v, Raw, Give) const {
    using std::exp, std::log;
    const L c = detail::clamp(x, detail::tiny<L>(), detail::huge<L>());
    return detail::within(x, detail::tiny<L>(), detail::huge<L>(),
                          g_z * L(p) * exp(L(p - 1) * log(c)) + g_v * L(p - 1) / c, L(0));
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L g_v, Raw, Give) const {
    using std::exp, std::log;
    const L l = log(detail::clamp(x, detail::tiny<L>(), detail::huge<L>())), low = log(detail::tiny<L>()) + L(1e-3);
    const L g = g_x * exp(L(1 - p) * l) * L(1 / p) + g_v * L((p - 1) / p) * exp(L(-p) * l);
    return select(L(p) * l <= low, L(0),
                  select(x >= detail::huge<L>() * L(0.5), L(0), g));  // z was clamped, or x has overflowed
  }

 private:
  /// u^power, and V from log x = to_x log u.
  template <class L> Mapped<L> map(L u, L to_x, L power) const {
    using std::exp, std::log;
    const L l = log(detail::clamp(u, detail::tiny<L>(), detail::huge<L>())),
            v = L(std::log(std::abs(p))) + L(p - 1) * (to_x * l);
    return {detail::nan_through(u, exp(power * l)),
            detail::nan_through(u, select(u < L(0), detail::minus_infinity<L>(), v))};
  }
};

/// z = (x + pi) / (2 pi), the circle to the unit interval: the circle is cut at +-pi, and what follows does not know
/// that the ends meet, so a density made so may jump there.  (Circular splines have no seam.)
struct CutCircle {
  static constexpr Index params = 0;
  static constexpr Support x_support = Support::circle, z_support = Support::unit;

  template <class L, class Raw> Mapped<L> encode(L x, Raw) const {
    // Rounding may end beyond 0 and 1, where Uniform has nothing.
    const L z = x * L(0.5 * std::numbers::inv_pi) + L(0.5);
    return {on_circle(x, math::clip(z, L(0), L(1)), z), on_circle(x, L(-log_turn), detail::minus_infinity<L>())};
  }
  template <class L, class Raw> Mapped<L> decode(L z, Raw) const {
    const L x = (z - L(0.5)) * L(2 * std::numbers::pi);
    return {x, on_circle(x, L(-log_turn), detail::minus_infinity<L>())};
  }
  template <class L, class Raw, class Give> L encode_pull(L x, L g_z, L, Raw, Give) const {
    return on_circle(x, g_z * L(0.5 * std::numbers::inv_pi), L(0));
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g_x, L, Raw, Give) const {
    return on_circle(x, g_x * L(2 * std::numbers::pi), L(0));
  }

 private:
  static constexpr double log_turn = 1.83787706640934548356;  // log(2 pi)
  /// pi rounded to L and 4 eps more counts as on the circle.
  template <class L> static L on_circle(L x, L value, L other) {
    using S = typename detail::RealOf<L>::type;
    const L end = L(std::numbers::pi * (1 + 4 * static_cast<double>(std::numeric_limits<S>::epsilon())));
    return detail::within(x, -end, end, value, other);
  }
};

}  // namespace rheo::range

#include "rheo/platform/macros_on.hpp"
