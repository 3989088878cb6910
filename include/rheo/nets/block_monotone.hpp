// SPDX-License-Identifier: MIT
// BlockMonotone: a tanh net of D coordinates whose output j rises with input j and sees those before it: the net of a
// block neural autoregressive flow.  De Cao et al. 2019, arXiv:1904.04676, section 3.
#pragma once

#include <algorithm>

#include "rheo/math/root.hpp"
#include "rheo/nets/mlp.hpp"
#include "rheo/nets/stairs.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::detail {

/// tanh and its slope, which keeps its digits where tanh is 1 to rounding.
template <class L> std::array<L, 2> tanh_and_slope(L a) {
  using math::select, std::abs, std::exp;
  const L e = exp(L(-2) * abs(a)), r = L(1) / (L(1) + e), t = (L(1) - e) * r;
  return {select(a < L(0), -t, t), L(4) * e * r * r};
}

/// Units belong to coordinates, A of them each, layer by layer.  Weights between units of one coordinate act as exp(w)
/// > 0, those from earlier coordinates and from the C columns of context (the first rows) as they are; those from later
/// ones are zero at the start, never read, and get no gradient.  Beside f it gives the slopes df_j/dx_j, n x D each,
/// and pulls both.
template <Index D, Index C, Index... A> struct BlockMonotone {
  using Dense = typename BasicMlp<Tanh, ZeroLast, (D * A)...>::template net<C + D, D>;
  static constexpr std::size_t depth = Dense::depth;
  static constexpr Index hidden = Dense::hidden, param_count = Dense::param_count;
  template <class T> using Weights = std::array<View<T>, depth>;

  template <class T> struct Cache {
    Buffer<T> joined, h, d, q,
        f;  // context and x; hidden values, their slopes in the own coordinate, tanh's slopes; f and df/dx
  };

  template <class Q> static auto unpack(Q p) { return Dense::unpack(p); }
  /// Mean slopes of 1 through every layer, the last one's included; earlier coordinates enter all but the last.
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    Dense{}.init(theta, buffers, noise);
    auto layers = unpack(theta);
    for (std::size_t l = 0; l < depth; ++l) {
      const Noise own = noise.fork(2 * depth + l);
      for (Index k = 0; k < width(l + 1); ++k) {
        const Index s = k / size(l + 1);
        auto w = column(layers[l].W, k);
        w.tail(width(l) - seen(l, s)).setZero();
        for (Index i = 0; i < size(l); ++i)
          w(before(l, s) + i) = T(2 * own.uniform(k, i) - 1 - std::log(static_cast<double>(size(l))));
      }
    }
  }

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
  static Stairs stairs(std::size_t l) { return {starts[l + 1].data(), ends[l].data(), D}; }
  /// Hidden layer l, from 1, in a view of all hidden units.
  template <class T> static View<T> part(View<T> all, std::size_t l) {
    Index at = 0;
    for (std::size_t k = 1; k < l; ++k) at += width(k);
    return columns(all, at, width(l));
  }
  template <class T> static View<T> joined(CView<T> x, CView<T> context, Cache<T>& cache, bool fill) {
    const View<T> all = cache.joined.view(x.rows(), C > 0 ? C + D : 0);
    for (Index j = 0; j < C; ++j) column(all, j) = column(context, j);
    for (Index j = 0; j < D && C > 0 && fill; ++j) column(all, C + j) = column(x, j);
    return all;
  }

  /// The weights that act: exp(w) within a coordinate, w before it, zero beyond.
  template <class T> static Weights<T> weights(Params<const T> theta, Arena& scratch) {
    const auto net = unpack(theta);
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
    return [&]<std::size_t... l>(std::index_sequence<l...>) { return Weights<T>{one(l)...}; }
    (std::make_index_sequence<depth>{});
  }

  /// f, df/dx and all that pulls need, at x.
  template <class T>
  static void forward(CView<T> x, CView<T> context, Params<const T> theta, const Weights<T>& E, Cache<T>& cache,
                      Arena& scratch) {
    const Index n = x.rows();
    const auto net = unpack(theta);
    const View<T> h = cache.h.view(n, hidden), d = cache.d.view(n, hidden), q = cache.q.view(n, hidden),
                  f = cache.f.view(n, 2 * D);
    const View<T> first = joined(x, context, cache, true);
    for (std::size_t l = 0; l < depth; ++l) {
      const bool end = l + 1 == depth;
      const CView<T> in = l > 0 ? read(part(h, l)) : C > 0 ? read(first) : x;
      const View<T> a = end ? columns(f, 0, D) : part(h, l + 1), u = end ? columns(f, D, D) : part(d, l + 1);
      stairs_dense<T, Identity>(in, read(E[l]), net[l].b, stairs(l), a, nullptr, scratch);
      for (Index j = 0; j < D; ++j) {
        const Index c = j * size(l + 1);
        const CView<T> own = rows(columns(read(E[l]), c, size(l + 1)), before(l, j), size(l));
        if (l > 0) gemm_nn<T>(columns(read(part(d, l)), j * size(l), size(l)), own, columns(u, c, size(l + 1)));
        for (Index k = 0; l == 0 && k < size(1); ++k) column(u, c + k).setConstant(own(0, k));
      }
      for (Index k = 0; !end && k < width(l + 1); ++k) {
        math::sweep<T>(n, [a = column(a, k).data(), u = column(u, k).data(), q = column(part(q, l + 1), k).data()](
                              auto at, Index i) {
          const auto [t, slope] = tanh_and_slope(at.load(a + i));
          at.store(a + i, t);
          at.store(q + i, slope);
          at.store(u + i, at.load(u + i) * slope);
        });
      }
    }
  }

  /// g_x (n x D) from the cotangents of f and df/dx at a point whose forward() stands in the cache; parameters and
  /// context too if `all`.
  template <class P, class T>
  static void pull(P& p, CView<T> x, View<T> g_f, View<T> g_slope, const Weights<T>& E, Cache<T>& cache, View<T> g_x,
                   bool all) {
    const Index n = x.rows();
    const View<T> h_all = cache.h.view(n, hidden), d_all = cache.d.view(n, hidden), q_all = cache.q.view(n, hidden);
    View<T> g_a = g_f, g_u = g_slope;
    for (std::size_t l = depth; l-- > 0;) {
      const CView<T> in = l > 0 ? read(part(h_all, l)) : C > 0 ? read(cache.joined.view(n, C + D)) : x;
      if (all) {
        auto g_layers = unpack(Params<T>(p.g_theta.data(), param_count));
        weights_pull<T>(l, in, d_all, read(g_a), read(g_u), read(E[l]), g_layers[l].W, g_layers[l].b, p.scratch);
      }
      View<T> g_in = p.scratch.template take<T>(n, width(l));
      stairs_input_pull<T>(read(E[l]), read(g_a), stairs(l), g_in, p.scratch);
      if (l == 0) {
        copy(columns(g_in, C, D), g_x);
        if (all && C > 0) p.g_context += columns(g_in, 0, C);
        break;
      }
      View<T> g_d = p.scratch.template take<T>(n, width(l));
      for (Index j = 0; j < D; ++j) {
        const Index c = j * size(l + 1), own = before(l, j);
        gemm_nt<T>(columns(read(g_u), c, size(l + 1)), rows(columns(read(E[l]), c, size(l + 1)), own, size(l)),
                   columns(g_d, own, size(l)));
      }
      const View<T> h = part(h_all, l), q = part(q_all, l), d_l = part(d_all, l);
      g_in = g_in * q - T(2) * h * g_d * d_l;  // tanh'' = -2 tanh tanh'
      g_d *= q;
      reseat(g_a, g_in);
      reseat(g_u, g_d);
    }
  }

  /// What the units of coordinate j get from those before it, the last one's in `last`, the others' in `base`; h holds
  /// the earlier units.
  template <class T>
  static void before_own(Index j, CView<T> x, CView<T> joined_x, Params<const T> theta, View<T> h, View<T> base,
                         View<T> last) {
    const auto layers = unpack(theta);
    for (std::size_t l = 0; l < depth; ++l) {
      const Index c = j * size(l + 1), w = size(l + 1);
      const CView<T> in = l > 0 ? read(part(h, l)) : C > 0 ? joined_x : x;
      dense<T, Identity>(columns(in, 0, before(l, j)), rows(columns(layers[l].W, c, w), 0, before(l, j)),
                         CColView<T>(layers[l].b.data() + c, w),
                         l + 1 < depth ? columns(part(base, l + 1), c, w) : last, nullptr);
    }
  }
  /// by_x (n x 1): x_j's part of f' g_f, of which the columns from j on count; g_a (n x hidden) holds the later units'
  /// cotangents, and gets j's.
  template <class T>
  static void back_own(Index j, CView<T> g_f, const Weights<T>& E, View<T> q, View<T> g_a, View<T> by_x) {
    for (std::size_t l = depth; l-- > 0;) {
      const Index c = j * size(l + 1), own = before(l, j);
      const CView<T> above = l + 1 < depth ? read(part(g_a, l + 1)) : g_f;
      View<T> to = l > 0 ? columns(part(g_a, l), own, size(l)) : by_x;
      gemm_nt<T>(columns(above, c, width(l + 1) - c), rows(columns(read(E[l]), c, width(l + 1) - c), own, size(l)), to);
      if (l > 0) to *= columns(part(q, l), own, size(l));
    }
  }

  /// The units of coordinate j alone, for a number, a lane or the number under duals.
  template <class T> struct Own {
    const Weights<T>& E;
    Index j;
    /// f and df/dx at x; from(l, unit) is what a unit, `last` what the output got from the coordinates before; keep(l,
    /// unit, value) takes the values.
    template <class L, class From, class Keep> math::Graph<L> operator()(L x, From from, L last, Keep keep) const {
      std::array<L, widest> h{x}, d{L(1)}, h_next, d_next;
      for (std::size_t l = 0; l < depth; ++l) {
        const Index c = j * size(l + 1);
        for (Index k = 0; k < size(l + 1); ++k) {
          L a = l + 1 < depth ? from(l + 1, c + k) : last, u(0);
          for (Index i = 0; i < size(l); ++i) {
            const L w = number<L>(E[l](before(l, j) + i, c + k));
            a += w * h[static_cast<std::size_t>(i)];
            u += w * d[static_cast<std::size_t>(i)];
          }
          if (l + 1 == depth) return {a, u};
          const auto [t, q] = tanh_and_slope(a);
          keep(l + 1, c + k, t);
          h_next[static_cast<std::size_t>(k)] = t, d_next[static_cast<std::size_t>(k)] = u * q;
        }
        h = h_next, d = d_next;
      }
      return {x, x};
    }
    /// f lies within this of `last`.
    template <class L> L reach() const {
      L sum(0);
      for (Index k = 0; k < size(depth - 1); ++k) sum += number<L>(E[depth - 1](before(depth - 1, j) + k, j));
      return sum;
    }
    template <class L> static L number(const T& t) {
      if constexpr (std::is_constructible_v<L, T>) return L(t);
      else return autodiff::value_of(t);
    }
  };

 private:
  template <class T>
  static void weights_pull(std::size_t l, CView<T> in, View<T> d_all, CView<T> g_a, CView<T> g_u, CView<T> E,
                           View<T> g_W, ColView<T> g_b, Arena& scratch) {
    Arena::Scope scope(scratch);
    View<T> G = scratch.take<T>(width(l), width(l + 1));
    G.setZero();
    stairs_weight_pull<T>(in, g_a, stairs(l), G, scratch);
    for (Index j = 0; j < D; ++j) {
      const Index c = j * size(l + 1), own = before(l, j);
      View<T> G_own = rows(columns(G, c, size(l + 1)), own, size(l));
      if (l > 0) weight_pull<T>(columns(read(part(d_all, l)), own, size(l)), columns(g_u, c, size(l + 1)), G_own);
      for (Index k = 0; k < size(l + 1); ++k) {
        if (l == 0) G_own(0, k) += column(g_u, c + k).sum();
        column(G_own, k) *= column(E, c + k).segment(own, size(l));  // of w, through exp(w)
        column(g_W, c + k).head(seen(l, j)) += column(G, c + k).head(seen(l, j));
        g_b(c + k) += column(g_a, c + k).sum();
      }
    }
  }
};

}  // namespace rheo::detail

#include "rheo/platform/macros_on.hpp"
