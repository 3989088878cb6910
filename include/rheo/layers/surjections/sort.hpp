// SPDX-License-Identifier: MIT
// Sort and SortPoints: numbers, or points by one coordinate, in ascending order; where each stood is dropped.
//   Nielsen et al. 2020, arXiv:2007.02731 (SurVAE flows): sorting, inference.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/layer.hpp"
#include "rheo/math/points.hpp"

namespace rheo {

/// Rows are N points of D real coordinates, point by point; z has the same points with coordinate Key ascending.  The places are equally likely:
/// V = -log N!.  Exact; p(x) is the same for every order of the points, to the last bit.
/// Points with equal keys are ordered by their other coordinates, equal points keep their order, -0 counts as +0 and leaves as +0, NaN is the
/// largest.  decode of keys that do not ascend: v = -inf, gradient 0.  z is ordered in Key: OrderedPoints must follow before a base on the line.
template <Index N, Index D, Index Key = 0> struct SortPoints {
  static_assert(N > 1 && D > 0 && 0 <= Key && Key < D, "rheo: SortPoints wants two points or more, and a key among their coordinates");
  static constexpr Index x_dim = N * D, z_dim = N * D, context_dim = 0, param_count = 0, buffer_count = 0;
  static constexpr Kind kind = Kind::inference_surjection;
  static constexpr Exactness exactness = Exactness::exact;
  static constexpr bool smooth = false, piecewise_smooth = true;
  static constexpr Supports<N * D> x_support = all_of<N * D>(Support::real);
  static constexpr Supports<N * D> z_support = [] {
    Supports<N * D> s = all_of<N * D>(Support::real);
    for (Index k = 0; k < N; ++k) s[static_cast<std::size_t>(k * D + Key)] = Support::ordered;
    return s;
  }();
  template <class T> struct Cache {
    Buffer<std::int32_t> order;
  };
  template <class Add> void seams(Index, double other, Add add) const {
    if (D == 1) add(other);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    const math::Order order = p.cache.order.view(p.in.rows(), N);
    for (Index i = 0; i < p.in.rows(); ++i) sort_row<T>(p.in, i, order);
    math::gather_points<D, T>(p.in, order, p.out);
    for (Index j = 0; j < N * D; ++j) column(p.out, j) += T(0);  // -0 becomes +0
    p.v += T(-math::log_factorial(N));
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const { math::scatter_points<D, T>(p.g_out, p.cache.order.view(p.in.rows(), N), p.g_in); }
  template <class T> void decode(Pass<T, Cache<T>> p) const {
    const math::Order order = p.cache.order.view(p.in.rows(), N);
    math::shuffle_points<N>(p.noise, order);
    math::scatter_points<D, T>(p.in, order, p.out);
    for (Index i = 0; i < p.in.rows(); ++i) p.v(i) = descends<T>(p.in, i) ? T(-std::numeric_limits<double>::infinity()) : T(p.v(i) - T(math::log_factorial(N)));
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const {
    math::gather_points<D, T>(p.g_out, p.cache.order.view(p.in.rows(), N), p.g_in);
    for (Index i = 0; i < p.in.rows(); ++i) {
      if (descends<T>(p.in, i)) p.g_in.row(i).setZero();
    }
  }

 private:
  template <class T> static bool descends(CView<T> z, Index i) {
    for (Index k = 1; k < N; ++k) {
      if (z(i, k * D + Key) < z(i, (k - 1) * D + Key)) return true;
    }
    return false;
  }
  template <class T> static void sort_row(CView<T> x, Index i, math::Order order) {
    std::int32_t place[static_cast<std::size_t>(N)];
    for (Index k = 0; k < N; ++k) place[k] = static_cast<std::int32_t>(k);
    std::sort(place, place + N, [&](std::int32_t a, std::int32_t b) {
      for (Index c = 0; c < D; ++c) {
        const Index at = c == 0 ? Key : c <= Key ? c - 1 : c;  // the key first
        const auto u = autodiff::value_of(x(i, a * D + at)), w = autodiff::value_of(x(i, b * D + at));
        if (std::isnan(u) != std::isnan(w)) return std::isnan(w);
        if (u < w || w < u) return u < w;
      }
      return a < b;
    });
    for (Index k = 0; k < N; ++k) order(i, k) = place[k];
  }
};

/// D real numbers in ascending order: SortPoints of one coordinate.  Ordered must follow before a base on the line.
template <Index D> struct Sort : SortPoints<D, 1, 0> {};

}  // namespace rheo
