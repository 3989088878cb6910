// SPDX-License-Identifier: MIT
// Tangent: a perceptron's values and its derivatives along k directions in one pass, and the pull of both ("forward
// over reverse", Pearlmutter 1994): what divergences of vector fields and their gradients are made of.  The derivatives
// stand as further rows below the values, so that each layer is one matrix product.
#pragma once

#include "rheo/core/pass.hpp"
#include "rheo/nets/linear.hpp"

namespace rheo {

/// n rows, k directions of each: direction d of row i is row d n + i of `along`, its derivative row (d + 1) n + i of
/// `out`.
template <class T, class Cache> struct TangentPass {
  CView<T> in;     ///< n x In
  CView<T> along;  ///< kn x m, m <= In: directions in the first m inputs; the others and the context stand still
  View<T> out;     ///< (k + 1) n x Out, overwritten: values, then derivatives
  Params<const T> theta;
  CView<T> context;
  Cache& cache;
  Arena& scratch;
};

/// The vector-Jacobian product of the same call, or of its values alone.
template <class T, class Cache> struct TangentPull {
  CView<T> in, along, g_out;  ///< g_out: (k + 1) n x Out; n x Out where derivatives have no cotangents
  View<T> g_in;               ///< n x In, overwritten
  Params<const T> theta;
  Params<T> g_theta;  ///< accumulated
  CView<T> context;
  View<T> g_context;  ///< accumulated
  Cache& cache;
  Arena& scratch;
  View<T> g_along;  ///< kn x m, overwritten; 0 rows: the directions are constants
};

namespace detail {

/// From products to pre-activations (in place: the bias goes to the values) and to activations, down n rows of values
/// and k n of derivatives.
template <class T, class Act> [[gnu::noinline]] void tangent_act(View<T> pre, CColView<T> b, View<T> h, Index n) {
  const Index all = pre.rows();
  for (Index j = 0; j < pre.cols(); ++j) {
    T *a = column(pre, j).data(), *o = column(h, j).data();
    const T bj = b(j);
    math::sweep<T>(n, [=](auto at, Index i) {
      using L = typename decltype(at)::Number;
      const L x = at.load(a + i) + L(bj), y = Act::value(x), slope = Act::pull(x, y, L(1));
      at.store(a + i, x);
      at.store(o + i, y);
      for (Index d = n + i; d < all; d += n) at.store(o + d, slope * at.load(a + d));
    });
  }
}

/// From cotangents of activations to those of pre-activations, in place, with the bias's gradient.
template <class T, class Act>
[[gnu::noinline]] void tangent_act_pull(View<T> g, CView<T> pre, CView<T> h, ColView<T> g_b, Index n) {
  const Index all = g.rows();
  for (Index j = 0; j < g.cols(); ++j) {
    T* gj = column(g, j).data();
    const T *a = column(pre, j).data(), *o = column(h, j).data();
    g_b(j) += math::sweep_sum<T>(n, [=](auto at, Index i) {
      using L = typename decltype(at)::Number;
      const L x = at.load(a + i), y = at.load(o + i), slope = Act::pull(x, y, L(1));
      L s = slope * at.load(gj + i);
      if (all > n) {
        L bent(0);
        for (Index d = n + i; d < all; d += n) {
          const L u = at.load(gj + d);
          bent += u * at.load(a + d);
          at.store(gj + d, slope * u);
        }
        s += bent * Act::second(x, y);
      }
      at.store(gj + i, s);
      return s;
    });
  }
}

}  // namespace detail

/// M is a net of BasicMlp (`Mlp<64, 64>::net<2, 2>`) whose activation has a second derivative.  No directions (along of
/// 0 rows) are allowed.
template <class M> struct Tangent {
  using Act = typename M::Activation;
  static_assert(M::smooth,
                "rheo: Tangent: the pull of a derivative needs a smooth activation: Tanh, Silu, Gelu or Softplus");
  static constexpr std::size_t depth = M::depth;
  static constexpr Index In = M::width[0], Out = M::width[depth];

  template <class T> struct Cache {
    Buffer<T> pre, h, joined;  // hidden layers side by side, values above derivatives; in and context
  };

  template <class T> void map(TangentPass<T, Cache<T>> p) const {
    const Index n = p.in.rows(), all = p.out.rows();
    const auto layers = M::unpack(p.theta);
    const View<T> pre = p.cache.pre.view(all, M::hidden), h = p.cache.h.view(all, M::hidden);
    CView<T> in = joined(p.in, p.context, p.cache, true);
    Index at = 0;
    for (std::size_t l = 0; l < depth; ++l) {
      const bool last = l + 1 == depth;
      const View<T> a = last ? p.out : columns(pre, at, M::width[l + 1]);
      if (l == 0) {
        detail::slim_product<T>(in, layers[0].W, rows(a, 0, n));
        if (all > n) detail::slim_product<T>(p.along, rows(layers[0].W, 0, p.along.cols()), rows(a, n, all - n));
      } else {
        detail::slim_product<T>(in, layers[l].W, a);
      }
      if (last) {
        for (Index j = 0; j < Out; ++j) column(rows(a, 0, n), j) += layers[l].b(j);
        break;
      }
      const View<T> out = columns(h, at, M::width[l + 1]);
      detail::tangent_act<T, Act>(a, layers[l].b, out, n);
      reseat(in, read(out));
      at += M::width[l + 1];
    }
  }

  template <class T> void map_pull(TangentPull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows(), all = p.g_out.rows(), kept = n + p.along.rows();
    const auto layers = M::unpack(p.theta);
    auto g_layers = M::unpack(p.g_theta);
    const CView<T> pre = rows(read(p.cache.pre.view(kept, M::hidden)), 0, all),
                   h = rows(read(p.cache.h.view(kept, M::hidden)), 0, all);
    const CView<T> first = joined(p.in, p.context, p.cache, false);
    const Index C = In - p.in.cols();
    const View<T> g_first = C > 0 ? p.scratch.template take<T>(n, In) : p.g_in;
    CView<T> g = p.g_out;
    for (Index j = 0; j < Out; ++j) g_layers[depth - 1].b(j) += column(rows(g, 0, n), j).sum();
    Index at = M::hidden;
    for (std::size_t l = depth; l-- > 0;) {
      if (l == 0) {
        detail::weight_pull<T>(first, rows(g, 0, n), g_layers[0].W);
        if (all > n) detail::weight_pull<T>(p.along, rows(g, n, all - n), rows(g_layers[0].W, 0, p.along.cols()));
        if (p.g_along.rows() > 0)
          detail::slim_product_t<T>(rows(g, n, all - n), rows(layers[0].W, 0, p.g_along.cols()), p.g_along);
        detail::slim_product_t<T>(rows(g, 0, n), layers[0].W, g_first);
        break;
      }
      at -= M::width[l];
      const CView<T> h_l = columns(h, at, M::width[l]);
      detail::weight_pull<T>(h_l, g, g_layers[l].W);
      const View<T> g_h = p.scratch.template take<T>(all, M::width[l]);
      detail::slim_product_t<T>(g, layers[l].W, g_h);
      detail::tangent_act_pull<T, Act>(g_h, columns(pre, at, M::width[l]), h_l, g_layers[l - 1].b, n);
      reseat(g, read(g_h));
    }
    if (C > 0) {
      p.g_in = columns(g_first, 0, p.in.cols());
      p.g_context += columns(g_first, p.in.cols(), C);
    }
  }

 private:
  template <class T> static CView<T> joined(CView<T> in, CView<T> context, Cache<T>& cache, bool fill) {
    if (in.cols() == In) return in;
    const View<T> both = cache.joined.view(in.rows(), In);
    if (fill) {
      copy(in, columns(both, 0, in.cols()));
      copy(context, columns(both, in.cols(), In - in.cols()));
    }
    return read(both);
  }
};

}  // namespace rheo
