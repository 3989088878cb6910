// SPDX-License-Identifier: MIT
// What the importers share: the walk over a flow's layers, the nets that several libraries have, and the import itself.
#pragma once

#include <string>
#include <tuple>
#include <utility>

#include "rheo/flows/invert.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/io/import/libraries.hpp"
#include "rheo/io/import/state_dict.hpp"
#include "rheo/nets/masked.hpp"

namespace rheo::io {

/// The first ceil(D / 2) coordinates pass, the rest are transformed: how PyTorch's chunk halves.
template <Index D> struct LargerHalfPasses {
  /// Whether x_j is.
  static constexpr bool transformed(Index j) { return j >= (D + 1) / 2; }
};

namespace detail {

/// Calls visit(layer, parameters, buffers) of every layer that is made of no others, in encode order, or backwards.
/// Inside an Invert the order turns.
template <class L> struct Leaves {
  template <bool Forwards, class Visit>
  static void visit(const L& layer, Params<double> theta, Params<double> buffers, Visit& v) {
    v.template operator()<Forwards>(layer, theta, buffers);
  }
};
template <class... Ls> struct Leaves<Chain<Ls...>> {
  template <bool Forwards, class Visit>
  static void visit(const Chain<Ls...>& chain, Params<double> theta, Params<double> buffers, Visit& v) {
    constexpr std::size_t n = sizeof...(Ls);
    std::array<Index, n> theta_at{}, buffers_at{};
    constexpr std::array<Index, n> theta_counts{Ls::param_count...}, buffer_counts{Ls::buffer_count...};
    for (std::size_t k = 1; k < n; ++k) {
      theta_at[k] = theta_at[k - 1] + theta_counts[k - 1];
      buffers_at[k] = buffers_at[k - 1] + buffer_counts[k - 1];
    }
    const auto one = [&]<std::size_t K>() {
      using L = std::tuple_element_t<K, std::tuple<Ls...>>;
      Leaves<L>::template visit<Forwards>(std::get<K>(chain.layers), {theta.data() + theta_at[K], L::param_count},
                                          {buffers.data() + buffers_at[K], L::buffer_count}, v);
    };
    [&]<std::size_t... K>(std::index_sequence<K...>) {
      if constexpr (Forwards) (one.template operator()<K>(), ...);
      else (one.template operator()<n - 1 - K>(), ...);
    }
    (std::make_index_sequence<n>{});
  }
};
template <class... Ls> struct Leaves<Flow<Ls...>> : Leaves<Chain<Ls...>> {};
template <Index K, class L> struct Leaves<Repeat<K, L>> {
  template <bool Forwards, class Visit>
  static void visit(const Repeat<K, L>& repeat, Params<double> theta, Params<double> buffers, Visit& v) {
    for (Index i = 0; i < K; ++i) {
      const Index k = Forwards ? i : K - 1 - i;
      Leaves<L>::template visit<Forwards>(repeat.layer, {theta.data() + k * L::param_count, L::param_count},
                                          {buffers.data() + k * L::buffer_count, L::buffer_count}, v);
    }
  }
};
template <class L> struct Leaves<Invert<L>> {
  template <bool Forwards, class Visit>
  static void visit(const Invert<L>& invert, Params<double> theta, Params<double> buffers, Visit& v) {
    Leaves<L>::template visit<!Forwards>(invert.layer, theta, buffers, v);
  }
};

/// Numbers 0 .. D - 1, or those along an order.
template <Index D, class O> Places places_of() {
  Places places;
  for (Index k = 0; k < D; ++k) places.push_back(O::template at<D>(k));
  return places;
}

/// The layers of an Mlp from name(l).weight and name(l).bias.
template <class N, class Name>
void read_mlp(StateDict& dict, Params<double> theta, Name name, const Places& outputs = {}) {
  auto layers = N::unpack(theta);
  for (std::size_t l = 0; l < N::depth; ++l) dict.linear(name(l), layers[l], l + 1 == N::depth ? outputs : Places{});
}

template <class N> inline constexpr bool is_mlp = requires { N::depth, N::hidden; }
&&!rheo::detail::is_masked<N>;
template <class N> inline constexpr bool is_made = requires {
  typename N::UnitDegrees;
  typename N::Dense;
};

/// Whether the units of a hidden layer have the degrees that the library deals.
template <class Dealt, class Own, Index D, Index C> constexpr bool same_degrees(Index width) {
  for (Index i = 0; i < width; ++i) {
    if (Dealt::template of<D, C>(i, width) != Own::template of<D, C>(i, width)) return false;
  }
  return true;
}
/// Their number of our unit i: they deal degrees by turns, our units are sorted by degree.
template <class Dealt, Index D, Index C> Places sorted_by_degree(Index width) {
  Places places;
  constexpr Index first = Dealt::template first<D, C>;
  for (Index i = 0, turn = 0; i < width; ++i) {
    const Index degree = Dealt::template of<D, C>(i, width);
    turn = i > 0 && degree == Dealt::template of<D, C>(i - 1, width) ? turn + 1 : 0;
    places.push_back(degree - first + (D - first) * turn);
  }
  return places;
}

/// A Made whose units are dealt as Dealt has it, coordinates along O, their context behind the coordinates; name(l) are
/// layer l's tensors. output(q) is their number, among the P of a coordinate, of our parameter q.
template <class Dealt, class N, Index D, Index P, Index C, class O, class Name, class Output>
void read_made(StateDict& dict, Params<double> theta, Name name, Output output) {
  using Own = typename N::UnitDegrees;
  constexpr auto width = N::Dense::width;
  static_assert(
      [] {
        for (std::size_t l = 1; l < N::depth; ++l) {
          if (!same_degrees<Dealt, Own, D, C>(N::Dense::width[l])) return false;
        }
        return true;
      }(),
      "rheo: this library deals the degrees of masked units otherwise: DealtMade<64, 64>, or the library's own alias, "
      "in place of Made<64, 64>");
  const Places order = places_of<D, O>();
  auto layers = N::unpack(theta);
  Places in, out;
  for (Index c = 0; c < C; ++c) in.push_back(D + c);
  in.insert(in.end(), order.begin(), order.end());
  for (std::size_t l = 0; l < N::depth; ++l) {
    const bool last = l + 1 == N::depth;
    out = last ? Places{} : sorted_by_degree<Dealt, D, C>(width[l + 1]);
    for (Index k = 0; last && k < D * P; ++k) out.push_back(place(order, k / P) * P + output(k % P));
    dict.masked_linear(name(l), layers[l], out, in, [&](Index k, Index i) {
      const Index sees =
          last ? k / P
               : Own::template of<D, C>(k, width[l + 1]);  // a unit of this degree, or the outputs of this coordinate
      return l == 0 ? i < C + sees : Own::template of<D, C>(i, width[l]) <= sees;
    });
    in = out;
  }
}

/// Reads every layer of `flow`, and then asks that nothing be left.  Of a flow that was a module's member all names
/// begin with the member's, which is left out then.
template <class Reader, class F>
Model<F, double> import_model(const TensorFile& file, const std::string& name, F flow) {
  Model<F, double> model = make_model<double>(std::move(flow), Noise{});
  const RootsPrefix roots = prefix_of(file, Reader::library.root);
  const bool member = !roots.prefix.empty() && roots.without.empty();
  TensorFile inside;
  if (member) inside = file;
  for (Tensor& t : inside.tensors) t.name.erase(0, roots.prefix.size());
  StateDict dict(member ? inside : file, member ? name + ": behind '" + roots.prefix + "'" : name);
  if (const std::string other = importer_of(file, Reader::library.name); !other.empty()) {
    dict.fault(other);
  } else if (!roots.prefix.empty() && !member) {
    dict.fault("a flow stands behind '" + roots.prefix + "', and '" + roots.without +
               "' is no part of it: save the flow's own state_dict() alone");
  }
  Reader reader{dict};
  Leaves<F>::template visit<Reader::forwards>(model.flow(), model.theta(), model.state(), reader);
  dict.finish();
  F::Contexts::leave(F::contexts(model.state()), true);  // they were trained on contexts as they are
  return model;
}

/// What importers read with: every finite F64 or F32 is fine, and what is not is told tensor by tensor.
inline TensorFile read_state_dict(const std::string& path, TensorLimits limits) {
  limits.finite = false;
  return read_safetensors(path, limits);
}

}  // namespace detail
}  // namespace rheo::io
