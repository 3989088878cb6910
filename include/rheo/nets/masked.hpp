// SPDX-License-Identifier: MIT
// Made: a multi-layer perceptron whose output for coordinate j sees the coordinates before j alone, by masked weights.
//   Germain et al. 2015, arXiv:1502.03509, section 4.  Units stand in the order of their degrees, so that masks are
//     staircases.
#pragma once

#include "rheo/nets/degrees.hpp"
#include "rheo/nets/mlp.hpp"
#include "rheo/nets/stairs.hpp"

namespace rheo {

/// Made<64, 64> is a recipe as Mlp<64, 64> is.  Its net takes D coordinates to P numbers each: output columns [j P, j P
/// + P) depend on inputs 0 .. j - 1 and on the C columns of context, which come before the coordinates in the first
/// layer's rows. A hidden unit of degree d sees inputs 0 .. d - 1; degrees rise with the units as Degrees has it
/// (rheo/nets/degrees.hpp), evenly in Made. Weights are full matrices, with names, shapes and start of an Mlp's; masked
/// entries start at zero, are never read and get no gradient.
///
/// Beside map and map_pull it works one coordinate at a time, each unit computed once over the whole way:
///   unroll(p, fill)       for j = 0 .. D - 1: output columns of j from inputs 0 .. j - 1, then fill(j), which writes
///                         input column j
///   unroll_pull(p, fill)  for j = D - 1 .. 0: g_in column j from g_out columns of j + 1 .. D - 1, then fill(j), which
///     writes g_out columns of j
template <class Degrees, class Act, class Last, Index... H> struct MadeBy {
  template <Index D, Index P, Index C = 0> struct net {
    using UnitDegrees = Degrees;
    using Dense = typename BasicMlp<Act, Last, H...>::template net<C + D, D * P>;
    static constexpr std::size_t depth = Dense::depth;
    static constexpr bool masked = true;  // outputs of coordinate j see the coordinates before it alone
    static constexpr Index hidden = Dense::hidden, param_count = Dense::param_count;
    static constexpr bool smooth = Dense::smooth;

    template <class T> struct Cache {
      Buffer<T> h, pre, joined,
          g;  // values of hidden layers side by side; their pre-activations; context and in; cotangents in a pull
    };

    template <class Q> static auto unpack(Q p) { return Dense::unpack(p); }
    template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
      Dense{}.init(theta, buffers, noise);
      auto layers = unpack(theta);
      for (std::size_t l = 0; l < depth; ++l) {
        for (Index s = 0; s < D; ++s) {
          for (Index j = stairs(l).first(s); j < stairs(l).column[s + 1]; ++j)
            column(layers[l].W, j).tail(Dense::width[l] - stairs(l).row_end[s]).setZero();
        }
      }
    }

    template <class T> void map(NetPass<T, Cache<T>> p) const {
      const Index n = p.in.rows();
      const auto layers = unpack(p.theta);
      const View<T> first = joined(p.context, p.cache);
      for (Index j = 0; j < D && C > 0; ++j) column(first, C + j) = column(p.in, j);
      CView<T> in = C > 0 ? read(first) : p.in;
      T* pre = Act::from_value ? nullptr : p.cache.pre.view(n, hidden).data();
      for (std::size_t l = 0; l + 1 < depth; ++l) {
        const View<T> out = part(p.cache.h, n, l + 1);
        detail::stairs_dense<T, Act>(in, layers[l].W, layers[l].b, stairs(l), out, pre ? pre + start[l] * n : nullptr,
                                     p.scratch);
        reseat(in, read(out));
      }
      detail::stairs_dense<T, Identity>(in, layers[depth - 1].W, layers[depth - 1].b, stairs(depth - 1), p.out, nullptr,
                                        p.scratch);
    }

    template <class T> void map_pull(NetPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.in.rows();
      const auto layers = unpack(p.theta);
      auto g_layers = unpack(p.g_theta);
      CView<T> g = p.g_out;
      for (std::size_t l = depth; l-- > 1;) {
        const View<T> g_h = part(p.cache.g, n, l);
        detail::stairs_input_act_pull<T, Act>(read(part(p.cache.h, n, l)), slopes(p.cache, n, l), layers[l].W, g,
                                              stairs(l), g_h, g_layers[l - 1].b, p.scratch);
        reseat(g, read(g_h));
      }
      const View<T> g_first = C > 0 ? p.scratch.template take<T>(n, C + D) : p.g_in;
      detail::stairs_input_pull<T>(layers[0].W, g, stairs(0), g_first, p.scratch);
      if constexpr (C > 0) {
        copy(columns(g_first, C, D), p.g_in);
        p.g_context += columns(g_first, 0, C);
      }
      weights_pull<T>(p);
    }

    template <class T, class Fill> void unroll(NetPass<T, Cache<T>> p, Fill fill) const {
      const Index n = p.in.rows();
      const auto layers = unpack(p.theta);
      const View<T> first = joined(p.context, p.cache);
      T* pre = Act::from_value ? nullptr : p.cache.pre.view(n, hidden).data();
      for (Index j = 0; j < D; ++j) {
        CView<T> in = C > 0 ? read(first) : p.in;
        for (std::size_t l = 0; l + 1 < depth; ++l) {
          const View<T> out = part(p.cache.h, n, l + 1);
          detail::stairs_dense_group<T, Act>(in, layers[l].W, layers[l].b, stairs(l), j, out,
                                             pre ? pre + start[l] * n : nullptr);
          reseat(in, read(out));
        }
        detail::stairs_dense_group<T, Identity>(in, layers[depth - 1].W, layers[depth - 1].b, stairs(depth - 1), j,
                                                p.out, nullptr);
        fill(j);
        if constexpr (C > 0) column(first, C + j) = column(p.in, j);
      }
    }

    template <class T, class Fill> void unroll_pull(NetPull<T, Cache<T>> p, Fill fill) const {
      const Index n = p.in.rows();
      const auto layers = unpack(p.theta);
      auto g_layers = unpack(p.g_theta);
      const auto below = [&](std::size_t l) {
        return l == depth ? p.g_out : read(part(p.cache.g, n, l));
      };  // cotangents of layer l's units
      for (Index j = D; j-- > 0;) {
        detail::stairs_group_pull<T>(layers[0].W, below(1), stairs(0), j + 1, C + j, 1, columns(p.g_in, j, 1));
        fill(j);
        for (std::size_t l = depth; l-- > 1;) {  // the units of degree j
          const Index c = stairs(l - 1).first(j), width = stairs(l - 1).width(j);
          if (width == 0) continue;
          const View<T> g_h = columns(part(p.cache.g, n, l), c, width);
          detail::stairs_group_pull<T>(layers[l].W, below(l + 1), stairs(l), j, c, width, g_h);
          const T* pre = slopes(p.cache, n, l);
          detail::act_pull<T, Act>(g_h, read(columns(part(p.cache.h, n, l), c, width)), pre ? pre + c * n : nullptr,
                                   ColView<T>(g_layers[l - 1].b.data() + c, width));
        }
      }
      if constexpr (C > 0) {
        Arena::Scope scope(p.scratch);
        const View<T> g_context = p.scratch.template take<T>(n, C);
        detail::stairs_group_pull<T>(layers[0].W, below(1), stairs(0), 0, 0, C, g_context);
        p.g_context += g_context;
      }
      weights_pull<T>(p);
    }

   private:
    /// Where hidden layer l + 1 starts among the hidden units.
    static constexpr std::array<Index, depth> start = [] {
      std::array<Index, depth> at{};
      for (std::size_t l = 0; l + 1 < depth; ++l) at[l + 1] = at[l] + Dense::width[l + 1];
      return at;
    }();
    /// known[l][s]: the units of layer l of degree below s; for the outputs, those of coordinates below s.
    static constexpr auto known = [] {
      std::array<std::array<Index, D + 1>, depth + 1> count{};
      for (std::size_t l = 1; l < depth; ++l) {
        for (Index i = 0; i < Dense::width[l]; ++i) {
          const Index degree = Degrees::template of<D, C>(i, Dense::width[l]);
          for (Index s = degree + 1; s <= D; ++s) ++count[l][static_cast<std::size_t>(s)];
        }
      }
      for (Index s = 0; s <= D; ++s) count[depth][static_cast<std::size_t>(s)] = s * P;
      return count;
    }();
    /// seen[l][s]: how many units of layer l those of degree s in the next layer, and the outputs of coordinate s, see.
    static constexpr auto seen = [] {
      std::array<std::array<Index, D>, depth> rows{};
      for (std::size_t s = 0; s < static_cast<std::size_t>(D); ++s) {
        rows[0][s] = C + static_cast<Index>(s);
        for (std::size_t l = 1; l < depth; ++l) rows[l][s] = known[l][s + 1];
      }
      return rows;
    }();
    /// The shape of the weights of layer l.
    static detail::Stairs stairs(std::size_t l) { return {known[l + 1].data(), seen[l].data(), D}; }

    /// The columns of layer l's units in a buffer of all hidden units.
    template <class T> static View<T> part(Buffer<T>& b, Index n, std::size_t l) {
      return columns(b.apart(n, hidden), start[l - 1], Dense::width[l]);
    }
    template <class T> static const T* slopes(Cache<T>& cache, Index n, std::size_t l) {
      return Act::from_value ? nullptr : cache.pre.view(n, hidden).data() + start[l - 1] * n;
    }
    /// Context and room for the coordinates; empty without a context.
    template <class T> static View<T> joined(CView<T> context, Cache<T>& cache) {
      const View<T> all = cache.joined.view(context.rows(), C > 0 ? C + D : 0);
      for (Index j = 0; j < C; ++j) column(all, j) = column(context, j);
      return all;
    }
    /// Gradients of all weights and of the last bias, once the cotangents of all units are there.
    template <class T> static void weights_pull(NetPull<T, Cache<T>>& p) {
      const Index n = p.in.rows();
      auto g_layers = unpack(p.g_theta);
      for (Index j = 0; j < D * P; ++j) g_layers[depth - 1].b(j) += column(p.g_out, j).sum();
      for (std::size_t l = depth; l-- > 0;) {
        const CView<T> g = l + 1 == depth ? p.g_out : read(part(p.cache.g, n, l + 1));
        const CView<T> in = l > 0 ? read(part(p.cache.h, n, l)) : C > 0 ? read(p.cache.joined.view(n, C + D)) : p.in;
        detail::stairs_weight_pull<T>(in, g, stairs(l), g_layers[l].W, p.scratch);
      }
    }
  };
};

/// Degrees that run evenly.
template <class Act, class Last, Index... H> struct BasicMade : MadeBy<EvenDegrees, Act, Last, H...> {};

/// ReLU between.
template <Index... H> using Made = BasicMade<Relu, ZeroLast, H...>;
/// Any activation: MadeOf<Tanh, 64, 64>.
template <class Act, Index... H> using MadeOf = BasicMade<Act, ZeroLast, H...>;
/// Degrees dealt by turns, as zuko and FlowJAX deal them.
template <Index... H> using DealtMade = MadeBy<DealtDegrees, Relu, ZeroLast, H...>;

namespace detail {
template <class Net, Index D, Index P, Index C>
using MaskedNet = typename decltype(net_in<Net, D, P, C, true, Made<1>>())::type;
}  // namespace detail

}  // namespace rheo
