// SPDX-License-Identifier: MIT
// Distributions of angles in [-pi, pi): uniform on the torus, von Mises, wrapped normal.  A number off the interval
// stands for its angle.
//   Mardia and Jupp 2000, ch. 3.5;  von Mises draws: Best and Fisher 1979, Applied Statistics 28, p. 152, its formulas
//     rearranged so that
//   no digits are lost at any concentration.
#pragma once

#include <cmath>
#include <numbers>

#include "rheo/distributions/location_scale.hpp"
#include "rheo/math/angle.hpp"
#include "rheo/math/bessel.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// The uniform distribution on the torus [-pi, pi)^D: log p = -D log(2 pi), NaN for inf and NaN.
template <Index D> struct UniformCircle : DistributionFacts<D, Support::circle> {
  static constexpr Index param_count = 0;
  template <class T> using Cache = NoCache;

  template <class T> void encode(Pass<T, NoCache> p) const { score(p.in, p.v); }
  template <class T> void encode_pull(Pull<T, NoCache> p) const { p.g_in.setZero(); }
  template <class T> void decode(Pass<T, NoCache> p) const {
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < p.out.rows(); ++i)
        p.out(i, j) = T(math::wrap_angle(std::numbers::pi * (2 * p.noise.uniform(i, j) - 1)));
    }
    score(read(p.out), p.v);
  }
  template <class T> void decode_pull(Pull<T, NoCache>) const {}

 private:
  template <class T> static void score(CView<T> x, ColView<T> v) {
    for (Index j = 0; j < D; ++j) v -= (column(x, j) - column(x, j)) + T(2 * half_log_two_pi);
  }
};

namespace family {

/// e^(k cos(x - m)) / (2 pi I0(k)): parameters (m, a), k = e^s, s = scale.log_scale(a), at most 1e30.  Exact draws by
/// rejection, each coordinate with an endless row of numbers of its own; a choice has no derivative, so draws have no
/// pull.
template <class Scale = Exp> struct VonMises {
  static constexpr Index params = 2, natural_count = 5, cotangents = 2;
  static constexpr Support support = Support::circle;
  static constexpr bool lanes = false;
  Scale scale{};

  VonMises() = default;
  explicit VonMises(Scale s) : scale(s) {}

  /// m, k, log(2 pi e^-k I0(k)), 1 - I1(k) / I0(k), s.
  template <class L, class Raw> std::array<L, 5> natural(Raw raw) const {
    using std::exp, std::min;
    const L s = scale.log_scale(raw(1)), k = exp(min(s, L(69)));
    return {raw(0), k, math::log_i0e(k) + L(2 * half_log_two_pi), math::one_less_bessel_ratio(k), s};
  }
  template <class T> T log_prob(T x, const std::array<T, 5>& q) const {
    using std::sin;
    const T h = sin(T(0.5) * (x - q[0]));
    return T(-2) * q[1] * h * h - q[2];
  }
  template <class T, class Give> T log_prob_pull(T x, T g_v, const std::array<T, 5>& q, Give give) const {
    using std::sin;
    const T d = x - q[0], h = sin(T(0.5) * d), g_x = -g_v * q[1] * sin(d);
    give(0, -g_x);
    give(1, g_v * q[1] * (q[3] - T(2) * h * h));
    return g_x;
  }
  template <class L, class Raw, class G, class Give>
  void raw_pull(Raw raw, const std::array<L, 5>& q, const G& g, Give give) const {
    const L slope = scale.slope(L(raw(1)), q[4]);
    give(0, g[0]);
    give(1, q[4] < L(69) ? L(g[1] * slope) : L(0));
  }
  template <class T> T draw(const Noise& noise, Index i, Index j, const std::array<T, 5>& q) const {
    return math::wrap_angle(q[0] + T(standard(noise.fork(static_cast<std::uint64_t>(j)), i,
                                              static_cast<double>(autodiff::value_of(q[1])))));
  }
  /// One draw about 0 at concentration k >= 0.  At least 0.65 of the tries succeed, so that 1000 never fail together.
  static double standard(const Noise& noise, Index i, double k) {
    if (!(k > 1e-12)) return math::wrap_angle(std::numbers::pi * (2 * noise.uniform(i, 0) - 1));  // uniform to 1e-12
    const double root = std::hypot(1.0, 2 * k), tau = 1 + root;
    const double above = (std::sqrt(2 * tau) - 1 - 1 / (root + 2 * k)) / (2 * k);  // 1 - rho
    const double rho = k < 1e-4 ? k / 2 : 1 - above;
    const double s_1 = k < 1e-4 ? 1 / k + k - 1 : above * above / (2 * rho);  // s - 1
    for (Index t = 0; t < 1000; ++t) {
      const double half_z = std::sin(0.5 * std::numbers::pi * noise.uniform(i, 4 * t)),
                   z_1 = 2 * half_z * half_z;          // 1 - z, z = cos(pi u)
      const double f_1 = s_1 * z_1 / (s_1 + 2 - z_1);  // 1 - f, f = (1 + s z) / (s + z)
      const double c = k * (s_1 + f_1), u = noise.uniform(i, 4 * t + 1);
      if (c * (2 - c) > u || std::log(c / u) + 1 - c >= 0) {
        const double angle = 2 * std::asin(std::sqrt(std::min(1.0, 0.5 * f_1)));
        return math::wrap_angle(noise.uniform(i, 4 * t + 2) < 0.5 ? -angle : angle);
      }
    }
    return 0;
  }
};

/// The angle of N(m, e^2s): parameters (m, a), s = scale.log_scale(a).  The density is summed over turns for e^2s < pi
/// and as a Fourier series above, to rounding in both.  Draws carry the pathwise derivative.
template <class Scale = Exp> struct WrappedNormal {
  static constexpr Index params = 2, natural_count = 2, cotangents = 2;
  static constexpr Support support = Support::circle;
  static constexpr bool lanes = false;
  Scale scale{};

  WrappedNormal() = default;
  explicit WrappedNormal(Scale s) : scale(s) {}

  template <class L, class Raw> std::array<L, 2> natural(Raw raw) const { return {raw(0), scale.log_scale(raw(1))}; }
  template <class T> T log_prob(T x, const std::array<T, 2>& q) const {
    return value(x, T(0), q, rheo::detail::GiveNothing{}, static_cast<T*>(nullptr));
  }
  template <class T, class Give> T log_prob_pull(T x, T g_v, const std::array<T, 2>& q, Give give) const {
    T g_x(0);
    value(x, g_v, q, give, &g_x);
    return g_x;
  }
  template <class L, class Raw, class G, class Give>
  void raw_pull(Raw raw, const std::array<L, 2>& q, const G& g, Give give) const {
    give(0, g[0]);
    give(1, g[1] * scale.slope(L(raw(1)), q[1]));
  }
  template <class T> T from_normal(T e, const std::array<T, 2>& q) const {
    using std::exp;
    return math::wrap_angle(q[0] + e * exp(q[1]));
  }
  template <class T, class Give>
  void draw_pull(T, T g_x, const std::array<T, 2>& q, const Noise& noise, Index i, Index j, Give give) const {
    using std::exp;
    give(0, g_x);
    give(1, g_x * T(noise.normal(i, j)) * exp(q[1]));
  }

 private:
  /// log p, and where g_x is given the cotangents too.
  template <class T, class Give> static T value(T x, T g_v, const std::array<T, 2>& q, Give give, T* g_x) {
    using std::cos, std::sin, std::exp, std::log, std::log1p;
    const T d = math::wrap_angle(x - q[0]), variance = exp(T(2) * (q[1] > T(3.5) ? T(3.5) : q[1]));
    constexpr double turn = 2 * std::numbers::pi;
    if (variance < T(std::numbers::pi)) {
      const T precision = exp(-q[1]), e = d * precision;
      T others(0), first(0),
          second(0);  // sums over turns k != 0 of w, w (e_k - e), w e_k^2 - w e^2, relative to w_0 = 1
      for (int k = -3; k <= 3; ++k) {
        if (k == 0) continue;
        const T away = T(turn * k) * precision, more = away * (away + T(2) * e), w = exp(T(-0.5) * more);
        others += w;
        if (g_x && w > T(0)) first += w * away, second += w * more;
      }
      if (g_x) {
        const T mean = e + first / (T(1) + others), square = e * e + second / (T(1) + others);
        *g_x = -g_v * mean * precision;
        give(0, -*g_x);
        give(1, g_v * (square - T(1)));
      }
      return T(-0.5) * e * e - q[1] - T(half_log_two_pi) + log1p(others);
    }
    T sum(0), slope(0), by_s(0);
    for (int k = 1; k <= 6; ++k) {
      const T rho = exp(T(-0.5 * k * k) * variance), c = cos(T(k) * d);
      sum += T(2) * rho * c;
      if (g_x) slope -= T(2 * k) * rho * sin(T(k) * d), by_s -= T(2 * k * k) * variance * rho * c;
    }
    if (g_x) {
      *g_x = g_v * slope / (T(1) + sum);
      give(0, -*g_x);
      give(1, g_v * by_s / (T(1) + sum));
    }
    return log1p(sum) - T(2 * half_log_two_pi);
  }
};

}  // namespace family

/// Independent von Mises distributions with learned locations and log-concentrations, which start at 0 and 1.  No
/// decode_pull.
template <Index D> using VonMises = Independent<D, family::VonMises<>>;
/// Independent wrapped normals with learned locations and log-deviations.
template <Index D> using WrappedNormal = Independent<D, family::WrappedNormal<>>;
template <Index D, class Net, Index C>
using ConditionalVonMises = ConditionalIndependent<D, family::VonMises<SoftBound>, Net, C>;
template <Index D, class Net, Index C>
using ConditionalWrappedNormal = ConditionalIndependent<D, family::WrappedNormal<SoftBound>, Net, C>;

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
