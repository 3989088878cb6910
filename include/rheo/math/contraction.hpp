// SPDX-License-Identifier: MIT
// Roots of x + g(x) = y, row by row, for a contraction g: the fixed point x <- y - g(x), hastened by Broyden's secants
// and guarded by the bound.
//   Banach 1922;  Broyden 1965, Math. Comp. 19, "good" update in Sherman and Morrison's form;  as the inverse of
//     i-ResNet: arXiv:1811.00995, alg. 1.
#pragma once

#include <array>
#include <cmath>
#include <limits>
#include <type_traits>

#include "rheo/autodiff/dual.hpp"
#include "rheo/core/arena.hpp"
#include "rheo/core/function_ref.hpp"
#include "rheo/core/pass.hpp"
#include "rheo/platform/compiled.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// The residual at which a row is solved, relative to 1 + norm(y) + norm(x): x + g(x) - y cannot be had closer than its
/// terms are rounded, and g is as large as x and y allow.  The error of x is at most the residual over 1 - bound.
template <class S>
inline constexpr double contraction_tolerance = 32 * static_cast<double>(std::numeric_limits<S>::epsilon());
/// Widest rows that are hastened: a matrix for every row is kept.
inline constexpr Index hastened = 64;

/// A map of batches by reference: the iteration is compiled once for all maps.  The last argument are the rows of y
/// that x stands for; null: all, in their order.
template <class T> using MapRef = FunctionRef<void(CView<T>, View<T>, const Index*)>;
template <class T>
void contraction_root_of(CView<T> y, View<T> x, double bound, Arena& scratch, Report* report, MapRef<T> eval);

/// Overwrites x (n x D, any values) with the roots; eval(CView at, View g) writes g row by row, eval(at, g, which)
/// where it must know which rows of y they are (`which`, null for all of them): those that are solved are left out.
/// `bound` is a Lipschitz constant of g, in the Euclidean norm.  A row stops when its residual x + g(x) - y is within
/// contraction_tolerance times 1 + norm(y) + norm(x), at the x it stops at; a step is taken if it shrinks the residual
/// by max(bound, 1/2), else the plain step is, which must shrink it by `bound`: where it does not, g is no such
/// contraction and the row fails, as every row does for a bound that is not below 1, one whose y is not finite, and one
/// whose g is rounded so coarsely (large numbers that cancel inside of it) that the tolerance is out of reach.  Failed
/// rows are NaN, and counted in `report` if it is given, with the residual they had (those of non-finite y are not
/// counted).  Choices are made on values; tangents are not those of the root.
template <class T, class Eval>
void contraction_root(CView<T> y, View<T> x, double bound, Arena& scratch, Report* report, Eval eval) {
  const auto map = [&eval](CView<T> at, View<T> g, const Index* which) {
    if constexpr (std::is_invocable_v<Eval&, CView<T>, View<T>, const Index*>) eval(at, g, which);
    else static_cast<void>(which), eval(at, g);
  };
  contraction_root_of<T>(y, x, bound, scratch, report, map);
}

template <class T>
void contraction_root_of(CView<T> y, View<T> x, double bound, Arena& scratch, Report* report, MapRef<T> eval) {
  using S = decltype(autodiff::value_of(T()));
  const Index n = y.rows(), D = y.cols();
  Arena::Scope scope(scratch);
  enum State : int { going, solved, failed };
  auto state = scratch.template column<int>(n), plain = scratch.template column<int>(n);
  auto size = scratch.template column<double>(n), tolerance = scratch.template column<double>(n),
       size_y = scratch.template column<double>(n);
  constexpr Index whole = 16;  // rows: the widest vector's
  auto which = scratch.template column<Index>(n + whole);
  View<T> packed = scratch.template take<T>(n + whole, 2 * D), t = scratch.template take<T>(n, D),
          g = scratch.template take<T>(n, D), r = scratch.template take<T>(n, D),
          H = scratch.template take<T>(n, D <= hastened ? D * D : 0);
  const auto norm = [](const View<T>& a, Index i) {
    double s = 0;
    for (Index j = 0; j < a.cols(); ++j) {
      const double u = static_cast<double>(autodiff::value_of(a(i, j)));
      s += u * u;
    }
    return std::sqrt(s);
  };
  const auto fail = [&](Index i, double residual) {
    state(i) = failed;
    bool sound = true;
    for (Index j = 0; j < D; ++j) {
      sound = sound && std::isfinite(autodiff::value_of(y(i, j)));
      x(i, j) = std::numeric_limits<S>::quiet_NaN();
      t(i, j) = std::numeric_limits<S>::quiet_NaN();
    }
    if (report && sound) report->miss(residual);
  };
  const auto restart = [&](Index i) {
    plain(i) = 1;
    if (D > hastened) return;
    for (Index j = 0; j < D; ++j) {
      for (Index k = 0; k < D; ++k) H(i, j * D + k) = T(j == k ? 1 : 0);
    }
  };
  const auto h = [&](Index i, Index a, Index b) -> T& { return H(i, b * D + a); };
  Index left = 0;
  const auto settle = [&](Index i) {
    if (state(i) == going && size(i) <= tolerance(i)) state(i) = solved;
    left += state(i) == going;
  };

  for (Index j = 0; j < D; ++j) {
    column(x, j) = column(y, j);
    column(t, j) = column(y, j);
  }
  eval(read(x), r, nullptr);
  if (report) report->evaluations += n;
  for (Index i = 0; i < n; ++i) {
    state(i) = going;
    size(i) = norm(r, i);
    const double norm_y = size_y(i) = norm(x, i);
    tolerance(i) = contraction_tolerance<S> * (1 + norm_y + norm_y);
    restart(i);
    if (!(bound < 1) || !std::isfinite(norm_y) || !std::isfinite(size(i))) fail(i, size(i));
    settle(i);
  }
  const int cap =
      bound < 1 ? 64 + static_cast<int>(3 * std::log(contraction_tolerance<S>) / std::log(std::max(bound, 0.5))) : 0;
  for (int round = 0; left > 0; ++round) {
    for (Index i = 0; i < n; ++i) {
      if (state(i) != going) continue;
      if (round >= cap) fail(i, size(i));
      for (Index j = 0; j < D && state(i) == going; ++j) {
        T s = r(i, j);
        if (D <= hastened && !plain(i)) {
          s = T(0);
          for (Index k = 0; k < D; ++k) s += h(i, j, k) * r(i, k);
        }
        t(i, j) = x(i, j) - s;
      }
    }
    if (round >= cap) break;
    if (left == n && n % whole == 0) {
      eval(read(t), g, nullptr);
    } else {  // in whole vectors, the last row repeated: a row's bits must not depend on how many others are left
      Index m = 0;
      for (Index i = 0; i < n; ++i) {
        if (state(i) == going) which(m++) = i;
      }
      for (; m % whole > 0; ++m) which(m) = which(m - 1);
      View<T> some = view_of(packed.data(), m, D, m), found = view_of(packed.data() + m * D, m, D, m);
      copy_rows(read(t), which.data(), some);
      eval(read(some), found, which.data());
      for (Index j = 0; j < D; ++j) {
        for (Index k = 0; k < m; ++k) g(which(k), j) = found(k, j);
      }
    }
    if (report) report->evaluations += left;
    left = 0;
    for (Index i = 0; i < n; ++i) {
      if (state(i) != going) continue;
      for (Index j = 0; j < D; ++j) g(i, j) += t(i, j) - y(i, j);
      const double after = norm(g, i), allowed = contraction_tolerance<S> * (1 + size_y(i) + norm(t, i));
      const bool shrunk = after <= std::max(bound, 0.5) * size(i) || after <= allowed;
      const bool lawful = after <= (1 + 1e-3) * bound * size(i) + 4 * allowed;  // of a plain step, up to rounding
      if (shrunk || (plain(i) && lawful)) {
        if (D <= hastened) {  // H += (s - H d)(s' H) / (s' H d), s the step and d the change of the residual
          T denominator(0), length(0);
          std::array<T, static_cast<std::size_t>(hastened)> Hd;
          for (Index j = 0; j < D; ++j) {
            T sum(0);
            for (Index k = 0; k < D; ++k) sum += h(i, j, k) * (g(i, k) - r(i, k));
            const T s = t(i, j) - x(i, j);
            denominator += s * sum;
            length += s * s;
            Hd[static_cast<std::size_t>(j)] = sum;
          }
          if (denominator > T(0.05) * length) {
            for (Index k = 0; k < D; ++k) {
              T sH(0);
              for (Index j = 0; j < D; ++j) sH += (t(i, j) - x(i, j)) * h(i, j, k);
              sH /= denominator;
              for (Index j = 0; j < D; ++j) h(i, j, k) += (t(i, j) - x(i, j) - Hd[static_cast<std::size_t>(j)]) * sH;
            }
            plain(i) = 0;
          } else {
            restart(i);
          }
        }
        for (Index j = 0; j < D; ++j) {
          x(i, j) = t(i, j);
          r(i, j) = g(i, j);
        }
        size(i) = after, tolerance(i) = allowed;
      } else if (plain(i)) {
        fail(i, after);
      } else {
        restart(i);
      }
      settle(i);
    }
  }
}

RHEO_COMPILE(void contraction_root_of<float>(CView<float>, View<float>, double, Arena&, Report*, MapRef<float>));
RHEO_COMPILE(void contraction_root_of<double>(CView<double>, View<double>, double, Arena&, Report*, MapRef<double>));

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
