// SPDX-License-Identifier: MIT
// Repeat: K parameter sets of one layer type behind each other; a run-time loop over one instantiation, so depth costs
// no compile time.
#pragma once

#include <string>
#include <vector>

#include "rheo/core/layer_more.hpp"
#include "rheo/flows/chain.hpp"

namespace rheo {

/// L applied K times, each time with parameters, buffers and noise of its own.
template <Index K, class L> struct Repeat {
  static_assert(K > 0, "rheo: Repeat wants at least one layer");
  static_assert(detail::owes_no_layout<L>());
  static_assert(L::x_dim == L::z_dim, "rheo: Repeat: a repeated layer must keep the dimension");
  static constexpr Index D = L::x_dim;  ///< on both sides
  static constexpr Index x_dim = D, z_dim = D, context_dim = L::context_dim;
  static constexpr Index param_count = K * L::param_count, buffer_count = K * L::buffer_count;
  static constexpr Kind kind = L::kind;
  static constexpr Exactness exactness = L::exactness;
  static constexpr bool smooth = detail::is_smooth<L>, exact_pulls = detail::has_exact_pulls<L>,
                        biased_pulls = detail::has_biased_pulls<L>;
  static constexpr Index encode_passes = (detail::encode_effort<L>() * K).passes;
  static constexpr Index decode_passes = (detail::decode_effort<L>() * K).passes;
  static constexpr bool parallel_encode = detail::encode_effort<L>().parallel,
                        parallel_decode = detail::decode_effort<L>().parallel;
  template <class T> static constexpr double accuracy() { return static_cast<double>(K) * detail::accuracy<L, T>(); }
  /// What is known of the supports behind the second copy.
  using SupportsAtEnd =
      typename detail::Walk<0, detail::Unknown<D>, L, L>::End;  // the second copy must take what the first gives
  static constexpr Supports<D> x_support = L::x_support, z_support = SupportsAtEnd::value;
  static constexpr std::array<Index, static_cast<std::size_t>(D)> x_categories = detail::x_categories<L>(),
                                                                  z_categories = SupportsAtEnd::counts;
  static constexpr bool bounded = detail::is_bounded<L>();
  static constexpr std::array<Index, static_cast<std::size_t>(D)> support_source = [] {
    auto s = detail::support_source<L>();
    for (auto& start : s) {
      for (Index k = 1; k < K && start >= 0; ++k) start = detail::support_source<L>()[static_cast<std::size_t>(start)];
    }
    return s;
  }();

  L layer{};  ///< the one of which there are K parameter sets
  Repeat() = default;
  /// Of a layer with hyper-parameters.
  explicit Repeat(L l) : layer(std::move(l)) {}

  /// One cache per copy when a pull follows, one for all when not.
  template <class T> struct Cache {
    std::vector<CacheOf<L, T>> copies;
    std::vector<Buffer<T>> states;
    void grow(std::size_t n) {
      if (copies.size() < n) copies.resize(n);
      if (states.size() < n) states.resize(n);
    }
  };

  template <class P> static auto unpack(P p) {
    if constexpr (L::param_count > 0) {
      for (Index k = 0; k < K; ++k) p.part(LayoutOf<L>{}, L::param_count, std::to_string(k));
    }
    return p;
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    for (Index k = 0; k < K; ++k)
      detail::init<L, T>(layer, slice(theta, k), buffer_slice(buffers, k), noise.fork(static_cast<std::uint64_t>(k)));
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    for (Index k = 0; k < K; ++k) {
      if (!detail::valid_buffers(layer, buffer_slice(buffers, k))) return false;
    }
    return true;
  }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const requires detail::HasAfterStep<L, T> {
    for (Index k = 0; k < K; ++k) layer.after_step(slice(theta, k), buffer_slice(buffers, k));
  }
  template <class T> void initialise(InitPass<T> p) const {
    Batch<T> x = p.in, z;
    for (Index k = 0; k < K; ++k) {
      detail::initialise(layer, InitPass<T>{view(std::as_const(x)), slice(p.theta, k), buffer_slice(p.buffers, k),
                                            p.context, p.anew, p.report});
      if constexpr (CanEncode<L, T>) {
        if (k + 1 < K)
          detail::encode_rows<T>(layer, view(std::as_const(x)), z, slice(p.theta, k), buffer_slice(p.buffers, k),
                                 p.context);
        x.swap(z);
      }
    }
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const requires CanEncode<L, T> {
    run<T>(
        p, [this](auto q) { layer.encode(q); }, [](Index step) { return step; });
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const requires CanDecode<L, T> {
    run<T>(
        p, [this](auto q) { layer.decode(q); }, [](Index step) { return K - 1 - step; });
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const requires CanEncodePull<L, T> {
    pull<T>(
        p, [this](auto q) { layer.encode_pull(q); }, [](Index step) { return step; });
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const requires CanDecodePull<L, T> {
    pull<T>(
        p, [this](auto q) { layer.decode_pull(q); }, [](Index step) { return K - 1 - step; });
  }

 private:
  template <class T> static Params<T> slice(Params<T> p, Index k) {
    return {p.data() + k * L::param_count, L::param_count};
  }
  template <class T> static Params<T> buffer_slice(Params<T> p, Index k) {
    return {p.data() + k * L::buffer_count, L::buffer_count};
  }

  /// Step s of the direction uses copy(s) of the parameters; its value lands in state s.
  template <class T, class Call, class Copy> static void run(Pass<T, Cache<T>>& p, Call call, Copy copy) {
    p.cache.grow(p.keep ? static_cast<std::size_t>(K) : 2);
    const Index n = p.in.rows();
    CView<T> in = p.in;
    for (Index s = 0; s < K; ++s) {
      const Index k = copy(s);
      View<T> out = s + 1 == K ? p.out : p.cache.states[static_cast<std::size_t>(p.keep ? s : s % 2)].view(n, D);
      call(Pass<T, CacheOf<L, T>>{in, out, p.v, slice(p.theta, k), buffer_slice(p.buffers, k), p.context,
                                  p.noise.fork(static_cast<std::uint64_t>(k)),
                                  p.cache.copies[static_cast<std::size_t>(p.keep ? s : 0)], p.scratch, p.keep, p.report,
                                  p.wants_v});
      reseat(in, read(out));
    }
  }
  template <class T, class Call, class Copy> static void pull(Pull<T, Cache<T>>& p, Call call, Copy copy) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    View<T> spare[2] = {p.scratch.template take<T>(n, D), p.scratch.template take<T>(n, D)};
    CView<T> g = p.g_out;
    for (Index s = K; s-- > 0;) {
      const Index k = copy(s);
      const CView<T> in = s == 0 ? p.in : read(p.cache.states[static_cast<std::size_t>(s - 1)].view(n, D));
      const CView<T> out = s + 1 == K ? p.out : read(p.cache.states[static_cast<std::size_t>(s)].view(n, D));
      View<T> g_in = s == 0 ? p.g_in : spare[s % 2];
      call(Pull<T, CacheOf<L, T>>{in, out, g, p.g_v, g_in, slice(p.theta, k), slice(p.g_theta, k),
                                  buffer_slice(p.buffers, k), p.context, p.g_context,
                                  p.noise.fork(static_cast<std::uint64_t>(k)),
                                  p.cache.copies[static_cast<std::size_t>(s)], p.scratch});
      reseat(g, read(g_in));
    }
  }
};

}  // namespace rheo
