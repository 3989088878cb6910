// SPDX-License-Identifier: MIT
// LowRankNormal against the dense normal of the same covariance, its draws, and far points.
#include <Eigen/Cholesky>
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "rheo/distributions/low_rank_normal.hpp"
#include "rheo/flows/model.hpp"

namespace distributions_low_rank_normal {

namespace {
using namespace rheo;
constexpr Index D = 6, R = 2;
using Law = LowRankNormal<D, R>;

struct Case {
  Model<Flow<Law>, double> model = make_model<double>(Flow<Law>{}, Noise{1});
  Eigen::VectorXd mean;
  Eigen::MatrixXd covariance;
  Case() {
    for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) = 0.7 * Noise{2}.normal(i, 0);
    const auto [m, r, U] = Law::unpack(model.theta());
    mean = m.matrix();
    const Eigen::MatrixXd S = r.exp().matrix().asDiagonal();
    covariance = S * (Eigen::MatrixXd::Identity(D, D) + U.matrix() * U.matrix().transpose()) * S;
  }
};
}  // namespace

TEST_CASE("LowRankNormal has the density of the dense normal, in both scalars") {
  Case c;
  const Eigen::LLT<Eigen::MatrixXd> llt(c.covariance);
  const Eigen::MatrixXd L = llt.matrixL();
  Batch<double> x(7, D);
  for (Index i = 0; i < 7; ++i) {
    for (Index j = 0; j < D; ++j) x(i, j) = 2 * Noise{3}.normal(i, j);
  }
  const Column<double> v = c.model.log_prob(x);
  const Column<float> narrow = c.model.cast<float>().log_prob(x.cast<float>());
  for (Index i = 0; i < 7; ++i) {
    const Eigen::VectorXd e =
        L.triangularView<Eigen::Lower>().solve(Eigen::VectorXd(x.row(i).matrix().transpose()) - c.mean);
    const double truth = -0.5 * e.squaredNorm() - L.diagonal().array().log().sum() - D * half_log_two_pi;
    CHECK(v(i) == Approx(truth).epsilon(1e-13));
    CHECK(narrow(i) == Approx(truth).epsilon(1e-5));
  }
}

TEST_CASE("LowRankNormal starts with no row of U at 0, where its gradient would vanish") {
  const auto model = make_model<double>(Flow<Law>{}, Noise{1});
  const auto [m, r, U] = Law::unpack(model.theta());
  CHECK(((m == 0).all() && (r == 0).all()));
  CHECK((U != 0).all());
  CHECK(U.abs().maxCoeff() < 0.5);
}

TEST_CASE("LowRankNormal draws with its mean and covariance") {
  Case c;
  const Index n = 20000;
  const auto s = c.model.sample_and_log_prob(n, Noise{4});
  const Eigen::RowVectorXd mean = s.x.matrix().colwise().mean();
  const Eigen::MatrixXd e = s.x.matrix().rowwise() - mean, found = e.transpose() * e / static_cast<double>(n);
  for (Index j = 0; j < D; ++j) {
    CHECK(std::abs(mean(j) - c.mean(j)) < 5 * std::sqrt(c.covariance(j, j) / n));
    for (Index k = 0; k < D; ++k) {
      const double error =
          std::sqrt((c.covariance(j, j) * c.covariance(k, k) + c.covariance(j, k) * c.covariance(j, k)) / n);
      CHECK(std::abs(found(j, k) - c.covariance(j, k)) < 5 * error);
    }
  }
  CHECK((c.model.log_prob(s.x) - s.log_prob).abs().maxCoeff() < 1e-12);
}

TEST_CASE(
    "LowRankNormal keeps its digits where U is large: its own draws in float, against the dense normal in double") {
  Case c;
  for (double size : {1.0, 100.0, 1000.0}) {
    auto [m, r, U] = Law::unpack(c.model.theta());
    for (Index k = 0; k < R; ++k) {
      for (Index j = 0; j < D; ++j) U(j, k) = size * Noise{8}.normal(k, j);
    }
    m.setZero(), r.setZero();
    const auto narrow = c.model.cast<float>();
    const auto [m_f, r_f, U_f] = Law::unpack(narrow.theta());
    const Eigen::MatrixXd u = U_f.matrix().template cast<double>();
    const Eigen::LLT<Eigen::MatrixXd> llt(Eigen::MatrixXd::Identity(D, D) + u * u.transpose());
    const Eigen::MatrixXd L = llt.matrixL();
    const auto s = narrow.sample_and_log_prob(500, Noise{9});
    double worst = 0;
    for (Index i = 0; i < 500; ++i) {
      const Eigen::VectorXd e = L.triangularView<Eigen::Lower>().solve(
          Eigen::VectorXd(s.x.row(i).matrix().transpose().template cast<double>()));
      const double truth = -0.5 * e.squaredNorm() - L.diagonal().array().log().sum() - D * half_log_two_pi;
      worst = std::max(worst, std::abs(static_cast<double>(s.log_prob(i)) - truth));
    }
    INFO("U of " << size << ", worst error " << worst);
    CHECK(worst < 2e-6 * (4 + size));
  }
}

TEST_CASE("LowRankNormal is -inf where squares overflow, and keeps NaN in its row") {
  Case c;
  Batch<double> x = Batch<double>::Zero(3, D);
  for (Index j = 0; j < D; ++j) x(0, j) = j % 2 == 0 ? 1e200 : -1e200;
  x(1, 3) = std::numeric_limits<double>::quiet_NaN();
  const Column<double> v = c.model.log_prob(x);
  CHECK(v(0) == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(v(1)));
  CHECK(std::isfinite(v(2)));
}

}  // namespace distributions_low_rank_normal
