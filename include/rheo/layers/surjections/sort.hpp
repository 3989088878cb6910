// SPDX-License-Identifier: MIT
// Sort and SortPoints: numbers, or points by one coordinate, in ascending order; where each stood is dropped.
//   Nielsen et al. 2020, arXiv:2007.02731 (SurVAE flows): sorting, inference.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/layer_more.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/distributions/orders.hpp"
#include "rheo/math/points.hpp"

namespace rheo {

/// Rows are N points of D real coordinates, point by point; z has the same points with coordinate Key ascending.  Which
/// point of x stands at each place of z follows Places::law<N, N D + C> given z and the context: V = log p(places | z).
/// Without a recipe the orders are equally likely, V = -log N!, and p(x) is the same for every order of the points, to
/// the last bit; PlackettLuce<Net> learns their odds.  Exact. Points with equal keys are ordered by their other
/// coordinates, equal points keep their order, -0 counts as +0 and leaves as +0, NaN is the largest.  decode of keys
/// that do not ascend: v = -inf, gradient 0; of a learned law: no gradient (rheo/distributions/fibre.hpp). z is ordered
/// in Key: OrderedPoints must follow before a base on the line. Ties of the keys in the data (rounded data) are point
/// masses, on which the densities of such flows have no bound: add noise of the rounding's width, or Dequantize, first.
template <Index N, Index D, Index Key = 0, class Places = FairOrders, Index C = 0> struct SortPoints {
  static_assert(N > 1 && D > 0 && 0 <= Key && Key < D,
                "rheo: SortPoints wants two points or more, and a key among their coordinates");
  using Law = typename Places::template law<N, N * D + C>;
  using Fibre = detail::Fibre<Law, N * D, C>;
  static_assert(
      requires { requires Law::orders; },
      "rheo: SortPoints: the law of the places must be one of orders, as FairOrders or PlackettLuce<Net>");
  static constexpr Index x_dim = N * D, z_dim = N * D, context_dim = C, param_count = Law::param_count,
                         buffer_count = Law::buffer_count;
  static constexpr Kind kind = Kind::inference_surjection | Law::kind;
  static constexpr Exactness exactness = Law::exactness;
  static constexpr bool smooth = false, piecewise_smooth = Fibre::smooth;
  static constexpr Index encode_passes = detail::encode_effort<Law>().passes,
                         decode_passes = detail::decode_effort<Law>().passes;
  static constexpr bool parallel_encode = detail::encode_effort<Law>().parallel,
                        parallel_decode = detail::decode_effort<Law>().parallel;
  template <class T> static constexpr double accuracy() { return detail::accuracy<Law, T>(); }
  static constexpr Supports<N* D> x_support = all_of<N * D>(Support::real);
  static constexpr Supports<N* D> z_support = [] {
    Supports<N* D> s = all_of<N * D>(Support::real);
    for (Index k = 0; k < N; ++k) s[static_cast<std::size_t>(k * D + Key)] = Support::ordered;
    return s;
  }();
  template <class T> struct Cache {
    Buffer<std::int32_t> order;
    Buffer<T> places;
    typename Fibre::template Cache<T> law;
  };
  Law law{};
  SortPoints() = default;
  explicit SortPoints(const Law& l) : law(l) {}

  template <class P> static auto unpack(P p) {
    detail::name_part<Law>(p, "places");
    return p;
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    detail::init<Law, T>(law, theta, buffers, noise);
  }
  template <class T> bool valid_buffers(Params<const T> buffers) const { return detail::valid_buffers(law, buffers); }
  template <class T> void after_step(Params<T> theta, Params<T> buffers) const requires detail::HasAfterStep<Law, T> {
    law.after_step(theta, buffers);
  }
  template <class Add> void seams(Index, double other, Add add) const {
    if (D == 1) add(other);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const {
    const math::Order order = p.cache.order.view(p.in.rows(), N);
    for (Index i = 0; i < p.in.rows(); ++i) sort_row<T>(p.in, i, order);
    math::gather_points<D, T>(p.in, order, p.out);
    for (Index j = 0; j < N * D; ++j) column(p.out, j) += T(0);  // -0 becomes +0
    View<T> places = p.cache.places.view(p.in.rows(), N);
    for (Index k = 0; k < N; ++k) {
      for (Index i = 0; i < p.in.rows(); ++i) places(i, k) = T(static_cast<double>(order(i, k)));
    }
    Fibre::score(law, p, Fibre::slot(p, p.cache.law), read(p.out), read(places), p.v);
  }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const requires(Fibre::template pulls_score<T>) {
    Arena::Scope scope(p.scratch);
    const Index n = p.in.rows();
    const View<T> g_z = p.scratch.template take<T>(n, N * D), unused = p.scratch.template take<T>(n, N);
    copy(p.g_out, g_z);
    Fibre::score_pull(law, p, Fibre::slot(p, p.cache.law), p.out, read(p.cache.places.view(n, N)), p.g_v, unused, g_z);
    math::scatter_points<D, T>(read(g_z), p.cache.order.view(n, N), p.g_in);
  }
  template <class T> void decode(Pass<T, Cache<T>> p) const requires CanDecode<Law, T> {
    const Index n = p.in.rows();
    math::Order order = p.cache.order.view(n, N);
    View<T> places = p.cache.places.view(n, N);
    Fibre::draw(law, p, Fibre::slot(p, p.cache.law), p.in, places, p.v);
    for (Index k = 0; k < N; ++k) {
      for (Index i = 0; i < n; ++i) order(i, k) = static_cast<std::int32_t>(autodiff::value_of(places(i, k)));
    }
    math::scatter_points<D, T>(p.in, order, p.out);
    for (Index i = 0; i < n; ++i) {
      if (descends<T>(p.in, i) && p.v(i) == p.v(i)) p.v(i) = T(-std::numeric_limits<double>::infinity());
    }
  }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const requires(Fibre::template pulls_draw<T>) {
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

/// D real numbers in ascending order: SortPoints of one coordinate, and what it says of ties.  Ordered must follow
/// before a base on the line.
template <Index D, class Places = FairOrders, Index C = 0> struct Sort : SortPoints<D, 1, 0, Places, C> {
  using SortPoints<D, 1, 0, Places, C>::SortPoints;
};

}  // namespace rheo
