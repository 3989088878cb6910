// SPDX-License-Identifier: MIT
// Maximum mean discrepancy of two samples under a Gaussian kernel: unbiased, with its error and a permutation test.
//   Gretton et al. 2012, JMLR 13, 723, lemma 6;  p-values by permutations: Phipson and Smyth 2010.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "rheo/core/product.hpp"
#include "rheo/evaluation/metrics.hpp"

namespace rheo {

/// What mmd may be told.
struct MmdOptions {
  double bandwidth = 0;      ///< of the kernel, a distance; 0: the median distance of (at most 1000) pooled rows
  Index permutations = 200;  ///< of the test; 0: none
  Noise noise{};             ///< decides them
};

/// A squared discrepancy and what is known about it.
struct Mmd {
  Estimate squared;  ///< unbiased, so below 0 by chance.  Its error is that of samples which differ; of samples of one
                     ///< law it is too large, if anything, and the p-value tells
  double p_value;    ///< share of dealings of the pooled rows into two samples with as much, these counted; NaN: none
  double bandwidth;  ///< h of the kernel exp(-|x - y|^2 / (2 h^2))
};

/// Of a (n x D) and b (m x D), two rows or more each, in (n + m)^2 D steps and memory for n + m times permutations.
/// NaN where a number is not finite.  Throws std::invalid_argument for other shapes and a bandwidth that is not
/// positive or is the median of rows that are mostly equal.
template <class T> Mmd mmd(const Batch<T>& a, const Batch<T>& b, const MmdOptions& options = {}) {
  using Real = detail::Late<double, T>;
  const Index n = a.rows(), m = b.rows(), N = n + m, D = a.cols(), P = options.permutations;
  if (n < 2 || m < 2 || b.cols() != D || D < 1 || P < 0 || !(options.bandwidth >= 0))
    detail::fail("mmd wants two samples of one width, two rows or more each, and no negative option");
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  if (!a.allFinite() || !b.allFinite()) return {{unknown, unknown}, unknown, unknown};
  Batch<Real> x(N, D), chosen(N, P + 1);
  x << a.template cast<Real>(), b.template cast<Real>();
  // A column a dealing: 1 for the rows that are of the first sample, the true one in front.
  chosen.setZero();
  chosen.col(0).head(n).setOnes();
  for (Index p = 0; p < P; ++p) {
    const auto order = options.noise.fork(1).fork(static_cast<std::uint64_t>(p)).permutation(N);
    for (Index i = 0; i < n; ++i) chosen(order[static_cast<std::size_t>(i)], p + 1) = 1;
  }
  double h = options.bandwidth;
  if (h == 0) {
    const auto order = options.noise.fork(0).permutation(N);
    const Index some = std::min<Index>(N, 1000);
    std::vector<double> d;
    d.reserve(static_cast<std::size_t>(some * (some - 1) / 2));
    for (Index i = 1; i < some; ++i) {
      for (Index k = 0; k < i; ++k)
        d.push_back(
            (x.row(order[static_cast<std::size_t>(i)]) - x.row(order[static_cast<std::size_t>(k)])).square().sum());
    }
    const auto middle = d.begin() + static_cast<std::ptrdiff_t>(d.size() / 2);
    std::nth_element(d.begin(), middle, d.end());
    h = std::sqrt(*middle);
    if (!(h > 0)) detail::fail("mmd: most rows are equal, so that their median distance is 0: give a bandwidth");
  }
  // Sums of the kernel, which is 1 on the diagonal, over the first sample of each dealing and over all rows.
  Column<Real> within = Column<Real>::Zero(P + 1), crossing = within, own(N), every(N);
  Batch<Real> kernel, sums;
  for (Index from = 0; from < N; from += 64) {
    const Index rows = std::min<Index>(64, N - from);
    kernel.resize(rows, N), sums.resize(rows, P + 1);
    for (Index k = 0; k < N; ++k) {
      auto column = kernel.col(k);
      column.setZero();
      for (Index j = 0; j < D; ++j) column += (x.col(j).segment(from, rows) - x(k, j)).square();
    }
    kernel = (kernel * (-0.5 / (h * h))).exp();
    gemm_nn<Real>(view(std::as_const(kernel)), view(std::as_const(chosen)), view(sums));
    within += (sums * chosen.middleRows(from, rows)).colwise().sum().transpose();
    crossing += sums.colwise().sum().transpose();
    own.segment(from, rows) = sums.col(0);
    every.segment(from, rows) = kernel.rowwise().sum();
  }
  const double u = static_cast<double>(n), v = static_cast<double>(m);
  crossing -= within;
  const Column<Real> squared =
      (within - u) / (u * (u - 1)) + (every.sum() - within - 2 * crossing - v) / (v * (v - 1)) - 2 * crossing / (u * v);
  // What each row adds, given the others.
  const Column<Real> first = (own.head(n) - 1) / (u - 1) - (every - own).head(n) / v,
                     second = (every - own).tail(m) / (v - 1) - 1 / (v - 1) - own.tail(m) / u;
  const double error = 2 * std::hypot(mean_and_error(first).error, mean_and_error(second).error);
  const double as_much = static_cast<double>((squared.tail(P) >= squared(0)).count());
  return {{squared(0), error}, P > 0 ? (1 + as_much) / (1 + static_cast<double>(P)) : unknown, h};
}

}  // namespace rheo
