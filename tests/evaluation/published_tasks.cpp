// SPDX-License-Identifier: MIT
// What the published tables stand on (benchmarks/published): exact posteriors that are posteriors, and a chart of the
// sphere that keeps areas.
#include "../../benchmarks/published/earth_chart.hpp"
#include "../../benchmarks/published/posteriors.hpp"
#include "../../benchmarks/published/sbi_tasks.hpp"

#include <Eigen/LU>

#include "catch.hpp"
#include "rheo/evaluation/calibration.hpp"
#include "rheo/io/csv.hpp"

namespace evaluation_published_tasks {
using namespace rheo;

namespace {

constexpr Index n = 4000, L = 9;

/// The least p-value of the ranks of the truth among exact draws, by coordinates and by distances from half the data.
template <class Task, class Wrong> double least_p_value(Wrong wrong) {
  const Batch<double> theta = Task::prior(n, Noise{1}), x = Task::simulate(theta, Noise{2});
  Batch<double> draws(n * L, Task::dim);
  for (Index i = 0; i < n; ++i)
    draws.middleRows(i * L, L) = Task::posterior(x.row(i), L, Noise{3}.fork(static_cast<std::uint64_t>(i)));
  wrong(draws);
  double least = calibration(tarp_ranks(theta, draws, Batch<double>(0.5 * x)), L).p_value;
  for (Index j = 0; j < Task::dim; ++j)
    least = std::min(least, calibration(calibration_ranks(theta, draws).col(j), L).p_value);
  return least;
}

}  // namespace

TEST_CASE("draws of the exact posteriors have uniform ranks; draws that are a little wrong have not") {
  const auto right = [](Batch<double>&) {};
  CHECK(least_p_value<published::GaussianLinear>(right) > 1e-3);
  CHECK(least_p_value<published::GaussianMixture>(right) > 1e-3);
  CHECK(least_p_value<published::TwoMoons>(right) > 1e-3);
  CHECK(least_p_value<published::GaussianLinear>([](Batch<double>& d) { d *= 1.05; }) < 1e-4);
  CHECK(least_p_value<published::GaussianMixture>([](Batch<double>& d) { d += 0.1; }) < 1e-4);
  CHECK(least_p_value<published::TwoMoons>([](Batch<double>& d) { d += 0.02; }) < 1e-4);
  CHECK(least_p_value<published::TwoMoons>([](Batch<double>& d) {  // the other moon never
          for (Index i = 0; i < d.rows(); ++i) {
            if (d(i, 0) + d(i, 1) < 0) d.row(i) = Row<double>(-d.row(i).reverse());
          }
        }) < 1e-4);
}

TEST_CASE("the data can come from every draw of the two moons' posterior, above half moons' reach too") {
  const Row<double> x = (Row<double>(2) << 0.32, 0.03).finished();
  const Batch<double> theta = published::TwoMoons::posterior(x, 2000, Noise{1});
  const Column<double> m1 = x(0) + (theta.col(0) + theta.col(1)).abs() / std::sqrt(2.0) - 0.25,
                       m2 = x(1) - (theta.col(1) - theta.col(0)) / std::sqrt(2.0),
                       r = (m1.square() + m2.square()).sqrt();
  CHECK(r.minCoeff() > 0.05);
  CHECK(r.maxCoeff() < 0.15);
  CHECK(m1.minCoeff() > 0);
}

TEST_CASE("slcp's energy is minus the log of four normal laws and a uniform prior") {
  const Batch<double> theta = published::Slcp::prior(20, Noise{1}), x = published::Slcp::simulate(theta, Noise{2});
  const auto energy = published::Slcp::energy(x.row(0));
  const Batch<double> y = (theta / 3).unaryExpr([](double t) { return std::log((1 + t) / (1 - t)); });
  const Column<double> u = energy_values(energy, y);
  Column<double> expected(20);
  for (Index i = 0; i < 20; ++i) {
    const double s1 = theta(i, 2) * theta(i, 2), s2 = theta(i, 3) * theta(i, 3), r = std::tanh(theta(i, 4));
    Eigen::Matrix2d covariance;
    covariance << s1 * s1, r * s1 * s2, r * s1 * s2, s2 * s2;
    expected(i) = 2 * std::log(covariance.determinant());
    for (Index k = 0; k < 4; ++k) {
      const Eigen::Vector2d d(x(0, 2 * k) - theta(i, 0), x(0, 2 * k + 1) - theta(i, 1));
      expected(i) += 0.5 * d.dot(covariance.inverse() * d);
    }
    for (Index j = 0; j < 5; ++j) {  // the slope of theta in y
      const double s = (theta(i, j) + 3) / 6;
      expected(i) -= std::log(s * (1 - s));
    }
  }
  CHECK(((u - expected) / (1 + expected.abs())).abs().maxCoeff() < 1e-6);
  const Batch<double> many = published::Slcp::simulate(theta.row(0).replicate(20'000, 1), Noise{3});
  const double s1 = theta(0, 2) * theta(0, 2), s2 = theta(0, 3) * theta(0, 3);
  const Column<double> a = (many.col(0) - theta(0, 0)) / s1, b = (many.col(1) - theta(0, 1)) / s2;
  CHECK(a.square().mean() == Approx(1).epsilon(0.05));
  CHECK(b.square().mean() == Approx(1).epsilon(0.05));
  CHECK((a * b).mean() == Approx(std::tanh(theta(0, 4))).margin(0.04));
}

TEST_CASE("the chart keeps areas: caps of the sphere, the flow at its start, its integral later") {
  const Batch<double> degrees = (Batch<double>(4, 2) << 90, 0, -90, 10, 30, 180, 0, -200).finished();
  const Batch<double> x = published::to_chart(degrees);
  CHECK((x.col(1) - (Column<double>(4) << 1, 0, 0.75, 0.5).finished()).abs().maxCoeff() < 1e-15);
  CHECK(x(2, 0) == -std::numbers::pi);
  CHECK(x(3, 0) == Approx(160 * std::numbers::pi / 180));
  auto model = make_model<double>(published::EarthFlow<2, 8, MlpOf<Silu, 16>, 2>{}, Noise{1});
  CHECK((model.log_prob(x.bottomRows(2)) + published::log_area + std::log(4 * std::numbers::pi)).abs().maxCoeff() <
        1e-12);
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{2}.normal(i, 0);
  const Index cells = 300;
  Batch<double> grid(cells * cells, 2);  // latitude and longitude, by whose areas the density is summed
  Column<double> area(cells * cells);
  for (Index i = 0; i < cells; ++i) {
    for (Index j = 0; j < cells; ++j) {
      const double latitude = -90 + 180 * (static_cast<double>(i) + 0.5) / cells;
      grid.row(i * cells + j) << latitude, -180 + 360 * (static_cast<double>(j) + 0.5) / cells;
      area(i * cells + j) = std::cos(latitude * std::numbers::pi / 180) * 2 * std::pow(std::numbers::pi / cells, 2);
    }
  }
  const Column<double> p = (model.log_prob(published::to_chart(grid)) + published::log_area).exp();
  CHECK((p * area).sum() == Approx(1).epsilon(2e-3));
  CHECK(p.maxCoeff() > 2 * p.mean());  // so that it is no uniform one
}

TEST_CASE("splits part the rows, and distinct rows are those that the page counts") {
  const Batch<double> rows = io::read_csv(std::string(RHEO_TEST_DIR) + "/../examples/data/earth_earthquake.csv").values;
  CHECK(rows.rows() == 6120);
  const Batch<double> distinct = published::distinct_rows(rows);
  CHECK(distinct.rows() == 5447);
  const published::Split s(distinct, Noise{1});
  CHECK(s.test.rows() == 544);
  CHECK(s.choose.rows() == 544);
  Batch<double> together(5447, 2);
  together << s.train, s.choose, s.test;
  CHECK(published::distinct_rows(together).rows() == 5447);
}

TEST_CASE("a logistic regression's energy and slope are those of its formula") {
  constexpr Index D = 4;
  Batch<double> table(5, D);
  table << 1, 10, 3, 1, 2, 10, 1, 0, 4, 10, 0, 0, 5, 10, -2, 1, -3, 10, 3, 0;  // the second column says nothing
  const published::LogisticPosterior<D> posterior(table);
  const auto formula = energy_of<D>([&](const auto& w) {
    using std::exp, std::log;
    using V = std::decay_t<decltype(w[0])>;
    V u(0.5 * D * std::log(2 * std::numbers::pi));
    for (std::size_t j = 0; j < D; ++j) u += V(0.5) * w[j] * w[j];
    for (Index i = 0; i < 5; ++i) {
      V logit = w[0];
      for (const Index j : {0, 2}) {
        const double mean = table.col(j).mean(), deviation = std::sqrt((table.col(j) - mean).square().mean());
        logit += w[static_cast<std::size_t>(j + 1)] * V((table(i, j) - mean) / deviation);
      }
      u += log(V(1) + exp(table(i, D - 1) == 1 ? V(-logit) : logit));
    }
    return u;
  });
  Batch<double> w(40, D), g(40, D), g_formula(40, D);
  Noise{4}.normals(view(w));
  w *= 3;
  Column<double> u(40), u_formula(40);
  published::LogisticPosterior<D>::Workspace<double> scratch;
  posterior.value_and_gradient(view(std::as_const(w)), view(u), view(g), scratch);
  autodiff::Tape<double> tape;
  formula.value_and_gradient(view(std::as_const(w)), view(u_formula), view(g_formula), tape);
  CHECK((u - u_formula).abs().maxCoeff() < 1e-12);
  CHECK((g - g_formula).abs().maxCoeff() < 1e-12);
  CHECK((energy_values(posterior, w) - u).abs().maxCoeff() == 0);
  CHECK_THROWS_AS(published::LogisticPosterior<D>(table.leftCols(3)), std::invalid_argument);
}

TEST_CASE("the walk's energy is Bayes' rule, and its log Z does not hang on the lattice") {
  using published::UnseenWalk;
  // p(places | scales, seen) is normal, of a precision that is read off: u must be what is left of it.
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    std::array<double, 32> x{};
    for (std::size_t j = 0; j < 32; ++j) x[j] = Noise{seed}.normal(0, static_cast<Index>(j));
    const double log_step = std::log(std::log1p(std::exp(x[0]))), log_error = std::log(std::log1p(std::exp(x[1])));
    Eigen::MatrixXd precision = Eigen::MatrixXd::Zero(30, 30);
    Eigen::VectorXd pull = Eigen::VectorXd::Zero(30), places(30);
    const double step = std::exp(-2 * log_step), error = std::exp(-2 * log_error);
    for (Index t = 0; t < 30; ++t) {
      precision(t, t) += step;
      if (t > 0) precision(t - 1, t - 1) += step, precision(t, t - 1) = precision(t - 1, t) = -step;
      if (UnseenWalk::is_seen(t))
        precision(t, t) += error, pull(t) = error * UnseenWalk::seen[static_cast<std::size_t>(t)];
      places(t) = x[static_cast<std::size_t>(t + 2)];
    }
    const Eigen::VectorXd off = places - precision.ldlt().solve(pull);
    const double log_places =
        -0.5 * off.dot(precision * off) + 0.5 * std::log(precision.determinant()) - 15 * std::log(2 * std::numbers::pi);
    // The densities of the logarithms, to those of x: d log scale / dx = 1 / (scale (1 + e^-x)).
    const double stretch = -log_step - std::log1p(std::exp(-x[0])) - log_error - std::log1p(std::exp(-x[1]));
    CHECK(-UnseenWalk{}(x)-log_places == Approx(UnseenWalk::log_joint(log_step, log_error) + stretch).epsilon(1e-9));
  }
  CHECK(UnseenWalk::log_z(0.14) == Approx(UnseenWalk::log_z(0.1)).epsilon(1e-6));
}

}  // namespace evaluation_published_tasks
