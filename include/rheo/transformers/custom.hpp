// SPDX-License-Identifier: MIT
// Custom: a user's own increasing map of one number, written once as a generic lambda; slope and gradients come from
// nested duals, the inverse from the root finder.
#pragma once

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>

#include "rheo/transformers/monotone.hpp"

namespace rheo {

namespace detail {

/// Calls body on plain numbers and duals as they are, and on lanes number by number: user code knows no packets.
template <class L, std::size_t In, class Body> auto number_by_number(const std::array<L, In>& in, Body body) {
  if constexpr (math::is_lane_v<L>) {
    using T = math::ScalarOf<L>;
    using Out = decltype(body(std::array<T, In>{}));
    constexpr std::size_t out = std::tuple_size_v<Out>, wide = static_cast<std::size_t>(L::size);
    std::array<std::array<T, wide>, In> from;
    std::array<std::array<T, wide>, out> to;
    for (std::size_t k = 0; k < In; ++k) math::At<L>::store(from[k].data(), in[k]);
    for (std::size_t i = 0; i < wide; ++i) {
      std::array<T, In> one;
      for (std::size_t k = 0; k < In; ++k) one[k] = from[k][i];
      const Out result = body(one);
      for (std::size_t k = 0; k < out; ++k) to[k][i] = result[k];
    }
    std::array<L, out> result;
    for (std::size_t k = 0; k < out; ++k) result[k] = math::At<L>::load(to[k].data());
    return result;
  } else {
    return body(in);
  }
}

}  // namespace detail

/// y = f(x, a) with P raw parameters a: `[](auto x, const auto& a) { using std::exp; return a[1] + x * exp(a[0]); }`,
/// where a[k], k < P, has the type of x, a number or a (nested) dual; mathematical functions are called unqualified
/// behind a using-declaration.
///
/// f must increase in x for every a (else V is NaN) from the whole line, and its slope must be continuously
/// differentiable (the type says `smooth`).  That f(x, 0) = x, so that a new flow is the identity, is f's to arrange.
/// decode brackets from y and solves; a y that f does not reach gives +-infinity or NaN.  A pull runs f P + 1 times on
/// duals of duals.
template <Index P, class F> struct Custom : MonotoneTransformer<Custom<P, F>> {
  static_assert(P >= 0, "rheo: Custom: a number of parameters");
  static constexpr Index params = P;
  static constexpr std::size_t n = static_cast<std::size_t>(P);
  [[no_unique_address]] std::remove_const_t<F> f;  // decltype of a constexpr lambda is const

  Custom() = default;
  explicit Custom(F function) : f(function) {}

  template <class L> using Parts = std::array<L, n>;
  template <class L, class Raw> Parts<L> parts(Raw raw) const {
    Parts<L> a;
    for (std::size_t k = 0; k < n; ++k) a[k] = raw(static_cast<Index>(k));
    return a;
  }
  template <class L> math::Graph<L> graph(const Parts<L>& a, L x) const {
    const auto r = detail::number_by_number(joined(a, x), [this](const auto& in) {
      using T = typename std::decay_t<decltype(in)>::value_type;
      using D = Dual<T>;
      std::array<D, n> b;
      for (std::size_t k = 0; k < n; ++k) b[k] = D(in[k]);
      const D y = f(D(in[n], T(1)), b);
      return std::array<T, 2>{y.a, y.b};
    });
    return {r[0], r[1]};
  }
  template <class L> struct Local {
    L y, slope, curvature;
    std::array<L, n> y_a, slope_a;
  };
  template <class L> Local<L> local(const Parts<L>& a, L x) const {
    const auto r = detail::number_by_number(joined(a, x), [this](const auto& in) {
      using T = typename std::decay_t<decltype(in)>::value_type;
      using D = Dual<T>;
      std::array<T, 3 + 2 * n> out;
      for (std::size_t j = 0; j <= n;
           ++j) {  // the outer tangent is along x, the inner one along number j, x itself the last
        std::array<Dual<D>, n> b;
        for (std::size_t k = 0; k < n; ++k) b[k] = Dual<D>(D(in[k], T(j == k ? 1 : 0)), D(T(0)));
        const Dual<D> y = f(Dual<D>(D(in[n], T(j == n ? 1 : 0)), D(T(1))), b);
        if (j == n) {
          out[0] = y.a.a, out[1] = y.b.a, out[2] = y.b.b;
        } else {
          out[3 + 2 * j] = y.a.b, out[4 + 2 * j] = y.b.b;
        }
      }
      return out;
    });
    Local<L> l;
    l.y = r[0], l.slope = r[1], l.curvature = r[2];
    for (std::size_t k = 0; k < n; ++k) l.y_a[k] = r[3 + 2 * k], l.slope_a[k] = r[4 + 2 * k];
    return l;
  }
  template <class L> L solve(const Parts<L>& a, L y) const {
    return math::root_of_increasing([&](L x) { return graph(a, x); }, y, y, L(1));
  }
  template <class L, class Raw, class Give>
  void give_parameters(const Local<L>& l, const Parts<L>&, L, Raw, L g_y, L g_slope, Give give) const {
    for (std::size_t k = 0; k < n; ++k) give(static_cast<Index>(k), g_y * l.y_a[k] + g_slope * l.slope_a[k]);
  }

 private:
  template <class L> static std::array<L, n + 1> joined(const Parts<L>& a, L x) {
    std::array<L, n + 1> in;
    for (std::size_t k = 0; k < n; ++k) in[k] = a[k];
    in[n] = x;
    return in;
  }
};

/// A transformer with P parameters from f; its type, decltype of it, starts from nothing when f captures nothing.
template <Index P, class F> Custom<P, F> custom_transformer(F f) { return Custom<P, F>(f); }

}  // namespace rheo
