// SPDX-License-Identifier: MIT
// Laws of an order of N things, N whole numbers of which each of 0 .. N - 1 occurs once: all orders alike, or Plackett
// and Luce's with scores that a net makes.
//   Luce 1959, Individual Choice Behavior;  Plackett 1975, Applied Statistics 24, p. 193;  draws: Yellott 1977, Journal
//     of Mathematical
//   Psychology 15, p. 109 (the order of scores plus Gumbel noise).
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/math/points.hpp"
#include "rheo/nets/mlp.hpp"

namespace rheo {
namespace detail {

/// Whether row i of x is an order; if so, which things it names.  NaN, fractions, repetitions and numbers out of range
/// are none.
template <Index N, class T>
bool read_order(CView<T> x, Index i, std::array<Index, static_cast<std::size_t>(N)>& order) {
  std::array<bool, static_cast<std::size_t>(N)> seen{};
  for (Index k = 0; k < N; ++k) {
    const auto a = static_cast<double>(autodiff::value_of(x(i, k)));
    if (!(a >= 0 && a < static_cast<double>(N)) || a != std::floor(a)) return false;
    const auto j = static_cast<Index>(a);
    if (std::exchange(seen[static_cast<std::size_t>(j)], true)) return false;
    order[static_cast<std::size_t>(k)] = j;
  }
  return true;
}
/// log p of a row that is no order: NaN where it holds one, else -inf.
template <class T> T no_order(CView<T> x, Index i) {
  for (Index k = 0; k < x.cols(); ++k) {
    if (std::isnan(static_cast<double>(autodiff::value_of(x(i, k))))) return x(i, k);
  }
  return T(-std::numeric_limits<double>::infinity());
}

}  // namespace detail

/// All N! orders alike, nothing learned: log p = -log N!; -inf for a row that is no order.
template <Index N> struct FairOrder : DistributionFacts<N, Support::category> {
  static constexpr Index param_count = 0, categories = N;
  static constexpr bool smooth = false, orders = true;
  template <class T> using Cache = NoCache;

  template <class T> void encode(Pass<T, NoCache> p) const {
    std::array<Index, static_cast<std::size_t>(N)> order{};
    const T log_p = T(-math::log_factorial(N));
    for (Index i = 0; i < p.in.rows(); ++i)
      p.v(i) += detail::read_order<N, T>(p.in, i, order) ? log_p : detail::no_order<T>(p.in, i);
  }
  template <class T> void encode_pull(Pull<T, NoCache> p) const { p.g_in.setZero(); }
  template <class T> void decode(Pass<T, NoCache> p) const {
    std::array<std::int32_t, static_cast<std::size_t>(N)> order{};
    for (Index i = 0; i < p.out.rows(); ++i) {
      p.noise.permutation(order.data(), N, i);
      for (Index k = 0; k < N; ++k) p.out(i, k) = T(static_cast<double>(order[static_cast<std::size_t>(k)]));
    }
    p.v += T(-math::log_factorial(N));
  }
};

/// The thing of place 0 is drawn with odds e^s, that of place 1 with the same odds among the rest, and so on:
/// log p(order | c) = sum_k s_order(k) - log sum_(l >= k) e^s_order(l), the N scores s from a net of the context, C > 0
/// wide.  A new net gives all orders alike.  -inf for a row that is no order.  Draws are exact, by Gumbel noise; they
/// have no derivative. encode_pull takes N (N + 1) / 2 exponentials a row.
template <Index N, class Net, Index C> struct ConditionalPlackettLuce : DistributionFacts<N, Support::category> {
  static_assert(N > 1 && C > 0, "rheo: ConditionalPlackettLuce wants two things or more, and a context");
  using Conditioner = typename Net::template net<0, N, C>;
  static_assert(!detail::is_masked<Conditioner>,
                "rheo: ConditionalPlackettLuce wants a plain net: Mlp<64, 64> in place of Made<64, 64>");
  static constexpr Index context_dim = C, param_count = Conditioner::param_count, categories = N, encode_passes = 1,
                         decode_passes = 1;
  static constexpr bool smooth = false, orders = true;
  static constexpr auto size = static_cast<std::size_t>(N);
  template <class T> using NetCache = typename Conditioner::template Cache<T>;
  template <class T> struct Cache {
    NetCache<T> net;
    Buffer<T> scores;
  };
  Conditioner net{};

  template <class Q> static auto unpack(Q p) { return p.part(Conditioner{}, param_count, "net"); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    net.init(theta, buffers, noise);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const { score(scores(p, p.in.rows()), p.in, p.v); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    using std::exp;
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> s = p.cache.scores.view(n, N), g_s = p.scratch.template take<T>(n, N);
    p.g_in.setZero();
    g_s.setZero();
    std::array<Index, size> order{};
    std::array<T, size> rest;
    for (Index i = 0; i < n; ++i) {
      if (!detail::read_order<N, T>(p.in, i, order)) continue;
      log_sums<T>(s, i, order, rest);
      for (std::size_t l = 0; l < size; ++l) {
        T chosen(0);  // how often the thing was expected by then
        for (std::size_t k = 0; k <= l; ++k) chosen += exp(s(i, order[l]) - rest[k]);
        g_s(i, order[l]) = p.g_v(i) * (T(1) - chosen);
      }
    }
    net.map_pull(NetPull<T, NetCache<T>>{columns(p.in, 0, 0), read(g_s), columns(p.g_in, 0, 0), p.theta, p.g_theta,
                                         p.context, p.g_context, p.cache.net, p.scratch});
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    const Index n = p.out.rows();
    const View<T> s = scores(p, n);
    std::array<Index, size> order{};
    std::array<double, size> key{};
    for (Index i = 0; i < n; ++i) {
      for (std::size_t k = 0; k < size; ++k) {
        const auto j = static_cast<Index>(k);
        const auto a = static_cast<double>(autodiff::value_of(s(i, j)));
        key[k] = (std::isnan(a) ? 0 : a) - std::log(-std::log(p.noise.uniform(i, j)));
        order[k] = j;
      }
      std::sort(order.begin(), order.end(), [&](Index a, Index b) {
        const double u = key[static_cast<std::size_t>(a)], w = key[static_cast<std::size_t>(b)];
        return u > w || (u == w && a < b);
      });
      for (Index k = 0; k < N; ++k) p.out(i, k) = T(static_cast<double>(order[static_cast<std::size_t>(k)]));
    }
    score(s, read(p.out), p.v);
  }

 private:
  template <class T> View<T> scores(Pass<T, Cache<T>>& p, Index n) const {
    const View<T> s = p.cache.scores.view(n, N);
    net.map(NetPass<T, NetCache<T>>{columns(p.in, 0, 0), s, p.theta, p.context, p.cache.net, p.scratch});
    return s;
  }
  /// rest[k] = log sum_(l >= k) e^s_order(l), from the last place on.
  template <class T>
  static void log_sums(View<T> s, Index i, const std::array<Index, size>& order, std::array<T, size>& rest) {
    using std::exp, std::log1p;
    rest[size - 1] = s(i, order[size - 1]);
    for (std::size_t k = size - 1; k-- > 0;) {
      const T a = s(i, order[k]), b = rest[k + 1];
      rest[k] = a > b ? T(a + log1p(exp(b - a))) : T(b + log1p(exp(a - b)));
    }
  }
  template <class T> static void score(View<T> s, CView<T> x, ColView<T> v) {
    std::array<Index, size> order{};
    std::array<T, size> rest;
    for (Index i = 0; i < x.rows(); ++i) {
      if (!detail::read_order<N, T>(x, i, order)) {
        v(i) += detail::no_order<T>(x, i);
        continue;
      }
      log_sums<T>(s, i, order, rest);
      T log_p(0);
      for (std::size_t k = 0; k + 1 < size; ++k) log_p += s(i, order[k]) - rest[k];
      v(i) += log_p;
    }
  }
};

/// All orders alike, whatever is kept.
struct FairOrders {
  template <Index N, Index C> using law = FairOrder<N>;
};
/// Plackett and Luce's law, the scores from a net of what is kept: PlackettLuce<Mlp<64>>.
template <class Net> struct PlackettLuce {
  template <Index N, Index C> using law = ConditionalPlackettLuce<N, Net, C>;
};

}  // namespace rheo
