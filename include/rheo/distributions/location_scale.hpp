// SPDX-License-Identifier: MIT
// Families with a location m and a scale e^s on the line: normal, logistic, Laplace, Gumbel; and with a scale alone on
// (0, inf): half-normal, exponential.  The bases made of them, learned or conditional.
#pragma once

#include <cmath>
#include <limits>

#include "rheo/distributions/independent.hpp"
#include "rheo/transformers/affine.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// s = B tanh(a / B) with B = 7 by default: the soft bound of a log-scale that a net makes.
struct SoftBound : BoundedExp {
  SoftBound() : BoundedExp{7} {}
  explicit SoftBound(double b) : BoundedExp{b} {}
};

/// Scale 0.6 + 0.4 e^t, t = 7 tanh(a / 7): never below 0.6, 1 at a = 0.  For noise whose tails must not be too light.
struct WideBound {
  template <class L> L log_scale(L a) const {
    using std::exp, std::log;
    return log(L(0.6) + L(0.4) * exp(SoftBound{}.log_scale(a)));
  }
  template <class L> L slope(L a, L s) const {
    using std::exp;
    const L t = SoftBound{}.log_scale(a);
    return L(0.4) * exp(t - s) * SoftBound{}.slope(a, t);
  }
};
/// Scale 1 / (0.6 + 0.4 e^-t): never above 5/3, 1 at a = 0.  For maps to such noise.
struct NarrowBound {
  template <class L> L log_scale(L a) const { return -WideBound{}.log_scale(L(-a)); }
  template <class L> L slope(L a, L s) const { return WideBound{}.slope(L(-a), L(-s)); }
};

namespace family {

/// What these families share.  Shape has log_prob(e), slope(e), `located` and either `normal` or standard(u) for a
/// uniform u. Located, on the line: parameters (m, a), e = (x - m) e^-s with s = scale.log_scale(a); natural: m, e^-s,
/// s; cotangents: m, s. Else on (0, inf): the same without m.  Density 0 below 0; at 0 that of the right side.
template <class Shape, class Scale> struct ScaleFamily {
  static constexpr bool located = Shape::located, smooth = Shape::smooth;
  static constexpr std::size_t at = located ? 1 : 0;  // of the scale among parameters
  static constexpr Index params = at + 1, natural_count = at + 2, cotangents = at + 1;
  static constexpr Support support = located ? Support::real : Support::positive;
  Scale scale{};

  ScaleFamily() = default;
  explicit ScaleFamily(Scale s) : scale(s) {}

  template <class L> using Numbers = std::array<L, at + 2>;
  template <class L, class Raw> Numbers<L> natural(Raw raw) const {
    using std::exp;
    const L s = scale.log_scale(raw(at));
    if constexpr (located) return {raw(0), exp(-s), s};
    else return {exp(-s), s};
  }
  template <class L> L log_prob(L x, const Numbers<L>& q) const {
    using math::select;
    const L inside = Shape::log_prob(from_location(x, q) * q[at]) - q[at + 1];
    if constexpr (located) return inside;
    else return select(x < L(0), L(-std::numeric_limits<double>::infinity()), inside);
  }
  template <class L, class Give> L log_prob_pull(L x, L g_v, const Numbers<L>& q, Give give) const {
    const L e = from_location(x, q) * q[at], g_e = where_dense(x, L(g_v * Shape::slope(e))), g_x = g_e * q[at];
    if constexpr (located) give(0, -g_x);
    give(at, -(g_e * e + where_dense(x, g_v)));
    return g_x;
  }
  template <class L, class Raw, class G, class Give>
  void raw_pull(Raw raw, const Numbers<L>& q, const G& g, Give give) const {
    if constexpr (located) give(0, g[0]);
    give(at, g[at] * scale.slope(L(raw(at)), q[at + 1]));
  }
  template <class L> L from_normal(L e, const Numbers<L>& q) const requires(Shape::normal) {
    using std::abs, std::exp;
    if constexpr (located) return q[0] + e * exp(q[2]);
    else return abs(e) * exp(q[1]);
  }
  template <class T> T draw(const Noise& noise, Index i, Index j, const Numbers<T>& q) const {
    using std::exp;
    const T e = T(Shape::standard(noise.uniform(i, j)));
    if constexpr (located) return q[0] + e * exp(q[2]);
    else return e * exp(q[1]);
  }
  template <class L, class Give> void draw_pull(L x, L g_x, const Numbers<L>& q, Give give) const {
    if constexpr (located) give(0, g_x);
    give(at, g_x * from_location(x, q));
  }

 private:
  template <class L> static L from_location(L x, const Numbers<L>& q) {
    if constexpr (located) return x - q[0];
    else return x;
  }
  template <class L> static L where_dense(L x, L g) {
    using math::keep_where;
    if constexpr (located) return g;
    else return keep_where(x >= L(0), g);
  }
};

/// The shapes: log p(e) and its slope at location 0 and scale 1, and how a uniform becomes a draw.  NormalShape: N(0,
/// 1).
struct NormalShape {
  static constexpr bool located = true, smooth = true, normal = true;
  template <class L> static L log_prob(L e) { return -(L(0.5) * e * e + L(half_log_two_pi)); }
  template <class L> static L slope(L e) { return -e; }
};
/// The density of slope sigmoid(e).
struct LogisticShape {
  static constexpr bool located = true, smooth = true, normal = false;
  template <class L> static L log_prob(L e) {
    using std::abs, std::exp;
    const L u = abs(e);
    return -(u + L(2) * math::log1p_small(exp(-u)));
  }
  template <class L> static L slope(L e) {
    using std::tanh;
    return -tanh(L(0.5) * e);
  }
  static double standard(double u) { return std::log(u) - std::log1p(-std::min(u, 1 - 0x1p-53)); }
};
/// e^-|e| / 2.
struct LaplaceShape {
  static constexpr bool located = true, smooth = false, normal = false;
  template <class L> static L log_prob(L e) {
    using std::abs;
    return -(abs(e) + L(0.69314718055994530942));
  }
  template <class L> static L slope(L e) {
    using math::select;
    return select(e < L(0), L(1), select(e > L(0), L(-1), L(0)));
  }
  static double standard(double u) { return u < 0.5 ? std::log(2 * u) : -std::log(2 * std::max(1 - u, 0x1p-54)); }
};
/// The law of the largest of many: -e - exp(-e), continued in a straight line below e = -80, where numbers end.
struct GumbelShape {
  static constexpr bool located = true, smooth = true, normal = false;
  template <class L> static L log_prob(L e) {
    using std::exp;
    const L h = top(e);
    return -(e + exp(h) * (L(1) - (e + h)));
  }
  template <class L> static L slope(L e) {
    using std::exp;
    return exp(top(e)) - L(1);
  }
  static double standard(double u) { return -std::log(-std::log(std::min(u, 1 - 0x1p-53))); }

 private:
  template <class L> static L top(L e) {
    using math::select;
    return select(e < L(-80), L(80), -e);
  }
};

/// N(m, e^2s).
template <class Scale = Exp> using Normal = ScaleFamily<NormalShape, Scale>;
/// The density of slope sigmoid((x - m) e^-s).
template <class Scale = Exp> using Logistic = ScaleFamily<LogisticShape, Scale>;
/// e^(-|x - m| e^-s) / (2 e^s); its slope at m counts as 0.
template <class Scale = Exp> using Laplace = ScaleFamily<LaplaceShape, Scale>;
/// Distribution function exp(-e^-(x - m) e^-s): mean m + 0.5772 e^s.
template <class Scale = Exp> using Gumbel = ScaleFamily<GumbelShape, Scale>;

/// The modulus of a normal number.
struct HalfNormalShape {
  static constexpr bool located = false, smooth = true, normal = true;
  template <class L> static L log_prob(L e) { return L(0.69314718055994530942 - half_log_two_pi) - L(0.5) * e * e; }
  template <class L> static L slope(L e) { return -e; }
};
/// e^-e for e > 0.
struct ExponentialShape {
  static constexpr bool located = false, smooth = true, normal = false;
  template <class L> static L log_prob(L e) { return -e; }
  template <class L> static L slope(L) { return L(-1); }
  static double standard(double u) { return -std::log(std::min(u, 1 - 0x1p-53)); }
};

/// The modulus of N(0, e^2s).
template <class Scale = Exp> using HalfNormal = ScaleFamily<HalfNormalShape, Scale>;
/// Mean e^s.
template <class Scale = Exp> using Exponential = ScaleFamily<ExponentialShape, Scale>;

}  // namespace family

/// Independent logistics with learned locations and log-scales.
template <Index D> using Logistic = Independent<D, family::Logistic<>>;
/// Independent Laplace distributions with learned locations and log-scales.  Not smooth at the locations.
template <Index D> using Laplace = Independent<D, family::Laplace<>>;
/// Independent Gumbel laws with learned locations and log-scales.
template <Index D> using Gumbel = Independent<D, family::Gumbel<>>;
/// Independent half-normals on (0, inf) with learned log-scales.
template <Index D> using HalfNormal = Independent<D, family::HalfNormal<>>;
/// Independent exponentials on (0, inf) with learned log-means.
template <Index D> using Exponential = Independent<D, family::Exponential<>>;
/// N(m(c), diag e^2s(c)) with m and a softly bounded s from a net of the context: the decoder and encoder of a VAE.
/// ConditionalNormal<D, Net, C>{SoftBound{3}} bounds s by 3 instead of 7.
template <Index D, class Net, Index C>
using ConditionalNormal = ConditionalIndependent<D, family::Normal<SoftBound>, Net, C>;
template <Index D, class Net, Index C>
using ConditionalLogistic = ConditionalIndependent<D, family::Logistic<SoftBound>, Net, C>;
template <Index D, class Net, Index C>
using ConditionalLaplace = ConditionalIndependent<D, family::Laplace<SoftBound>, Net, C>;
template <Index D, class Net, Index C>
using ConditionalGumbel = ConditionalIndependent<D, family::Gumbel<SoftBound>, Net, C>;

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
