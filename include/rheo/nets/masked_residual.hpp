// SPDX-License-Identifier: MIT
// ResidualMade: the residual net with masks, for autoregressive wirings: output columns of coordinate j see the
// coordinates before j alone.
//   Nash and Durkan 2019, arXiv:1904.05626, sec. 3.2;  masks: Germain et al. 2015, arXiv:1502.03509.
#pragma once

#include <array>

#include "rheo/nets/degrees.hpp"
#include "rheo/nets/residual.hpp"
#include "rheo/nets/stairs.hpp"

namespace rheo {

/// ResidualMade<64, 2> is a recipe as Made<64, 64> is, of the same contract (rheo/nets/masked.hpp): h = initial(in), h
/// += second(act(first(act(h)))) a block, last(h), all masked.  With a context h starts with act(context layer) beside,
/// and each block's first layer adds one.  All hidden layers have the same degrees, so that a unit adds to itself.
/// Masked entries start at zero, are never read and get no gradient.
template <class Degrees, class Act, class Last, Index H, Index Blocks> struct BasicResidualMade {
  template <Index D, Index P, Index C = 0> struct net {
    using UnitDegrees = Degrees;
    using Activation = Act;
    using Parameters = detail::ResidualLayout<D, D * P, H, Blocks, C, true>;
    static constexpr Index units = H, blocks = Blocks, param_count = Parameters::param_count;
    static constexpr bool masked = true, smooth = Act::smooth;

    template <class T> struct Cache {
      // h behind each block; act(h), act(first), its argument, the context's part in each; the context's act at the
      // start, its argument; cotangents
      Buffer<T> stream, r, q, u, c, start, start_pre, g, g_u;
    };

    template <class Q> static auto unpack(Q p) { return Parameters::unpack(p); }
    template <class T> void init(Params<T> theta, Params<T>, Noise noise) const {
      Parameters::template init<Last, T>(theta, noise);
      auto parts = unpack(theta);
      const auto mask = [](View<T> W, const detail::Stairs& shape) {
        for (Index s = 0; s < D; ++s) {
          for (Index j = shape.first(s); j < shape.column[s + 1]; ++j)
            column(W, j).tail(W.rows() - shape.row_end[s]).setZero();
        }
      };
      mask(parts.initial.W, first());
      for (auto& block : parts.blocks) mask(block.first.W, middle()), mask(block.second.W, middle());
      mask(parts.last.W, last());
    }

    template <class T> void map(NetPass<T, Cache<T>> p) const {
      const auto parts = unpack(p.theta);
      see_context(p);
      walk<T>(
          p, parts,
          [&](CView<T> in, const auto& layer, const detail::Stairs& shape, View<T> out) {
            detail::stairs_dense<T, Identity>(in, layer.W, layer.b, shape, out, nullptr, p.scratch);
          },
          0, H);
    }

    template <class T, class Fill> void unroll(NetPass<T, Cache<T>> p, Fill fill) const {
      const auto parts = unpack(p.theta);
      see_context(p);
      for (Index j = 0; j < D; ++j) {
        walk<T>(
            p, parts,
            [&](CView<T> in, const auto& layer, const detail::Stairs& shape, View<T> out) {
              detail::stairs_dense_group<T, Identity>(in, layer.W, layer.b, shape, j, out, nullptr);
            },
            first().first(j), first().width(j));
        fill(j);
      }
    }

    template <class T> void map_pull(NetPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.in.rows();
      const auto parts = unpack(p.theta);
      auto g_parts = unpack(p.g_theta);
      View<T> g_r = p.scratch.template take<T>(n, H);
      ColView<T> unused = p.scratch.template column<T>(H);
      unused.setZero();
      detail::stairs_input_pull<T>(parts.last.W, p.g_out, last(), g_stream(p.cache, n, Blocks), p.scratch);
      for (Index b = Blocks; b-- > 0;) {
        const auto& block = parts.blocks[static_cast<std::size_t>(b)];
        View<T> g_next = g_stream(p.cache, n, b + 1), g_here = g_stream(p.cache, n, b), g_u = part(p.cache.g_u, n, b);
        detail::stairs_input_act_pull<T, Act>(read(part(p.cache.q, n, b)), slopes(part(p.cache.u, n, b)),
                                              block.second.W, read(g_next), middle(), g_u,
                                              g_parts.blocks[static_cast<std::size_t>(b)].first.b, p.scratch);
        detail::stairs_input_act_pull<T, Act>(read(part(p.cache.r, n, b)), slopes(stream(p.cache, n, b)), block.first.W,
                                              read(g_u), middle(), g_r, unused, p.scratch);
        g_here = g_next + g_r;
      }
      detail::stairs_input_pull<T>(parts.initial.W, read(g_stream(p.cache, n, 0)), first(), p.g_in, p.scratch);
      weights_pull<T>(p);
    }

    template <class T, class Fill> void unroll_pull(NetPull<T, Cache<T>> p, Fill fill) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.in.rows();
      const auto parts = unpack(p.theta);
      auto g_parts = unpack(p.g_theta);
      ColView<T> unused = p.scratch.template column<T>(H);
      unused.setZero();
      for (Index j = D; j-- > 0;) {
        detail::stairs_group_pull<T>(parts.initial.W, read(g_stream(p.cache, n, 0)), first(), j + 1, j, 1,
                                     columns(p.g_in, j, 1));
        fill(j);
        const Index c = first().first(j), width = first().width(j);  // the units of degree j
        if (width == 0) continue;
        const auto units_of = [&](View<T> all) { return columns(all, c, width); };
        detail::stairs_group_pull<T>(parts.last.W, p.g_out, last(), j, c, width,
                                     units_of(g_stream(p.cache, n, Blocks)));
        for (Index b = Blocks; b-- > 0;) {
          const auto& block = parts.blocks[static_cast<std::size_t>(b)];
          View<T> g_next = g_stream(p.cache, n, b + 1), g_here = units_of(g_stream(p.cache, n, b)),
                  g_u = part(p.cache.g_u, n, b);
          detail::stairs_group_pull<T>(block.second.W, read(g_next), middle(), j, c, width, units_of(g_u));
          detail::act_pull<T, Act>(units_of(g_u), read(units_of(part(p.cache.q, n, b))),
                                   slopes(units_of(part(p.cache.u, n, b))),
                                   ColView<T>(g_parts.blocks[static_cast<std::size_t>(b)].first.b.data() + c, width));
          detail::stairs_group_pull<T>(block.first.W, read(g_u), middle(), j, c, width, g_here);
          detail::act_pull<T, Act>(g_here, read(units_of(part(p.cache.r, n, b))),
                                   slopes(units_of(stream(p.cache, n, b))), ColView<T>(unused.data(), width));
          g_here += units_of(g_next);
        }
      }
      weights_pull<T>(p);
    }

    /// How many units have a degree below s, s = 0 .. D.
    static constexpr std::array<Index, D + 1> known = [] {
      std::array<Index, D + 1> count{};
      for (Index i = 0; i < H; ++i) {
        for (Index s = Degrees::template of<D, C>(i, H) + 1; s <= D; ++s) ++count[static_cast<std::size_t>(s)];
      }
      return count;
    }();

   private:
    static constexpr auto outputs = [] {
      std::array<Index, D + 1> count{};
      for (Index s = 0; s <= D; ++s) count[static_cast<std::size_t>(s)] = s * P;
      return count;
    }();
    static constexpr auto inputs_seen = [] {
      std::array<Index, D> rows{};
      for (Index s = 0; s < D; ++s) rows[static_cast<std::size_t>(s)] = s;
      return rows;
    }();
    /// The shapes of the initial layer, of those in blocks, and of the last: its groups see the units of degrees up to
    /// their own.
    static detail::Stairs first() { return {known.data(), inputs_seen.data(), D}; }
    static detail::Stairs middle() { return {known.data(), known.data() + 1, D}; }
    static detail::Stairs last() { return {outputs.data(), known.data() + 1, D}; }

    template <class T> static View<T> part(Buffer<T>& all, Index n, Index b) {
      return columns(all.view(n, Blocks * H), b * H, H);
    }
    template <class T> static View<T> stream(Cache<T>& cache, Index n, Index b) {
      return columns(cache.stream.view(n, (Blocks + 1) * H), b * H, H);
    }
    template <class T> static View<T> g_stream(Cache<T>& cache, Index n, Index b) {
      return columns(cache.g.view(n, (Blocks + 1) * H), b * H, H);
    }
    template <class T> static const T* slopes(View<T> pre) { return Act::from_value ? nullptr : pre.data(); }

    /// What the context adds, for all units.
    template <class T> static void see_context(NetPass<T, Cache<T>>& p) {
      if constexpr (C > 0) {
        const Index n = p.in.rows();
        const auto parts = unpack(p.theta);
        detail::dense<T, Act>(p.context, parts.context.W, parts.context.b, p.cache.start.view(n, H),
                              Act::from_value ? nullptr : p.cache.start_pre.view(n, H).data());
        for (Index b = 0; b < Blocks; ++b) {
          const auto& layer = parts.blocks[static_cast<std::size_t>(b)].context;
          detail::dense<T, Identity>(p.context, layer.W, layer.b, part(p.cache.c, n, b), nullptr);
        }
      }
    }
    /// Units [at, at + width) of all layers, and what is seen of them, where multiply(in, layer, shape, out) makes the
    /// products.
    template <class T, class Parts, class Multiply>
    static void walk(NetPass<T, Cache<T>>& p, const Parts& parts, Multiply multiply, Index at, Index width) {
      const Index n = p.in.rows();
      const auto units_of = [&](View<T> all) { return columns(all, at, width); };
      multiply(p.in, parts.initial, first(), stream(p.cache, n, 0));
      if constexpr (C > 0) units_of(stream(p.cache, n, 0)) += units_of(p.cache.start.view(n, H));
      for (Index b = 0; b < Blocks; ++b) {
        const auto& block = parts.blocks[static_cast<std::size_t>(b)];
        View<T> h = stream(p.cache, n, b), next = stream(p.cache, n, b + 1), r = part(p.cache.r, n, b),
                u = part(p.cache.u, n, b), q = part(p.cache.q, n, b);
        detail::activate<T, Act>(units_of(h), units_of(r));
        multiply(read(r), block.first, middle(), u);
        if constexpr (C > 0) units_of(u) += units_of(part(p.cache.c, n, b));
        detail::activate<T, Act>(units_of(u), units_of(q));
        multiply(read(q), block.second, middle(), next);
        units_of(next) += units_of(h);
      }
      multiply(read(stream(p.cache, n, Blocks)), parts.last, last(), p.out);
    }

    /// Gradients of all weights, of the biases that are not there yet, and of the context, once the cotangents of all
    /// units are there.
    template <class T> static void weights_pull(NetPull<T, Cache<T>>& p) {
      const Index n = p.in.rows();
      const auto parts = unpack(p.theta);
      auto g_parts = unpack(p.g_theta);
      detail::add_column_sums<T>(p.g_out, g_parts.last.b);
      detail::stairs_weight_pull<T>(read(stream(p.cache, n, Blocks)), p.g_out, last(), g_parts.last.W, p.scratch);
      for (Index b = 0; b < Blocks; ++b) {
        auto& g_block = g_parts.blocks[static_cast<std::size_t>(b)];
        const CView<T> g_next = read(g_stream(p.cache, n, b + 1)), g_u = read(part(p.cache.g_u, n, b));
        detail::add_column_sums<T>(g_next, g_block.second.b);
        detail::stairs_weight_pull<T>(read(part(p.cache.q, n, b)), g_next, middle(), g_block.second.W, p.scratch);
        detail::stairs_weight_pull<T>(read(part(p.cache.r, n, b)), g_u, middle(), g_block.first.W, p.scratch);
        if constexpr (C > 0) {
          detail::add_column_sums<T>(g_u, g_block.context.b);
          detail::context_pull<T>(p.context, g_u, parts.blocks[static_cast<std::size_t>(b)].context.W,
                                  g_block.context.W, p.g_context, p.scratch);
        }
      }
      View<T> g_start = g_stream(p.cache, n, 0);
      detail::add_column_sums<T>(read(g_start), g_parts.initial.b);
      detail::stairs_weight_pull<T>(p.in, read(g_start), first(), g_parts.initial.W, p.scratch);
      if constexpr (C > 0) {  // the last use of these cotangents
        detail::act_pull<T, Act>(g_start, read(p.cache.start.view(n, H)),
                                 Act::from_value ? nullptr : p.cache.start_pre.view(n, H).data(), g_parts.context.b);
        detail::context_pull<T>(p.context, read(g_start), parts.context.W, g_parts.context.W, p.g_context, p.scratch);
      }
    }
  };
};

/// Degrees that run evenly, ReLU.
template <Index H, Index Blocks = 2> using ResidualMade = BasicResidualMade<EvenDegrees, Relu, ZeroLast, H, Blocks>;
/// Any activation: ResidualMadeOf<Tanh, 64, 2>.
template <class Act, Index H, Index Blocks = 2>
using ResidualMadeOf = BasicResidualMade<EvenDegrees, Act, ZeroLast, H, Blocks>;

}  // namespace rheo
