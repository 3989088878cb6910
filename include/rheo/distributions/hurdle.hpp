// SPDX-License-Identifier: MIT
// Hurdle: numbers that are 0 with a probability of their own, and follow a law of the positive numbers elsewhere: rain,
// claims, activations.
//   Mullahy 1986, Specification and testing of some modified count data models, J. Econometrics 33 (hurdle models).
#pragma once

#include <array>
#include <limits>

#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/location_scale.hpp"

namespace rheo {
namespace family {

/// 0 with probability sigmoid(-a), else a draw of F, a family on (0, inf); parameters (a, those of F).  log p is a
/// log-probability at 0 and a log-density above it; -inf below.  No pathwise derivative: the choice has none.
template <class F> struct Hurdle {
  static_assert(F::support == Support::positive, "rheo: Hurdle wants a family on (0, inf), as family::Exponential<>");
  static constexpr Index params = 1 + F::params, natural_count = 2 + F::natural_count, cotangents = 2 + F::cotangents,
                         draws = 2;
  static constexpr Support support = Support::censored;
  static constexpr bool smooth = false;
  F above{};

  Hurdle() = default;
  explicit Hurdle(const F& f) : above(f) {}

  /// log p(0), log p(above 0), those of F.
  template <class L, class Raw> auto natural(Raw raw) const {
    std::array<L, static_cast<std::size_t>(natural_count)> q;
    q[0] = -math::softplus(L(raw(0)));
    q[1] = -math::softplus(-L(raw(0)));
    const auto inner = above.template natural<L>([&](Index k) { return raw(k + 1); });
    for (std::size_t k = 0; k < inner.size(); ++k) q[k + 2] = inner[k];
    return q;
  }
  template <class L, std::size_t N> L log_prob(L x, const std::array<L, N>& q) const {
    using math::select;
    return select(x == L(0), q[0], q[1] + above.log_prob(x, rest(q)));
  }
  template <class L, std::size_t N, class Give>
  L log_prob_pull(L x, L g_v, const std::array<L, N>& q, Give give) const {
    using math::keep_where;
    const L g = keep_where(x > L(0), g_v);
    give(0, keep_where(x == L(0), g_v));
    give(1, g);
    return keep_where(x > L(0), above.log_prob_pull(x, g, rest(q), [&](Index k, auto c) { give(k + 2, c); }));
  }
  template <class L, std::size_t N, class Raw, class G, class Give>
  void raw_pull(Raw raw, const std::array<L, N>& q, const G& g, Give give) const {
    const L a = raw(0);
    give(0, g[1] * math::sigmoid(-a) - g[0] * math::sigmoid(a));
    std::array<L, static_cast<std::size_t>(F::cotangents)> inner;
    for (std::size_t k = 0; k < inner.size(); ++k) inner[k] = g[k + 2];
    above.raw_pull([&](Index k) { return raw(k + 1); }, rest(q), inner, [&](Index k, auto c) { give(k + 1, c); });
  }
  /// The odds of 0 among n numbers x.
  template <class T, class Raw> void initialise(const T* x, Index n, Raw raw) const {
    raw(0) = T(Bernoulli::start_logit(n - std::count(x, x + n, T(0)), n));
  }
  template <class T, std::size_t N> T draw(const Noise& noise, Index i, Index j, const std::array<T, N>& q) const {
    using std::exp;
    if (!(T(noise.uniform(i, 2 * j)) < exp(q[1]))) return T(0);
    if constexpr (rheo::detail::DrawsNormal<F, T>) return above.from_normal(T(noise.fork(1).normal(i, j)), rest(q));
    else return above.draw(noise, i, 2 * j + 1, rest(q));
  }

 private:
  template <class L, std::size_t N> static auto rest(const std::array<L, N>& q) {
    std::array<L, N - 2> r;
    for (std::size_t k = 0; k < r.size(); ++k) r[k] = q[k + 2];
    return r;
  }
};

}  // namespace family

/// D coordinates in [0, inf), 0 with learned odds, exponential of a learned mean above it: what stands behind
/// Invert<ReluSurjection>.
template <Index D> using HurdleExponential = Independent<D, family::Hurdle<family::Exponential<>>>;

}  // namespace rheo
