// SPDX-License-Identifier: MIT
// The double well of Wu et al. 2020, arXiv:2002.06707, section 4: free-energy profiles of flows and of stochastic
// flows, raw and reweighted, beside the authors' table.
//   snf_double_well [--repeats N] [--ours N] [--longer N] [--batches N] [--samples N]
//
// `repeats` with the authors' settings: 3 blocks of two couplings (snf_blocks.hpp), RealNVP of nets [64, 64], splines
// of 20 bins on [-3, 3] and nets [64, 64, 64]; 20 Metropolis moves of deviation 0.25 on the prior and behind every
// block; every tenth of 100000 steps of one random walk as data; 600 steps of one Adam, rate 5e-3, batch 128, the first
// 300 by example, the others by example and energy in equal parts; no clipping, the last parameters stay.  Where steps
// are trained, theirs have one deviation a move, held in [0.01, 0.3]; here it is the logarithm of one a layer. `ours`
// of them with rheo's own: presets::RealNvpBlock and NsfBlock, which start as the identity, and fit_energy, which clips
// and keeps the best. `longer` of both with 3000 steps and a rate that falls to 0.
//
// A profile is -log p(x1) in 30 bins from 100000 draws, 20 times.  Bias: |mean over bins of exact - mean profile|;
// deviation: mean over bins of the deviation between the 20; total: the root of both squared.  Two metrics:
//   theirs    the bins span each batch's own draws; exact is u at the last batch's bins; bins outside (-2.25, 2.25),
//             and any that was ever empty, do not
//             count; profiles are aligned by the mean of their finite bins.  Draws far out widen the bins of some
//               batches and shift their edges up
//             and down the walls of the wells, which counts as deviation.
//   fixed     30 bins on [-2.25, 2.25], exact masses, an empty bin counts as half a draw.  In equilibrium a batch has
//             about one draw in a bin on
//             top of the barrier: independent draws of the target, the last row, show what that costs, and a flow that
//               leaves a filament between the
//             wells has more draws there than a sampler that does not.
#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <string>
#include <vector>

#include "../../examples/command_line.hpp"
#include "snf_blocks.hpp"
using namespace rheo;

namespace {

constexpr Index bins = 30;
constexpr double low = -2.25, high = 2.25;
const targets::DoubleWell well;

struct Options {
  int repeats = 10, ours = 2, longer = 1;
  Index batches = 20, samples = 100'000;
};
struct Scores {
  double bias, deviation, total;
};
struct Outcome {
  Scores raw, weighted;  // authors' metric
  Scores raw_fixed, weighted_fixed;
  double right, log_z, effective;
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
  const double width = (high - low) / bins;
  for (Index k = 0; k < bins; ++k)
    exact(k) =
        -std::log(well.probability(low + width * static_cast<double>(k), low + width * static_cast<double>(k + 1)));
  exact -= exact.minCoeff();
  const Column<double> mean = profiles.rowwise().mean();
  const Column<double> variance = (profiles.colwise() - mean).square().rowwise().mean();
  const double bias = std::fabs((exact - mean).mean()), deviation = variance.sqrt().mean();
  return {bias, deviation, std::hypot(bias, deviation)};
}

/// The same in bins that span the draws, infinite where one is empty, the mean of the others 0.
Column<double> own_profile(const Column<double>& x1, const Column<double>& w) {
  const double first = x1.minCoeff(), width = (x1.maxCoeff() - first) / bins;
  Column<double> share = Column<double>::Constant(bins, 0.0);
  for (Index i = 0; i < x1.size(); ++i)
    share(std::min<Index>(bins - 1, static_cast<Index>((x1(i) - first) / width))) += w(i);
  Column<double> f = -(share / (w.sum() * width)).log();
  const auto finite = f.isFinite();
  const double mean = finite.select(f, 0.0).sum() / static_cast<double>(finite.count());
  f -= mean;
  return f;
}
/// Theirs, for profiles whose last has its bins at `centre`; `counted` are the bins whose deviation counts.
template <class Mask> double own_bias(const Batch<double>& profiles, const Column<double>& centre, Mask& counted) {
  Column<double> exact(bins), mean = profiles.rowwise().mean();
  for (Index k = 0; k < bins; ++k) {
    const double at[2] = {centre(k), 0};
    exact(k) = well(at);
  }
  const Column<double> gap = (exact - exact.minCoeff()) - (mean - mean.minCoeff());
  counted = gap.isFinite() && centre > low && centre < high;
  return std::fabs(counted.select(gap, 0.0).sum() / static_cast<double>(counted.count()));
}
template <class Mask> Scores own_score(double bias, const Batch<double>& profiles, const Mask& counted) {
  const Column<double> mean = profiles.rowwise().mean();
  const Column<double> deviation = (profiles.colwise() - mean).square().rowwise().mean().sqrt();
  const double d = counted.select(deviation, 0.0).sum() / static_cast<double>(counted.count());
  return {bias, d, std::hypot(bias, d)};
}

/// draw(batch) gives a WeightedSample.
template <class Draw> Outcome assess(const Options& o, Draw draw) {
  Batch<double> raw(bins, o.batches), weighted(bins, o.batches), own(bins, o.batches), own_weighted(bins, o.batches);
  Column<double> centre(bins);
  Outcome out{};
  for (Index b = 0; b < o.batches; ++b) {
    const auto s = draw(static_cast<std::uint64_t>(b));
    const Column<double> x1 = s.x.col(0).template cast<double>(), w = (s.log_w - s.log_w.maxCoeff()).exp(),
                         one = Column<double>::Ones(x1.size());
    raw.col(b) = profile(x1, one);
    weighted.col(b) = profile(x1, w);
    own.col(b) = own_profile(x1, one);
    const double mean = s.log_w.mean();  // float holds weights down to e^-103.97 of this one
    own_weighted.col(b) =
        own_profile(x1, s.log_w.unaryExpr([=](double l) { return l - mean < -103.97 ? 0 : std::exp(l - mean); }));
    for (Index k = 0; k < bins; ++k)
      centre(k) = x1.minCoeff() + (x1.maxCoeff() - x1.minCoeff()) * (static_cast<double>(k) + 0.5) / bins;
    out.right += expectation((x1 > 0).cast<double>(), s.log_w).value / static_cast<double>(o.batches);
    out.log_z += log_z(s.log_w).value / static_cast<double>(o.batches);
    out.effective += effective_sample_size(s.log_w) / static_cast<double>(x1.size()) / static_cast<double>(o.batches);
  }
  out.raw_fixed = score(raw), out.weighted_fixed = score(weighted);
  Eigen::Array<bool, Eigen::Dynamic, 1> counted;
  const double bias = own_bias(own, centre, counted), weighted_bias = own_bias(own_weighted, centre, counted);
  out.raw = own_score(bias, own, counted), out.weighted = own_score(weighted_bias, own_weighted, counted);
  return out;
}
template <class F> Outcome assess(const Model<F, float>& model, Noise noise, const Options& o) {
  return assess(o, [&](std::uint64_t b) { return weighted_sample(model, well, o.samples, noise.fork(b)); });
}

/// share * by example + (1 - share) * by energy, with a share that changes under way.
struct Staged {
  using Both = Mixed<MaximumLikelihood, ReverseKl<targets::DoubleWell>>;
  template <class F, class T> using Room = typename Both::template Room<F, T>;
  const double* share;
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c, Room<F, T>& room) const {
    return Both(MaximumLikelihood{}, ReverseKl<targets::DoubleWell>(well), *share)(c, room);
  }
};
struct Result {
  Outcome outcome;
  double acceptance, seconds;
  long skipped;
};
template <class F>
Result as_the_authors(const F& flow, const Batch<float>& data, Noise noise, const Options& o, bool longer) {
  auto model = make_model<float>(flow, noise.fork(0));
  double share = 1;
  const int steps = longer ? 3000 : 600;
  const snf::Trained t = snf::train(model, data, Staged{&share}, steps, 128, noise.fork(1), [&](int step) {
    share = step < 300 ? 1 : 0.5;
    return longer ? 5e-3 * Schedule{Cosine{}}(step, steps) : 5e-3;
  });
  return {assess(model, noise.fork(3), o), t.acceptance, t.seconds, t.skipped};
}
template <class F>
Result as_we_do(const F& flow, const Batch<float>& data, Noise noise, const Options& o, bool longer) {
  auto model = make_model<float>(flow, noise.fork(0));
  EnergyFitOptions fit{.steps = 300, .batch = 128, .learning_rate = 5e-3, .data_share = 1, .noise = noise.fork(1)};
  const auto first = fit_energy(model, well, data, fit);
  fit.data_share = 0.5;
  fit.noise = noise.fork(2);
  if (longer) fit.steps = 2700, fit.schedule = Schedule{Cosine{}};
  const auto second = fit_energy(model, well, data, fit);
  return {assess(model, noise.fork(3), o), second.report.acceptance(), first.seconds + second.seconds,
          first.skipped_steps + second.skipped_steps};
}

struct Study {
  std::string name;
  const char* theirs;
  std::vector<Outcome> outcomes{};
};
template <class Number> Estimate spread(const Study& s, Number number) {
  Column<double> x(static_cast<Index>(s.outcomes.size()));
  for (Index i = 0; i < x.size(); ++i) x(i) = number(s.outcomes[static_cast<std::size_t>(i)]);
  return {x.mean(), std::sqrt((x - x.mean()).square().mean())};
}

void print(const char* title, const std::vector<Study>& studies) {
  std::cout << "\n"
            << title
            << "\n\n| model | metric | bias | std | total | reweighted bias | rew. std | rew. total | P(x1 > 0) | log "
               "Z | ESS / n |\n"
            << "|---|---|---|---|---|---|---|---|---|---|---|\n"
            << std::fixed << std::setprecision(3);
  auto cell = [](Estimate e) { std::cout << " | " << e.value << " +- " << e.error; };
  for (const Study& s : studies) {
    if (s.outcomes.empty()) continue;
    if (*s.theirs) std::cout << "| " << s.name << ", published | theirs | " << s.theirs << " | | | |\n";
    for (bool fixed : {false, true}) {
      std::cout << "| " << s.name << (fixed ? " | fixed" : " | theirs");
      for (bool weighted : {false, true}) {
        for (double Scores::*part : {&Scores::bias, &Scores::deviation, &Scores::total})
          cell(spread(s, [=](const Outcome& o) {
            return (fixed ? weighted ? o.weighted_fixed : o.raw_fixed : weighted ? o.weighted : o.raw).*part;
          }));
      }
      for (double Outcome::*number : {&Outcome::right, &Outcome::log_z, &Outcome::effective})
        cell(spread(s, [=](const Outcome& o) { return o.*number; }));
      std::cout << " |\n";
    }
  }
  for (bool fixed : {false, true}) {
    auto total = [&](std::size_t k) {
      return spread(studies[k], [=](const Outcome& o) { return (fixed ? o.weighted_fixed : o.weighted).total; }).value;
    };
    std::cout << "reweighted totals, " << (fixed ? "fixed bins" : "their metric") << ": RNVP+MC / RNVP "
              << total(1) / total(0) << " (theirs 0.55), trained step / RNVP " << total(2) / total(0)
              << " (0.36), NSF+MC / NSF " << total(4) / total(3) << " (0.27)\n";
  }
  double worst = 0;
  for (const Study& s : studies) {
    for (const Outcome& o : s.outcomes) worst = std::max(worst, std::fabs(o.right - well.probability(0, 10)));
  }
  std::cout << "largest distance of P(x1 > 0) from " << well.probability(0, 10) << " in any repeat: " << worst << '\n'
            << std::flush;
}

}  // namespace

int main(int argc, char** argv) {
  Options o;
  const bool understood = examples::read_options(argc, argv,
                                                 {{"--repeats", &o.repeats},
                                                  {"--ours", &o.ours},
                                                  {"--longer", &o.longer},
                                                  {"--batches", &o.batches},
                                                  {"--samples", &o.samples}});
  if (!understood || o.repeats < 0 || o.ours < 0 || o.longer < 0 || o.batches < 1 || o.samples < 1) {
    std::cerr << "snf_double_well [--repeats N] [--ours N] [--longer N] [--batches N] [--samples N]\n";
    return 2;
  }
  const moves::Metropolis<20> walks{0.25};
  const moves::Metropolis<20, Learned::step> learned{0.05};
  std::vector<Study> theirs{
      {"RNVP", "1.365 +- .551 | .424 +- .086 | 1.441 +- .527 | .265 +- .209 | 1.110 +- .393 | 1.153 +- .414"},
      {"RNVP+MC", "1.482 +- .191 | .255 +- .060 | 1.506 +- .186 | .147 +- .077 | .613 +- .097 | .634 +- .105"},
      {"RNVP+MC, trained step",
       ".937 +- .187 | .224 +- .024 | .966 +- .177 | .053 +- .048 | .414 +- .039 | .419 +- .045"},
      {"NSF", ".818 +- .359 | .978 +- .156 | 1.310 +- .253 | .606 +- .237 | 2.147 +- .439 | 2.238 +- .467"},
      {"NSF+MC", ".444 +- .335 | .450 +- .125 | .696 +- .210 | .076 +- .073 | .594 +- .156 | .602 +- .162"},
      {"independent draws of the target", ""}};
  std::vector<Study> ours = theirs;
  for (Study& s : ours) s.theirs = "";
  std::vector<Study> theirs_longer = ours, ours_longer = ours;
  const Noise seed{2020};
  const Batch<float> data = walk(seed.fork(0));
  auto repeat = [&](const char* settings, std::vector<Study>& studies, int r, std::size_t k, auto run) {
    const Result out = run(seed.fork(static_cast<std::uint64_t>(1 + r)).fork(k));
    const Outcome& q = out.outcome;
    std::cout << std::fixed << std::setprecision(3) << settings << ", repeat " << r + 1 << ", " << studies[k].name
              << ": reweighted total " << q.weighted.total << ", fixed bins " << q.weighted_fixed.total
              << ", P(x1 > 0) " << q.right << ", log Z " << q.log_z << ", ESS / n " << q.effective
              << (out.acceptance >= 0 ? ", acceptance " + std::to_string(out.acceptance) : "") << ", " << out.skipped
              << " steps skipped, " << out.seconds << " s of training\n"
              << std::flush;
    studies[k].outcomes.push_back(out.outcome);
  };
  auto independent = [&](Noise noise) {
    return Result{assess(o,
                         [&](std::uint64_t b) {
                           return WeightedSample<float>{well.sample<float>(o.samples, noise.fork(b)),
                                                        Column<double>::Constant(o.samples, well.log_z()),
                                                        {}};
                         }),
                  -1, 0, 0};
  };
  auto five = [&](const char* settings, std::vector<Study>& studies, int r, const auto& affine, const auto& spline,
                  auto run) {
    using Affine = std::decay_t<decltype(affine)>;
    using Spline = std::decay_t<decltype(spline)>;
    auto add = [&](std::size_t k, const auto& flow) {
      repeat(settings, studies, r, k, [&](Noise noise) { return run(flow, noise); });
    };
    add(0, Flow<Repeat<3, Affine>, StandardNormal<2>>{});
    add(1, presets::snf<3, Affine>(well, walks));
    add(2, presets::snf<3, Affine>(well, learned));
    add(3, Flow<Repeat<3, Spline>, StandardNormal<2>>{Repeat<3, Spline>(spline), {}});
    add(4, presets::snf<3, Spline>(well, walks, spline));
    if (r == 0) repeat("none", studies, r, 5, independent);
    print(settings, studies);
  };
  auto authors = [&](const char* settings, std::vector<Study>& studies, int r, bool longer) {
    five(settings, studies, r, snf::RealNvpBlock<64, 64>{}, snf::nsf_block<64, 64, 64>(3.0),
         [&](const auto& flow, Noise noise) { return as_the_authors(flow, data, noise, o, longer); });
  };
  auto own = [&](const char* settings, std::vector<Study>& studies, int r, bool longer) {
    using C = Coupling<2, RationalQuadraticSpline<20>, MlpOf<Relu, 64, 64, 64>, 0, HalfMask<2>>;
    five(settings, studies, r, presets::RealNvpBlock<2, MlpOf<Relu, 64, 64>>{},
         presets::NsfBlock<2, MlpOf<Relu, 64, 64, 64>, 20>(
             Chain<C, Flip<2>>(C(RationalQuadraticSpline<20>(3.0)), Flip<2>{})),
         [&](const auto& flow, Noise noise) { return as_we_do(flow, data, noise, o, longer); });
  };
  for (int r = 0; r < o.repeats; ++r) authors("the authors' settings", theirs, r, false);
  for (int r = 0; r < o.ours; ++r) own("rheo's settings", ours, r, false);
  for (int r = 0; r < o.longer; ++r) authors("the authors' flows, 3000 steps", theirs_longer, r, true);
  for (int r = 0; r < o.longer; ++r) own("rheo's flows, 3000 steps", ours_longer, r, true);
  std::cout << "exact log Z " << well.log_z() << '\n';
}
