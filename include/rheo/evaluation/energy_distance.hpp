// SPDX-License-Identifier: MIT
// Energy distance of two samples: 2 E|X - Y| - E|X - X'| - E|Y - Y'|, 0 for equal laws alone.
//   Szekely and Rizzo 2013, Energy statistics; the error: Arvesen 1969, Jackknifing U-statistics.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "rheo/evaluation/metrics.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// value: without bias (a U-statistic), so that it may fall below 0; its standard error.
struct EnergyDistance : Estimate {
  double v_statistic;  ///< with the distances of rows from themselves: 0 or more, about E|X - X'| / n + E|Y - Y'| / m
                       ///< more; half of it is what is often tabulated
};

namespace detail {

/// a_sums(i) += sum over j of |a_i - b_j|, b_sums(j) likewise; of one sample (`same`) each pair once.
template <class T, class Real>
void add_distances(CView<T> a, CView<T> b, bool same, Column<Real>& a_sums, Column<Real>& b_sums) {
  constexpr Index block = 512;
  Column<Real> d(block);
  for (Index from = 0; from < b.rows(); from += block) {
    for (Index i = 0; i < a.rows(); ++i) {
      const Index first = same ? std::max(from, i + 1) : from, n = std::min(from + block, b.rows()) - first;
      if (n <= 0) continue;
      auto r = d.head(n);
      r.setZero();
      for (Index k = 0; k < a.cols(); ++k)
        r += (column(b, k).segment(first, n).template cast<Real>() - static_cast<Real>(a(i, k))).square();
      r = r.sqrt();
      a_sums(i) += r.sum();
      b_sums.segment(first, n) += r;
    }
  }
}
/// The sum of squares about the mean, times (n - 1) / n: the variance of the mean by leaving out one row after another.
template <class Real> Real jackknife(const Column<Real>& without) {
  const Real n = static_cast<Real>(without.size());
  return (without - without.mean()).square().sum() * (n - 1) / n;
}

}  // namespace detail

/// Of independent rows a (n x D) and b (m x D), three or more each: n m + (n^2 + m^2) / 2 distances in double, blocks
/// of them in memory; 50000 rows of each in the plane take about ten seconds.  The error, by the jackknife, is that of
/// value where the laws differ; where they do not, up to 1.4 times as large.  NaN in, NaN out.  Throws
/// std::invalid_argument for other shapes.
template <class T> EnergyDistance energy_distance(const Batch<T>& a, const Batch<T>& b) {
  using Real = detail::Late<double, T>;
  const Index n = a.rows(), m = b.rows();
  if (n < 3 || m < 3 || a.cols() != b.cols() || a.cols() == 0)
    detail::fail("energy_distance: samples of " + std::to_string(n) + " x " + std::to_string(a.cols()) + " and " +
                 std::to_string(m) + " x " + std::to_string(b.cols()) + "; it wants three rows or more, of one width");
  Column<Real> aa = Column<Real>::Zero(n), ab = aa, bb = Column<Real>::Zero(m), ba = bb;
  detail::add_distances<T>(view(a), view(a), true, aa, aa);
  detail::add_distances<T>(view(b), view(b), true, bb, bb);
  detail::add_distances<T>(view(a), view(b), false, ab, ba);
  const double N = static_cast<double>(n), M = static_cast<double>(m), within_a = aa.sum(), within_b = bb.sum(),
               between = ab.sum(), x = within_a / (N * (N - 1)), y = within_b / (M * (M - 1)), xy = between / (N * M);
  const Column<Real> without_a = 2 * (between - ab) / ((N - 1) * M) - (within_a - 2 * aa) / ((N - 1) * (N - 2)) - y,
                     without_b = 2 * (between - ba) / (N * (M - 1)) - (within_b - 2 * bb) / ((M - 1) * (M - 2)) - x;
  EnergyDistance e;
  e.value = 2 * xy - x - y;
  e.error = std::sqrt(detail::jackknife(without_a) + detail::jackknife(without_b));
  e.v_statistic = 2 * xy - x * (N - 1) / N - y * (M - 1) / M;
  return e;
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
