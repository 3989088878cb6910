// SPDX-License-Identifier: MIT
// Sampling a double well whose energy is known: a flow, and the same flow with Metropolis moves between its blocks,
// each trained on the energy and a few data; weights, log Z and the free-energy profile along x1 with error bars, as a
// table and a PNG.
//   boltzmann [--steps N] [--samples N] [--seed N] [--out FILE.png]
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <string>

#include <rheo/io/plot.hpp>
#include <rheo/rheo.hpp>

#include "command_line.hpp"
using namespace rheo;

namespace {

constexpr Index bins = 24;
constexpr double low = -2.4, high = 2.4, width = (high - low) / bins;

struct Options {
  int steps = 600;
  Index samples = 100'000;
  std::uint64_t seed = 1;
  std::string out = "boltzmann.png";
};

double middle(Index k) { return low + (static_cast<double>(k) + 0.5) * width; }

/// -log of the density of x1 from weighted draws, bin by bin, with its error; NaN for a bin without draws.
std::vector<Estimate> profile(const WeightedSample<double>& s) {
  std::vector<Estimate> f;
  for (Index k = 0; k < bins; ++k) {
    const Column<double> inside = ((s.x.col(0) - middle(k)).abs() < 0.5 * width).cast<double>();
    const Estimate p = expectation(inside, s.log_w);
    f.push_back(p.value > 0 ? Estimate{-std::log(p.value / width), p.error / p.value}
                            : Estimate{std::nan(""), std::nan("")});
  }
  return f;
}

/// The exact curve, and an error bar of two standard errors a bin with a disc at the estimate, as points for a panel.
Batch<double> drawing(const std::vector<Estimate>& f, const targets::DoubleWell& well) {
  std::vector<std::array<double, 2>> points;
  for (double x = low + 0.05; x < high - 0.05; x += 0.002)
    points.push_back({x, -std::log(well.probability(x - 0.05, x + 0.05) / 0.1)});
  for (Index k = 0; k < bins; ++k) {
    const Estimate e = f[static_cast<std::size_t>(k)];
    if (std::isnan(e.value)) continue;
    for (int r = 0; r < 40; ++r) points.push_back({middle(k) + 0.03 * std::cos(r), e.value + 0.1 * std::sin(r)});
    for (double y = -2; y <= 2; y += 0.02) points.push_back({middle(k), e.value + y * e.error});
  }
  Batch<double> out(static_cast<Index>(points.size()), 2);
  for (Index i = 0; i < out.rows(); ++i)
    out(i, 0) = points[static_cast<std::size_t>(i)][0], out(i, 1) = points[static_cast<std::size_t>(i)][1];
  return out;
}

template <class F>
std::vector<Estimate> study(const char* name, const F& flow, const targets::DoubleWell& well, const Batch<double>& data,
                            const Options& o) {
  auto model = make_model<double>(flow, Noise{o.seed});
  const auto fitted = fit_energy(
      model, well, data, {.steps = o.steps, .batch = 128, .learning_rate = 5e-3, .noise = Noise{o.seed}.fork(1)});
  const WeightedSample<double> s = weighted_sample(model, well, o.samples, Noise{o.seed}.fork(2));
  const Estimate z = log_z(s.log_w), right = expectation((s.x.col(0) > 0).cast<double>(), s.log_w);
  const auto chain = independence_metropolis(s.log_w, Noise{o.seed}.fork(3));
  const double bridge = (s.x.col(0).abs() < 0.75).cast<double>().mean();
  std::cout << name << ": " << fitted.steps << " steps in " << fitted.seconds << " s";
  if (s.report.proposed > 0) std::cout << ", moves accepted " << s.report.acceptance();
  std::cout << "\n  log Z " << z.value << " +- " << z.error << " (exact " << well.log_z() << ")"
            << "\n  P(x1 > 0) " << right.value << " +- " << right.error << " (exact " << well.probability(0, 10) << ")"
            << "\n  draws between the wells, |x1| < 0.75: " << bridge << " (exact " << well.probability(-0.75, 0.75)
            << ")"
            << "\n  effective sample size " << effective_sample_size(s.log_w) << " of " << o.samples
            << ", independence Metropolis accepts " << chain.acceptance << '\n';
  return profile(s);
}

void run(const Options& o) {
  const targets::DoubleWell well;
  const Batch<double> data = well.sample(1000, Noise{o.seed}.fork(9));
  using Block = presets::RealNvpBlock<2>;

  const auto plain = study("RealNvp", Flow{Repeat<3, Block>{}, StandardNormal<2>{}}, well, data, o);
  const auto stochastic =
      study("Snf", presets::snf<3, Block>(well, moves::Metropolis<20, Learned::step>{0.05}), well, data, o);

  std::cout << "\nfree energy -log p(x1)\n    x1    exact     RealNvp             Snf\n"
            << std::fixed << std::setprecision(3);
  for (Index k = 0; k < bins; ++k) {
    const auto i = static_cast<std::size_t>(k);
    std::cout << std::setw(6) << middle(k) << std::setw(9)
              << -std::log(well.probability(middle(k) - 0.5 * width, middle(k) + 0.5 * width) / width) << std::setw(9)
              << plain[i].value << " +- " << plain[i].error << std::setw(9) << stochastic[i].value << " +- "
              << stochastic[i].error << '\n';
  }
  io::plot_panels(o.out,
                  {io::Panel::scatter("RealNvp: free energy of x1", drawing(plain, well)),
                   io::Panel::scatter("Snf: free energy of x1", drawing(stochastic, well))},
                  {low, high, -1, 14});
  std::cout << "the exact curve, estimates and their errors (two deviations) in " << o.out << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  if (!examples::read_options(
          argc, argv, {{"--steps", &o.steps}, {"--samples", &o.samples}, {"--seed", &o.seed}, {"--out", &o.out}}))
    return std::cerr << "boltzmann [--steps N] [--samples N] [--seed N] [--out FILE.png]\n", 2;
  return examples::guarded([&] { run(o); });
}
