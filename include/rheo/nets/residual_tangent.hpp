// SPDX-License-Identifier: MIT
// Tangent of a residual net: its values and its derivatives along k directions in one pass, and the pull of both.
#pragma once

#include "rheo/nets/residual.hpp"
#include "rheo/nets/tangent.hpp"

namespace rheo {
namespace detail {
template <class M>
concept IsResidualNet = requires {
  M::blocks, M::units, &M::Parameters::param_count;
};

/// g, k + 1 blocks of n rows, times the n rows of `gate` in each.
template <class T> void times_gate(View<T> g, CView<T> gate) {
  for (Index d = 0; d < g.rows(); d += gate.rows()) rows(g, d, gate.rows()) *= gate;
}
}  // namespace detail

/// M is a net of BasicResidualMlp (`ResidualMlpOf<Silu, 64, 2>::net<2, 2>`); calls as of the Tangent of a perceptron.
template <class M>
requires detail::IsResidualNet<M>
struct Tangent<M> {
  using Act = typename M::Activation;
  static_assert(M::smooth,
                "rheo: Tangent: the pull of a derivative needs a smooth activation: Tanh, Silu, Gelu or Softplus");
  static constexpr Index H = M::units, blocks = M::blocks;

  /// By block, side by side: h before it (and behind the last), act(h), first, act(first), second, the gate.
  template <class T> struct Cache { Buffer<T> stream, r, pre, q, added, gate, joined; };

  template <class T> void map(TangentPass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows(), all = p.out.rows();
    const auto parts = M::unpack(p.theta);
    const Room<T> c(p.cache, all, n, p.context.cols());
    const CView<T> in = joined(p.in, p.context, p.cache, true);
    ColView<T> none = p.scratch.template column<T>(H);
    none.setZero();
    detail::slim_product<T>(in, parts.initial.W, rows(c.h(0), 0, n));
    if (all > n) detail::slim_product<T>(p.along, rows(parts.initial.W, 0, p.along.cols()), rows(c.h(0), n, all - n));
    add(parts.initial.b, rows(c.h(0), 0, n));
    for (Index b = 0; b < blocks; ++b) {
      const auto& block = parts.blocks[static_cast<std::size_t>(b)];
      View<T> next = c.h(b + 1);
      detail::tangent_act<T, Act>(c.h(b), read(none), c.r(b), n);
      detail::slim_product<T>(read(c.r(b)), block.first.W, c.pre(b));
      detail::tangent_act<T, Act>(c.pre(b), block.first.b, c.q(b), n);
      detail::slim_product<T>(read(c.q(b)), block.second.W, next);
      add(block.second.b, rows(next, 0, n));
      if (p.context.cols() > 0) {
        copy(read(next), c.added(b));
        detail::dense<T, detail::Gate>(p.context, block.context.W, block.context.b, c.gate(b), nullptr);
        detail::times_gate<T>(next, read(c.gate(b)));
      }
      next += c.h(b);
    }
    detail::slim_product<T>(read(c.h(blocks)), parts.last.W, p.out);
    add(parts.last.b, rows(p.out, 0, n));
  }

  template <class T> void map_pull(TangentPull<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows(), all = p.g_out.rows(), C = p.context.cols();
    const auto parts = M::unpack(p.theta);
    auto g_parts = M::unpack(p.g_theta);
    const Room<T> c(p.cache, n + p.along.rows(), n, C);
    const auto first = [all](const View<T>& a) { return rows(read(a), 0, all); };
    View<T> g = p.scratch.template take<T>(all, H), g_q = p.scratch.template take<T>(all, H),
            g_r = p.scratch.template take<T>(all, H), g_added = p.scratch.template take<T>(all, H);
    ColView<T> unused = p.scratch.template column<T>(H);
    unused.setZero();
    detail::add_column_sums<T>(rows(p.g_out, 0, n), g_parts.last.b);
    detail::weight_pull<T>(first(c.h(blocks)), p.g_out, g_parts.last.W);
    detail::slim_product_t<T>(p.g_out, parts.last.W, g);
    for (Index b = blocks; b-- > 0;) {
      const auto& block = parts.blocks[static_cast<std::size_t>(b)];
      auto& g_block = g_parts.blocks[static_cast<std::size_t>(b)];
      copy(read(g), g_added);
      if (C > 0) {
        Arena::Scope inner(p.scratch);
        View<T> g_gate = p.scratch.template take<T>(n, H);
        g_gate.setZero();
        for (Index d = 0; d < all; d += n) g_gate += rows(g, d, n) * rows(c.added(b), d, n);
        detail::act_pull<T, detail::Gate>(g_gate, read(c.gate(b)), nullptr, g_block.context.b);
        detail::context_pull<T>(p.context, read(g_gate), block.context.W, g_block.context.W, p.g_context, p.scratch);
        detail::times_gate<T>(g_added, read(c.gate(b)));
      }
      detail::add_column_sums<T>(read(rows(g_added, 0, n)), g_block.second.b);
      detail::weight_pull<T>(first(c.q(b)), read(g_added), g_block.second.W);
      detail::slim_product_t<T>(read(g_added), block.second.W, g_q);
      detail::tangent_act_pull<T, Act>(g_q, first(c.pre(b)), first(c.q(b)), g_block.first.b, n);
      detail::weight_pull<T>(first(c.r(b)), read(g_q), g_block.first.W);
      detail::slim_product_t<T>(read(g_q), block.first.W, g_r);
      detail::tangent_act_pull<T, Act>(g_r, first(c.h(b)), first(c.r(b)), unused, n);
      g += g_r;
    }
    detail::add_column_sums<T>(read(rows(g, 0, n)), g_parts.initial.b);
    const CView<T> in = joined(p.in, p.context, p.cache, false);
    const View<T> g_first = C > 0 ? p.scratch.template take<T>(n, in.cols()) : p.g_in;
    detail::weight_pull<T>(in, read(rows(g, 0, n)), g_parts.initial.W);
    if (all > n) detail::weight_pull<T>(p.along, read(rows(g, n, all - n)), rows(g_parts.initial.W, 0, p.along.cols()));
    if (p.g_along.rows() > 0)
      detail::slim_product_t<T>(read(rows(g, n, all - n)), rows(parts.initial.W, 0, p.g_along.cols()), p.g_along);
    detail::slim_product_t<T>(read(rows(g, 0, n)), parts.initial.W, g_first);
    if (C > 0) {
      copy(read(columns(g_first, 0, p.in.cols())), p.g_in);
      p.g_context += columns(g_first, p.in.cols(), C);
    }
  }

 private:
  /// Where what is kept stands.
  template <class T> struct Room {
    View<T> all_h, all_r, all_pre, all_q, all_added, all_gate;
    Room(Cache<T>& c, Index all, Index n, Index C)
        : all_h(c.stream.view(all, (blocks + 1) * H)),
          all_r(c.r.view(all, blocks * H)),
          all_pre(c.pre.view(all, blocks * H)),
          all_q(c.q.view(all, blocks * H)),
          all_added(c.added.view(all, C > 0 ? blocks * H : 0)),
          all_gate(c.gate.view(n, C > 0 ? blocks * H : 0)) {}
    View<T> h(Index b) const { return columns(all_h, b * H, H); }
    View<T> r(Index b) const { return columns(all_r, b * H, H); }
    View<T> pre(Index b) const { return columns(all_pre, b * H, H); }
    View<T> q(Index b) const { return columns(all_q, b * H, H); }
    View<T> added(Index b) const { return columns(all_added, b * H, H); }
    View<T> gate(Index b) const { return columns(all_gate, b * H, H); }
  };
  template <class T> static void add(CColView<T> b, View<T> to) {
    for (Index j = 0; j < to.cols(); ++j) column(to, j) += b(j);
  }
  template <class T> static CView<T> joined(CView<T> in, CView<T> context, Cache<T>& cache, bool fill) {
    if (context.cols() == 0) return in;
    const View<T> both = cache.joined.view(in.rows(), in.cols() + context.cols());
    if (fill) {
      copy(in, columns(both, 0, in.cols()));
      copy(context, columns(both, in.cols(), context.cols()));
    }
    return read(both);
  }
};

}  // namespace rheo
