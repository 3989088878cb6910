// SPDX-License-Identifier: MIT
// FactoredLinear: the bijection z = F_m ... F_1 x + b from factors whose inverse and determinant are cheap; what the
// linear layers share.
//
// A factor F works on n x C rows and owes, for T a number or a dual,
//   static constexpr Index param_count, buffer_count;  static constexpr const char* name;  static auto unpack(P)
//   init(Params theta, Params buffers, Noise) const
//   struct Ready<T>, with T log_det                      what one call needs, made once a call in scratch memory:
//     pointers only
//   Ready<T> ready(theta, buffers, scratch, pull) const
//   apply<Encode>(ready, in, out, scratch) const         out = F in, or F^-1 in
//   pull<Encode>(ready, x, g_out, g_in, scratch) const   g_in = F' g_out or F^-T g_out; adds to the sums in `ready`; x
//     is the data side's value
//   finish(ready, sign, g_log_det, theta, g_theta, scratch) const   from the sums to g_theta
// With g_z the cotangent on the latent side, the gradient in F is g_z x' in encode and -g_z x' in decode: `sign` tells
// them apart.
#pragma once

#include <array>
#include <string>
#include <tuple>
#include <utility>

#include "rheo/core/layer_more.hpp"
#include "rheo/core/product.hpp"
#include "rheo/math/lane.hpp"

namespace rheo::math {

/// Log-diagonals are s = 10 tanh(a / 10): scales between 4.5e-5 and 2.2e4, so that no parameter makes a factor singular
/// in float.
inline constexpr double log_diagonal_bound = 10;
template <class T> T log_diagonal(T a) {
  using std::tanh;
  return T(log_diagonal_bound) * tanh(a * T(1 / log_diagonal_bound));
}
template <class T> T log_diagonal_slope(T s) {
  const T t = s * T(1 / log_diagonal_bound);
  return T(1) - t * t;
}

/// Calls body(At, i, N) over the rows, N neighbouring lanes at a time where there are as many, so that their sums run
/// side by side.
template <class T, class Body> void sweep_wide(Index n, Body body) {
  Index i = 0;
  if constexpr (has_lanes_v<T>) {
    for (; i + 4 * Lane<T>::size <= n; i += 4 * Lane<T>::size)
      body(At<Lane<T>>{}, i, std::integral_constant<std::size_t, 4>{});
    for (; i + Lane<T>::size <= n; i += Lane<T>::size) body(At<Lane<T>>{}, i, std::integral_constant<std::size_t, 1>{});
  }
  for (; i < n; ++i) body(At<T>{}, i, std::integral_constant<std::size_t, 1>{});
}

/// C coordinates mixed alike at each of `Pixels` places (rows are C x Pixels numbers, coordinate-major); Factors in
/// encode order. V = Pixels times the sum of the factors' log abs det, the same for every row.  Shared matrices are
/// made once a call.
template <Index C, Index Pixels, class... Factors> struct FactoredLinear {
  static constexpr std::size_t M = sizeof...(Factors);
  static constexpr Index D = C * Pixels, x_dim = D, z_dim = D, context_dim = 0;
  static constexpr Index param_count = (Factors::param_count + ...) + C, buffer_count = (Factors::buffer_count + ...);
  static constexpr Kind kind = Kind::bijection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;

  std::tuple<Factors...> factors{};

  /// The values between the factors: between[k] goes into factor k + 1.
  template <class T> struct Cache { std::array<Buffer<T>, M> between; };

  template <class P> static auto unpack(P p) {
    each([&]<std::size_t K>() { p.part(Factor<K>{}, Factor<K>::param_count, name<K>()); });
    return p.vector(C, "bias");
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    each([&]<std::size_t K>() { std::get<K>(factors).init(slice<K>(theta), buffer_slice<K>(buffers), noise.fork(K)); });
    bias(theta).setZero();
  }

  template <class T> bool valid_buffers(Params<const T> buffers) const {
    bool valid = true;
    each([&]<std::size_t K>() {
      valid = valid && rheo::detail::valid_buffers(std::get<K>(factors), buffer_slice<K>(buffers));
    });
    return valid;
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    auto ready = make(p.theta, p.buffers, p.scratch, false);
    const auto b = bias(p.theta);
    for (Index s = 0; s < Pixels; ++s) {
      each([&]<std::size_t K>() {
        std::get<K>(factors).template apply<true>(std::get<K>(ready), value<K>(p.in, p.cache, s),
                                                  K + 1 < M ? between(p.cache, K, p.in.rows(), s) : at(p.out, s),
                                                  p.scratch);
      });
      for (Index c = 0; c < C; ++c) column(p.out, c * Pixels + s) += b(c);
    }
    p.v += log_det(ready);
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    Arena::Scope scope(p.scratch);
    auto ready = make(p.theta, p.buffers, p.scratch, false);
    const auto b = bias(p.theta);
    const Index n = p.in.rows();
    View<T> centred = p.scratch.template take<T>(n, C);
    for (Index s = 0; s < Pixels; ++s) {
      for (Index c = 0; c < C; ++c) column(centred, c) = column(p.in, c * Pixels + s) - b(c);
      each_back([&]<std::size_t K>() {
        std::get<K>(factors).template apply<false>(std::get<K>(ready),
                                                   K + 1 < M ? read(between(p.cache, K, n, s)) : read(centred),
                                                   K > 0 ? between(p.cache, K - 1, n, s) : at(p.out, s), p.scratch);
      });
    }
    p.v += log_det(ready);
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const { pull<true>(p); }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const { pull<false>(p); }

 private:
  template <class F> static void each(F f) {
    [&]<std::size_t... Is>(std::index_sequence<Is...>) { (f.template operator()<Is>(), ...); }
    (std::make_index_sequence<M>{});
  }
  template <class F> static void each_back(F f) {
    [&]<std::size_t... Is>(std::index_sequence<Is...>) { (f.template operator()<M - 1 - Is>(), ...); }
    (std::make_index_sequence<M>{});
  }
  template <std::size_t K> using Factor = std::tuple_element_t<K, std::tuple<Factors...>>;
  /// Names in files are unique: a second factor of one kind is counted.
  template <std::size_t K> static std::string name() {
    std::size_t same = 0, before = 0;
    ((same += before++ < K && std::is_same_v<Factors, Factor<K>>), ...);
    return same == 0 ? Factor<K>::name : Factor<K>::name + ("_" + std::to_string(same + 1));
  }
  template <std::size_t K, bool Buffers> static constexpr Index offset() {
    Index total = 0;
    constexpr std::array<Index, M> counts{(Buffers ? Factors::buffer_count : Factors::param_count)...};
    for (std::size_t k = 0; k < K; ++k) total += counts[k];
    return total;
  }
  template <std::size_t K, class T> static Params<T> slice(Params<T> p) {
    return {p.data() + offset<K, false>(), Factor<K>::param_count};
  }
  template <std::size_t K, class T> static Params<T> buffer_slice(Params<T> p) {
    return {p.data() + offset<K, true>(), Factor<K>::buffer_count};
  }
  template <class T> static auto bias(Params<T> p) { return Params<T>(p.data() + (param_count - C), C).vector(C); }

  /// Place s of every coordinate: the columns s, s + Pixels, ... as an n x C view.
  template <class T> static View<T> at(View<T> a, Index s) {
    return view_of(a.data() + s * a.outerStride(), a.rows(), C, Pixels * a.outerStride());
  }
  template <class T> static CView<T> at(CView<T> a, Index s) {
    return view_of(a.data() + s * a.outerStride(), a.rows(), C, Pixels * a.outerStride());
  }
  template <class T> static View<T> between(Cache<T>& cache, std::size_t k, Index n, Index s) {
    return at(cache.between[k].view(n, D), s);
  }
  /// What goes into factor I on the data side.
  template <std::size_t K, class T> static CView<T> value(CView<T> x, Cache<T>& cache, Index s) {
    if constexpr (K == 0) return at(x, s);
    else return read(between(cache, K - 1, x.rows(), s));
  }
  template <class T> auto make(Params<const T> theta, Params<const T> buffers, Arena& scratch, bool pull) const {
    return [&]<std::size_t... Is>(std::index_sequence<Is...>) {
      return std::tuple<typename Factors::template Ready<T>...>{
          std::get<Is>(factors).ready(slice<Is>(theta), buffer_slice<Is>(buffers), scratch, pull)...};
    }
    (std::make_index_sequence<M>{});
  }
  template <class Ready> static auto log_det(const Ready& ready) {
    return std::apply(
        [](const auto&... r) { return (r.log_det + ...) * decltype((r.log_det + ...))(static_cast<double>(Pixels)); },
        ready);
  }

  template <bool Encode, class T> void pull(Pull<T, Cache<T>>& p) const {
    Arena::Scope scope(p.scratch);
    auto ready = make(p.theta, p.buffers, p.scratch, true);
    auto g_b = bias(p.g_theta);
    const Index n = p.in.rows();
    const CView<T> x = Encode ? p.in : p.out;
    std::array<T*, 2> spare{};
    if constexpr (M > 1) spare = {p.scratch.template take<T>(n, C).data(), p.scratch.template take<T>(n, C).data()};
    for (Index s = 0; s < Pixels; ++s) {
      CView<T> g = at(p.g_out, s);
      const auto step = [&]<std::size_t K>() {
        constexpr bool last = Encode ? K == 0 : K + 1 == M;
        View<T> to = last ? at(p.g_in, s) : view_of(spare[K % 2], n, C, n);
        std::get<K>(factors).template pull<Encode>(std::get<K>(ready), value<K>(x, p.cache, s), g, to, p.scratch);
        reseat(g, read(to));
      };
      if constexpr (Encode) each_back(step);
      else each(step);
      for (Index c = 0; c < C; ++c)
        g_b(c) += Encode ? column(p.g_out, c * Pixels + s).sum() : -column(p.g_in, c * Pixels + s).sum();
    }
    const T g_log_det = p.g_v.sum() * T(static_cast<double>(Pixels));
    each([&]<std::size_t K>() {
      std::get<K>(factors).finish(std::get<K>(ready), T(Encode ? 1 : -1), g_log_det, slice<K>(p.theta),
                                  slice<K>(p.g_theta), p.scratch);
    });
  }
};

}  // namespace rheo::math
