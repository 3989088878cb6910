// SPDX-License-Identifier: MIT
// latent_energy: an energy seen from a flow's latent space, where a sampler may find a shape that it can walk in.
//   Hoffman et al. 2019, arXiv:1903.03704 (neural transport); Marzouk et al. 2016, arXiv:1602.05023; Parno and Marzouk
//     2018, arXiv:1412.5492.
#pragma once

#include <type_traits>
#include <utility>

#include "rheo/flows/model.hpp"
#include "rheo/math/energy.hpp"

namespace rheo {

/// u(x(z)) - log abs det dx/dz, the energy of z where x = decode(z) has the energy u: model.decode(z) of draws of
/// exp(-this) are draws of exp(-u), however well the flow was fitted, and where it was fitted well this is that of the
/// flow's base.  Log Z is u's.  Each value costs a decode beside u, each gradient its pull.
///
/// For flows whose layers are exact bijections with a gradient of decode, without context.  Holds its energy, and the
/// model's numbers as they are now.
template <class F, class S, ValueEnergy E> class LatentEnergy {
  static_assert(F::context_dim == 0, "rheo: LatentEnergy: a flow without context");
  static_assert(F::x_dim == E::dim, "rheo: LatentEnergy: the energy and the flow have different dimensions");
  using Body = decltype(std::declval<const F&>().body());
  static_assert(Body::kind == Kind::bijection && is_exact_v<Body>,
                "rheo: LatentEnergy: a flow of bijections alone has a latent point for each x");

 public:
  static constexpr Index dim = F::latent_dim;
  template <class T> struct Workspace {
    typename E::template Workspace<T> energy;
    CacheOf<Body, T> cache;
    Arena scratch;
    Buffer<T> x, v, g, theta, buffers;
  };
  /// Of an energy u of x, n x dim, in nats; the model's numbers are copied.
  LatentEnergy(const Model<F, S>& model, E energy)
      : body_(model.flow().body()), energy_(std::move(energy)), theta_(model.parameters()), buffers_(model.buffers()) {}

  template <class T> void value(CView<T> z, ColView<T> u, Workspace<T>& w) const {
    const View<T> x = w.x.view(z.rows(), dim);
    ColView<T> v = w.v.column(z.rows());
    decode(z, x, v, w, false);
    energy_.value(read(x), u, w.energy);
    u += v;
  }
  template <class T>
  void value_and_gradient(CView<T> z, ColView<T> u, View<T> g, Workspace<T>& w) const requires Energy<E> {
    Arena::Scope scope(w.scratch);
    const Index n = z.rows();
    const View<T> x = w.x.view(n, dim), g_x = w.g.view(n, dim);
    ColView<T> v = w.v.column(n);
    decode(z, x, v, w, true);
    energy_.value_and_gradient(read(x), u, g_x, w.energy);
    u += v;
    ColView<T> one = w.scratch.template column<T>(n), g_theta = w.scratch.template column<T>(Body::param_count);
    one.setOnes();
    g_theta.setZero();
    View<T> none = w.scratch.template take<T>(n, 0);
    body_.decode_pull(Pull<T, CacheOf<Body, T>>{
        z, read(x), read(g_x), read(one), g, numbers(theta_, w.theta, Body::param_count),
        Params<T>(g_theta.data(), Body::param_count), numbers(buffers_, w.buffers, Body::buffer_count), read(none),
        none, Noise{}, w.cache, w.scratch});
  }

 private:
  template <class T> void decode(CView<T> z, View<T> x, ColView<T> v, Workspace<T>& w, bool keep) const {
    v.setZero();
    body_.decode(Pass<T, CacheOf<Body, T>>{z, x, v, numbers(theta_, w.theta, Body::param_count),
                                           numbers(buffers_, w.buffers, Body::buffer_count),
                                           detail::nothing<const T>(z.rows()), Noise{}, w.cache, w.scratch, keep});
  }
  /// The model's numbers, in the scalar of the call.
  template <class T> static Params<const T> numbers(const Column<S>& from, Buffer<T>& room, Index count) {
    if constexpr (std::is_same_v<T, S>) {
      return {from.data(), count};
    } else {
      ColView<T> to = room.column(count);
      for (Index i = 0; i < count; ++i) to(i) = T(from(i));
      return {to.data(), count};
    }
  }

  Body body_;
  E energy_;
  Column<S> theta_, buffers_;
};

/// `latent_energy(model, energy)`: what Hmc, Mala and annealed_sample take in the energy's place.
template <class F, class S, ValueEnergy E> LatentEnergy<F, S, E> latent_energy(const Model<F, S>& model, E energy) {
  return {model, std::move(energy)};
}

}  // namespace rheo
