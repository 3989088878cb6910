// SPDX-License-Identifier: MIT
// A Bayesian regression by a flow: the mass of penguins on their measures under a horseshoe prior (Carvalho, Polson,
// Scott 2010), whose posterior is no Gaussian.  A Gaussian, and a flow on a base with heavy tails, as its scales have,
// are fitted to it by path gradients; Pareto k-hat and effective sample sizes tell which of them can be trusted;
// annealed importance sampling by Hamiltonian moves checks means and evidence on another way.  A table, and a PNG of
// the funnel that the weakest coefficient makes with its scale.
//   posterior [--steps N] [--samples N] [--particles N] [--seed N] [--threads N] [--data FILE.csv] [--out FILE.png]
#include <array>
#include <chrono>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <string>

#include <Eigen/Cholesky>
#include <rheo/io/csv.hpp>
#include <rheo/io/plot.hpp>
#include <rheo/rheo.hpp>

#include "command_line.hpp"
using namespace rheo;

namespace {

constexpr Index P = 5, D = 2 * P + 2;  // coefficients; they, log lambda_j, log tau and log sigma
const std::array<std::string, P> names{"bill length", "bill depth", "flipper length", "male", "Gentoo"};

struct Options {
  int steps = 1500, threads = 2;
  Index samples = 20'000, particles = 3000;
  std::uint64_t seed = 1;
  std::string data = RHEO_EXAMPLE_DATA "/penguins.csv", out = "posterior.png";
};

/// What a normal likelihood needs of the data, and coordinates e in which it is about N(0, I): beta = b + S e;
/// log_volume: of a unit of all coordinates.
struct Regression {
  double rows = 0, residual = 0, scale = 0, narrow = 0,
         log_volume = 0;  // scale: the residual deviation; narrow: the deviation of log sigma
  std::array<double, P> b{};
  std::array<std::array<double, P>, P> S{};
};

Regression read(const std::string& file) {
  Batch<double> t = io::read_csv(file).values;  // bill length, bill depth, flipper length, mass, male, species
  t.col(5) = (t.col(5) == 2).cast<double>();
  for (Index j = 0; j < 6; ++j) {
    t.col(j) -= t.col(j).mean();
    t.col(j) /= std::sqrt(t.col(j).square().mean());
  }
  Eigen::MatrixXd X(t.rows(), P);
  X << t.leftCols(3).matrix(), t.rightCols(2).matrix();
  const Eigen::VectorXd y = t.col(3).matrix(), b = (X.transpose() * X).ldlt().solve(X.transpose() * y);
  Regression r;
  r.rows = static_cast<double>(t.rows());
  r.residual = (y - X * b).squaredNorm();
  r.scale = std::sqrt(r.residual / (r.rows - P));
  r.narrow = 1 / std::sqrt(2 * r.rows);
  r.log_volume = std::log(r.narrow);
  const Eigen::MatrixXd S = r.scale * Eigen::MatrixXd(Eigen::MatrixXd((X.transpose() * X).inverse()).llt().matrixL());
  for (std::size_t i = 0; i < P; ++i) {
    r.b[i] = b(static_cast<Index>(i));
    for (std::size_t j = 0; j <= i; ++j) r.S[i][j] = S(static_cast<Index>(i), static_cast<Index>(j));
    r.log_volume += std::log(r.S[i][i]);
  }
  return r;
}

/// -log of likelihood times prior at (e, log lambda, log tau, log(sigma / scale) / narrow):
/// beta_j ~ N(0, tau^2 lambda_j^2), lambda_j and tau half-Cauchy(1), log sigma ~ N(log scale, 1).
auto posterior(const Regression& r) {
  return energy_of<D>([r](const auto& x) {
    using std::exp, std::log;
    using V = std::decay_t<decltype(x[0])>;
    const auto half_cauchy = [](const V& l) {
      return log(V(1) + exp(V(2) * l)) - l + V(0.45158270528945486);
    };  // -log density of l = log lambda; log(pi / 2)
    const V log_tau = x[2 * P], log_s = x[2 * P + 1] * V(r.narrow);
    V squares = V(r.residual / (r.scale * r.scale));
    for (std::size_t j = 0; j < P; ++j) squares += x[j] * x[j];
    V u = V(r.rows) * (log_s + V(std::log(r.scale) + half_log_two_pi)) + V(0.5) * squares * exp(V(-2) * log_s) +
          V(0.5) * log_s * log_s + V(half_log_two_pi) + half_cauchy(log_tau);
    for (std::size_t i = 0; i < P; ++i) {
      V beta = V(r.b[i]);
      for (std::size_t j = 0; j <= i; ++j) beta += V(r.S[i][j]) * x[j];
      const V log_scale = log_tau + x[P + i], z = beta * exp(-log_scale);
      u += V(0.5) * z * z + log_scale + V(half_log_two_pi) + half_cauchy(x[P + i]);
    }
    return u - V(r.log_volume);
  });
}

/// Weighted points of the posterior, and what is told of them.
struct Draws {
  Batch<double> x;
  Column<double> log_w;
  Estimate evidence;
};
/// The numbers of the model at a point: coefficients, log lambda, tau, sigma.
Column<double> number(const Regression& r, const Batch<double>& x, Index k) {
  if (k == 2 * P) return x.col(k).exp();
  if (k == 2 * P + 1) return (x.col(k) * r.narrow).exp() * r.scale;
  if (k >= P) return x.col(k);
  const auto i = static_cast<std::size_t>(k);
  Column<double> beta = Column<double>::Constant(x.rows(), r.b[i]);
  for (std::size_t j = 0; j <= i; ++j) beta += r.S[i][j] * x.col(static_cast<Index>(j));
  return beta;
}
double seconds_since(std::chrono::steady_clock::time_point t) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - t).count();
}

template <class F, class E> Draws fitted(const char* name, F flow, const E& energy, const Options& o) {
  auto model = make_model<double>(std::move(flow), Noise{o.seed});
  const auto r = fit_energy(model, path_gradient(energy),
                            {.steps = o.steps,
                             .batch = 128,
                             .learning_rate = 5e-3,
                             .schedule = {Cosine{}},
                             .noise = Noise{o.seed}.fork(1),
                             .threads = o.threads});
  WeightedSample<double> s = weighted_sample(model, energy, o.samples, Noise{o.seed}.fork(2), o.threads);
  const SmoothedWeights smooth = pareto_smoothed(s.log_w);
  const double most = largest_reliable_shape(o.samples);
  const Estimate evidence = log_z(smooth.log_w);
  std::cout << name << ": " << to_string(r.status) << " after " << r.steps << " steps, " << r.seconds << " s\n  elbo "
            << s.log_w.mean() << ", evidence " << evidence.value << " +- " << evidence.error << "\n  Pareto k-hat "
            << smooth.shape
            << (smooth.shape < most ? ": weights can be trusted" : ": weights cannot be trusted, nor the numbers below")
            << " (up to " << most << "), effective draws " << std::lround(effective_sample_size(smooth.log_w)) << " of "
            << o.samples << '\n';
  return {std::move(s.x), smooth.log_w, evidence};
}

/// 2000 draws in proportion to their weights: the weakest coefficient and its log lambda.
io::Panel panel(const char* title, const Regression& r, const Draws& d, const Options& o) {
  const auto rows = resample(d.log_w, 2000, Noise{o.seed}.fork(7));
  const Column<double> beta = number(r, d.x, 0), log_lambda = number(r, d.x, P);
  Batch<double> points(2000, 2);
  for (Index i = 0; i < 2000; ++i)
    points(i, 0) = beta(rows[static_cast<std::size_t>(i)]),
              points(i, 1) = log_lambda(rows[static_cast<std::size_t>(i)]);
  return io::Panel::scatter(title, points);
}

void run(const Options& o) {
  const Regression r = read(o.data);
  const auto energy = posterior(r);
  std::cout << std::setprecision(4) << r.rows << " penguins, " << D << " unknowns\n";
  const Draws gauss = fitted("Gaussian", Flow{FullNormal<D>{}}, energy, o);
  const Draws flow = fitted("flow", Flow{Repeat<3, presets::RealNvpBlock<D, Mlp<32, 32>>>{}, StudentT<D>{}}, energy, o);
  const auto begin = std::chrono::steady_clock::now();
  Batch<double> z(o.particles, D);
  Noise{o.seed}.fork(3).normals(view(z));
  auto ais =
      annealed_sample(std::move(z), NormalEnergy<D>{}, energy, moves::Hmc<1, 8>{0.25}, 60, Noise{o.seed}.fork(4));
  std::cout << "annealed importance sampling: " << seconds_since(begin) << " s\n  evidence " << ais.log_z.value
            << " +- " << ais.log_z.error << "\n  Pareto k-hat " << pareto_smoothed(ais.log_w).shape
            << ", effective draws " << std::lround(effective_sample_size(ais.log_w)) << " of " << o.particles
            << ", moves accepted " << ais.report.acceptance() << '\n';
  const Draws other{std::move(ais.x), ais.log_w, ais.log_z};

  std::cout << "\nposterior means (deviations)     Gaussian             flow             annealed +- error     flow - "
               "annealed, errors\n"
            << std::fixed << std::setprecision(3);
  double worst = 0;
  for (Index k = 0; k < D; ++k) {
    const std::string name = k < P        ? names[static_cast<std::size_t>(k)]
                             : k < 2 * P  ? "log lambda " + names[static_cast<std::size_t>(k - P)]
                             : k == 2 * P ? "tau"
                                          : "sigma";
    const auto mean = [&](const Draws& d) { return expectation(number(r, d.x, k), d.log_w); };
    const auto deviation = [&](const Draws& d) {
      return std::sqrt(expectation((number(r, d.x, k) - mean(d).value).square(), d.log_w).value);
    };
    const double apart = (mean(flow).value - mean(other).value) / std::hypot(mean(flow).error, mean(other).error);
    worst = std::max(worst, std::fabs(apart));
    std::cout << std::left << std::setw(28) << name << std::right;
    for (const Draws* d : {&gauss, &flow}) std::cout << std::setw(9) << mean(*d).value << " (" << deviation(*d) << ')';
    std::cout << std::setw(9) << mean(other).value << " (" << deviation(other) << ") +- " << mean(other).error
              << std::setw(9) << apart << '\n';
  }
  const double evidence =
      (flow.evidence.value - other.evidence.value) / std::hypot(flow.evidence.error, other.evidence.error);
  std::cout << "worst of the " << D << " differences " << worst << " errors, of the evidence " << std::fabs(evidence)
            << '\n';
  io::plot_panels(
      o.out,
      {panel("Gaussian, weighted", r, gauss, o), panel("flow, weighted", r, flow, o), panel("annealed", r, other, o)},
      {-0.12, 0.12, -8, 4});
  std::cout << "the coefficient of " << names[0] << " against its log lambda in " << o.out << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  if (!examples::read_options(argc, argv,
                              {{"--steps", &o.steps},
                               {"--samples", &o.samples},
                               {"--particles", &o.particles},
                               {"--seed", &o.seed},
                               {"--threads", &o.threads},
                               {"--data", &o.data},
                               {"--out", &o.out}}))
    return std::cerr << "posterior [--steps N] [--samples N] [--particles N] [--seed N] [--threads N] [--data "
                        "FILE.csv] [--out FILE.png]\n",
           2;
  return examples::guarded([&] { run(o); });
}
