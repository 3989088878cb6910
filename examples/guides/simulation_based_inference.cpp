// SPDX-License-Identifier: MIT
// Inference by simulation: a decay is measured at six times with noise; a conditional flow is the posterior of its
// size and rate given any measurement, and ranks tell whether it is calibrated.
#include <cmath>
#include <cstdio>
#include <exception>

#include <rheo/evaluation/calibration.hpp>
#include <rheo/flows/presets/coupling_flows.hpp>
#include <rheo/io/plot_curves.hpp>
#include <rheo/training/fit.hpp>
using namespace rheo;

double signal(double log_size, double log_rate, Index k) {
  return std::exp(log_size - std::exp(log_rate) * 0.4 * static_cast<double>(k + 1));
}
struct Pairs {
  Batch<float> theta, x;  // (log size, log rate) from the prior, and what the simulator measures
};
Pairs simulate(Index n, Noise noise) {
  Pairs p{Batch<float>(n, 2), Batch<float>(n, 6)};
  for (Index i = 0; i < n; ++i) {
    const double a = 0.5 * noise.normal(i, 0), b = 0.5 * noise.normal(i, 1);
    p.theta.row(i) << static_cast<float>(a), static_cast<float>(b);
    for (Index k = 0; k < 6; ++k) p.x(i, k) = static_cast<float>(signal(a, b, k) + 0.1 * noise.normal(i, 2 + k));
  }
  return p;
}

int main() try {
  const Pairs train = simulate(20'000, Noise{1}), fresh = simulate(500, Noise{2});
  auto posterior = make_model<float>(presets::Nsf<2, 4, Mlp<64, 64>, 6>{}, Noise{3});
  fit(posterior, train.theta, train.x,
      {.epochs = 18, .batch = 128, .learning_rate = 3e-3, .schedule = {Cosine{0.01}}, .noise = Noise{4}});

  // One measurement: the flow's draws beside the exact posterior, prior times likelihood on a grid.
  const Batch<float> x = fresh.x.topRows(1), drawn = posterior.sample(20'000, Noise{5}, x);
  const Batch<double> grid = io::grid_points({-2, 2, -2, 2}, 400, 400);
  Column<double> exact(grid.rows());
  for (Index i = 0; i < grid.rows(); ++i) {
    double u = 2 * grid.row(i).square().sum();
    for (Index k = 0; k < 6; ++k) u += 50 * std::pow(x(0, k) - signal(grid(i, 0), grid(i, 1), k), 2);
    exact(i) = std::exp(-u);
  }
  exact /= exact.sum();
  const char* names[] = {"log size", "log rate"};
  for (int j = 0; j < 2; ++j) {
    const Column<double> d = drawn.col(j).cast<double>();
    const double mean = (exact * grid.col(j)).sum(), var = (exact * (grid.col(j) - mean).square()).sum();
    std::printf("%s: truth %6.3f, flow %6.3f +- %.3f, exact posterior %6.3f +- %.3f\n", names[j],
                static_cast<double>(fresh.theta(0, j)), d.mean(), std::sqrt((d - d.mean()).square().mean()), mean,
                std::sqrt(var));
  }

  // Calibration: the rank of the truth among 99 draws of its posterior is uniform, over simulations from the prior.
  constexpr Index L = 99;
  const Batch<float> draws = posterior_draws(posterior, fresh.x, L, Noise{6});
  Batch<float> narrow = draws;  // rates drawn half as wide as they should be
  for (Index i = 0; i < 500; ++i) {
    auto own = narrow.col(1).segment(i * L, L);
    own = own.mean() + 0.5F * (own - own.mean()).eval();
  }
  const Batch<double> right = calibration_ranks(fresh.theta, draws), wrong = calibration_ranks(fresh.theta, narrow);
  std::vector<io::Curve> curves;
  const auto show = [&](const char* what, const Column<double>& ranks) {
    const Calibration c = calibration(ranks, L);
    Batch<double> off(L + 1, 2);
    off.col(0) = Column<double>::LinSpaced(L + 1, 0, L);
    off.col(1) = c.coverage.col(1) - c.coverage.col(0);
    std::printf("ranks of %-20s off uniform by %.2f at most (chance: 0.06)\n", what, c.off);
    curves.push_back(io::Curve::line(what, off));
  };
  show("log size", right.col(0));
  show("log rate", right.col(1));
  show("log rate, too narrow", wrong.col(1));
  const io::Image picture = io::draw_curves(
      curves, {.x = "rank", .y = "share of ranks up to it, less uniform", .box = io::Box{0, L, -0.2, 0.2}});
  io::write_png("simulation_based_inference.png", io::fewer_colours(picture));
} catch (const std::exception& e) { return std::fprintf(stderr, "%s\n", e.what()), 1; }
