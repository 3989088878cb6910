// SPDX-License-Identifier: MIT
// Partition: K intervals of one coordinate, each mapped onto the unit interval; the interval's number is dropped.
//   Dinh, Sohl-Dickstein, Larochelle, Pascanu 2019, arXiv:1903.07714 (RAD).
#pragma once

#include <array>

#include "rheo/core/fail.hpp"
#include "rheo/core/layer.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/fold.hpp"

namespace rheo {

namespace detail {

/// [0, 1] cut at knots, folded like a zigzag: pieces 0, 2, .. rise, pieces 1, 3, .. fall, so that z moves continuously
/// with x.
template <Index K> struct Zigzag {
  static_assert(K > 1, "rheo: Partition wants at least two intervals");
  static constexpr Support x_support = Support::unit, z_support = Support::unit;
  static constexpr Index pieces = K;
  static constexpr bool isometric = false;
  std::array<double, static_cast<std::size_t>(K + 1)> knots{};

  Zigzag() {
    for (Index k = 0; k <= K; ++k) knots[static_cast<std::size_t>(k)] = static_cast<double>(k) / static_cast<double>(K);
  }
  /// Throws std::invalid_argument unless 0 < inner_1 < .. < inner_(K-1) < 1.
  explicit Zigzag(const std::array<double, static_cast<std::size_t>(K - 1)>& inner) {
    for (std::size_t k = 0; k < inner.size(); ++k) knots[k + 1] = inner[k];
    knots.back() = 1;
    for (std::size_t k = 0; k + 1 < knots.size(); ++k) {
      if (!(knots[k] < knots[k + 1])) detail::fail("Partition: the inner knots must ascend between 0 and 1");
    }
  }
  template <class T> T code(T x) const {
    Index k = 0;
    while (k + 1 < K && static_cast<double>(autodiff::value_of(x)) >= knots[static_cast<std::size_t>(k + 1)]) ++k;
    return T(static_cast<double>(k));
  }
  template <class T> T fold(T x, T code) const {
    const auto k = index(code);
    const T z = k % 2 ? T((T(knots[k + 1]) - x) / T(knots[k + 1] - knots[k]))
                      : T((x - T(knots[k])) / T(knots[k + 1] - knots[k]));
    return z < T(0) ? T(0) : z > T(1) ? T(1) : z;
  }
  template <class T> T unfold(T z, T code) const {
    const auto k = index(code);
    return k % 2 ? T(T(knots[k + 1]) - z * T(knots[k + 1] - knots[k]))
                 : T(T(knots[k]) + z * T(knots[k + 1] - knots[k]));
  }
  double slope(double code) const {
    const auto k = index(code);
    return (k % 2 ? -1 : 1) / (knots[k + 1] - knots[k]);
  }
  bool inside_x(double x) const { return !(x < 0 || x > 1); }
  bool inside_z(double z) const { return !(z < 0 || z > 1); }
  template <class Add> void seams(Add add) const {
    for (std::size_t k = 1; k + 1 < knots.size(); ++k) add(knots[k]);
  }

 private:
  template <class T> static std::size_t index(T code) { return static_cast<std::size_t>(autodiff::value_of(code)); }
};

template <Index At> struct OnlyMask {
  static constexpr bool transformed(Index j) { return j == At; }
};

}  // namespace detail

/// Coordinate At of x, in [0, 1], is cut into K intervals (equal ones without knots), each mapped affinely onto [0, 1],
/// every second one backwards; the other coordinates pass.  The interval's number follows Gate::law<1, D + C> on {0 ..
/// K - 1} given the whole z and the context, as Given<family::Categorical<K>, Net>;  V = log p(k | z) - log width_k.
/// Exact.  With equal widths and a new gate V is 0. An interval owns its lower knot, the last one 1 too.  Off [0, 1],
/// either way: v = -inf, gradient 0.  decode has no gradient where the gate is learned, as Plain<family::Fair<K>> is
/// not.  A data coordinate on the line comes here through a sigmoid, and leaves through a logit.
template <Index D, Index K, class Gate, Index At = 0, Index C = 0>
struct Partition : detail::Folded<D, detail::Zigzag<K>, Gate, detail::OnlyMask<At>, C> {
  static_assert(0 <= At && At < D, "rheo: Partition: no such coordinate");
  using detail::Folded<D, detail::Zigzag<K>, Gate, detail::OnlyMask<At>, C>::Folded;
};

}  // namespace rheo
