// SPDX-License-Identifier: MIT
// Front: the last layer of a flow before its base, which an objective trains or a sampler runs in a way of its own, and
// the layers in front of it.
#pragma once

#include <utility>

#include "rheo/flows/model.hpp"

namespace rheo::detail {

template <class F> struct Front;
template <template <class...> class FlowT, class... Ls> struct Front<FlowT<Ls...>> {
  using F = FlowT<Ls...>;
  static_assert(sizeof...(Ls) > 1, "rheo: this wants a flow of layers and a base");
  static constexpr std::size_t at = sizeof...(Ls) - 2;
  template <std::size_t K> using Layer = typename F::template At<K>;
  using Last = Layer<at>;
  template <std::size_t K> static constexpr Index params_before() {
    return []<std::size_t... J>(std::index_sequence<J...>) { return (Index(0) + ... + Layer<J>::param_count); }
    (std::make_index_sequence<K>{});
  }
  template <std::size_t K> static constexpr Index buffers_before() {
    return []<std::size_t... J>(std::index_sequence<J...>) { return (Index(0) + ... + Layer<J>::buffer_count); }
    (std::make_index_sequence<K>{});
  }

  static const Last& last(const F& flow) { return std::get<at>(flow.layers); }
  template <class T> static CacheOf<Last, T>& cache(Worker<F, T>& worker) { return std::get<at>(worker.cache.parts); }
  template <class T> static Params<const T> theta(const Model<F, T>& model) {
    return {model.theta().data() + params_before<at>(), Last::param_count};
  }
  template <class T> static Params<T> gradient(Params<T> g) {
    return {g.data() + params_before<at>(), Last::param_count};
  }

  /// The data as they reach the last layer, v += V of those in front, which must be bijections.  The view lives as long
  /// as the caller's scope of the worker's scratch.
  template <class T>
  static CView<T> encode(const Model<F, T>& model, Worker<F, T>& worker, CView<T> data, ColView<T> v, CView<T> context,
                         Noise noise) {
    const Index n = data.rows();
    CView<T> x = data;
    each<true>([&]<std::size_t J>() {
      using L = Layer<J>;
      const View<T> out = worker.scratch.template take<T>(n, L::z_dim);
      std::get<J>(model.flow().layers).encode(pass<J, L, T>(model, worker, x, out, v, context, noise));
      reseat(x, read(out));
    });
    return x;
  }
  /// The way back, from what the last layer gives to data.
  template <class T>
  static CView<T> decode(const Model<F, T>& model, Worker<F, T>& worker, CView<T> z, CView<T> context, Noise noise) {
    const Index n = z.rows();
    ColView<T> ignored = worker.scratch.template column<T>(n);
    ignored.setZero();
    CView<T> x = z;
    each<false>([&]<std::size_t J>() {
      using L = Layer<J>;
      const View<T> out = worker.scratch.template take<T>(n, L::x_dim);
      std::get<J>(model.flow().layers).decode(pass<J, L, T>(model, worker, x, out, ignored, context, noise));
      reseat(x, read(out));
    });
    return x;
  }

 private:
  template <std::size_t J, class L, class T>
  static auto pass(const Model<F, T>& model, Worker<F, T>& worker, CView<T> in, View<T> out, ColView<T> v,
                   CView<T> context, Noise noise) {
    static_assert(L::kind == Kind::bijection, "rheo: the layers in front of the last one must be bijections here");
    return Pass<T, CacheOf<L, T>>{in,
                                  out,
                                  v,
                                  {model.theta().data() + params_before<J>(), L::param_count},
                                  {model.state().data() + buffers_before<J>(), L::buffer_count},
                                  columns(context, 0, L::context_dim),
                                  noise.fork(J),
                                  std::get<J>(worker.cache.parts),
                                  worker.scratch,
                                  false,
                                  &worker.report};
  }
  template <bool Forward, class Call> static void each(Call call) {
    [&]<std::size_t... Is>(std::index_sequence<Is...>) {
      (call.template operator() < Forward ? Is : at - 1 - Is > (), ...);
    }
    (std::make_index_sequence<at>{});
  }
};

}  // namespace rheo::detail
