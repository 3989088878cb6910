// SPDX-License-Identifier: MIT
// StickBreaking: the simplex to the line, a piece broken off at a time: z_k = log(x_k / (x_(k+1) + ... + x_K)) + log(K
// - k).
//   Betancourt 2012, arXiv:1010.3436;  Stan reference manual, "Unit simplex";  Bijectors.jl.
#pragma once

#include <cmath>
#include <limits>

#include "rheo/core/layer.hpp"
#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// x: K numbers >= 0 of sum 1;  z: K - 1 real numbers, zero at the centre of the simplex.  V = -sum over k = 1 .. K of
/// log x_k is the log Jacobian with respect to Lebesgue measure on the first K - 1 coordinates, so densities are per
/// that measure (that of the uniform one is (K - 1)!).  Remainders are sums of the pieces behind, not 1 minus those
/// before: no cancellation at corners. Edges: pieces below the smallest normal number count as that.  A negative piece,
/// or a sum farther than 1/100 from 1, is off the support: v = -inf, gradient 0.  Closer sums are taken as rounding:
/// only the ratios of the pieces matter to z.
template <Index K> struct StickBreaking {
  static_assert(K >= 2, "rheo: StickBreaking: a simplex has at least 2 corners");
  static constexpr Index x_dim = K, z_dim = K - 1, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<K> x_support = all_of<K>(Support::simplex);
  static constexpr Supports<K - 1> z_support = all_of<K - 1>(Support::real);
  template <class T> using Cache = NoCache;

  template <class T> void encode(Pass<T, NoCache> p) const {
    const Index xs = p.in.outerStride(), zs = p.out.outerStride();
    math::sweep<T>(p.in.rows(), [=, x = p.in.data(), z = p.out.data(), v = p.v.data()](auto at, Index i) {
      using L = typename decltype(at)::Number;
      using math::select, std::log;
      L rest = clamped<T, L>(at.load(x + (K - 1) * xs + i)), total = log(rest);
      for (Index k = K - 1; k-- > 0;) {
        const L piece = clamped<T, L>(at.load(x + k * xs + i)), l = log(piece);
        at.store(z + k * zs + i, l - log(rest) + L(offset(k)));
        rest += piece;
        total += l;
      }
      at.store(v + i, at.load(v + i) + if_inside(at, x + i, xs, -total, L(-std::numeric_limits<double>::infinity())));
    });
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const {
    const Index xs = p.in.outerStride(), gs = p.g_out.outerStride(), os = p.g_in.outerStride();
    math::sweep<T>(p.in.rows(),
                   [=, x = p.in.data(), g = p.g_out.data(), g_v = p.g_v.data(), o = p.g_in.data()](auto at, Index i) {
                     using L = typename decltype(at)::Number;
                     using math::select;
                     const L tiny(least<T>), gv = at.load(g_v + i);
                     L rest(0);
                     for (Index k = K; k-- > 0;) {  // the remainders wait in g_in until they are read
                       rest += clamped<T, L>(at.load(x + k * xs + i));
                       at.store(o + k * os + i, rest);
                     }
                     L from_rests(0);  // what the remainders in front of piece k send to it
                     for (Index k = 0; k < K; ++k) {
                       const L raw = at.load(x + k * xs + i), piece = clamped<T, L>(raw);
                       L own = from_rests - gv / piece;
                       if (k < K - 1) {
                         const L gz = at.load(g + k * gs + i);
                         const L behind = at.load(o + (k + 1) * os + i);
                         own += gz / piece;
                         from_rests -= gz / behind;
                       }
                       at.store(o + k * os + i, if_inside(at, x + i, xs, select(raw < tiny, L(0), own), L(0)));
                     }
                   });
  }
  template <class T> void decode(Pass<T, NoCache> p) const {
    const Index zs = p.in.outerStride(), xs = p.out.outerStride();
    math::sweep<T>(p.in.rows(), [=, z = p.in.data(), x = p.out.data(), v = p.v.data()](auto at, Index i) {
      using L = typename decltype(at)::Number;
      using std::exp;
      L rest(0), total(0);  // logs
      for (Index k = 0; k < K - 1; ++k) {
        const L t = at.load(z + k * zs + i) - L(offset(k)), l = rest + math::log_sigmoid(t);
        at.store(x + k * xs + i, exp(l) + (t - t));  // packets may lose a NaN
        rest += math::log_sigmoid(-t);
        total += l;
      }
      at.store(x + (K - 1) * xs + i, exp(rest));
      at.store(v + i, at.load(v + i) - (total + rest));
    });
  }
  /// With s_k = sigmoid(t_k) the piece's part of what was left: d log x_k / d t_k = 1 - s_k, d log x_m / d t_k = -s_k
  /// for m > k.
  template <class T> void decode_pull(Pull<T, NoCache> p) const {
    const Index zs = p.in.outerStride(), xs = p.out.outerStride(), gs = p.g_out.outerStride(),
                os = p.g_in.outerStride();
    math::sweep<T>(p.in.rows(), [=, z = p.in.data(), x = p.out.data(), g = p.g_out.data(), g_v = p.g_v.data(),
                                 o = p.g_in.data()](auto at, Index i) {
      using L = typename decltype(at)::Number;
      const L gv = at.load(g_v + i);
      L behind = at.load(g + (K - 1) * gs + i) * at.load(x + (K - 1) * xs + i) - gv;  // cotangents of log x_m, m > k
      for (Index k = K - 1; k-- > 0;) {
        const L t = at.load(z + k * zs + i) - L(offset(k)),
                own = at.load(g + k * gs + i) * at.load(x + k * xs + i) - gv;
        at.store(o + k * os + i, own * math::sigmoid(-t) - behind * math::sigmoid(t));
        behind += own;
      }
    });
  }

 private:
  template <class T>
  static constexpr double least = static_cast<double>(std::numeric_limits<decltype(autodiff::value_of(T()))>::min());
  static double offset(Index k) { return std::log(static_cast<double>(K - 1 - k)); }
  template <class T, class L> static L clamped(L x) {
    using math::select;
    return select(x < L(least<T>), L(least<T>), x);
  }
  template <class At, class P, class L> static L if_inside(At at, P x, Index stride, L value, L other) {
    using math::select;
    L sum(0);
    for (Index k = 0; k < K; ++k) {
      const L piece = at.load(x + k * stride);
      value = select(piece < L(0), other, value);
      sum += piece;
    }
    return select(sum < L(0.99), other, select(sum > L(1.01), other, value));
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
