// SPDX-License-Identifier: MIT
// BlockAutoregressive: one net that is monotone in each coordinate given those before it.
//   De Cao et al. 2019, arXiv:1904.04676 (block neural autoregressive flow, with its gated residual).
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>

#include "rheo/core/layer_more.hpp"
#include "rheo/math/root.hpp"
#include "rheo/nets/block_monotone.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// Hidden units of each coordinate, layer by layer: Blocks<8, 8>.
template <Index... A> struct Blocks {};

template <Index D, class Widths, Index C = 0> struct BlockAutoregressive;

/// z_j = (1 - alpha_j) x_j + alpha_j f_j(x_0 .. x_j, context), alpha = sigmoid(gate); V = sum of log((1 - alpha_j) +
/// alpha_j df_j/dx_j). f is a tanh net whose units belong to coordinates: weights from earlier coordinates are free,
/// those within a coordinate are exp(w) > 0, those from later ones are masked (zero at the start, never read, no
/// gradient).  No weight normalisation. tanh is bounded, so it is the gate that makes the range the whole line and
/// keeps every slope above 1 - alpha; therefore the slopes themselves need no logarithms, as the paper takes them, to
/// stay above zero.  A new layer is not the identity, which f cannot be: alpha starts at 0.05. decode solves one
/// coordinate after another to a residual of a few roundings: f lies between bounds that the last weights give, and
/// these bracket the root.  A row that is not solved is NaN, with v.  decode_pull is the implicit function's: a
/// transposed triangular solve along the coordinates, and one encode_pull.
template <Index D, Index... A, Index C> struct BlockAutoregressive<D, Blocks<A...>, C> {
  static_assert(D > 0 && sizeof...(A) > 0, "rheo: BlockAutoregressive: at least one coordinate and one hidden layer");
  using Net = detail::BlockMonotone<D, C, A...>;

  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = Net::param_count + D, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Index encode_passes = 1, decode_passes = as_needed;
  static constexpr bool parallel_encode = true, parallel_decode = D == 1;
  /// Residuals are a few roundings of the terms; a slope of 1 - alpha enlarges them in x.
  template <class T> static constexpr double accuracy() {
    return 1e3 * static_cast<double>(std::numeric_limits<decltype(autodiff::value_of(T()))>::epsilon());
  }
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;

  template <class T> using Cache = typename Net::template Cache<T>;

  template <class Q> static auto unpack(Q p) {
    auto net = p.part(Net{}, Net::param_count, "net");
    return std::pair{net, p.vector(D, "gate")};
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    auto [net, gate] = unpack(theta);
    Net{}.init(net, buffers, noise);
    gate.setConstant(T(-3));
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const auto [net, g] = unpack(p.theta);
    Net::template forward<T>(p.in, p.context, net, Net::template weights<T>(net, p.scratch), p.cache, p.scratch);
    for (Index j = 0; j < D; ++j) {
      const T alpha = math::sigmoid(g(j)), rest = math::sigmoid(-g(j));
      math::sweep<T>(
          n, [=, x = column(p.in, j).data(), z = column(p.out, j).data(), v = p.v.data(),
              f = column(values(p.cache, n), j).data(), d = column(slopes(p.cache, n), j).data()](auto at, Index i) {
            using std::log;
            using L = typename decltype(at)::Number;
            at.store(z + i, L(rest) * at.load(x + i) + L(alpha) * at.load(f + i));
            at.store(v + i, at.load(v + i) + log(L(rest) + L(alpha) * at.load(d + i)));
          });
    }
  }

  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    pull_at<T>(p, p.in, p.g_out, Net::template weights<T>(unpack(p.theta).first, p.scratch), p.g_in, true);
  }

  template <class T> void decode(Pass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const auto [net, g] = unpack(p.theta);
    const View<T> h = p.cache.h.view(n, Net::hidden), base = p.cache.d.view(n, Net::hidden),
                  joined = Net::joined(read(p.out), p.context, p.cache, false);
    const View<T> last = p.scratch.template take<T>(n, 1);
    const auto E = Net::template weights<T>(net, p.scratch);
    using std::abs;
    for (Index j = 0; j < D; ++j) {
      Net::template before_own<T>(j, read(p.out), read(joined), net, h, base, last);
      const Own<T> own{E, j};
      const T alpha = math::sigmoid(g(j)), rest = math::sigmoid(-g(j));
      std::int64_t evaluations = 0;
      math::sweep<T>(n, [&, z = column(p.in, j).data(), x = column(p.out, j).data(), v = p.v.data()](auto at, Index i) {
        using std::log;
        using L = typename decltype(at)::Number;
        const auto from = [&](std::size_t l, Index unit) {
          return at.load(column(Net::part(base, l), unit).data() + i);
        };
        const L f_rest = at.load(last.data() + i),
                root = solve<L>(own, from, f_rest, L(alpha), L(rest), at.load(z + i), evaluations);
        const auto there = own(root, from, f_rest, [&](std::size_t l, Index unit, L value) {
          at.store(column(Net::part(h, l), unit).data() + i, value);
        });
        at.store(x + i, root);
        at.store(v + i, at.load(v + i) + log(L(rest) + L(alpha) * there.slope));
      });
      if (p.report) {
        p.report->evaluations += evaluations;
        for (Index i = 0; i < n; ++i) {
          if (autodiff::value_of(p.out(i, j)) == autodiff::value_of(p.out(i, j)) ||
              !(abs(p.in(i, j) - last(i, 0)) < T(std::numeric_limits<float>::max())))
            continue;
          p.report->miss(std::numeric_limits<double>::infinity());
        }
      }
      if constexpr (C > 0) column(joined, C + j) = column(p.out, j);
    }
  }

  template <class T> void decode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const auto [net, g] = unpack(p.theta);
    const auto E = Net::template weights<T>(net, p.scratch);
    Net::template forward<T>(p.out, p.context, net, E, p.cache, p.scratch);
    View<T> r = p.scratch.template take<T>(n, D), g_z = p.scratch.template take<T>(n, D),
            g_f = p.scratch.template take<T>(n, D);
    const View<T> g_a = p.scratch.template take<T>(n, Net::hidden), by_x = p.scratch.template take<T>(n, 1),
                  q = p.cache.q.view(n, Net::hidden);
    g_z.setZero();
    pull_at<T>(p, p.out, read(g_z), E, r, false);
    r += p.g_out;
    // J' y = r from the last coordinate to the first; a coordinate's own units are run twice, without and with its y.
    for (Index j = D; j-- > 0;) {
      const T alpha = math::sigmoid(g(j)), rest = math::sigmoid(-g(j));
      column(g_f, j).setZero();
      Net::template back_own<T>(j, read(g_f), E, q, g_a, by_x);
      column(p.g_in, j) = (column(r, j) - column(by_x, 0)) / (column(slopes(p.cache, n), j) * alpha + rest);
      column(g_f, j) = column(p.g_in, j) * alpha;
      if (j > 0) Net::template back_own<T>(j, read(g_f), E, q, g_a, by_x);
    }
    g_z = -p.g_in;
    pull_at<T>(p, p.out, read(g_z), E, r, true);
  }

 private:
  template <class T> using Own = typename Net::template Own<T>;
  template <class T> static View<T> values(Cache<T>& cache, Index n) { return columns(cache.f.view(n, 2 * D), 0, D); }
  template <class T> static View<T> slopes(Cache<T>& cache, Index n) { return columns(cache.f.view(n, 2 * D), D, D); }

  /// g_x = J' g_z + the gradient of g_v . V, at a point whose forward() stands in the cache; parameters and context too
  /// if asked.
  template <class T>
  static void pull_at(Pull<T, Cache<T>>& p, CView<T> x, CView<T> g_z, const typename Net::template Weights<T>& E,
                      View<T> g_x, bool all) {
    Arena::Scope scope(p.scratch);
    const Index n = x.rows();
    const auto g = unpack(p.theta).second;
    auto g_gate = unpack(p.g_theta).second;
    const View<T> f = values(p.cache, n), d = slopes(p.cache, n), g_f = p.scratch.template take<T>(n, D),
                  g_slope = p.scratch.template take<T>(n, D);
    ColView<T> by_slope = p.scratch.template column<T>(n);
    for (Index j = 0; j < D; ++j) {
      const T alpha = math::sigmoid(g(j)), rest = math::sigmoid(-g(j));
      by_slope = p.g_v / (column(d, j) * alpha + rest);
      column(g_f, j) = column(g_z, j) * alpha;
      column(g_slope, j) = by_slope * alpha;
      if (all)
        g_gate(j) +=
            alpha * rest *
            ((column(g_z, j) * (column(f, j) - column(x, j))).sum() + (by_slope * (column(d, j) - T(1))).sum());
    }
    Net::template pull<Pull<T, Cache<T>>, T>(p, x, g_f, g_slope, E, p.cache, g_x, all);
    for (Index j = 0; j < D; ++j) column(g_x, j) += column(g_z, j) * T(math::sigmoid(-g(j)));
  }

  /// The x with rest x + alpha f(x) = z: on values, then with tangents.
  template <class L, class T, class From>
  static L solve(const Own<T>& own, From from, L last, L alpha, L rest, L z, std::int64_t& evaluations) {
    using std::abs;
    const auto value = [](auto t) {
      if constexpr (autodiff::is_dual_v<L>) return autodiff::value_of(t);
      else return t;
    };
    using S = decltype(value(z));
    const auto forget = [](std::size_t, Index, auto) {};
    const S c = value(last), y = value(z), a = value(alpha), b = value(rest), reach = own.template reach<S>();
    const S slack = S(4 * std::numeric_limits<math::ScalarOf<S>>::epsilon()) * (abs(y) + a * (abs(c) + reach));
    const auto graph = [&](S x) {
      evaluations += math::is_lane_v<S> ? math::Lane<math::ScalarOf<S>>::size : 1;
      const auto f = own(
          x, [&](std::size_t l, Index unit) { return value(from(l, unit)); }, c, forget);
      return math::Graph<S>{b * x + a * f.y, b + a * f.slope};
    };
    const S root =
        math::root_between(graph, y, (y - a * (c + reach) - slack) / b, (y - a * (c - reach) + slack) / b, y);
    if constexpr (!autodiff::is_dual_v<L>) {
      return root;
    } else {
      return math::lift_root(
          [&](L x) {
            const auto f = own(x, from, last, forget);
            return math::Graph<L>{rest * x + alpha * f.y, rest + alpha * f.slope};
          },
          z, L(root));
    }
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
