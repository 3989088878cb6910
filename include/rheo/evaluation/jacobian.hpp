// SPDX-License-Identifier: MIT
// jacobian_error: V of a bijection against the determinant of the Jacobian that dual numbers make.
#pragma once

#include <Eigen/LU>
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "rheo/autodiff/dual.hpp"
#include "rheo/evaluation/layer_bench.hpp"

namespace rheo::detail {

/// The worst distance of V from log abs det dz/dx over the rows of x, over 1 + its size; infinite where one is NaN.
template <class L> double jacobian_error(LayerBench<L, Dual<double>>& b, const Batch<double>& x, const Batch<double>& context, Noise key) {
  using D = Dual<double>;
  constexpr Index dim = L::x_dim;
  std::vector<Eigen::MatrixXd> J(static_cast<std::size_t>(x.rows()), Eigen::MatrixXd(dim, dim));
  Batch<D> out;
  Column<D> v;
  for (Index j = 0; j < dim; ++j) {
    Batch<D> in = x.cast<D>();
    for (Index i = 0; i < in.rows(); ++i) in(i, j).b = 1;
    b.template call<true>(in, context.cast<D>(), key, out, v);
    for (Index i = 0; i < in.rows(); ++i) {
      for (Index k = 0; k < dim; ++k) J[static_cast<std::size_t>(i)](k, j) = out(i, k).b;
    }
  }
  double worst = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    const double log_det = J[static_cast<std::size_t>(i)].partialPivLu().matrixLU().diagonal().array().abs().log().sum();
    const double error = std::abs(log_det - v(i).a) / (1 + std::abs(log_det));
    worst = std::isnan(error) ? std::numeric_limits<double>::infinity() : std::max(worst, error);
  }
  return worst;
}

}  // namespace rheo::detail
