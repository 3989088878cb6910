// SPDX-License-Identifier: MIT
// SoftmaxBins: K positive bins that fill an interval, from K raw numbers; what every spline places its knots by.
//   Durkan et al. 2019, arXiv:1906.04032, sec. 3.1; the floor is the authors' code's.
#pragma once

#include <array>

#include "rheo/math/lane.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// What comparing two L gives: bool, or a mask of lanes.
template <class L> using MaskOf = decltype(L() < L());

/// w_k = span (floor + (1 - K floor) softmax(a)_k): all of them at least span floor, their sum is span, up to rounding.
template <Index K, class L> struct SoftmaxBins {
  static constexpr auto size = static_cast<std::size_t>(K);
  std::array<L, size> e;  ///< softmax times a factor that all share
  L scale, least;         ///< w_k = e_k scale + least
  L one_over_range;       ///< 1 / (span (1 - K floor))

  /// `logit(k)` is the k-th raw number, of any size unless Bounded says that exp of it is harmless.
  template <bool Bounded, class Logit> static SoftmaxBins of(Logit logit, double span, double floor) {
    using std::exp, std::max;
    SoftmaxBins b;
    const double range = span * (1 - static_cast<double>(K) * floor);
#pragma GCC unroll 16
    for (std::size_t k = 0; k < size; ++k) b.e[k] = logit(static_cast<Index>(k));
    if constexpr (!Bounded) {
      L top = b.e[0];
#pragma GCC unroll 16
      for (std::size_t k = 1; k < size; ++k) top = max(top, b.e[k]);
#pragma GCC unroll 16
      for (std::size_t k = 0; k < size; ++k) b.e[k] = b.e[k] - top;
    }
    L sum(0);
#pragma GCC unroll 16
    for (std::size_t k = 0; k < size; ++k) {
      b.e[k] = exp(b.e[k]);
      sum += b.e[k];
    }
    b.scale = L(range) / sum;
    b.least = L(span * floor);
    b.one_over_range = L(1 / range);
    return b;
  }
  L operator[](Index k) const { return e[static_cast<std::size_t>(k)] * scale + least; }

  /// give(k, cotangent of the k-th raw number), once for each k, from the cotangents of the bins.
  template <class Give> void pull(const std::array<L, size>& g_w, Give give) const {
    L mean(0);
#pragma GCC unroll 16
    for (std::size_t k = 0; k < size; ++k) mean += e[k] * g_w[k];
    mean *= scale * one_over_range;
#pragma GCC unroll 16
    for (std::size_t k = 0; k < size; ++k) give(static_cast<Index>(k), e[k] * scale * (g_w[k] - mean));
  }
};

/// Cotangents of all bins from those of one bin's left knot and size: a bin's size moves the left knots of the bins
/// behind it. passed[k]: knot k > 0 is not beyond the point, which so lies in the last bin passed.
template <std::size_t K, class L, class M>
void spread(const std::array<M, K>& passed, L g_left, L g_size, std::array<L, K>& g) {
#pragma GCC unroll 16
  for (std::size_t k = 0; k < K; ++k) {
    const L here = k == 0 ? g_size : keep_where(passed[k], g_size);
    g[k] = k + 1 < K ? select(passed[k + 1], g_left, here) : here;
  }
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
