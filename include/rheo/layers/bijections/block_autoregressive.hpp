// SPDX-License-Identifier: MIT
// BlockAutoregressive: one net that is monotone in each coordinate given those before it.
//   De Cao et al. 2019, arXiv:1904.04676 (block neural autoregressive flow), eqs. 9-15 and the gated residual of section 4.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "rheo/core/layer.hpp"
#include "rheo/nets/mlp.hpp"
#include "rheo/nets/stairs.hpp"

namespace rheo {

/// Hidden units of each coordinate, layer by layer: Blocks<8, 8>.
template <Index... A> struct Blocks {};

namespace detail {

/// The x in [lo, hi] with f(x) = y for an increasing f that gives {value, slope}: Newton steps kept inside the bracket, else bisection.
/// Stops when abs(f(x) - y) <= tolerance, or the bracket is as narrow as numbers are; `left` is the residual there, infinite if neither was met.
template <class S, class F> S increasing_root(const F& f, S y, S lo, S hi, S x, S tolerance, S& left, long& evaluations) {
  using std::abs, std::max;
  constexpr int limit = 100 + std::numeric_limits<S>::max_exponent - std::numeric_limits<S>::min_exponent;
  x = std::clamp(x, lo, hi);
  S width = hi - lo;
  for (int k = 0; k < limit; ++k) {
    const auto at = f(x);
    ++evaluations;
    const S r = at.y - y, step = r / at.slope;
    if (abs(r) <= tolerance || hi - lo <= 2 * std::numeric_limits<S>::epsilon() * max(abs(lo), abs(hi))) {
      left = abs(r);
      return std::clamp(x - step, lo, hi);
    }
    (r > 0 ? hi : lo) = x;
    const bool slow = abs(step) > width / 2;
    width = abs(step);
    x -= step;
    if (slow || !(x > lo && x < hi)) {
      width = hi - lo;
      x = lo + (hi - lo) / 2;
    }
  }
  left = std::numeric_limits<S>::infinity();
  return std::numeric_limits<S>::quiet_NaN();
}

/// tanh and its slope, which keeps its digits where tanh is 1 to rounding.
template <class L> std::array<L, 2> tanh_and_slope(L a) {
  using math::select, std::abs, std::exp;
  const L e = exp(L(-2) * abs(a)), r = L(1) / (L(1) + e), t = (L(1) - e) * r;
  return {select(a < L(0), -t, t), L(4) * e * r * r};
}

}  // namespace detail

template <Index D, class Widths, Index C = 0> struct BlockAutoregressive;

/// z_j = (1 - alpha_j) x_j + alpha_j f_j(x_0 .. x_j, context), alpha = sigmoid(gate); V = sum of log((1 - alpha_j) + alpha_j df_j/dx_j).
/// f is a tanh net whose units belong to coordinates: weights from earlier coordinates are free, those within a coordinate are exp(w) > 0,
/// those from later ones are masked (zero at the start, never read, no gradient).  No weight normalisation.
/// tanh is bounded, so it is the gate that makes the range the whole line and keeps every slope above 1 - alpha; therefore the slopes
/// themselves need no logarithms, the paper's eq. 15, to stay above zero.  A new layer is not the identity, which f cannot be: alpha starts at 0.05.
/// decode solves one coordinate after another to a residual of a few roundings: f lies between bounds that the last weights give, and
/// these bracket the root.  A row that is not solved is NaN, with v.  decode_pull is the implicit function's: a transposed triangular
/// solve along the coordinates, at the cost of about three encode_pulls.
template <Index D, Index... A, Index C> struct BlockAutoregressive<D, Blocks<A...>, C> {
  static_assert(D > 0 && sizeof...(A) > 0, "rheo: BlockAutoregressive: at least one coordinate and one hidden layer");
  using Dense = typename BasicMlp<Tanh, ZeroLast, (D * A)...>::template net<C + D, D>;
  static constexpr std::size_t depth = Dense::depth;
  static constexpr Index hidden = Dense::hidden;

  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = Dense::param_count + D, buffer_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Index encode_passes = 1, decode_passes = as_needed;
  static constexpr bool parallel_encode = true, parallel_decode = D == 1;
  /// Residuals are a few roundings of the terms; a slope of 1 - alpha enlarges them in x.
  template <class T> static constexpr double accuracy() { return 1e3 * static_cast<double>(std::numeric_limits<decltype(autodiff::value_of(T()))>::epsilon()); }
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;

  template <class T> struct Cache {
    Buffer<T> joined, h, d, q, f;  // context and x; hidden values, their slopes in the own coordinate, tanh's slopes; f and df/dx
  };

  template <class Q> static auto unpack(Q p) {
    auto net = Dense::unpack(p.part(Dense{}, Dense::param_count, "net"));
    return std::pair{net, p.vector(D, "gate")};
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    Dense{}.init(theta.part(Dense{}, Dense::param_count), buffers, noise);
    theta.all().setConstant(T(-3));
    auto layers = Dense::unpack(Params<T>(theta.data() - Dense::param_count, Dense::param_count));
    for (std::size_t l = 0; l < depth; ++l) {
      const Noise own = noise.fork(2 * depth + l);
      for (Index k = 0; k < width(l + 1); ++k) {
        const Index s = k / size(l + 1);
        auto w = column(layers[l].W, k);
        w.tail(width(l) - seen(l, s)).setZero();
        for (Index i = 0; i < size(l); ++i) w(before(l, s) + i) = T(2 * own.uniform(k, i) - 1 - std::log(static_cast<double>(size(l))));
      }
    }
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const auto E = weights<T>(p.theta, p.scratch);
    forward<T>(p.in, p.context, p.theta, E, p.cache, p.scratch);
    for (Index j = 0; j < D; ++j) gate<T>(p.theta, p.cache, n, j, column(p.in, j), column(p.out, j), p.v);
  }

  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    pull_at<T>(p, p.in, p.g_out, weights<T>(p.theta, p.scratch), p.g_in, true);
  }

  template <class T> void decode(Pass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const auto E = weights<T>(p.theta, p.scratch);
    const auto [layers, g] = unpack(p.theta);
    const View<T> h = p.cache.h.view(n, hidden), base = p.cache.d.view(n, hidden), first = joined(read(p.out), p.context, p.cache, false);
    ColView<T> last = p.scratch.template column<T>(n);
    for (Index j = 0; j < D; ++j) {
      for (std::size_t l = 0; l < depth; ++l) {  // what the units of j get from those before j
        const View<T> out = l + 1 < depth ? columns(part(base, l + 1), j * size(l + 1), size(l + 1)) : view_of(last.data(), n, 1, n);
        const CView<T> in = l > 0 ? read(part(h, l)) : C > 0 ? read(first) : read(p.out);
        detail::dense<T, Identity>(columns(in, 0, before(l, j)), rows(columns(layers[l].W, j * size(l + 1), size(l + 1)), 0, before(l, j)),
                                   CColView<T>(layers[l].b.data() + j * size(l + 1), size(l + 1)), out, nullptr);
      }
      const Own<T> own{E, j};
      const T alpha = math::sigmoid(g(j)), rest = math::sigmoid(-g(j));
      for (Index i = 0; i < n; ++i) p.out(i, j) = solve<T>(own, base, i, last(i), alpha, rest, p.in(i, j), p.report);
      for (Index i = 0; i < n; ++i) p.v(i) += log_slope<T>(own, base, i, last(i), alpha, rest, p.out(i, j), h);
      if constexpr (C > 0) column(first, C + j) = column(p.out, j);
    }
  }

  template <class T> void decode_pull(Pull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const auto E = weights<T>(p.theta, p.scratch);
    const auto [layers, g] = unpack(p.theta);
    forward<T>(p.out, p.context, p.theta, E, p.cache, p.scratch);
    View<T> r = p.scratch.template take<T>(n, D), g_z = p.scratch.template take<T>(n, D), g_a = p.scratch.template take<T>(n, hidden);
    const View<T> g_f = p.scratch.template take<T>(n, D), by_x = p.scratch.template take<T>(n, 1), q = p.cache.q.view(n, hidden);
    g_z.setZero();
    pull_at<T>(p, p.out, read(g_z), E, r, false);
    r += p.g_out;
    // J' y = r from the last coordinate to the first; a coordinate's own units are run twice, without and with its y.
    for (Index j = D; j-- > 0;) {
      const T alpha = math::sigmoid(g(j)), rest = math::sigmoid(-g(j));
      column(g_f, j).setZero();
      for (int round = 0; round < 2; ++round) {
        for (std::size_t l = depth; l-- > 0;) {
          const Index c = j * size(l + 1), own = before(l, j);
          const CView<T> above = read(l + 1 < depth ? part(g_a, l + 1) : g_f);
          View<T> to = l > 0 ? columns(part(g_a, l), own, size(l)) : by_x;
          detail::input_pull<T>(rows(columns(read(E[l]), c, width(l + 1) - c), own, size(l)), columns(above, c, width(l + 1) - c), to);
          if (l > 0) to *= columns(part(q, l), own, size(l));
        }
        if (round == 0) {
          column(p.g_in, j) = (column(r, j) - column(by_x, 0)) / (column(slopes(p.cache, n), j) * alpha + rest);
          column(g_f, j) = column(p.g_in, j) * alpha;
        }
      }
    }
    g_z = -p.g_in;
    pull_at<T>(p, p.out, read(g_z), E, r, true);
  }

 private:
  static constexpr Index width(std::size_t l) { return Dense::width[l]; }
  /// Units of layer l of one coordinate; how many come before the coordinate's own, and how many it sees.
  static constexpr Index size(std::size_t l) { return l == 0 ? 1 : width(l) / D; }
  static constexpr Index before(std::size_t l, Index j) { return (l == 0 ? C : 0) + j * size(l); }
  static constexpr Index seen(std::size_t l, Index j) { return before(l, j) + size(l); }
  static constexpr Index widest = std::max({Index(1), A...});
  static constexpr auto starts = [] {
    std::array<std::array<Index, D + 1>, depth + 1> at{};
    for (std::size_t l = 0; l <= depth; ++l)
      for (Index j = 0; j <= D; ++j) at[l][static_cast<std::size_t>(j)] = j * size(l);
    return at;
  }();
  static constexpr auto ends = [] {
    std::array<std::array<Index, D>, depth> at{};
    for (std::size_t l = 0; l < depth; ++l)
      for (Index j = 0; j < D; ++j) at[l][static_cast<std::size_t>(j)] = seen(l, j);
    return at;
  }();
  static detail::Stairs stairs(std::size_t l) { return {starts[l + 1].data(), ends[l].data(), D}; }
  /// Hidden layer l, from 1, in a view of all hidden units.
  template <class T> static View<T> part(View<T> all, std::size_t l) {
    Index at = 0;
    for (std::size_t k = 1; k < l; ++k) at += width(k);
    return columns(all, at, width(l));
  }
  template <class T> static View<T> slopes(Cache<T>& cache, Index n) { return columns(cache.f.view(n, 2 * D), D, D); }
  template <class T> static View<T> joined(CView<T> x, CView<T> context, Cache<T>& cache, bool fill) {
    const View<T> all = cache.joined.view(x.rows(), C > 0 ? C + D : 0);
    for (Index j = 0; j < C; ++j) column(all, j) = column(context, j);
    for (Index j = 0; j < D && C > 0 && fill; ++j) column(all, C + j) = column(x, j);
    return all;
  }

  /// The weights that act: exp(w) within a coordinate, w before it, zero beyond.
  template <class T> static std::array<View<T>, depth> weights(Params<const T> theta, Arena& scratch) {
    const auto net = unpack(theta).first;
    const auto one = [&](std::size_t l) {
      using std::exp;
      const View<T> E = scratch.take<T>(width(l), width(l + 1));
      for (Index k = 0; k < width(l + 1); ++k) {
        const Index s = k / size(l + 1);
        auto e = column(E, k);
        e = column(net[l].W, k);
        for (Index i = before(l, s); i < seen(l, s); ++i) e(i) = T(exp(e(i)));
        e.tail(width(l) - seen(l, s)).setZero();
      }
      return E;
    };
    return [&]<std::size_t... l>(std::index_sequence<l...>) { return std::array<View<T>, depth>{one(l)...}; }(std::make_index_sequence<depth>{});
  }

  /// f, df/dx and all that pulls need, at x.
  template <class T>
  static void forward(CView<T> x, CView<T> context, Params<const T> theta, const std::array<View<T>, depth>& E, Cache<T>& cache, Arena& scratch) {
    const Index n = x.rows();
    const auto net = unpack(theta).first;
    const View<T> h = cache.h.view(n, hidden), d = cache.d.view(n, hidden), q = cache.q.view(n, hidden), f = cache.f.view(n, 2 * D);
    const View<T> first = joined(x, context, cache, true);
    for (std::size_t l = 0; l < depth; ++l) {
      const bool end = l + 1 == depth;
      const CView<T> in = l > 0 ? read(part(h, l)) : C > 0 ? read(first) : x;
      const View<T> a = end ? columns(f, 0, D) : part(h, l + 1), u = end ? columns(f, D, D) : part(d, l + 1);
      detail::stairs_dense<T, Identity>(in, read(E[l]), net[l].b, stairs(l), a, nullptr, scratch);
      for (Index j = 0; j < D; ++j) {
        const Index c = j * size(l + 1);
        const CView<T> own = rows(columns(read(E[l]), c, size(l + 1)), before(l, j), size(l));
        if (l > 0) gemm_nn<T>(columns(read(part(d, l)), j * size(l), size(l)), own, columns(u, c, size(l + 1)));
        for (Index k = 0; l == 0 && k < size(1); ++k) column(u, c + k).setConstant(own(0, k));
      }
      for (Index k = 0; !end && k < width(l + 1); ++k) {
        math::sweep<T>(n, [a = column(a, k).data(), u = column(u, k).data(), q = column(part(q, l + 1), k).data()](auto at, Index i) {
          const auto [t, slope] = detail::tanh_and_slope(at.load(a + i));
          at.store(a + i, t);
          at.store(q + i, slope);
          at.store(u + i, at.load(u + i) * slope);
        });
      }
    }
  }
  /// z_j and V from f_j and df_j/dx_j.
  template <class T> static void gate(Params<const T> theta, Cache<T>& cache, Index n, Index j, CColView<T> x, ColView<T> z, ColView<T> v) {
    const T g = unpack(theta).second(j), alpha = math::sigmoid(g), rest = math::sigmoid(-g);
    math::sweep<T>(n, [=, x = x.data(), z = z.data(), v = v.data(), f = column(cache.f.view(n, 2 * D), j).data(), d = column(slopes(cache, n), j).data()](auto at, Index i) {
      using std::log;
      using L = typename decltype(at)::Number;
      at.store(z + i, L(rest) * at.load(x + i) + L(alpha) * at.load(f + i));
      at.store(v + i, at.load(v + i) + log(L(rest) + L(alpha) * at.load(d + i)));
    });
  }

  /// g_x = J' g_z + the gradient of g_v . V, at a point whose forward() stands in the cache; parameters and context too if asked.
  template <class T> static void pull_at(Pull<T, Cache<T>>& p, CView<T> x, CView<T> g_z, const std::array<View<T>, depth>& E, View<T> g_x, bool all) {
    Arena::Scope scope(p.scratch);
    const Index n = x.rows();
    const auto [layers, g] = unpack(p.theta);
    auto [g_layers, g_gate] = unpack(p.g_theta);
    const View<T> f = p.cache.f.view(n, 2 * D), d = slopes(p.cache, n), h_all = p.cache.h.view(n, hidden), d_all = p.cache.d.view(n, hidden), q_all = p.cache.q.view(n, hidden);
    View<T> g_a = p.scratch.template take<T>(n, D), g_u = p.scratch.template take<T>(n, D);
    ColView<T> by_slope = p.scratch.template column<T>(n);
    for (Index j = 0; j < D; ++j) {
      const T alpha = math::sigmoid(g(j)), rest = math::sigmoid(-g(j));
      by_slope = p.g_v / (column(d, j) * alpha + rest);
      column(g_a, j) = column(g_z, j) * alpha;
      column(g_u, j) = by_slope * alpha;
      if (all) g_gate(j) += alpha * rest * ((column(g_z, j) * (column(f, j) - column(x, j))).sum() + (by_slope * (column(d, j) - T(1))).sum());
    }
    for (std::size_t l = depth; l-- > 0;) {
      const CView<T> in = l > 0 ? read(part(h_all, l)) : C > 0 ? read(p.cache.joined.view(n, C + D)) : x;
      if (all) weights_pull<T>(l, in, d_all, read(g_a), read(g_u), read(E[l]), g_layers[l].W, g_layers[l].b, p.scratch);
      View<T> g_in = p.scratch.template take<T>(n, width(l));
      detail::stairs_input_pull<T>(read(E[l]), read(g_a), stairs(l), g_in, p.scratch);
      if (l == 0) {
        for (Index j = 0; j < D; ++j) column(g_x, j) = column(g_in, C + j) + column(g_z, j) * T(math::sigmoid(-g(j)));
        if (all && C > 0) p.g_context += columns(g_in, 0, C);
        break;
      }
      View<T> g_d = p.scratch.template take<T>(n, width(l));
      for (Index j = 0; j < D; ++j) {
        const Index c = j * size(l + 1), own = before(l, j);
        detail::input_pull<T>(rows(columns(read(E[l]), c, size(l + 1)), own, size(l)), columns(read(g_u), c, size(l + 1)), columns(g_d, own, size(l)));
      }
      const View<T> h = part(h_all, l), q = part(q_all, l), d_l = part(d_all, l);
      g_in = g_in * q - T(2) * h * g_d * d_l;  // tanh'' = -2 tanh tanh'
      g_d *= q;
      reseat(g_a, g_in);
      reseat(g_u, g_d);
    }
  }
  template <class T>
  static void weights_pull(std::size_t l, CView<T> in, View<T> d_all, CView<T> g_a, CView<T> g_u, CView<T> E, View<T> g_W, ColView<T> g_b, Arena& scratch) {
    Arena::Scope scope(scratch);
    View<T> G = scratch.take<T>(width(l), width(l + 1));
    G.setZero();
    detail::stairs_weight_pull<T>(in, g_a, stairs(l), G, scratch);
    for (Index j = 0; j < D; ++j) {
      const Index c = j * size(l + 1), own = before(l, j);
      View<T> G_own = rows(columns(G, c, size(l + 1)), own, size(l));
      if (l > 0) detail::weight_pull<T>(columns(read(part(d_all, l)), own, size(l)), columns(g_u, c, size(l + 1)), G_own);
      for (Index k = 0; k < size(l + 1); ++k) {
        if (l == 0) G_own(0, k) += column(g_u, c + k).sum();
        column(G_own, k) *= column(E, c + k).segment(own, size(l));  // of w, through exp(w)
        column(g_W, c + k).head(seen(l, j)) += column(G, c + k).head(seen(l, j));
        g_b(c + k) += column(g_a, c + k).sum();
      }
    }
  }

  /// The units of one coordinate, one row: S is T or the number under its tangents.
  template <class T> struct Own {
    const std::array<View<T>, depth>& E;
    Index j;
    template <class S> struct Graph {
      S y, slope;
    };
    /// f and df/dx at x, given what came from the coordinates before; hidden values go to keep(l, k, value).
    template <class S, class Keep> Graph<S> operator()(S x, const View<T>& base, Index row, S last, Keep keep) const {
      std::array<S, widest> h{x}, d{S(1)}, h_next, d_next;
      for (std::size_t l = 0; l < depth; ++l) {
        const Index c = j * size(l + 1);
        for (Index k = 0; k < size(l + 1); ++k) {
          S a = l + 1 < depth ? as<S>(part(base, l + 1)(row, c + k)) : last, u(0);
          for (Index i = 0; i < size(l); ++i) {
            const S w = as<S>(E[l](before(l, j) + i, c + k));
            a += w * h[static_cast<std::size_t>(i)];
            u += w * d[static_cast<std::size_t>(i)];
          }
          if (l + 1 == depth) return {a, u};
          const auto [t, q] = detail::tanh_and_slope(a);
          keep(l + 1, c + k, t);
          h_next[static_cast<std::size_t>(k)] = t, d_next[static_cast<std::size_t>(k)] = u * q;
        }
        h = h_next, d = d_next;
      }
      return {};
    }
    template <class S> static S as(const T& t) {
      if constexpr (std::is_same_v<S, T>) return t;
      else return autodiff::value_of(t);
    }
  };
  static constexpr auto forget = [](std::size_t, Index, auto) {};

  template <class T> static T solve(const Own<T>& own, const View<T>& base, Index row, T last, T alpha, T rest, T z, Report* report) {
    using std::abs;
    using S = decltype(autodiff::value_of(T()));
    const S c = autodiff::value_of(last), y = autodiff::value_of(z), a = autodiff::value_of(alpha), b = autodiff::value_of(rest), nan = std::numeric_limits<S>::quiet_NaN();
    S reach(0);
    for (Index k = 0; k < size(depth - 1); ++k) reach += autodiff::value_of(own.E[depth - 1](before(depth - 1, own.j) + k, own.j));
    const S scale = abs(y) + a * (abs(c) + reach), tolerance = 4 * std::numeric_limits<S>::epsilon() * scale;
    const S lo = (y - a * (c + reach) - tolerance) / b, hi = (y - a * (c - reach) + tolerance) / b;
    if (!(scale < std::numeric_limits<S>::infinity())) return T(nan);
    struct Point {
      S y, slope;
    };
    const auto f = [&](S x) {
      const auto at = own.template operator()<S>(x, base, row, c, forget);
      return Point{b * x + a * at.y, b + a * at.slope};
    };
    S left = std::numeric_limits<S>::infinity();
    long evaluations = 0;
    const S x = lo > -std::numeric_limits<S>::infinity() && hi < std::numeric_limits<S>::infinity() ? detail::increasing_root<S>(f, y, lo, hi, y, tolerance, left, evaluations) : nan;
    if (report) {
      report->evaluations += evaluations;
      if (!(x == x)) ++report->unsolved, report->worst_residual = left;
    }
    if constexpr (std::is_same_v<S, T>) {
      return x;
    } else {  // one step in T gives the root its tangent
      const auto at = own.template operator()<T>(T(x), base, row, last, forget);
      return T(x) - (rest * T(x) + alpha * at.y - z) / T(b + a * autodiff::value_of(at.slope));
    }
  }
  template <class T> static T log_slope(const Own<T>& own, const View<T>& base, Index row, T last, T alpha, T rest, T x, const View<T>& h) {
    using std::log;
    const auto at = own.template operator()<T>(x, base, row, last, [&](std::size_t l, Index k, T value) { part(h, l)(row, k) = value; });
    return log(rest + alpha * at.slope);
  }
};

}  // namespace rheo
