// SPDX-License-Identifier: MIT
// Mlp: a plain multi-layer perceptron, hand-written both ways.  Mlp<64, 64> is a recipe; who uses it supplies the sizes
// at both ends.
#pragma once

#include <array>
#include <cmath>
#include <type_traits>

#include "rheo/core/layer_more.hpp"
#include "rheo/nets/linear.hpp"

namespace rheo {

/// How a net starts.  ZeroLast: its last layer at zero (a new flow is the identity);  UniformLast: its last layer as
/// the others;  WideZeroLast: the last at zero, the others' weights as wide as keep the variance of what passes (He et
/// al. 2015, arXiv:1502.01852, eq. 10), so that products of the inputs are there to be learned from the first step on:
/// a net that starts narrow is all but linear.
struct ZeroLast {
  static constexpr bool zero = true;
  static constexpr double gain = 1;
};
/// See ZeroLast.
struct UniformLast {
  static constexpr bool zero = false;
  static constexpr double gain = 1;
};
/// See ZeroLast.
struct WideZeroLast {
  static constexpr bool zero = true;
  static constexpr double gain = 2.449489742783178;  // sqrt(6)
};

/// Hidden widths H..., activation Act between.  Weights and biases start uniform on +-1/sqrt(fan in), PyTorch's Linear,
/// times the weights' gain; see Last. The context's columns stand behind those of `in`.
template <class Act, class Last, Index... H> struct BasicMlp {
  template <Index In, Index Out, Index C = 0> struct net {
    using Activation = Act;
    static constexpr std::size_t depth = sizeof...(H) + 1;
    static constexpr std::array<Index, depth + 1> width{In + C, H..., Out};
    static constexpr Index hidden = (H + ... + Index(0));
    static constexpr bool smooth = Act::smooth || hidden == 0;
    static constexpr Index param_count = [] {
      Index n = 0;
      for (std::size_t l = 0; l < depth; ++l) n += (width[l] + 1) * width[l + 1];
      return n;
    }();

    template <class T> struct Cache {
      Buffer<T> h, pre, joined;  // values of hidden layers side by side; their pre-activations; in and context
    };

    template <class P> static auto unpack(P p) {
      using M = decltype(p.matrix(0, 0));
      using B = decltype(p.vector(0));
      struct LayerView {
        M W;  // in x out
        B b;
      };
      return [&]<std::size_t... l>(std::index_sequence<l...>) {
        return std::array<LayerView, depth>{
            LayerView{p.matrix(width[l], width[l + 1], name(l, 'W')), p.vector(width[l + 1], name(l, 'b'))}...};
      }
      (std::make_index_sequence<depth>{});
    }

    template <class T> void init(Params<T> theta, Params<T>, Noise noise) const {
      auto layers = unpack(theta);
      for (std::size_t l = 0; l < depth; ++l) {
        const double bound = width[l] > 0 ? 1 / std::sqrt(static_cast<double>(width[l])) : 0;
        const bool zero = Last::zero && l + 1 == depth;
        const Noise weights = noise.fork(2 * l), biases = noise.fork(2 * l + 1);
        for (Index j = 0; j < width[l + 1]; ++j) {
          layers[l].b(j) = zero ? T(0) : T(bound * (2 * biases.uniform(j, 0) - 1));
          for (Index i = 0; i < width[l]; ++i)
            layers[l].W(i, j) = zero ? T(0) : T(Last::gain * bound * (2 * weights.uniform(j, i) - 1));
        }
      }
    }

    template <class T> void map(NetPass<T, Cache<T>> p) const {
      const Index n = p.in.rows();
      const auto layers = unpack(p.theta);
      View<T> h = p.cache.h.apart(n, hidden);
      T* pre = Act::from_value ? nullptr : p.cache.pre.view(n, hidden).data();
      CView<T> in = input(p.in, p.context, p.cache, true);
      Index at = 0;
      for (std::size_t l = 0; l + 1 < depth; ++l) {
        View<T> out = columns(h, at, width[l + 1]);
        detail::dense<T, Act>(in, layers[l].W, layers[l].b, out, pre ? pre + at * n : nullptr);
        reseat(in, read(out));
        at += width[l + 1];
      }
      detail::dense<T, Identity>(in, layers[depth - 1].W, layers[depth - 1].b, p.out, nullptr);
    }

    template <class T> void map_pull(NetPull<T, Cache<T>> p) const {
      Arena::Scope scope(p.scratch);
      const Index n = p.in.rows();
      const auto layers = unpack(p.theta);
      auto g_layers = unpack(p.g_theta);
      const View<T> h = p.cache.h.apart(n, hidden);
      const T* pre = Act::from_value ? nullptr : p.cache.pre.view(n, hidden).data();
      const CView<T> first = input(p.in, p.context, p.cache, false);
      View<T> g_first = C > 0 ? p.scratch.template take<T>(n, In + C) : p.g_in;
      CView<T> g = p.g_out;
      for (Index j = 0; j < Out; ++j) g_layers[depth - 1].b(j) += column(g, j).sum();
      Index at = hidden;
      for (std::size_t l = depth; l-- > 0;) {
        if (l == 0) {
          detail::first_pull<T>(first, layers[0].W, g, g_layers[0].W, g_first);
          break;
        }
        at -= width[l];
        View<T> g_h = p.scratch.template apart<T>(n, width[l]);
        const CView<T> h_l = read(columns(h, at, width[l]));
        detail::dense_pull<T, Act>(h_l, pre ? pre + at * n : nullptr, layers[l].W, g, g_layers[l].W, g_h,
                                   g_layers[l - 1].b);
        reseat(g, read(g_h));
      }
      if constexpr (C > 0) {
        p.g_in = columns(g_first, 0, In);
        p.g_context += columns(g_first, In, C);
      }
    }

   private:
    static constexpr std::string_view name(std::size_t l, char what) {
      constexpr const char* w[] = {"0.weight", "1.weight", "2.weight", "3.weight",
                                   "4.weight", "5.weight", "6.weight", "7.weight"};
      constexpr const char* b[] = {"0.bias", "1.bias", "2.bias", "3.bias", "4.bias", "5.bias", "6.bias", "7.bias"};
      static_assert(depth <= 8, "rheo: Mlp: at most seven hidden layers");
      return what == 'W' ? w[l] : b[l];
    }
    template <class T> static CView<T> input(CView<T> in, CView<T> context, Cache<T>& cache, bool fill) {
      if constexpr (C == 0) {
        (void)context, (void)cache, (void)fill;
        return in;
      } else {
        View<T> joined = cache.joined.view(in.rows(), In + C);
        if (fill) {
          copy(in, columns(joined, 0, In));
          copy(context, columns(joined, In, C));
        }
        return read(joined);
      }
    }
  };
};

/// ReLU: the fastest.
template <Index... H> using Mlp = BasicMlp<Relu, ZeroLast, H...>;
/// Any activation: MlpOf<Tanh, 64, 64>.
template <class Act, Index... H> using MlpOf = BasicMlp<Act, ZeroLast, H...>;

namespace detail {

template <class Net, Index In, Index Out, Index C>
concept IsNet = requires {
  typename Net::template net<In, Out, C>;
};

/// The net of a recipe, masked or not as who asks wants it; another, and an error in words, where there is none such.
template <class Net, Index In, Index Out, Index C, bool Masked, class Other> consteval auto net_in() {
  if constexpr (!IsNet<Net, In, Out, C>) {
    static_assert(IsNet<Net, In, Out, C>,
                  "rheo: a net is wanted here, by its hidden widths: Mlp<64, 64>, or Made<64, 64> where it is "
                  "autoregressive");
    return std::type_identity<typename Other::template net<In, Out, C>>{};
  } else if constexpr (is_masked<typename Net::template net<In, Out, C>> && !Masked) {
    static_assert(Masked, "rheo: Coupling wants a plain net: Mlp<64, 64> in place of Made<64, 64>");
    return std::type_identity<typename Other::template net<In, Out, C>>{};
  } else if constexpr (Masked && !is_masked<typename Net::template net<In, Out, C>>) {
    static_assert(!Masked, "rheo: Autoregressive wants a masked net: Made<64, 64> in place of Mlp<64, 64>");
    return std::type_identity<typename Other::template net<In, Out, C>>{};
  } else {
    return std::type_identity<typename Net::template net<In, Out, C>>{};
  }
}
template <class Net, Index In, Index Out, Index C>
using PlainNet = typename decltype(net_in<Net, In, Out, C, false, Mlp<>>())::type;

}  // namespace detail

}  // namespace rheo
