// SPDX-License-Identifier: MIT
// Roots of increasing functions: Newton steps kept inside a bracket, bisection where they do not help; numbers and
// lanes by one text, duals by the implicit function theorem.
//   Press et al. 2007, Numerical Recipes, 3rd ed., sec. 9.1 (bracketing), 9.4 (safe Newton), with a stop that a bracket
//     or a residual proves.
#pragma once

#include <cmath>
#include <limits>

#include "rheo/math/lane.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// A point of the graph of a map: its value and its slope there.
template <class L> struct Graph { L y, slope; };

namespace detail {

/// The number type under lanes and duals.
template <class L> struct ScalarUnder { using type = decltype(autodiff::value_of(L())); };
template <class T> struct ScalarUnder<Lane<T>> { using type = T; };

template <class L> inline constexpr int dual_depth = 0;
template <class T> inline constexpr int dual_depth<autodiff::Dual<T>> = 1 + dual_depth<T>;

}  // namespace detail

template <class L> using ScalarOf = typename detail::ScalarUnder<L>::type;

/// x between lo and hi; NaN stays NaN, whatever a packet's min and max do with it.
template <class L> L clamp(L x, L lo, L hi) { return select(x < lo, lo, select(x > hi, hi, x)); }

/// What a root owes: abs(f(x) - y) is at most this times 1 + abs(y), or a bracket no wider than this times abs(x) holds
/// the root.
template <class T> inline constexpr T root_tolerance = T(4) * std::numeric_limits<T>::epsilon();

/// The x in [lo, hi] with f(x) = y, where f gives a Graph, increases, and f(lo) <= y <= f(hi) up to rounding; x is the
/// start.
///
/// Numbers and lanes; the rows of a packet finish together and do not touch one another.  Holds root_tolerance; a last
/// Newton step is added, which leaves less.  When y lies outside f([lo, hi]) the nearer end is returned.  NaN for y or
/// f(x) NaN, and y itself for y infinite: f is called at most some 2000 times in double (300 in float), and a root that
/// has not been found by then is NaN.
template <class L, class F> L root_between(const F& f, L y, L lo, L hi, L x) {
  using std::abs, std::max;
  using T = ScalarOf<L>;
  using Limits = std::numeric_limits<T>;
  constexpr int limit = 100 + Limits::max_exponent - Limits::min_exponent;
  const L tol = L(root_tolerance<T>), least = L(4 * Limits::min()), greatest = L(Limits::max()), half = L(0.5),
          allowed = tol * (L(1) + abs(y));
  const auto finite = abs(y) <= greatest;
  auto open = finite & (lo <= hi);
  L result = select(finite, L(Limits::quiet_NaN()), y), last = hi - lo;
  x = clamp(x, lo, hi);
  for (int k = 0; k < limit && any(open); ++k) {
    const Graph<L> at = f(x);
    const L r = at.y - y, step = r / at.slope, size_r = abs(r), size_step = abs(step), size_x = abs(x);
    lo = select(open & (r <= L(0)), x, lo);
    hi = select(open & (r >= L(0)), x, hi);
    const L reach =
        tol * half * size_x + least;  // a shorter step is lengthened to it, so that the bracket closes from both sides
    const auto closing = size_step <= half * last;
    const auto polish = closing & (size_step <= L(0x1p-8) * (L(1) + size_x));
    const auto found = open & ((size_r <= allowed) | (hi - lo <= reach + reach));
    result = select(found, select(polish, clamp(x - step, lo, hi), x), result);
    open = open & (size_r > allowed) & (hi - lo > reach + reach);
    const L size = max(reach, size_step), newton = x - select(r < L(0), -size, size);
    const L next =
        select(closing & (newton > lo) & (newton < hi) & (size <= half * last), newton, half * lo + half * hi);
    last = abs(next - x);
    x = select(open, next, x);
  }
  return result;
}

/// The x with f(x) = y on the whole line, from a start near which the root is thought: steps of width, 8 width, 64
/// width, ... bracket it first. As root_between; a y that f does not reach before x overflows gives +-infinity.
template <class L, class F> L root_of_increasing(const F& f, L y, L start, L width) {
  using std::abs;
  using Limits = std::numeric_limits<ScalarOf<L>>;
  const L greatest = L(Limits::max());
  const L size_y = abs(y), size_start = abs(start);
  const auto finite = (size_y <= greatest) & (size_start <= greatest);
  L x = select(finite, start, L(0)), lo = -greatest, hi = greatest;
  L fx = f(x).y, step = select(fx < y, width, -width);
  auto open = finite & (fx == fx);
  for (int k = 0; k < Limits::max_exponent && any(open); ++k) {
    lo = select(open & (fx <= y), x, lo);
    hi = select(open & (fx >= y), x, hi);
    const L size_x = abs(x);
    open = open & (size_x < greatest) & ((lo == -greatest) | (hi == greatest));
    x = select(open, clamp(x + step, -greatest, greatest), x);
    step = step * L(8);
    fx = f(x).y;
  }
  const L root = root_between(f, y, lo, hi, L(0.5) * lo + L(0.5) * hi), infinity = L(Limits::infinity());
  return select(finite & (x >= greatest) & (fx < y), infinity,
                select(finite & (x <= -greatest) & (fx > y), -infinity, root));
}

/// Gives x, found on the values of a dual equation f(x) = y, the tangents that the implicit function theorem says; its
/// value stays.  One Newton step a level of nesting, in the duals themselves.
template <class L, class F> L lift_root(const F& f, L y, L x) {
  for (int level = 0; level < detail::dual_depth<L>; ++level) {
    const Graph<L> at = f(x);
    const L r = at.y - y;
    x = x - (r - L(autodiff::value_of(r))) / at.slope;
  }
  return x;
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
