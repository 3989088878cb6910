// SPDX-License-Identifier: MIT
// StochasticPermutation: a random order, both ways: makes any flow behind it a lower bound of an exchangeable one.
//   Nielsen et al. 2020, arXiv:2007.02731 (SurVAE flows): stochastic permutation.
#pragma once

#include "rheo/core/layer.hpp"
#include "rheo/math/points.hpp"

namespace rheo {

/// Rows are N points of D real coordinates, point by point; encode and decode draw an order of them, all equally
/// likely, so the two densities cancel: V = 0.  A bound.  decode with the noise of an encode undoes it.
template <Index N, Index D = 1> struct StochasticPermutation {
  static_assert(N > 1 && D > 0, "rheo: StochasticPermutation wants two points or more");
  static constexpr Index x_dim = N * D, z_dim = N * D, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::stochastic;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::bound;
  static constexpr bool smooth = true, replays = true;
  static constexpr Supports<N*D> x_support = all_of<N * D>(Support::real), z_support = x_support;
  template <class T> struct Cache { Buffer<std::int32_t> order; };

  template <class T> void encode(Pass<T, Cache<T>> p) const { math::gather_points<D, T>(p.in, drawn<T>(p), p.out); }
  template <class T> void decode(Pass<T, Cache<T>> p) const { math::scatter_points<D, T>(p.in, drawn<T>(p), p.out); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const {
    math::scatter_points<D, T>(p.g_out, p.cache.order.view(p.in.rows(), N), p.g_in);
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const {
    math::gather_points<D, T>(p.g_out, p.cache.order.view(p.in.rows(), N), p.g_in);
  }

 private:
  template <class T> static math::Order drawn(Pass<T, Cache<T>>& p) {
    const math::Order order = p.cache.order.view(p.in.rows(), N);
    math::shuffle_points<N>(p.noise, order);
    return order;
  }
};

}  // namespace rheo
