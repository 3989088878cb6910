// SPDX-License-Identifier: MIT
// A mixture of full-covariance Gaussians by expectation-maximisation: the yardstick that a flow has to beat.
//   Dempster, Laird and Rubin 1977; start by k-means++ (Arthur and Vassilvitskii 2007).
#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/core/noise.hpp"

namespace rheo::bench {

class GaussianMixture {
 public:
  /// Fits K components to the rows of x until the mean log-likelihood rises by less than 1e-6, 500 rounds at most;
  /// `ridge` is added to the variances, relative to those of the whole data.
  GaussianMixture(const Batch<double>& x, Index K, Noise noise, double ridge = 1e-6) {
    const Index n = x.rows(), D = x.cols();
    const Eigen::MatrixXd data = x.matrix();
    const Eigen::RowVectorXd mean = data.colwise().mean();
    const Eigen::MatrixXd centred = data.rowwise() - mean,
                          whole = centred.transpose() * centred / static_cast<double>(n);
    const Eigen::MatrixXd floor = ridge * whole.diagonal().asDiagonal().toDenseMatrix();
    const Eigen::RowVectorXd scale = whole.diagonal().cwiseSqrt().cwiseInverse();
    Column<double> nearest = Column<double>::Constant(n, std::numeric_limits<double>::infinity());
    for (Index k = 0; k < K; ++k) {
      Index pick = noise.index(k, 0, n);
      if (k > 0) {
        double left = noise.uniform(k, 1) * nearest.sum();
        for (pick = 0; pick + 1 < n && (left -= nearest(pick)) > 0; ++pick) {}
      }
      means_.push_back(data.row(pick));
      for (Index i = 0; i < n; ++i)
        nearest(i) = std::min(nearest(i), (data.row(i) - means_.back()).cwiseProduct(scale).squaredNorm());
    }
    weights_ = Column<double>::Constant(K, 1 / static_cast<double>(K));
    for (Index k = 0; k < K; ++k)
      set(k, whole / std::pow(static_cast<double>(K), 2 / static_cast<double>(D)) + floor, D);
    double last = -std::numeric_limits<double>::infinity();
    for (int round = 0; round < 500; ++round) {
      Batch<double> r = joint(x);
      const Column<double> total = normalise(r);
      const double now = total.mean();
      if (now - last < 1e-6 && round > 0) break;
      last = now;
      for (Index k = 0; k < K; ++k) {
        const double mass = r.col(k).sum() + 1e-12;
        weights_(k) = mass / static_cast<double>(n);
        means_[static_cast<std::size_t>(k)] = (r.col(k).matrix().transpose() * data) / mass;
        const Eigen::MatrixXd e = data.rowwise() - means_[static_cast<std::size_t>(k)];
        set(k, e.transpose() * r.col(k).matrix().asDiagonal() * e / mass + floor, D);
      }
    }
  }
  Column<double> log_prob(const Batch<double>& x) const {
    Batch<double> r = joint(x);
    return normalise(r);
  }

 private:
  void set(Index k, const Eigen::MatrixXd& covariance, Index D) {
    if (static_cast<Index>(factors_.size()) <= k)
      factors_.resize(static_cast<std::size_t>(k) + 1), constants_.resize(static_cast<std::size_t>(k) + 1);
    const Eigen::LLT<Eigen::MatrixXd> llt(covariance);
    factors_[static_cast<std::size_t>(k)] = llt.matrixL();
    constants_[static_cast<std::size_t>(k)] = -0.91893853320467274178 * static_cast<double>(D) -
                                              factors_[static_cast<std::size_t>(k)].diagonal().array().log().sum();
  }
  /// log w_k N(x_i; k), n x K.
  Batch<double> joint(const Batch<double>& x) const {
    Batch<double> r(x.rows(), weights_.size());
    for (Index k = 0; k < weights_.size(); ++k) {
      const auto j = static_cast<std::size_t>(k);
      const Eigen::MatrixXd e = (x.matrix().rowwise() - means_[j]).transpose();
      const Eigen::MatrixXd white = factors_[j].triangularView<Eigen::Lower>().solve(e);
      r.col(k) = std::log(weights_(k)) + constants_[j] - 0.5 * white.colwise().squaredNorm().transpose().array();
    }
    return r;
  }
  /// Responsibilities in place of joint densities; their log-sums.
  static Column<double> normalise(Batch<double>& r) {
    const Column<double> top = r.rowwise().maxCoeff();
    for (Index k = 0; k < r.cols(); ++k) r.col(k) = (r.col(k) - top).exp();
    const Column<double> sum = r.rowwise().sum();
    for (Index k = 0; k < r.cols(); ++k) r.col(k) /= sum;
    return top + sum.log();
  }

  std::vector<Eigen::RowVectorXd> means_;
  std::vector<Eigen::MatrixXd> factors_;
  std::vector<double> constants_;
  Column<double> weights_;
};

}  // namespace rheo::bench
