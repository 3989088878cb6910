// SPDX-License-Identifier: MIT
// A fixed reordering of coordinates, known to the type: what Flip and Squeeze are.  V = 0; supports travel with their
// coordinates.
#pragma once

#include <array>

#include "rheo/core/layer.hpp"

namespace rheo {

/// What every reordering of D coordinates shares.
template <Index D> struct PermutationFacts {
  static constexpr Index x_dim = D, z_dim = D, context_dim = 0, param_count = 0;
  static constexpr Kind kind = Kind::bijection;
  static constexpr Index encode_passes = 0, decode_passes = 0;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::any), z_support = x_support;
};

namespace detail {

/// z_j = x_(Order::source(j)) for a permutation `source` of 0 .. D - 1.
template <Index D, class Order> struct Reordered : PermutationFacts<D> {
  static constexpr Index buffer_count = 0;
  static constexpr std::array<Index, static_cast<std::size_t>(D)> support_source = [] {
    std::array<Index, static_cast<std::size_t>(D)> s{};
    for (Index j = 0; j < D; ++j) s[static_cast<std::size_t>(j)] = Order::source(j);
    return s;
  }();
  template <class T> using Cache = NoCache;
  template <class T> void encode(Pass<T, NoCache> p) const { gather(p.in, p.out); }
  template <class T> void decode(Pass<T, NoCache> p) const { scatter(p.in, p.out); }
  template <class T> void encode_pull(Pull<T, NoCache> p) const { scatter(p.g_out, p.g_in); }
  template <class T> void decode_pull(Pull<T, NoCache> p) const { gather(p.g_out, p.g_in); }

 private:
  template <class T> static void gather(CView<T> from, View<T> to) {
    for (Index j = 0; j < D; ++j) column(to, j) = column(from, Order::source(j));
  }
  template <class T> static void scatter(CView<T> from, View<T> to) {
    for (Index j = 0; j < D; ++j) column(to, Order::source(j)) = column(from, j);
  }
};

}  // namespace detail
}  // namespace rheo
