// SPDX-License-Identifier: MIT
// The double well of Wu et al. 2020, arXiv:2002.06707, section 4: free-energy profiles of flows and of stochastic flows, raw and reweighted,
// beside the authors' table.
//   snf_double_well [--repeats N] [--batches N] [--samples N] [--steps N] [--threads N]
//
// Settings of the authors: 3 blocks; RealNVP of nets [64, 64], splines of 20 bins on [-3, 3] and nets [64, 64, 64]; 20 Metropolis moves of
// deviation 0.25 on the prior and behind every block; 10000 points of a random walk as data; Adam 5e-3, batch 128, 300 steps by example, 300
// by example and energy in equal parts.  Error of a profile -log p(x1): |mean over bins of exact - mean profile|, mean over bins of the
// deviation between batches, and the root of both squared.  The bins, theirs without a fixed range, are 30 on [-2.25, 2.25] here; an empty
// bin counts as half a sample.  The authors' bins span each batch's own range, and they leave empty ones out of the means, so that the two
// tables agree in what they compare but not bin by bin: in equilibrium a batch of 100000 has about one draw in a bin on top of the barrier,
// and a flow that leaves a filament between the wells has more there than a sampler that does not.
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include <rheo/rheo.hpp>
using namespace rheo;

namespace {

constexpr Index bins = 30;
constexpr double low = -2.25, high = 2.25;
const targets::DoubleWell well;

struct Options {
  int repeats = 10, steps = 300, threads = 1;
  Index batches = 20, samples = 100'000;
};
struct Scores {
  double bias, deviation, total;
};
struct Outcome {
  Scores raw, weighted;
  double right, log_z, effective, acceptance, seconds;
};

/// Every tenth of 100000 steps of a random walk, as the authors made them.
Batch<float> walk(Noise noise) {
  Batch<float> x(10'000, 2);
  double at[2] = {-2, 0}, u = well(at);
  for (Index i = 0; i < 100'000; ++i) {
    const double to[2] = {at[0] + 1.5 * noise.normal(i, 0), at[1] + 1.5 * noise.normal(i, 1)}, u_to = well(to);
    if (std::log(noise.uniform(i, 2)) < u - u_to) at[0] = to[0], at[1] = to[1], u = u_to;
    if (i % 10 == 9) x(i / 10, 0) = static_cast<float>(at[0]), x(i / 10, 1) = static_cast<float>(at[1]);
  }
  return x;
}

/// -log of the shares of the bins, its lowest at 0.
Column<double> profile(const Column<double>& x1, const Column<double>& w) {
  Column<double> share = Column<double>::Constant(bins, 0.0);
  for (Index i = 0; i < x1.size(); ++i) {
    const double k = std::floor((x1(i) - low) / (high - low) * bins);
    if (k >= 0 && k < bins) share(static_cast<Index>(k)) += w(i);
  }
  const Column<double> f = -(share / w.sum()).max(0.5 / static_cast<double>(x1.size())).log();
  return f - f.minCoeff();
}
Scores score(const Batch<double>& profiles) {
  Column<double> exact(bins);
  for (Index k = 0; k < bins; ++k) exact(k) = -std::log(well.probability(low + (high - low) * static_cast<double>(k) / bins, low + (high - low) * static_cast<double>(k + 1) / bins));
  exact -= exact.minCoeff();
  const Column<double> mean = profiles.rowwise().mean();
  const Column<double> variance = (profiles.colwise() - mean).square().rowwise().mean();
  const double bias = std::fabs((exact - mean).mean()), deviation = variance.sqrt().mean();
  return {bias, deviation, std::hypot(bias, deviation)};
}

template <class F> Outcome run(const F& flow, const Batch<float>& data, Noise noise, const Options& o) {
  auto model = make_model<float>(flow, noise.fork(0));
  EnergyFitOptions fit{.steps = o.steps, .batch = 128, .learning_rate = 5e-3, .data_share = 1, .noise = noise.fork(1), .threads = o.threads};
  double seconds = fit_energy(model, well, data, fit).seconds;
  fit.data_share = 0.5;
  fit.noise = noise.fork(2);
  const auto fitted = fit_energy(model, well, data, fit);
  seconds += fitted.seconds;
  Batch<double> raw(bins, o.batches), weighted(bins, o.batches);
  std::vector<Column<double>> weights;
  double right = 0, z = 0, effective = 0;
  for (Index b = 0; b < o.batches; ++b) {
    const auto s = weighted_sample(model, well, o.samples, noise.fork(3).fork(static_cast<std::uint64_t>(b)), o.threads);
    const Column<double> x1 = s.x.col(0).template cast<double>(), w = (s.log_w - s.log_w.maxCoeff()).exp();
    raw.col(b) = profile(x1, Column<double>::Ones(o.samples));
    weighted.col(b) = profile(x1, w);
    right += expectation((x1 > 0).cast<double>(), s.log_w).value / static_cast<double>(o.batches);
    z += log_z(s.log_w).value / static_cast<double>(o.batches);
    effective += effective_sample_size(s.log_w) / static_cast<double>(o.samples) / static_cast<double>(o.batches);
  }
  return {score(raw), score(weighted), right, z, effective, fitted.report.acceptance(), seconds};
}

struct Study {
  std::string name;
  const char* theirs;
  std::vector<Outcome> outcomes{};
};
Estimate spread(const Study& s, double (*number)(const Outcome&)) {
  Column<double> x(static_cast<Index>(s.outcomes.size()));
  for (Index i = 0; i < x.size(); ++i) x(i) = number(s.outcomes[static_cast<std::size_t>(i)]);
  return {x.mean(), std::sqrt((x - x.mean()).square().mean())};
}

void print(const std::vector<Study>& studies) {
  std::cout << "\n| model | bias | std | total | reweighted bias | rew. std | rew. total | P(x1 > 0) | log Z | ESS / n |\n|---|---|---|---|---|---|---|---|---|---|\n"
            << std::fixed << std::setprecision(3);
  for (const Study& s : studies) {
    std::cout << "| " << s.name;
    for (auto f : {+[](const Outcome& o) { return o.raw.bias; }, +[](const Outcome& o) { return o.raw.deviation; }, +[](const Outcome& o) { return o.raw.total; },
                   +[](const Outcome& o) { return o.weighted.bias; }, +[](const Outcome& o) { return o.weighted.deviation; },
                   +[](const Outcome& o) { return o.weighted.total; }, +[](const Outcome& o) { return o.right; }, +[](const Outcome& o) { return o.log_z; },
                   +[](const Outcome& o) { return o.effective; }}) {
      const Estimate e = spread(s, f);
      std::cout << " | " << e.value << " +- " << e.error;
    }
    std::cout << " |\n| the authors | " << s.theirs << " | | | |\n";
  }
  auto total = [&](std::size_t k) { return spread(studies[k], [](const Outcome& o) { return o.weighted.total; }).value; };
  std::cout << "exact: P(x1 > 0) " << well.probability(0, 10) << ", log Z " << well.log_z() << '\n'
            << "reweighted total, RNVP+MC / RNVP " << total(1) / total(0) << " (0.55), NSF+MC / NSF " << total(4) / total(3) << " (0.27)\n"
            << std::flush;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  for (int i = 1; i + 1 < argc; i += 2) {
    const std::string_view name = argv[i];
    const int value = std::atoi(argv[i + 1]);
    if (name == "--repeats") o.repeats = value;
    else if (name == "--batches") o.batches = value;
    else if (name == "--samples") o.samples = value;
    else if (name == "--steps") o.steps = value;
    else if (name == "--threads") o.threads = value;
    else argc = 0;
  }
  if (argc % 2 == 0 || o.repeats < 1 || o.batches < 1 || o.samples < 1) {
    std::cerr << "snf_double_well [--repeats N] [--batches N] [--samples N] [--steps N] [--threads N]\n";
    return 2;
  }
  using Affine = presets::RealNvpBlock<2, MlpOf<Relu, 64, 64>>;
  using Spline = presets::NsfBlock<2, MlpOf<Relu, 64, 64, 64>, 20>;
  const Spline spline{Chain<Coupling<2, RationalQuadraticSpline<20>, MlpOf<Relu, 64, 64, 64>, 0, HalfMask<2>>, Reverse<2>>(
      Coupling<2, RationalQuadraticSpline<20>, MlpOf<Relu, 64, 64, 64>, 0, HalfMask<2>>(RationalQuadraticSpline<20>(3.0)), Reverse<2>{})};
  const moves::Metropolis<20> walks{0.25};
  const moves::Metropolis<20, Learned::step> learned{0.05};
  std::vector<Study> studies{{"RNVP", "1.365 +- .551 | .424 +- .086 | 1.441 +- .527 | .265 +- .209 | 1.110 +- .393 | 1.153 +- .414"},
                             {"RNVP+MC", "1.482 +- .191 | .255 +- .060 | 1.506 +- .186 | .147 +- .077 | .613 +- .097 | .634 +- .105"},
                             {"RNVP+MC, trained step", ".937 +- .187 | .224 +- .024 | .966 +- .177 | .053 +- .048 | .414 +- .039 | .419 +- .045"},
                             {"NSF", ".818 +- .359 | .978 +- .156 | 1.310 +- .253 | .606 +- .237 | 2.147 +- .439 | 2.238 +- .467"},
                             {"NSF+MC", ".444 +- .335 | .450 +- .125 | .696 +- .210 | .076 +- .073 | .594 +- .156 | .602 +- .162"}};
  for (int r = 0; r < o.repeats; ++r) {
    const Noise noise = Noise{2020}.fork(static_cast<std::uint64_t>(r));
    const Batch<float> data = walk(noise.fork(9));
    auto add = [&](std::size_t k, const auto& flow) {
      const Outcome out = run(flow, data, noise.fork(k), o);
      std::cout << "repeat " << r + 1 << ", " << studies[k].name << ": total " << out.raw.total << ", reweighted " << out.weighted.total << ", P(x1 > 0) " << out.right
                << ", log Z " << out.log_z << ", ESS / n " << out.effective << (out.acceptance >= 0 ? ", acceptance " + std::to_string(out.acceptance) : "") << ", " << out.seconds << " s of training\n"
                << std::flush;
      studies[k].outcomes.push_back(out);
    };
    add(0, Flow<Repeat<3, Affine>, StandardNormal<2>>{});
    add(1, presets::snf<3, Affine>(well, walks));
    add(2, presets::snf<3, Affine>(well, learned));
    add(3, Flow<Repeat<3, Spline>, StandardNormal<2>>{Repeat<3, Spline>(spline), {}});
    add(4, presets::snf<3, Spline>(well, walks, spline));
    print(studies);
  }
}
