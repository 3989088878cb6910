// SPDX-License-Identifier: MIT
// Posteriors of the repository of Vargas et al. 2023, arXiv:2302.13834: two logistic regressions, and a random walk of
// unknown scales that was not seen in its middle (Inference Gym 0.0.5,
// BrownianMotionUnknownScalesMissingMiddleObservations; what is seen of it under the Apache License 2.0, The TensorFlow
// Probability Authors), whose log Z is known to quadrature.
#pragma once

#include <Eigen/Cholesky>
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "rheo/core/fail.hpp"
#include "rheo/core/product.hpp"
#include "rheo/math/energy.hpp"

namespace published {
using namespace rheo;

/// u(w) = -log N(w; 0, I) - sum over rows of log p(label | w), p(1 | w) = 1 / (1 + exp(-w . (1, z))), z a row's
/// numbers brought to mean 0 and deviation 1.
template <Index D> class LogisticPosterior {
 public:
  static constexpr Index dim = D;
  template <class T> struct Workspace { Buffer<T> rows, margins; };
  /// A table of D - 1 numbers and a label, 0 or 1, a row.  Throws std::invalid_argument for another width.
  explicit LogisticPosterior(const Batch<double>& table) : rows_(table.rows(), D) {
    if (table.cols() != D || table.rows() < 1)
      detail::fail("a logistic regression wants its numbers and a label a row");
    rows_.col(0).setOnes();
    for (Index j = 1; j < D; ++j) {
      const Column<double> c = table.col(j - 1) - table.col(j - 1).mean();
      const double deviation = std::sqrt(c.square().mean());
      rows_.col(j) = c / (deviation > 0 ? deviation : 1);
    }
    for (Index j = 0; j < D; ++j) rows_.col(j) *= 2 * table.col(D - 1) - 1;  // so that every label is 1
  }
  const Batch<double>& rows() const { return rows_; }  ///< +-(1, z), n x D: p of all labels = prod 1 / (1 + e^-rows.w)

  template <class T> void value(CView<T> w, ColView<T> u, Workspace<T>& s) const { margins(w, u, s); }
  template <class T> void value_and_gradient(CView<T> w, ColView<T> u, View<T> g, Workspace<T>& s) const {
    View<T> m = margins(w, u, s);
    for (Index i = 0; i < m.cols(); ++i) {
      auto c = column(m, i);
      c = T(-1) / (T(1) + c.exp());
    }
    gemm_nn<T>(read(m), read(s.rows.view(rows_.rows(), D)), g);
    for (Index j = 0; j < D; ++j) column(g, j) += column(w, j);
  }

 private:
  /// u, and rows . w, n x rows.
  template <class T> View<T> margins(CView<T> w, ColView<T> u, Workspace<T>& s) const {
    View<T> rows = s.rows.view(rows_.rows(), D), m = s.margins.view(w.rows(), rows_.rows());
    for (Index j = 0; j < D; ++j) {
      for (Index i = 0; i < rows_.rows(); ++i) rows(i, j) = T(rows_(i, j));
    }
    gemm_nt<T>(w, read(rows), m);
    u.setConstant(T(0.5 * static_cast<double>(D) * std::log(2 * std::numbers::pi)));
    for (Index j = 0; j < D; ++j) u += T(0.5) * column(w, j).square();
    for (Index i = 0; i < m.cols(); ++i) u += (-column(m, i)).max(T(0)) + (T(1) + (-column(m, i).abs()).exp()).log();
    return m;
  }
  Batch<double> rows_;
};

/// u(x) of a walk of 30 places: x[0], x[1] the scales of its steps and of what is seen of it, each log N(0, 2^2), as
/// log(e^scale - 1); then the places, of which the 11th to the 20th were not seen.
class UnseenWalk {
 public:
  static constexpr Index dim = 32;
  static constexpr Index places = 30;
  static constexpr std::array<double, 30> seen{
      0.21592641,  0.118771404, -0.07945447, 0.037677474, -0.27885845, -0.1484156,  -0.3250906, -0.22957903,
      -0.44110894, -0.09830782, 0,           0,           0,           0,           0,          0,
      0,           0,           0,           0,           -0.8786016,  -0.83736074, -0.7384849, -0.8939254,
      -0.7774566,  -0.70238715, -0.87771565, -0.51853573, -0.6948214,  -0.6202789};
  static constexpr bool is_seen(Index t) { return t < 10 || t >= 20; }

  template <class X> auto operator()(const X& x) const {
    using std::exp, std::log, std::log1p;
    using V = std::decay_t<decltype(x[0])>;
    const double half_log_2pi = 0.5 * std::log(2 * std::numbers::pi);
    const V step = log(log1p(exp(x[0]))), error = log(log1p(exp(x[1])));  // of the scales
    V u(static_cast<double>(places + 22) * half_log_2pi + 2 * std::log(2.0));
    for (int k = 0; k < 2; ++k) {  // log N(0, 2^2) of a scale, and what its way here stretches
      const V& s = k == 0 ? step : error;
      u += V(0.125) * s * s + s + log1p(exp(-x[static_cast<std::size_t>(k)]));
    }
    V steps(0), errors(0);
    for (std::size_t t = 0; t < 30; ++t) {
      const V d = t == 0 ? x[2] : V(x[2 + t] - x[1 + t]);
      steps += d * d;
      if (!is_seen(static_cast<Index>(t))) continue;
      const V e = x[2 + t] - V(seen[t]);
      errors += e * e;
    }
    u += V(static_cast<double>(places)) * step + V(20.0) * error;
    return V(u + V(0.5) * (steps * exp(V(-2.0) * step) + errors * exp(V(-2.0) * error)));
  }
  /// log p(scales, what is seen), of the logarithms of the scales: what is seen is normal where they are known.
  static double log_joint(double log_step, double log_error) {
    using Square = Eigen::Matrix<double, 20, 20>;
    Square covariance = std::exp(2 * log_error) * Square::Identity();
    Eigen::Matrix<double, 20, 1> y;
    const auto place = [](Index k) { return k < 10 ? k : k + 10; };
    for (Index i = 0; i < 20; ++i) {
      y(i) = seen[static_cast<std::size_t>(place(i))];
      for (Index j = 0; j < 20; ++j)
        covariance(i, j) += std::exp(2 * log_step) * static_cast<double>(1 + std::min(place(i), place(j)));
    }
    const Eigen::LLT<Square> factor(covariance);
    const Square l = factor.matrixL();
    return -0.5 * factor.matrixL().solve(y).squaredNorm() - l.diagonal().array().log().sum() -
           0.125 * (log_step * log_step + log_error * log_error) - 11 * std::log(2 * std::numbers::pi) -
           2 * std::log(2.0);
  }
  /// log of the integral of e^-u, over a lattice of the scales' logarithms.
  static double log_z(double spacing = 0.1) {
    double sum = 0;
    for (double a = -14; a < 8; a += spacing) {
      for (double b = -14; b < 8; b += spacing) sum += std::exp(log_joint(a, b)) * spacing * spacing;
    }
    return std::log(sum);
  }
};

}  // namespace published
