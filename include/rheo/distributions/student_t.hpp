// SPDX-License-Identifier: MIT
// StudentT: heavy tails, with learned or fixed degrees of freedom.
//   Density: Johnson, Kotz and Balakrishnan 1995, ch. 28;  draws: Bailey 1994, Mathematics of Computation 62, p. 779 (a
//     polar method
//   without rejection);  as a base of flows: Alexanderson and Henter 2020, arXiv:2006.06599;  Jaini et al. 2020,
//     arXiv:1907.04481.
#pragma once

#include <limits>

#include "rheo/distributions/location_scale.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// Whether the degrees of freedom of a Student t are given or learned.
enum class Degrees { fixed, learned };

namespace math {

/// f(x) = log Gamma(x + 1/2) - log Gamma(x) - log(x) / 2 and its slope for x > 0: ten steps of the recurrence, then
/// Stirling's difference. Absolute error below 64 eps in both f and x f'(x); f goes to -1 / (8 x).
template <class L> struct GammaHalf { L f, slope; };
template <class L> GammaHalf<L> gamma_half(L x) {
  using std::log;
  L product(1), slope(0);
  for (int k = 0; k < 10; ++k) {
    const L a = x + L(k), b = x + L(k + 0.5), c = x + L(k + 1);
    product *= (a / b) * (c / b);
    slope += L(0.25) / a / b / c;
  }
  const L r = L(1) / (x + L(10)), z = r * r;
  const L series =
      r * (L(-1.0 / 8) +
           z * (L(1.0 / 192) +
                z * (L(-1.0 / 640) + z * (L(17.0 / 14336) + z * (L(-31.0 / 18432) + z * L(691.0 / 180224))))));
  const L series_slope =
      -z * (L(-1.0 / 8) +
            z * (L(3.0 / 192) +
                 z * (L(-5.0 / 640) + z * (L(119.0 / 14336) + z * (L(-279.0 / 18432) + z * L(7601.0 / 180224))))));
  return {series + L(0.5) * log(product), series_slope + slope};
}

}  // namespace math

namespace family {

/// Location m, scale e^s, degrees of freedom nu > 0.  Raw parameters (m, a) or (m, a, b): s = scale.log_scale(a), and
/// nu = start e^u(b) with u = 7 tanh(b / 7): learned degrees stay within a factor of 1100 of their start, where the
/// density tells them from 0 and from a normal's.  Tails fall like abs(x)^-(nu + 1), exactly, as far as numbers go.
/// Draws beyond 1e30 deviations (float) or 1e260 (double), which only nu < 1 makes, are cut there.
template <class Scale = Exp, Degrees degrees = Degrees::learned> struct StudentT {
  static constexpr bool learned = degrees == Degrees::learned;
  static constexpr Index params = learned ? 3 : 2, natural_count = 6, cotangents = learned ? 4 : 2, draws = 2;
  Scale scale{};
  double start = 5;
  SoftBound bound{};

  StudentT() = default;
  /// Throws std::invalid_argument unless 0 < nu < inf.
  explicit StudentT(double nu, Scale s = {}) : scale(s), start(nu < 1e30 ? nu : 1e30) {
    if (!(nu > 0 && nu <= std::numeric_limits<double>::max()))
      detail::fail("StudentT: the degrees of freedom must be positive and finite");
  }

  /// m, e^-s, s, nu, f(nu / 2), f'(nu / 2) / 2.
  template <class L, class Raw> std::array<L, 6> natural(Raw raw) const {
    using std::exp;
    const L s = scale.log_scale(raw(1));
    L nu = L(start);
    if constexpr (learned) nu = nu * exp(bound.log_scale(raw(2)));
    const auto c = math::gamma_half(L(0.5) * nu);
    return {raw(0), exp(-s), s, nu, c.f, L(0.5) * c.slope};
  }
  template <class L> L log_prob(L x, const std::array<L, 6>& q) const {
    const Parts<L> t((x - q[0]) * q[1], q[3]);
    return q[4] - L(half_log_two_pi) - q[2] - L(0.5) * (q[3] + L(1)) * t.log_1p;
  }
  template <class L, class Give> L log_prob_pull(L x, L g_v, const std::array<L, 6>& q, Give give) const {
    using math::select;
    const L e = (x - q[0]) * q[1];
    const Parts<L> t(e, q[3]);
    const L n1 = q[3] + L(1), tilt = n1 * t.root * t.w * t.r, g_e = -g_v * select(e < L(0), -tilt, tilt),
            g_x = g_e * q[1];
    const L part = select(t.big, t.r, t.w * t.w * t.r);  // u^2 / (1 + u^2)
    give(0, -g_x);
    give(1, g_v * (n1 * part - L(1)));
    if constexpr (learned) {
      give(2, g_v * L(0.5) * (n1 / q[3] * part - t.log_1p));
      give(3, g_v);
    }
    return g_x;
  }
  template <class L, class Raw, class G, class Give>
  void raw_pull(Raw raw, const std::array<L, 6>& q, const G& g, Give give) const {
    give(0, g[0]);
    give(1, g[1] * scale.slope(L(raw(1)), q[2]));
    if constexpr (learned) {
      const L b = raw(2);
      give(2, (g[2] + g[3] * q[5]) * q[3] * bound.slope(b, bound.log_scale(b)));
    }
  }
  /// t = sqrt(nu (U^(-2 / nu) - 1)) cos(2 pi V).
  template <class T> T draw(const Noise& noise, Index i, Index j, const std::array<T, 6>& q) const {
    using std::exp, std::expm1, std::sqrt, std::min;
    const T w = exponent(noise, i, j, q[3]);
    const T t = sqrt(q[3]) * exp(T(0.5) * w) * sqrt(-expm1(-w)) *
                T(std::cos(2 * std::numbers::pi * noise.uniform(i, 2 * j + 1)));
    return q[0] + t * exp(q[2]);
  }
  template <class T, class Give>
  void draw_pull(T x, T g_x, const std::array<T, 6>& q, const Noise& noise, Index i, Index j, Give give) const {
    using std::expm1;
    const T away = x - q[0];
    give(0, g_x);
    give(1, g_x * away);
    if constexpr (learned) {
      const T w = exponent(noise, i, j, q[3]);
      const bool cut = !(w < limit<T>());
      give(2, g_x * away * T(0.5) / q[3] * (T(1) - (cut ? T(0) : T(w / -expm1(-w)))));
    }
  }

 private:
  /// u = abs(e) / sqrt(nu), w = min(u, 1 / u), r = 1 / (1 + w^2), log(1 + u^2), without overflow.
  template <class L> struct Parts {
    L root, w, r, log_1p;
    decltype(L() > L()) big;
    Parts(L e, L nu) : big{} {
      using math::select;
      using std::abs, std::log, std::sqrt;
      root = L(1) / sqrt(nu);
      const L u = abs(e) * root;
      big = u > L(1);
      w = select(big, L(1) / select(big, u, L(1)), u);
      r = L(1) / (L(1) + w * w);
      log_1p = math::log1p_small(w * w) + L(2) * log(select(big, u, L(1)));
    }
  };
  template <class T> static T limit() {
    using S = decltype(autodiff::value_of(T()));
    return T(sizeof(S) == 4 ? 138.0 : 1200.0);
  }
  template <class T> static T exponent(const Noise& noise, Index i, Index j, T nu) {
    using std::min;
    return min(T(-2 * std::log(std::min(noise.uniform(i, 2 * j), 1 - 0x1p-53))) / nu, limit<T>());
  }
};

/// Student t with one degree of freedom: density 1 / (pi e^s (1 + e^2)), e = (x - m) e^-s, without mean or variance.
template <class Scale = Exp> struct Cauchy : StudentT<Scale, Degrees::fixed> {
  Cauchy() : Cauchy(Scale()) {}
  explicit Cauchy(Scale s) : StudentT<Scale, Degrees::fixed>(1, s) {}
};

}  // namespace family

/// Independent Student t distributions with learned locations, log-scales and degrees of freedom; StudentT<D>{10.0}
/// starts at 10 of them (5 without), StudentT<D, Degrees::fixed>{3.0} keeps them.  Draws are exact and carry the
/// pathwise derivative.
template <Index D, Degrees degrees = Degrees::learned> using StudentT = Independent<D, family::StudentT<Exp, degrees>>;
template <Index D, class Net, Index C>
using ConditionalStudentT = ConditionalIndependent<D, family::StudentT<SoftBound>, Net, C>;
/// Independent Cauchy laws with learned locations and log-scales.
template <Index D> using Cauchy = Independent<D, family::Cauchy<>>;

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
