// SPDX-License-Identifier: MIT
// Transport plans with entropy between n points and n others, by Sinkhorn's scalings on a log scale.
//   Sinkhorn 1964;  Cuturi 2013, arXiv:1306.0895, sec. 4;  Peyre and Cuturi 2019, arXiv:1803.00567, sec. 4.4.
#pragma once

#include <cmath>

#include "rheo/core/arena.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::math {

/// The plan p >= 0 with rows and columns of sum 1 / n that makes sum p cost + regularisation sum p log p least: `cost`,
/// n x n, double and finite, becomes n p, whose rows sum to 1, so that row i holds the law of its partner.  At most
/// `sweeps` of rows and columns; returns the worst abs(sum - 1) of a column of n p, below the tolerance unless the
/// sweeps ran out; NaN where the cost has one.  Quotients of cost and regularisation above 1e300 count as that, and
/// are too large for sweeps to settle.
template <class Real>
double entropic_plan(View<Real> cost, double regularisation, Arena& scratch, double tolerance = 1e-6,
                     int sweeps = 1000) {
  Arena::Scope scope(scratch);
  const Index n = cost.rows();
  ColView<Real> a = scratch.column<Real>(n), b = scratch.column<Real>(n), top = scratch.column<Real>(n);
  b.setZero();
  top = column(cost, 0);
  for (Index j = 1; j < n; ++j) top = top.min(column(cost, j));
  for (Index j = 0; j < n; ++j) column(cost, j) = ((top - column(cost, j)) / Real(regularisation)).max(Real(-1e300));
  const auto row_sums = [&] {
    top = column(cost, 0) + b(0);
    for (Index j = 1; j < n; ++j) top = top.max(column(cost, j) + b(j));
    a.setZero();
    for (Index j = 0; j < n; ++j) a += (column(cost, j) + b(j) - top).exp();
  };
  // The sum that is farthest from 1, less 1; NaN stays.
  const auto farther = [](double worst, double off) { return !(off <= worst) && worst == worst ? off : worst; };
  for (int k = 0; k < sweeps; ++k) {
    row_sums();
    a = -(top + a.log());
    double worst = 0;
    for (Index j = 0; j < n; ++j) {
      const double most = (column(cost, j) + a).maxCoeff(),
                   log_sum = most + std::log((column(cost, j) + a - most).exp().sum());
      worst = farther(worst, std::abs(std::expm1(log_sum + b(j))));
      top(j) = -log_sum;
    }
    if (!(worst > tolerance)) break;
    if (k + 1 < sweeps) b = top;
  }
  row_sums();  // whose rows sum to 1 whatever the potentials have lost
  double worst = 0;
  for (Index j = 0; j < n; ++j) {
    column(cost, j) = (column(cost, j) + b(j) - top).exp() / a;
    worst = farther(worst, std::abs(static_cast<double>(column(cost, j).sum()) - 1));
  }
  return worst;
}

}  // namespace rheo::math

#include "rheo/platform/macros_on.hpp"
