// SPDX-License-Identifier: MIT
// ResidualMlp: a residual net for couplings: h = initial(in), h += second(act(first(act(h)))) a block, last(h),
// hand-written both ways.
//   He et al. 2016, arXiv:1603.05027;  as conditioner: Durkan et al. 2019, arXiv:1906.04032, sec. 5, whose code it
//   follows to the context's gates.
#pragma once

#include <array>
#include <cmath>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "rheo/core/pass.hpp"
#include "rheo/nets/linear.hpp"
#include "rheo/nets/mlp.hpp"

namespace rheo {
namespace detail {

/// sigmoid, as an activation.
struct Gate {
  static constexpr bool from_value = true, smooth = true;
  template <class L> static L value(L a) { return math::sigmoid(a); }
  template <class L> static L pull(L, L h, L g) { return g * h * (L(1) - h); }
};

/// out = act(in); columns of both contiguous.
template <class T, class Act> void activate(View<T> in, View<T> out) {
  for (Index j = 0; j < in.cols(); ++j)
    bias_act<T, Act>(column(in, j).data(), T(0), in.rows(), column(in, j).data(), column(out, j).data());
}
template <class T> void add_column_sums(CView<T> g, ColView<T> g_b) {
  for (Index j = 0; j < g.cols(); ++j) g_b(j) += column(g, j).sum();
}
/// Gradients of a layer that sees the context: of its weights (not of its bias), and of the context.
template <class T>
void context_pull(CView<T> context, CView<T> g, CView<T> W, View<T> g_W, View<T> g_context, Arena& scratch) {
  Arena::Scope scope(scratch);
  View<T> part = scratch.take<T>(context.rows(), context.cols());
  first_pull<T>(context, W, g, g_W, part);
  g_context += part;
}

/// The parameters of a residual net of `Blocks` blocks of H units: with a context of width C each block has a layer
/// that sees it, and where `Start` the beginning too.
template <Index In, Index Out, Index H, Index Blocks, Index C, bool Start> struct ResidualLayout {
  static_assert(H > 0 && Blocks >= 0, "rheo: a residual net wants units, and no less than 0 blocks");
  static constexpr Index of_context = C > 0 ? (C + 1) * H : 0;
  static constexpr Index param_count =
      (In + 1) * H + (Start ? of_context : 0) + Blocks * (2 * (H + 1) * H + of_context) + (H + 1) * Out;

  template <class P> static auto unpack(P p) {
    using M = decltype(p.matrix(0, 0));
    using B = decltype(p.vector(0));
    struct Linear {
      M W;  // in x out
      B b;
    };
    struct Block {
      Linear first, second, context;
    };
    struct Parts {
      Linear initial, context;
      std::array<Block, static_cast<std::size_t>(Blocks)> blocks;
      Linear last;
    };
    const auto linear = [&p](Index in, Index out, [[maybe_unused]] const char* layer, [[maybe_unused]] Index b) {
      const auto name = [&](const char* what) {  // names cost memory: none where none are asked for
        if constexpr (std::is_same_v<P, Layout>) {
          return (b < 0 ? std::string() : "blocks." + std::to_string(b) + ".") + layer + "." + what;
        } else {
          return static_cast<void>(what), std::string_view{};
        }
      };
      auto W = p.matrix(in, out, name("weight"));
      return Linear{W, p.vector(out, name("bias"))};
    };
    const auto block = [&](Index b) {
      return Block{linear(H, H, "first", b), linear(H, H, "second", b), linear(C, C > 0 ? H : 0, "context", b)};
    };
    return [&]<std::size_t... k>(std::index_sequence<k...>) {
      return Parts{linear(In, H, "initial", -1),
                   linear(Start ? C : 0, Start && C > 0 ? H : 0, "context", -1),
                   {block(static_cast<Index>(k))...},
                   linear(H, Out, "last", -1)};
    }
    (std::make_index_sequence<static_cast<std::size_t>(Blocks)>{});
  }

  /// Uniform on +-1/sqrt(fan in), second layers of blocks on +-0.001, the last layer at zero or as the others.
  template <class Last, class T> static void init(Params<T> theta, Noise noise) {
    auto parts = unpack(theta);
    std::uint64_t at = 0;
    const auto start = [&](auto& layer, double bound) {
      const Noise weights = noise.fork(at++), biases = noise.fork(at++);
      for (Index j = 0; j < layer.W.cols(); ++j) {
        layer.b(j) = T(bound * (2 * biases.uniform(j, 0) - 1));
        for (Index i = 0; i < layer.W.rows(); ++i) layer.W(i, j) = T(bound * (2 * weights.uniform(j, i) - 1));
      }
    };
    const auto usual = [](const auto& layer) {
      return layer.W.rows() > 0 ? Last::gain / std::sqrt(static_cast<double>(layer.W.rows())) : 0;
    };
    start(parts.initial, usual(parts.initial));
    start(parts.context, usual(parts.context));
    for (auto& block : parts.blocks) {
      start(block.first, usual(block.first));
      start(block.second, 1e-3);
      start(block.context, usual(block.context));
    }
    start(parts.last, Last::zero ? 0 : usual(parts.last));
  }
};

}  // namespace detail

/// ResidualMlp<64, 2> is a recipe as Mlp<64, 64> is: two blocks of 64 units.  A context's columns stand behind those of
/// `in` in the initial layer, and in each block sigmoid(context layer) gates what is added.  Starts as an Mlp does, the
/// blocks all but empty.
template <class Act, class Last, Index H, Index Blocks> struct BasicResidualMlp {
  template <Index In, Index Out, Index C = 0> struct net {
    using Activation = Act;
    using Parameters = detail::ResidualLayout<In + C, Out, H, Blocks, C, false>;
    static constexpr Index units = H, blocks = Blocks, param_count = Parameters::param_count;
    static constexpr bool smooth = Act::smooth;

    template <class T> struct Cache {
      Buffer<T> stream, r, q, pre, added, gate,
          joined;  // h behind each block; act(h), act(first), its argument, second, the gate in each; in and context
    };

    template <class P> static auto unpack(P p) { return Parameters::unpack(p); }
    template <class T> void init(Params<T> theta, Params<T>, Noise noise) const {
      Parameters::template init<Last, T>(theta, noise);
    }

    template <class T> void map(NetPass<T, Cache<T>> p) const {
      const Index n = p.in.rows();
      const auto parts = unpack(p.theta);
      View<T> stream = p.cache.stream.view(n, (Blocks + 1) * H);
      CView<T> in = p.in;
      if constexpr (C > 0) {
        View<T> joined = p.cache.joined.view(n, In + C);
        copy(p.in, columns(joined, 0, In));
        copy(p.context, columns(joined, In, C));
        reseat(in, read(joined));
      }
      detail::dense<T, Identity>(in, parts.initial.W, parts.initial.b, columns(stream, 0, H), nullptr);
      for (Index b = 0; b < Blocks; ++b) {
        const auto& block = parts.blocks[static_cast<std::size_t>(b)];
        View<T> h = columns(stream, b * H, H), next = columns(stream, (b + 1) * H, H), r = part(p.cache.r, n, b),
                q = part(p.cache.q, n, b);
        detail::activate<T, Act>(h, r);
        detail::dense<T, Act>(read(r), block.first.W, block.first.b, q, pre(p.cache, n, b));
        if constexpr (C == 0) {
          detail::dense<T, Identity>(read(q), block.second.W, block.second.b, next, nullptr);
          next += h;
        } else {
          View<T> added = part(p.cache.added, n, b), gate = part(p.cache.gate, n, b);
          detail::dense<T, Identity>(read(q), block.second.W, block.second.b, added, nullptr);
          detail::dense<T, detail::Gate>(p.context, block.context.W, block.context.b, gate, nullptr);
          next = h + added * gate;
        }
      }
      detail::dense<T, Identity>(read(columns(stream, Blocks * H, H)), parts.last.W, parts.last.b, p.out, nullptr);
    }

    template <class T> void map_pull(NetPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.in.rows();
      const auto parts = unpack(p.theta);
      auto g_parts = unpack(p.g_theta);
      View<T> stream = p.cache.stream.view(n, (Blocks + 1) * H);
      View<T> g = p.scratch.template take<T>(n, H), g_u = p.scratch.template take<T>(n, H),
              g_r = p.scratch.template take<T>(n, H);
      ColView<T> unused = p.scratch.template column<T>(H);
      unused.setZero();
      detail::add_column_sums<T>(p.g_out, g_parts.last.b);
      detail::first_pull<T>(read(columns(stream, Blocks * H, H)), parts.last.W, p.g_out, g_parts.last.W, g);
      for (Index b = Blocks; b-- > 0;) {
        Arena::Scope inner(p.scratch);
        const auto& block = parts.blocks[static_cast<std::size_t>(b)];
        auto& g_block = g_parts.blocks[static_cast<std::size_t>(b)];
        View<T> h = columns(stream, b * H, H), r = part(p.cache.r, n, b), q = part(p.cache.q, n, b);
        CView<T> g_added = read(g);
        if constexpr (C > 0) {
          View<T> added = part(p.cache.added, n, b), gate = part(p.cache.gate, n, b);
          View<T> g_gate = p.scratch.template take<T>(n, H), through = p.scratch.template take<T>(n, H);
          g_gate = g * added;
          through = g * gate;
          detail::act_pull<T, detail::Gate>(g_gate, read(gate), nullptr, g_block.context.b);
          detail::context_pull<T>(p.context, read(g_gate), block.context.W, g_block.context.W, p.g_context, p.scratch);
          reseat(g_added, read(through));
        }
        detail::add_column_sums<T>(g_added, g_block.second.b);
        detail::dense_pull<T, Act>(read(q), pre(p.cache, n, b), block.second.W, g_added, g_block.second.W, g_u,
                                   g_block.first.b);
        detail::dense_pull<T, Act>(read(r), Act::from_value ? nullptr : h.data(), block.first.W, read(g_u),
                                   g_block.first.W, g_r, unused);
        g += g_r;
      }
      detail::add_column_sums<T>(read(g), g_parts.initial.b);
      if constexpr (C == 0) {
        detail::first_pull<T>(p.in, parts.initial.W, read(g), g_parts.initial.W, p.g_in);
      } else {
        View<T> g_first = p.scratch.template take<T>(n, In + C);
        detail::first_pull<T>(read(p.cache.joined.view(n, In + C)), parts.initial.W, read(g), g_parts.initial.W,
                              g_first);
        copy(read(columns(g_first, 0, In)), p.g_in);
        p.g_context += columns(g_first, In, C);
      }
    }

   private:
    template <class T> static View<T> part(Buffer<T>& all, Index n, Index b) {
      return columns(all.view(n, Blocks * H), b * H, H);
    }
    template <class T> static T* pre(Cache<T>& cache, Index n, Index b) {
      return Act::from_value ? nullptr : part(cache.pre, n, b).data();
    }
  };
};

/// ReLU.
template <Index H, Index Blocks = 2> using ResidualMlp = BasicResidualMlp<Relu, ZeroLast, H, Blocks>;
/// Any activation: ResidualMlpOf<Tanh, 64, 2>.
template <class Act, Index H, Index Blocks = 2> using ResidualMlpOf = BasicResidualMlp<Act, ZeroLast, H, Blocks>;

}  // namespace rheo
