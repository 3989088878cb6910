// SPDX-License-Identifier: MIT
// CorrelationCholesky: the Cholesky factor of a K x K correlation matrix to the line, by partial correlations: z = artanh(L_ij / q_ij).
//   Lewandowski, Kurowicka and Joe 2009, doi:10.1016/j.jmva.2009.04.008, sec. 2;  Stan reference manual, "Cholesky factors of correlation matrices".
#pragma once

#include <array>
#include <limits>
#include <numbers>

#include "rheo/core/layer.hpp"
#include "rheo/math/softplus.hpp"

#include "rheo/core/macros_off.hpp"

namespace rheo {

/// x: the K (K - 1) / 2 numbers L_ij, j < i, of the factor, row by row; the diagonal L_ii = sqrt(1 - sum of L_ij^2 over j) is what is left of
/// each row's unit length.  z: as many real numbers, zero at the identity.  With q_ij^2 = 1 - sum over k < j of L_ik^2,
/// V = sum of log q_ij - 2 log q_i(j+1), the log Jacobian with respect to Lebesgue measure on the L_ij.
/// Edges: where q -+ L_ij is below eps q it counts as that.  A row longer than 1, by more than rounding (roots of
/// packets, approximate on some processors, make a row of length 1 a little longer), is off the support: v = -inf, gradient 0.
template <Index K> struct CorrelationCholesky {
  static_assert(K >= 2, "rheo: CorrelationCholesky: a correlation matrix has at least 2 rows");
  static constexpr Index D = K * (K - 1) / 2, x_dim = D, z_dim = D, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::correlation), z_support = all_of<D>(Support::real);
  template <class T> using Cache = NoCache;

  template <class T> void encode(Pass<T, NoCache> p) const {
    const Index xs = p.in.outerStride(), zs = p.out.outerStride();
    math::sweep<T>(p.in.rows(), [=, x = p.in.data(), z = p.out.data(), v = p.v.data()](auto at, Index i) {
      using L = typename decltype(at)::Number;
      using math::select, std::log, std::sqrt;
      L total(0);
      L room(1);  // negative once a row is longer than 1
      for (Index r = 1, c = 0; r < K; ++r) {
        L q(1);
        for (Index j = 0; j < r; ++j, ++c) {
          const L l = at.load(x + c * xs + i), least = q * L(eps<T>), beyond = least * L(-rounding), below = q - l, above = q + l;
          room = select(below < beyond, below, select(above < beyond, above, room));
          const L b = select(below < least, least, below), a = select(above < least, least, above);
          at.store(z + c * zs + i, L(0.5) * log(a / b));
          const L next = sqrt(a) * sqrt(b);
          total += log(q) - L(2) * log(next);
          q = next;
        }
      }
      at.store(v + i, at.load(v + i) + select(room < L(0), L(-std::numeric_limits<double>::infinity()), total));
    });
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    const Index xs = p.in.outerStride(), gs = p.g_out.outerStride(), os = p.g_in.outerStride();
    math::sweep<T>(p.in.rows(), [=, x = p.in.data(), g = p.g_out.data(), g_v = p.g_v.data(), o = p.g_in.data()](auto at, Index i) {
      using L = typename decltype(at)::Number;
      using math::select, std::sqrt;
      const L gv = at.load(g_v + i);
      L room(1);  // negative once a row is longer than 1
      std::array<L, static_cast<std::size_t>(D)> out;
      for (Index r = 1, c = 0; r < K; ++r) {
        std::array<L, static_cast<std::size_t>(K)> q;
        q[0] = L(1);
        for (Index j = 0; j < r; ++j) {
          const L l = at.load(x + (c + j) * xs + i), least = q[u(j)] * L(eps<T>), beyond = least * L(-rounding), below = q[u(j)] - l, above = q[u(j)] + l;
          room = select(below < beyond, below, select(above < beyond, above, room));
          q[u(j + 1)] = sqrt(select(above < least, least, above)) * sqrt(select(below < least, least, below));
        }
        L g_square(0);  // cotangent of q^2 behind entry j;  z = artanh(l / q), q_next^2 = q^2 - l^2
        for (Index j = r; j-- > 0;) {
          const L l = at.load(x + (c + j) * xs + i), next = q[u(j + 1)], square = next * next, least = q[u(j)] * L(eps<T>);
          const L gz = at.load(g + (c + j) * gs + i);
          g_square -= gv / square;
          const L g_l = gz * q[u(j)] / square - L(2) * l * g_square;
          g_square += -gz * l / (L(2) * q[u(j)] * square) + gv * L(0.5) / (q[u(j)] * q[u(j)]);
          out[u(c + j)] = select(q[u(j)] - l < least, L(0), select(q[u(j)] + l < least, L(0), g_l));
        }
        c += r;
      }
      for (Index c = 0; c < D; ++c) at.store(o + c * os + i, select(room < L(0), L(0), out[u(c)]));
    });
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    const Index zs = p.in.outerStride(), xs = p.out.outerStride();
    math::sweep<T>(p.in.rows(), [=, z = p.in.data(), x = p.out.data(), v = p.v.data()](auto at, Index i) {
      using L = typename decltype(at)::Number;
      using std::exp, std::tanh;
      L total(0);
      for (Index r = 1, c = 0; r < K; ++r) {
        L log_q(0);
        for (Index j = 0; j < r; ++j, ++c) {
          const L t = at.load(z + c * zs + i), next = log_q + log_sech(t);
          at.store(x + c * xs + i, tanh(t) * exp(log_q) + (t - t));  // packets may lose a NaN
          total += log_q - L(2) * next;
          log_q = next;
        }
      }
      at.store(v + i, at.load(v + i) + total);
    });
  }
  template <class T> void decode_pull(Pull<T, NoCache> p) const {
    const Index zs = p.in.outerStride(), xs = p.out.outerStride(), gs = p.g_out.outerStride(), os = p.g_in.outerStride();
    math::sweep<T>(p.in.rows(), [=, z = p.in.data(), x = p.out.data(), g = p.g_out.data(), g_v = p.g_v.data(), o = p.g_in.data()](auto at, Index i) {
      using L = typename decltype(at)::Number;
      using std::exp, std::tanh;
      const L gv = at.load(g_v + i);
      for (Index r = 1, c = 0; r < K; ++r) {
        std::array<L, static_cast<std::size_t>(K)> log_q;
        log_q[0] = L(0);
        for (Index j = 0; j < r; ++j) log_q[u(j + 1)] = log_q[u(j)] + log_sech(at.load(z + (c + j) * zs + i));
        L g_log(0);  // cotangent of log q behind entry j
        for (Index j = r; j-- > 0;) {
          const L w = tanh(at.load(z + (c + j) * zs + i)), gx = at.load(g + (c + j) * gs + i), l = at.load(x + (c + j) * xs + i);
          g_log -= gv + gv;
          const L sech = exp(log_q[u(j + 1)] - log_q[u(j)]);
          at.store(o + (c + j) * os + i, gx * exp(log_q[u(j)]) * (sech * sech) - g_log * w);
          g_log += gx * l + gv;
        }
        c += r;
      }
    });
  }

 private:
  static constexpr double rounding = 16;  // how many eps q a row may be too long
  template <class T> static constexpr double eps = static_cast<double>(std::numeric_limits<decltype(autodiff::value_of(T()))>::epsilon());
  static constexpr std::size_t u(Index i) { return static_cast<std::size_t>(i); }
  /// log sqrt(1 - tanh^2 t).
  template <class L> static L log_sech(L t) {
    using std::abs, std::exp;
    const L a = abs(t);
    return L(std::numbers::ln2) - a - math::log1p_small(exp(-(a + a)));
  }
};

}  // namespace rheo

#include "rheo/core/macros_on.hpp"
