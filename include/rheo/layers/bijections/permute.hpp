// SPDX-License-Identifier: MIT
// Flip, Exchange, Deal and Permute: the coordinates in another order; V = 0.  Supports travel with their coordinates.
#pragma once

#include <algorithm>
#include <array>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/layer_more.hpp"
#include "rheo/math/reorder.hpp"

namespace rheo {

namespace detail {
template <Index D> struct Backwards {
  static constexpr Index source(Index j) { return D - 1 - j; }
};
template <Index D> struct HalvesExchanged {
  static constexpr Index source(Index j) { return (j + (D + 1) / 2) % D; }
};
/// Cards 1, ..., M - 1, of which p = 2 q mod M goes to q; M = D + 1 is odd for even D.  For odd D there is one card
/// more, the lowest, which is left out: its place is taken by the one that comes there next.
template <Index D> struct Dealt {
  static constexpr Index source(Index j) {
    constexpr Index spare = D % 2, M = D + 1 + spare;
    const Index from = 2 * (j + 1 + spare) % M;
    return (from == spare ? 2 : from) - 1 - spare;
  }
};
}  // namespace detail

/// z_j = x_(D - 1 - j).
template <Index D> struct Flip : detail::Reordered<D, detail::Backwards<D>> {};

/// The halves of HalfMask<D> change places; of an odd number of coordinates the first that was transformed will be
/// again.
template <Index D> struct Exchange : detail::Reordered<D, detail::HalvesExchanged<D>> {};

/// Coordinates dealt to two halves by turns, as cards to two players: neighbours part.  What belongs between couplings:
/// the half of HalfMask<D> that x_j is in at the k-th of a row of Deals tells a binary digit of (j + 1) / (D + 1),
/// another at each (odd D: of (j + 2) / (D + 2), with one digit left out), so that every coordinate is in either half
/// by turns, and every two are in different halves before log2(D) + 2 couplings are over.  Two coordinates change
/// places.  Under a Flip or an Exchange alone the same halves face one another for ever.
///   Shuffles: Diaconis, Graham and Kantor 1983, Adv. Appl. Math. 4, 175;  masks by binary digits: Gao et al. 2020,
///     arXiv:2001.05486, sec. 2.
template <Index D> struct Deal : detail::Reordered<D, detail::Dealt<D>> {};

/// z_j = x_(p_j), p given or drawn when the model is made; kept in the buffers.  As its order is not in the type, all
/// coordinates that meet it must be on the whole line.
template <Index D> struct Permute : PermutationFacts<D> {
  static constexpr Index buffer_count = D;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;
  template <class T> using Cache = NoCache;
  std::array<Index, static_cast<std::size_t>(D)> order{};
  bool given = false;

  Permute() = default;
  /// Throws std::invalid_argument unless `o` is a permutation of 0 .. D - 1.
  explicit Permute(const std::array<Index, static_cast<std::size_t>(D)>& o) : order(o), given(true) {
    auto sorted = o;
    std::sort(sorted.begin(), sorted.end());
    for (Index j = 0; j < D; ++j) {
      if (sorted[static_cast<std::size_t>(j)] != j)
        detail::fail("Permute: not a permutation of 0 .. " + std::to_string(D - 1));
    }
  }
  template <class P> static auto unpack_buffers(P p) { return p.vector(D, "order"); }
  template <class T> void init(Params<T>, Params<T> buffers, Noise noise) const {
    auto p = unpack_buffers(buffers);
    const auto drawn = noise.permutation(D);
    for (Index j = 0; j < D; ++j)
      p(j) = T(static_cast<double>(given ? order[static_cast<std::size_t>(j)] : drawn[static_cast<std::size_t>(j)]));
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const {
    return detail::is_permutation<D>(buffers.data());
  }
  template <class T> void encode(Pass<T, NoCache> p) const { gather(p.buffers, p.in, p.out); }
  template <class T> void decode(Pass<T, NoCache> p) const { scatter(p.buffers, p.in, p.out); }
  template <class T> void encode_pull(Pull<T, NoCache> p) const { scatter(p.buffers, p.g_out, p.g_in); }
  template <class T> void decode_pull(Pull<T, NoCache> p) const { gather(p.buffers, p.g_out, p.g_in); }

 private:
  template <class T> static Index source(Params<const T> buffers, Index j) {
    return static_cast<Index>(autodiff::value_of(buffers.data()[j]));
  }
  template <class T> static void gather(Params<const T> b, CView<T> from, View<T> to) {
    for (Index j = 0; j < D; ++j) column(to, j) = column(from, source(b, j));
  }
  template <class T> static void scatter(Params<const T> b, CView<T> from, View<T> to) {
    for (Index j = 0; j < D; ++j) column(to, source(b, j)) = column(from, j);
  }
};

}  // namespace rheo
