// SPDX-License-Identifier: MIT
// The four toy sets of the SurVAE paper: its baseline and its surjective flows refitted, rheo's own defaults at the
// same budget, and surjective models that know the target better.
//   Nielsen et al. 2020, arXiv:2007.02731, toy experiments: 4 affine couplings, nets 1-200-100-2 with ReLU, Flip
//     between, 10 epochs of
//   128 000 rows in batches of 128, Adam 1e-3, no clipping, no bound on the scale: exp for the checkerboard's baseline,
//     softplus elsewhere; float.
// The paper's runs end where the tenth epoch ends, as here, not at their best epoch.
// Usage: survae_toys [--rows baseline,defaults,surjective,beyond] [--targets A,B,...] [--seeds N].  Test on 128 000
// fresh rows; nats; the gap is that of the median to the exact entropy, its error that of the test.
#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "../../examples/command_line.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/presets/surjective_flows.hpp"
#include "rheo/targets/table.hpp"
#include "rheo/training/fit.hpp"

namespace {
using namespace rheo;
constexpr Index rows = 128000;

template <class Scale> using PlainCoupling = AffineCoupling<2, BasicMlp<Relu, UniformLast, 200, 100>, 0, Scale>;
template <class Scale> using PlainThree = Repeat<3, Chain<PlainCoupling<Scale>, Flip<2>>>;
template <class Scale> using Baseline = Flow<PlainThree<Scale>, PlainCoupling<Scale>, StandardNormal<2>>;
// Ours: standardised, bounded scale, identity start; a warm-up and a cosine from 4e-3, clipping.
using BoundedCoupling = AffineCoupling<2, Mlp<200, 100>>;
using Defaults = Flow<Standardize<2>, Repeat<3, Chain<BoundedCoupling, Flip<2>>>, BoundedCoupling, StandardNormal<2>>;
// The paper's: |x| / 4 to the line by the logit, or |x| by the softplus inverse where it may exceed 4; learned signs
// and nothing else on the checkerboard.
template <class Map>
using PlainAbsFlow = Flow<Abs<2>, Map, PlainThree<SoftplusScale>, PlainCoupling<SoftplusScale>, StandardNormal<2>>;
using PlainAbsUniform = presets::AbsUniform<2, 1, BasicMlp<Relu, UniformLast, 200, 100>>;
// Moduli on a box, where splines of the unit interval and a uniform base have neither tails nor a range map to learn.
template <Index Bins, Index Steps>
using AbsSpline =
    Flow<Abs<2>, Elementwise<2, range::RescalePositive>,
         Repeat<Steps, Chain<Coupling<2, IntervalRationalQuadraticSpline<Bins>, Mlp<64, 64>, 0, HalfMask<2>>, Flip<2>>>,
         Uniform<2>>;
template <Index Bins, Index Steps> AbsSpline<Bins, Steps> abs_spline(double low, double high) {
  AbsSpline<Bins, Steps> f;
  std::get<1>(f.layers).transformer = range::RescalePositive(low, high);
  return f;
}

struct Runs {
  const targets::Target& target;
  int seeds;

  template <class F> void operator()(const char* what, const F& flow, const FitOptions& options) const {
    std::vector<double> nll;
    double error = 0, seconds = 0;
    for (int seed = 0; seed < seeds; ++seed) {
      const Noise noise{static_cast<std::uint64_t>(seed)};
      const Batch<float> train = target.sample(rows, noise.fork(1)).template cast<float>(),
                         test = target.sample(rows, noise.fork(2)).template cast<float>();
      auto model = make_model<float>(flow, noise.fork(3));
      FitOptions o = options;
      o.validation = 0;
      o.patience = 0;
      o.noise = noise.fork(4);
      Column<float> last;
      o.callback = [&](const EpochReport&) {
        last = model.parameters();
        return true;
      };
      seconds += fit(model, train, o).seconds;
      model.parameters() = last;
      const Estimate e = mean_and_error(model.log_prob(test));
      nll.push_back(-e.value);
      error = std::max(error, e.error);
    }
    std::sort(nll.begin(), nll.end());
    const double median = nll[nll.size() / 2];
    std::printf("%-16s %8.4f  %-48s %7.4f %7.4f %7.4f  %7.4f +- %.4f %8ld %6.0f\n", target.name.c_str(),
                *target.entropy, what, median, nll.front(), nll.back(), median - *target.entropy, error,
                static_cast<long>(F::param_count), seconds / seeds);
    std::fflush(stdout);
  }
};
}  // namespace

int main(int count, char** words) {
  std::string wanted = "baseline,defaults,surjective,beyond",
              names = "checkerboard,corners,eight_gaussians,four_circles";
  int seeds = 5;
  if (!examples::read_options(count, words, {{"--rows", &wanted}, {"--targets", &names}, {"--seeds", &seeds, 1}}))
    return 2;
  auto has = [](const std::string& list, const char* word) { return list.find(word) != std::string::npos; };
  const FitOptions plain{.epochs = 10, .batch = 128, .learning_rate = 1e-3, .clip_norm = 0},
      tuned{.epochs = 10, .batch = 128, .learning_rate = 4e-3, .schedule = {Cosine{}, 200}};
  FitOptions falling = plain;  // the paper's runs end in the jitter of a constant rate
  falling.schedule = {Cosine{}, 0};
  const FitOptions beyond{
      .epochs = 20, .batch = 256, .learning_rate = 4e-3, .schedule = {Cosine{}, 200}};  // as many steps
  std::printf("%-16s %8s  %-48s %7s %7s %7s  %17s %8s %6s\n", "target", "entropy", "model", "median", "least", "most",
              "gap", "numbers", "s");
  for (const char* name : {"checkerboard", "corners", "eight_gaussians", "four_circles"}) {
    if (!has(names, name)) continue;
    const std::string target = name;
    const Runs run{targets::find(name), seeds};
    if (has(wanted, "baseline")) {
      if (target == "checkerboard") run("baseline", Baseline<Exp>{}, plain);
      else run("baseline", Baseline<SoftplusScale>{}, plain);
    }
    if (has(wanted, "defaults")) run("baseline, rheo's defaults", Defaults{}, tuned);
    if (has(wanted, "surjective")) {
      PlainAbsFlow<LogitUpToMap<2>> logit;
      std::get<1>(logit.layers).transformer = range::LogitUpTo(4);
      if (target == "checkerboard") run("AbsUniform", PlainAbsUniform{}, plain);
      else if (target == "eight_gaussians")
        run("AbsFlow, softplus inverse", PlainAbsFlow<SoftplusInverseMap<2>>{}, plain);
      else run("AbsFlow, logit", logit, plain);
      if (target == "four_circles") run("AbsFlow, logit, rate falling to 0", logit, falling);
    }
    if (has(wanted, "beyond")) {
      if (target == "checkerboard")
        run("beyond: AbsUniform, rheo's defaults", presets::AbsUniform<2, 1, Mlp<200, 100>>{}, beyond);
      else if (target == "corners")
        run("beyond: moduli in [1, 4], 2 splines of 12 bins", abs_spline<12, 2>(1, 4), beyond);
      else if (target == "eight_gaussians")
        run("beyond: moduli in [0, 6], 2 splines of 12 bins", abs_spline<12, 2>(0, 6), beyond);
      else run("beyond: moduli in [0, 4], 4 splines of 24 bins", abs_spline<24, 4>(0, 4), beyond);
    }
  }
}
