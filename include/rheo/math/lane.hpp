// SPDX-License-Identifier: MIT
// Lane: one packet of the machine with the operators of a number, so that an elementwise kernel is one text for full
// packets, for the rows left over and for duals.  A kernel is `template <class L> L f(L x)` over + - * /, exp, log,
// sqrt, abs, min, max, tanh, <, select.
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/batch.hpp"
#include "rheo/math/lane_exp.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

template <class T> struct Lane;

/// Comparisons of packets and choice between them: Eigen's packets of all bits or none, or the machine's mask registers
/// (Eigen 3.4 takes a detour through packets on AVX-512, four instructions for two).
template <class T, std::size_t Bytes = sizeof(typename Eigen::internal::packet_traits<T>::type)> struct Masks {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  using Mask = Packet;
  static Mask both(Mask x, Mask y) { return Eigen::internal::pand(x, y); }
  static Mask either(Mask x, Mask y) { return Eigen::internal::por(x, y); }
  static Mask less(Packet x, Packet y) { return Eigen::internal::pcmp_lt(x, y); }
  static Mask less_equal(Packet x, Packet y) { return Eigen::internal::pcmp_le(x, y); }
  static Mask equal(Packet x, Packet y) { return Eigen::internal::pcmp_eq(x, y); }
  static Packet select(Mask m, Packet x, Packet y) { return Eigen::internal::pselect(m, x, y); }
  static Packet keep(Mask m, Packet x) { return Eigen::internal::pand(m, x); }
  static bool any(Mask m) { return Eigen::internal::predux_any(m); }
};
/// Where a packet is a number: Eigen's comparisons of numbers give all bits in 3.4 and 1 in 5.
template <class T> struct MasksOfNumbers {
  using Packet = T;
  using Mask = bool;
  static Mask both(Mask x, Mask y) { return x && y; }
  static Mask either(Mask x, Mask y) { return x || y; }
  static Mask less(T x, T y) { return x < y; }
  static Mask less_equal(T x, T y) { return x <= y; }
  static Mask equal(T x, T y) { return x == y; }
  static T select(Mask m, T x, T y) { return m ? x : y; }
  static T keep(Mask m, T x) { return m ? x : T(0); }
  static bool any(Mask m) { return m; }
};
template <> struct Masks<float, sizeof(float)> : MasksOfNumbers<float> {};
template <> struct Masks<double, sizeof(double)> : MasksOfNumbers<double> {};
#ifdef EIGEN_VECTORIZE_AVX512
template <> struct Masks<float, 64> {
  using Packet = Eigen::internal::Packet16f;
  using Mask = __mmask16;
  static Mask both(Mask x, Mask y) { return static_cast<Mask>(x & y); }
  static Mask either(Mask x, Mask y) { return static_cast<Mask>(x | y); }
  static Mask less(Packet x, Packet y) { return _mm512_cmp_ps_mask(x, y, _CMP_LT_OQ); }
  static Mask less_equal(Packet x, Packet y) { return _mm512_cmp_ps_mask(x, y, _CMP_LE_OQ); }
  static Mask equal(Packet x, Packet y) { return _mm512_cmp_ps_mask(x, y, _CMP_EQ_OQ); }
  static Packet select(Mask m, Packet x, Packet y) { return _mm512_mask_blend_ps(m, y, x); }
  static Packet keep(Mask m, Packet x) { return _mm512_maskz_mov_ps(m, x); }
  static bool any(Mask m) { return m != 0; }
};
template <> struct Masks<double, 64> {
  using Packet = Eigen::internal::Packet8d;
  using Mask = __mmask8;
  static Mask both(Mask x, Mask y) { return static_cast<Mask>(x & y); }
  static Mask either(Mask x, Mask y) { return static_cast<Mask>(x | y); }
  static Mask less(Packet x, Packet y) { return _mm512_cmp_pd_mask(x, y, _CMP_LT_OQ); }
  static Mask less_equal(Packet x, Packet y) { return _mm512_cmp_pd_mask(x, y, _CMP_LE_OQ); }
  static Mask equal(Packet x, Packet y) { return _mm512_cmp_pd_mask(x, y, _CMP_EQ_OQ); }
  static Packet select(Mask m, Packet x, Packet y) { return _mm512_mask_blend_pd(m, y, x); }
  static Packet keep(Mask m, Packet x) { return _mm512_maskz_mov_pd(m, x); }
  static bool any(Mask m) { return m != 0; }
};
#endif

/// What a comparison of lanes gives: for select, keep_where and any.
template <class T> struct LaneMask {
  using Does = Masks<T>;
  typename Does::Mask p;
  friend LaneMask operator&(LaneMask x, LaneMask y) { return {Does::both(x.p, y.p)}; }
  friend LaneMask operator|(LaneMask x, LaneMask y) { return {Does::either(x.p, y.p)}; }
  friend LaneMask both(LaneMask x, LaneMask y) { return x & y; }
  friend bool any(LaneMask m) { return Does::any(m.p); }
};
inline bool any(bool m) { return m; }

template <class T> struct Lane {
  using Packet = typename Eigen::internal::packet_traits<T>::type;
  static constexpr Index size = Eigen::internal::unpacket_traits<Packet>::size;
  Packet p;

  Lane() = default;
  template <class U>
  requires std::is_arithmetic_v<U> Lane(U x) : p(Eigen::internal::pset1<Packet>(T(x))) {}
  static Lane of(Packet p) {
    Lane l;
    l.p = p;
    return l;
  }
  friend Lane operator+(Lane x, Lane y) { return of(Eigen::internal::padd(x.p, y.p)); }
  friend Lane operator-(Lane x, Lane y) { return of(Eigen::internal::psub(x.p, y.p)); }
  friend Lane operator*(Lane x, Lane y) { return of(Eigen::internal::pmul(x.p, y.p)); }
  friend Lane operator/(Lane x, Lane y) { return of(Eigen::internal::pdiv(x.p, y.p)); }
  friend Lane operator-(Lane x) { return of(Eigen::internal::pnegate(x.p)); }
  Lane& operator+=(Lane y) { return *this = *this + y; }
  Lane& operator-=(Lane y) { return *this = *this - y; }
  Lane& operator*=(Lane y) { return *this = *this * y; }
  friend LaneMask<T> operator<(Lane x, Lane y) { return {LaneMask<T>::Does::less(x.p, y.p)}; }
  friend LaneMask<T> operator<=(Lane x, Lane y) { return {LaneMask<T>::Does::less_equal(x.p, y.p)}; }
  friend LaneMask<T> operator>(Lane x, Lane y) { return y < x; }
  friend LaneMask<T> operator>=(Lane x, Lane y) { return y <= x; }
  friend LaneMask<T> operator==(Lane x, Lane y) { return {LaneMask<T>::Does::equal(x.p, y.p)}; }

  friend Lane select(LaneMask<T> m, Lane x, Lane y) { return of(LaneMask<T>::Does::select(m.p, x.p, y.p)); }
  /// x where m, 0 elsewhere, whatever x is: select(m, x, 0) in one instruction.
  friend Lane keep_where(LaneMask<T> m, Lane x) { return of(LaneMask<T>::Does::keep(m.p, x.p)); }
  friend Lane exp(Lane x) {
    // a packet may be a number, or wider than its numbers
    if constexpr (size > 1 && sizeof(Packet) == size * sizeof(T)) return of(packet_exp<T>(x.p));
    else return of(Eigen::internal::pexp(x.p));
  }
  friend Lane log(Lane x) { return of(Eigen::internal::plog(x.p)); }
  friend Lane sqrt(Lane x) { return of(Eigen::internal::psqrt(x.p)); }
  friend Lane floor(Lane x) { return of(Eigen::internal::pfloor(x.p)); }
  friend Lane abs(Lane x) { return of(Eigen::internal::pabs(x.p)); }
  friend Lane min(Lane x, Lane y) { return of(Eigen::internal::pmin(x.p, y.p)); }
  friend Lane max(Lane x, Lane y) { return of(Eigen::internal::pmax(x.p, y.p)); }
  /// Absolute error below 3 eps.  Through exp where Eigen has no packet of it (double, 3.4).
  friend Lane tanh(Lane x) {
    if constexpr (bool(Eigen::internal::packet_traits<T>::HasTanh)) {
      return of(Eigen::internal::ptanh(x.p));
    } else {
      return Lane(1) - Lane(2) / (Lane(1) + exp(x + x));
    }
  }
  friend T sum(Lane x) { return Eigen::internal::predux(x.p); }
};

template <class T> inline constexpr bool is_lane_v = false;
template <class T> inline constexpr bool is_lane_v<Lane<T>> = true;
template <class T> inline constexpr bool has_lanes_v = std::is_same_v<T, float> || std::is_same_v<T, double>;

/// select on plain numbers and duals: both sides are computed, one is taken, nothing is multiplied by a mask.
template <class T>
requires(!is_lane_v<T>) T select(bool m, T x, T y) { return m ? x : y; }
template <class T>
requires(!is_lane_v<T>) T keep_where(bool m, T x) { return m ? x : T(0); }
inline bool both(bool x, bool y) { return x && y; }
template <class T>
requires(!is_lane_v<T>) T sum(T x) { return x; }

/// Reading and writing columns by lanes: `At<Lane<T>>::load(p)`, `At<T>::load(p)`.
template <class L> struct At {
  using Number = L;
  static L load(const L* p) { return *p; }
  static void store(L* p, L x) { *p = x; }
};
template <class T> struct At<Lane<T>> {
  using Number = Lane<T>;
  static Lane<T> load(const T* p) { return Lane<T>::of(Eigen::internal::ploadu<typename Lane<T>::Packet>(p)); }
  static void store(T* p, Lane<T> x) { Eigen::internal::pstoreu(p, x.p); }
};

/// Calls body(At<Lane<T>>, i) over full packets of 0 .. n - 1 and body(At<T>, i) over the rest (everything, for duals).
template <class T, class Body> void sweep(Index n, Body&& body) {
  Index i = 0;
  if constexpr (has_lanes_v<T>) {
    for (; i + Lane<T>::size <= n; i += Lane<T>::size) body(At<Lane<T>>{}, i);
  }
  for (; i < n; ++i) body(At<T>{}, i);
}

/// sum over i of body(at, i), a lane per packet: the order is fixed by n alone.
template <class T, class Body> T sweep_sum(Index n, Body body) {
  Index i = 0;
  T total(0);
  if constexpr (has_lanes_v<T>) {
    if (n >= Lane<T>::size) {
      Lane<T> s(0);
      for (; i + Lane<T>::size <= n; i += Lane<T>::size) s += body(At<Lane<T>>{}, i);
      total = sum(s);
    }
  }
  for (; i < n; ++i) total += body(At<T>{}, i);
  return total;
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
