// SPDX-License-Identifier: MIT
// Bernoulli and Categorical: whole numbers with learned logits, or logits from a net of the context.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "rheo/distributions/independent.hpp"
#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {
namespace family {

/// 1 with probability sigmoid(a), else 0; any other number has log p = -inf, NaN has NaN.  V is a log-probability.  The
/// gradient to x is 0; draws have no derivative.
struct Bernoulli {
  static constexpr Index params = 1, natural_count = 2, cotangents = 2, categories = 2;
  static constexpr Support support = Support::integer;
  static constexpr bool smooth = false;

  /// log p(0), log p(1).
  template <class L, class Raw> std::array<L, 2> natural(Raw raw) const {
    return {-math::softplus(L(raw(0))), -math::softplus(-L(raw(0)))};
  }
  template <class L> L log_prob(L x, const std::array<L, 2>& q) const {
    using math::select;
    const L off = select(x == x, L(-std::numeric_limits<double>::infinity()), x);
    return select(x == L(0), q[0], select(x == L(1), q[1], off));
  }
  template <class L, class Give> L log_prob_pull(L x, L g_v, const std::array<L, 2>&, Give give) const {
    using math::keep_where;
    give(0, keep_where(x == L(0), g_v));
    give(1, keep_where(x == L(1), g_v));
    return L(0);
  }
  template <class L, class Raw, class G, class Give>
  void raw_pull(Raw raw, const std::array<L, 2>&, const G& g, Give give) const {
    const L a = raw(0);
    give(0, g[1] * math::sigmoid(-a) - g[0] * math::sigmoid(a));
  }
  /// The odds of n numbers x.
  template <class T, class Raw> void initialise(const T* x, Index n, Raw raw) const {
    raw(0) = T(start_logit(std::count(x, x + n, T(1)), n));
  }
  /// The logit of count in n; one more of each keeps it finite.
  static double start_logit(Index count, Index n) {
    return std::log((static_cast<double>(count) + 1) / (static_cast<double>(n - count) + 1));
  }
  template <class T> T draw(const Noise& noise, Index i, Index j, const std::array<T, 2>& q) const {
    using std::exp;
    return exp(q[1]) > T(noise.uniform(i, j)) ? T(1) : T(0);
  }
};

/// K equal odds, nothing learned: k = 0 .. K - 1 with log p = -log K; any other number has log p = -inf, NaN has NaN.
template <Index K> struct Fair {
  static constexpr Index params = 0, natural_count = 0, cotangents = 0, categories = K;
  static constexpr Support support = Support::category;
  static constexpr bool smooth = false, lanes = false;

  template <class T, class Raw> std::array<T, 0> natural(Raw) const { return {}; }
  template <class T> T log_prob(T x, const std::array<T, 0>&) const {
    const auto k = static_cast<double>(autodiff::value_of(x));
    if (k >= 0 && k < static_cast<double>(K) && k == std::floor(k)) return T(-std::log(static_cast<double>(K)));
    return std::isnan(k) ? x : T(-std::numeric_limits<double>::infinity());
  }
  template <class T, class Give> T log_prob_pull(T, T, const std::array<T, 0>&, Give) const { return T(0); }
  template <class T, class Raw, class G, class Give>
  void raw_pull(Raw, const std::array<T, 0>&, const G&, Give) const {}
  template <class T> T draw(const Noise& noise, Index i, Index j, const std::array<T, 0>&) const {
    return T(static_cast<double>(noise.index(i, j, K)));
  }
};

/// k with probability softmax(a)_k, k = 0 .. K - 1; any other number has log p = -inf, NaN has NaN.  As Bernoulli
/// otherwise.
template <Index K> struct Categorical {
  static_assert(K > 1, "rheo: Categorical wants at least two categories");
  static constexpr Index params = K, natural_count = K, cotangents = K, categories = K;
  static constexpr Support support = Support::category;
  static constexpr bool smooth = false;
  static constexpr auto size = static_cast<std::size_t>(K);

  /// log p(k).
  template <class L, class Raw> std::array<L, size> natural(Raw raw) const {
    using std::exp, std::log, std::max;
    std::array<L, size> q;
    L top = raw(0), total(0);
    for (Index k = 1; k < K; ++k) top = max(top, L(raw(k)));
    for (Index k = 0; k < K; ++k) total += exp(L(raw(k)) - top);
    const L shift = top + log(total);
    for (Index k = 0; k < K; ++k) q[static_cast<std::size_t>(k)] = L(raw(k)) - shift;
    return q;
  }
  template <class L> L log_prob(L x, const std::array<L, size>& q) const {
    using math::select;
    L v = select(x == x, L(-std::numeric_limits<double>::infinity()), x);
    for (std::size_t k = 0; k < size; ++k) v = select(x == L(static_cast<double>(k)), q[k], v);
    return v;
  }
  template <class L, class Give> L log_prob_pull(L x, L g_v, const std::array<L, size>&, Give give) const {
    using math::keep_where;
    for (Index k = 0; k < K; ++k) give(k, keep_where(x == L(static_cast<double>(k)), g_v));
    return L(0);
  }
  template <class L, class Raw, class G, class Give>
  void raw_pull(Raw, const std::array<L, size>& q, const G& g, Give give) const {
    using std::exp;
    L total(0);
    for (const L& c : g) total += c;
    for (Index k = 0; k < K; ++k) give(k, g[static_cast<std::size_t>(k)] - exp(q[static_cast<std::size_t>(k)]) * total);
  }
  /// The shares of n numbers x; one more of each keeps them above 0.
  template <class T, class Raw> void initialise(const T* x, Index n, Raw raw) const {
    for (Index k = 0; k < K; ++k) {
      const auto count = static_cast<double>(std::count(x, x + n, T(static_cast<double>(k))));
      raw(k) = T(std::log((count + 1) / static_cast<double>(n + K)));
    }
  }
  template <class T> T draw(const Noise& noise, Index i, Index j, const std::array<T, size>& q) const {
    using std::exp;
    T left = T(noise.uniform(i, j));
    std::size_t k = 0;
    for (; k + 1 < size; ++k) {
      left -= exp(q[k]);
      if (left < T(0)) break;
    }
    return T(static_cast<double>(k));
  }
};

}  // namespace family

/// D coordinates in {0, 1} with learned logits, which a fit starts at the data's.
template <Index D> using Bernoulli = Independent<D, family::Bernoulli>;
/// D coordinates in {0 .. K - 1} with learned logits, which a fit starts at the data's.
template <Index D, Index K> using Categorical = Independent<D, family::Categorical<K>>;
template <Index D, class Net, Index C>
using ConditionalBernoulli = ConditionalIndependent<D, family::Bernoulli, Net, C>;
template <Index D, Index K, class Net, Index C>
using ConditionalCategorical = ConditionalIndependent<D, family::Categorical<K>, Net, C>;

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
