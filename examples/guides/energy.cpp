// SPDX-License-Identifier: MIT
// An energy in place of data: a flow and a stochastic flow learn to draw from exp(-u), and weights make log Z exact.
#include <cmath>
#include <cstdio>
#include <exception>

#include <rheo/evaluation/importance.hpp>
#include <rheo/evaluation/pareto_smoothing.hpp>
#include <rheo/flows/presets/sampling_flows.hpp>
#include <rheo/io/plot_curves.hpp>
#include <rheo/layers/stochastic/metropolis.hpp>
#include <rheo/targets/wells.hpp>
#include <rheo/training/fit_energy.hpp>
using namespace rheo;

constexpr Index draws = 20'000;

/// Trains a flow on the energy and, at a share of the loss, on rows that are known; tells what its draws are good for.
template <class F, class E>
WeightedSample<double> study(const char* name, F flow, const E& u, const Batch<double>& known, double share) {
  auto model = make_model<double>(flow, Noise{1});
  fit_energy(model, u, known,
             {.steps = 450, .batch = 128, .learning_rate = 5e-3, .data_share = share, .noise = Noise{2}});
  const WeightedSample<double> s = weighted_sample(model, u, draws, Noise{3});
  const Estimate z = log_z(s.log_w), right = expectation((s.x.col(0) > 0).cast<double>(), s.log_w);
  std::printf("%-16s log Z %.3f +- %.3f, P(x1 > 0) %.3f +- %.3f; k-hat %s its limit, %s than 2000 effective draws\n",
              name, z.value, z.error, right.value, right.error,
              pareto_smoothed(s.log_w).shape < largest_reliable_shape(draws) ? "below" : "above",
              effective_sample_size(s.log_w) > 2000 ? "more" : "fewer");
  return s;
}

int main() try {
  // A molecule with two states along x1, in units of kT; x2 is all else.
  const auto u = energy_of<2>(
      [](const auto& x) { return -0.5 * x[0] - 6.0 * x[0] * x[0] + x[0] * x[0] * x[0] * x[0] + 0.5 * x[1] * x[1]; });
  const targets::DoubleWell exact;
  std::printf("%-16s log Z %.3f, P(x1 > 0) %.3f\n", "exact", exact.log_z(), exact.probability(0, 10));

  const Batch<double> known = exact.sample(1000, Noise{9});                     // a few states, from both wells
  using Block = presets::RealNvpBlock<2, BasicMlp<Relu, UniformLast, 64, 64>>;  // does not start as the identity
  study("flow", Flow{Repeat<3, presets::RealNvpBlock<2>>{}, StandardNormal<2>{}}, u, known, 0);
  const auto s = study("stochastic flow", presets::snf<3, Block>(u, moves::Metropolis<20>{0.25}), u, known, 0.5);

  // The free energy along x1, bin by bin.
  constexpr double width = 0.2;
  Batch<double> curve(441, 2), estimate(22, 3);
  for (Index i = 0; i < curve.rows(); ++i) {
    const double x = -2.2 + 0.01 * static_cast<double>(i);
    curve.row(i) << x, -std::log(exact.probability(x - width / 2, x + width / 2) / width);
  }
  for (Index k = 0; k < estimate.rows(); ++k) {
    const double x = -2.1 + width * static_cast<double>(k);
    const Estimate p = expectation(((s.x.col(0) - x).abs() < width / 2).cast<double>(), s.log_w);
    estimate.row(k) << x, -std::log(p.value / width), 2 * p.error / p.value;
  }
  const io::Image picture =
      io::draw_curves({io::Curve::line("exact", curve), io::Curve::points("stochastic flow, two errors", estimate)},
                      {.x = "x1", .y = "free energy in kT"});
  io::write_png("energy.png", io::fewer_colours(picture));
} catch (const std::exception& e) { return std::fprintf(stderr, "%s\n", e.what()), 1; }
