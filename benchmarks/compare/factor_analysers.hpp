// SPDX-License-Identifier: MIT
// A mixture of factor analysers by expectation-maximisation: normals of diagonal-plus-rank-R covariance, the yardstick
// for images.
//   Ghahramani and Hinton 1996, CRG-TR-96-1, eqs. 6-14; start by k-means++ (Arthur and Vassilvitskii 2007) and Lloyd's
//     rounds.
#pragma once

#include <Eigen/Cholesky>
#include <cmath>
#include <limits>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/core/noise.hpp"

namespace rheo::bench {

/// x = mean + loadings eta + noise of the variances `psi`.
struct FactorAnalyser {
  double weight;
  Eigen::RowVectorXd mean;
  Eigen::MatrixXd loadings;  // D x R
  Eigen::ArrayXd psi;

  /// log weight + log N(x; mean, loadings loadings' + diag psi) of every row.
  Eigen::ArrayXd joint(const Eigen::MatrixXd& x) const {
    const Index R = loadings.cols();
    const Eigen::RowVectorXd scale = psi.sqrt().inverse().matrix().transpose();
    const Eigen::MatrixXd U = scale.asDiagonal() * loadings, e = (x.rowwise() - mean) * scale.asDiagonal();
    const Eigen::LLT<Eigen::MatrixXd> llt(Eigen::MatrixXd::Identity(R, R) + U.transpose() * U);
    const Eigen::MatrixXd L = llt.matrixL(), t = L.triangularView<Eigen::Lower>().solve((e * U).transpose());
    const double log_det = psi.log().sum() + 2 * L.diagonal().array().log().sum();
    return std::log(weight) - 0.91893853320467274178 * static_cast<double>(x.cols()) - 0.5 * log_det -
           0.5 * (e.rowwise().squaredNorm() - t.colwise().squaredNorm().transpose()).array();
  }
  /// Four rounds of the M-step on a covariance S; the variances stay above `floor`.
  void maximise(const Eigen::MatrixXd& S, double floor) {
    const Index R = loadings.cols();
    for (int round = 0; round < 4; ++round) {
      const Eigen::MatrixXd A = psi.inverse().matrix().asDiagonal() * loadings;
      const Eigen::MatrixXd beta =
                                (Eigen::MatrixXd::Identity(R, R) + loadings.transpose() * A).llt().solve(A.transpose()),
                            bS = beta * S;
      const Eigen::MatrixXd second = Eigen::MatrixXd::Identity(R, R) - beta * loadings + bS * beta.transpose();
      loadings = second.llt().solve(bS).transpose();
      psi = (S.diagonal().array() - (loadings.array() * bS.transpose().array()).rowwise().sum()).max(floor);
    }
  }
};

/// K of them on the rows of x, 200 rounds at most; the round of the largest mean log-likelihood on the rows `held` is
/// what comes out, after 10 rounds without a better one.  `score` receives that likelihood.
inline std::vector<FactorAnalyser> factor_analysers(const Batch<double>& x, const Batch<double>& held, Index K, Index R,
                                                    double floor, Noise noise, double& score) {
  const Eigen::MatrixXd data = x.matrix(), check = held.matrix();
  const Index n = data.rows(), D = data.cols();
  Eigen::MatrixXd r = Eigen::MatrixXd::Zero(n, K);  // responsibilities
  {
    Eigen::MatrixXd centre(K, D);
    Eigen::ArrayXd nearest = Eigen::ArrayXd::Constant(n, std::numeric_limits<double>::infinity());
    for (Index k = 0; k < K; ++k) {
      Index pick = noise.index(k, 0, n);
      if (k > 0) {
        double left = noise.uniform(k, 1) * nearest.sum();
        for (pick = 0; pick + 1 < n && (left -= nearest(pick)) > 0; ++pick) {}
      }
      centre.row(k) = data.row(pick);
      nearest = nearest.min((data.rowwise() - centre.row(k)).rowwise().squaredNorm().array());
    }
    for (int round = 0; round < 20; ++round) {
      r.setZero();
      for (Index i = 0; i < n; ++i) {
        Index k;
        (centre.rowwise() - data.row(i)).rowwise().squaredNorm().minCoeff(&k);
        r(i, k) = 1;
      }
      for (Index k = 0; k < K; ++k) centre.row(k) = r.col(k).transpose() * data / std::max(1.0, r.col(k).sum());
    }
  }
  std::vector<FactorAnalyser> parts, best;
  score = -std::numeric_limits<double>::infinity();
  const auto normalise = [&](const Eigen::MatrixXd& rows, Eigen::MatrixXd& joint) {
    joint.resize(rows.rows(), K);
    for (Index k = 0; k < K; ++k) joint.col(k) = parts[static_cast<std::size_t>(k)].joint(rows);
    const Eigen::VectorXd top = joint.rowwise().maxCoeff();
    joint = (joint.colwise() - top).array().exp().matrix();
    const Eigen::VectorXd sum = joint.rowwise().sum();
    joint = sum.cwiseInverse().asDiagonal() * joint;
    return (top.array() + sum.array().log()).mean();
  };
  Eigen::MatrixXd unused;
  for (int round = 0, since = 0; round < 200 && since < 10; ++round, ++since) {
    for (Index k = 0; k < K; ++k) {
      const double mass = r.col(k).sum() + 1e-9;
      const Eigen::RowVectorXd mean = r.col(k).transpose() * data / mass;
      const Eigen::MatrixXd e = r.col(k).cwiseSqrt().asDiagonal() * (data.rowwise() - mean),
                            S = e.transpose() * e / mass;
      if (round == 0) {
        const Eigen::ArrayXd psi = S.diagonal().array().max(floor);
        Eigen::MatrixXd start(D, R);
        for (Index j = 0; j < D; ++j) {
          for (Index f = 0; f < R; ++f)
            start(j, f) = 0.5 * std::sqrt(psi(j)) * noise.fork(1).fork(static_cast<std::uint64_t>(k)).normal(j, f);
        }
        parts.push_back({0, mean, start, psi});
      }
      FactorAnalyser& part = parts[static_cast<std::size_t>(k)];
      part.weight = mass / static_cast<double>(n);
      part.mean = mean;
      part.maximise(S, floor);
    }
    normalise(data, r);
    const double now = normalise(check, unused);
    if (now > score) score = now, best = parts, since = 0;
  }
  return best;
}

}  // namespace rheo::bench
