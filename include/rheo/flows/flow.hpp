// SPDX-License-Identifier: MIT
// Flow: layers in encode order and a base distribution behind them, as one type.
#pragma once

#include "rheo/flows/chain.hpp"
#include "rheo/flows/context.hpp"
#include "rheo/flows/repeat.hpp"

namespace rheo {

/// Flow{layers..., base}: a chain that ends in a distribution.  A distribution is a layer onto nothing, so the chain's
/// V is log p(x).  Behind its layers' buffers stand those by which a model standardises contexts.
template <class... Ls> struct Flow : Chain<Ls...> {
  /// The distribution behind the layers.
  using Base = std::tuple_element_t<sizeof...(Ls) - 1, std::tuple<Ls...>>;
  static_assert(Base::z_dim == 0, "rheo: Flow: the last part must be a distribution, as StandardNormal<D>");
  static constexpr Index latent_dim = Base::x_dim;       ///< coordinates of the base
  static constexpr bool has_layers = sizeof...(Ls) > 1;  ///< or the base alone
  /// How contexts are standardised.
  using Contexts = ContextScale<Chain<Ls...>::context_dim>;
  static constexpr Index buffer_count = Chain<Ls...>::buffer_count + Contexts::buffer_count;

  Flow() = default;
  /// Flow{layers..., base}: the types are found by themselves.
  explicit Flow(Ls... ls) : Chain<Ls...>(std::move(ls)...) {}

  /// The part of the buffers by which contexts are standardised.
  template <class T> static Params<T> contexts(Params<T> buffers) {
    return {buffers.data() + Chain<Ls...>::buffer_count, Contexts::buffer_count};
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    Chain<Ls...>::init(theta, buffers, noise);
    Contexts::leave(contexts(buffers), false);
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    return Chain<Ls...>::valid_buffers(buffers) && Contexts::valid(contexts(buffers));
  }

  /// The layers without the base; their parameters are the first of the flow's.
  auto body() const requires has_layers {
    return [&]<std::size_t... Is>(std::index_sequence<Is...>) {
      return Chain<std::tuple_element_t<Is, std::tuple<Ls...>>...>(std::get<Is>(this->layers)...);
    }
    (std::make_index_sequence<sizeof...(Ls) - 1>{});
  }
};

}  // namespace rheo
