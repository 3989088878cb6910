// SPDX-License-Identifier: MIT
// CorrelationCholesky: the Cholesky factor of a K x K correlation matrix to the line, by partial correlations: z =
// artanh(L_ij / q_ij).
//   Lewandowski, Kurowicka and Joe 2009, doi:10.1016/j.jmva.2009.04.008, sec. 2;  Stan reference manual, "Cholesky
//     factors of correlation matrices".
#pragma once

#include <array>
#include <limits>
#include <numbers>

#include "rheo/core/layer.hpp"
#include "rheo/math/bins.hpp"
#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// x: the K (K - 1) / 2 numbers L_ij, j < i, of the factor, row by row; the diagonal L_ii = sqrt(1 - sum of L_ij^2 over
/// j) is what is left of each row's unit length.  z: as many real numbers, zero at the identity.  With q_ij^2 = 1 - sum
/// over k < j of L_ik^2, V = sum of log q_ij - 2 log q_i(j+1), the log Jacobian with respect to Lebesgue measure on the
/// L_ij. The squares q_ij^2 are sums of what stands from j on and of L_ii^2, so that only L_ii is a small rest of large
/// numbers. Edges: an L_ii^2 below 2 eps cannot be told from the rounding of its row and counts as that.  A row whose
/// squares sum to more than 1 + (16 + K) eps is off the support: v = -inf, gradient 0.
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
      using math::select, std::abs, std::log, std::sqrt;
      L total(0), inside(1), sums(0);  // a NaN in any row stays in sums
      for (Index r = 1, c = 0; r < K; c += r++) {
        const Row<L> row = read_row<T, L>(at, x + c * xs + i, xs, r);
        L q = sqrt(row.square[u(r)]), log_q = log(q);
        for (Index j = r; j-- > 0;) {
          const L l = at.load(x + (c + j) * xs + i), next = q;
          total -= L(2) * log_q;
          q = sqrt(row.square[u(j)]), log_q = log(q);
          total += log_q;
          const L t = log((q + abs(l)) / next);
          at.store(z + (c + j) * zs + i, select(l < L(0), -t, t));
        }
        sums += row.sum;
        inside = select(row.off, L(0), inside);
      }
      const L outside = select(sums == sums, L(-std::numeric_limits<double>::infinity()), sums);
      at.store(v + i, at.load(v + i) + select(inside == L(0), outside, total));
    });
  }
  /// With Q_j = q_ij^2, z_j = arsinh(l_j / sqrt(Q_(j+1))) and V = sum of log Q_j / 2 - log Q_(j+1); Q_j holds the
  /// squares from j on, and L_ii^2, which is 1 less all squares unless it is at its edge.
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    const Index xs = p.in.outerStride(), gs = p.g_out.outerStride(), os = p.g_in.outerStride();
    math::sweep<T>(p.in.rows(), [=, x = p.in.data(), g = p.g_out.data(), g_v = p.g_v.data(), o = p.g_in.data()](
                                    auto at, Index i) {
      using L = typename decltype(at)::Number;
      using math::select, std::sqrt;
      const L gv = at.load(g_v + i);
      L inside(1);
      for (Index r = 1, c = 0; r < K; c += r++) {
        const Row<L> row = read_row<T, L>(at, x + c * xs + i, xs, r);
        inside = select(row.off, L(0), inside);
        std::array<L, static_cast<std::size_t>(K)> g_square;  // [j]: cotangent of Q_j as such
        L before(0), behind(0);                               // sums of them over 0 < k <= j, and over k > j
        for (Index j = 1; j <= r; ++j) {
          const L l = at.load(x + (c + j - 1) * xs + i), gz = at.load(g + (c + j - 1) * gs + i),
                  q = sqrt(row.square[u(j - 1)]);
          g_square[u(j)] =
              -(gz * l / (L(2) * q) + gv) / row.square[u(j)] + (j < r ? L(0.5) * gv / row.square[u(j)] : L(0));
          if (j < r) before += g_square[u(j)];
        }
        for (Index j = r; j-- > 0;) {
          const L l = at.load(x + (c + j) * xs + i), gz = at.load(g + (c + j) * gs + i);
          behind += g_square[u(j + 1)];
          at.store(o + (c + j) * os + i, gz / sqrt(row.square[u(j)]) + L(2) * l * select(row.edge, before, -behind));
          if (j > 0) before -= g_square[u(j)];
        }
      }
      for (Index c = 0; c < D; ++c) at.store(o + c * os + i, select(inside == L(0), L(0), at.load(o + c * os + i)));
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
    const Index zs = p.in.outerStride(), xs = p.out.outerStride(), gs = p.g_out.outerStride(),
                os = p.g_in.outerStride();
    math::sweep<T>(p.in.rows(), [=, z = p.in.data(), x = p.out.data(), g = p.g_out.data(), g_v = p.g_v.data(),
                                 o = p.g_in.data()](auto at, Index i) {
      using L = typename decltype(at)::Number;
      using std::exp, std::tanh;
      const L gv = at.load(g_v + i);
      for (Index r = 1, c = 0; r < K; ++r) {
        std::array<L, static_cast<std::size_t>(K)> log_q;
        log_q[0] = L(0);
        for (Index j = 0; j < r; ++j) log_q[u(j + 1)] = log_q[u(j)] + log_sech(at.load(z + (c + j) * zs + i));
        L g_log(0);  // cotangent of log q behind entry j
        for (Index j = r; j-- > 0;) {
          const L w = tanh(at.load(z + (c + j) * zs + i)), gx = at.load(g + (c + j) * gs + i),
                  l = at.load(x + (c + j) * xs + i);
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
  template <class T>
  static constexpr double eps = static_cast<double>(std::numeric_limits<decltype(autodiff::value_of(T()))>::epsilon());
  static constexpr std::size_t u(Index i) { return static_cast<std::size_t>(i); }
  template <class L> struct Row {
    std::array<L, static_cast<std::size_t>(K)> square;  // [j]: q_ij^2, j = i is the diagonal's
    L sum;                                              // of all squares but the diagonal's
    math::MaskOf<L> edge, off;                          // the diagonal is at its edge; the row is too long
  };
  /// L_ii^2 by (q - l) (q + l) along the row, which is right where one entry is nearly 1; the other squares from there
  /// back.
  template <class T, class L, class At> static Row<L> read_row(At at, const T* x, Index stride, Index r) {
    using math::select, std::sqrt;
    const L least(2 * eps<T>);
    Row<L> row;
    L s(1), lowest(1);
    for (Index j = 0; j < r; ++j) {
      const L l = at.load(x + j * stride), q = sqrt(s);
      s = (q - l) * (q + l);
      lowest = select(s < lowest, s, lowest);
      s = select(s < least, least, s);
    }
    row.edge = lowest < least;
    row.square[u(r)] = select(row.edge, least, s);
    row.sum = L(0);
    for (Index j = r; j-- > 0;) {
      const L l = at.load(x + j * stride);
      row.sum += l * l;
      row.square[u(j)] = j > 0 ? row.square[u(r)] + row.sum : L(1);
    }
    row.off = row.sum > L(1 + (16 + static_cast<double>(K)) * eps<T>);
    return row;
  }
  /// log sqrt(1 - tanh^2 t).
  template <class L> static L log_sech(L t) {
    using std::abs, std::exp;
    const L a = abs(t);
    return L(std::numbers::ln2) - a - math::log1p_small(exp(-(a + a)));
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
