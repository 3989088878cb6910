// SPDX-License-Identifier: MIT
// The baseline flow of the SurVAE paper refitted on its four toy sets, beside rheo's own defaults at the same budget.
//   Nielsen et al. 2020, arXiv:2007.02731, toy experiments: 4 affine couplings, nets 1-200-100-2 with ReLU, Reverse between, 10 epochs of
//   128 000 rows in batches of 128, Adam 1e-3, no clipping, no bound on the scale: exp on checkerboard, softplus elsewhere; float.
// Usage: survae_baseline [first seed] [last seed].  Test on 128 000 fresh rows; nats.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/targets/table.hpp"
#include "rheo/training/fit.hpp"

namespace {
using namespace rheo;
constexpr Index rows = 128000, batch = 128;
constexpr int epochs = 10;

template <class Scale> using Layer = AffineCoupling<2, BasicMlp<Relu, UniformLast, 200, 100>, 0, Scale>;
template <class Scale> using Baseline = Flow<Repeat<3, Chain<Layer<Scale>, Reverse<2>>>, Layer<Scale>, StandardNormal<2>>;
// Ours: standardised, bounded scale, identity start; a warm-up and a cosine from 4e-3, clipping.
using Ours = AffineCoupling<2, Mlp<200, 100>>;
using Defaults = Flow<Standardize<2>, Repeat<3, Chain<Ours, Reverse<2>>>, Ours, StandardNormal<2>>;

template <class F> double test_nll(const targets::Target& target, std::uint64_t seed, const FitOptions& options) {
  const Noise noise{seed};
  const Batch<float> train = target.sample(rows, noise.fork(1)).template cast<float>(), test = target.sample(rows, noise.fork(2)).template cast<float>();
  auto model = make_model<float>(F{}, noise.fork(3));
  FitOptions o = options;
  o.epochs = epochs;
  o.batch = batch;
  o.validation = 0;
  o.patience = 0;
  o.noise = noise.fork(4);
  Vector<float> last;
  o.callback = [&](const EpochReport&) {  // the paper reports the end of training, not its best epoch
    last = model.parameters();
    return true;
  };
  fit(model, train, o);
  model.parameters() = last;
  return -static_cast<double>(model.log_prob(test).template cast<double>().mean());
}
}  // namespace

int main(int count, char** words) {
  const int first = count > 1 ? std::atoi(words[1]) : 0, last = count > 2 ? std::atoi(words[2]) : 4;
  std::printf("%-16s %8s  %-28s %s\n", "target", "entropy", "baseline: median of seeds", "rheo's defaults, same budget");
  for (const char* name : {"checkerboard", "corners", "eight_gaussians", "four_circles"}) {
    const auto& target = targets::find(name);
    std::vector<double> theirs, ours;
    for (int seed = first; seed <= last; ++seed) {
      const FitOptions plain{.learning_rate = 1e-3, .clip_norm = 0}, tuned{.learning_rate = 4e-3, .schedule = {Cosine{}, 200}};
      const auto s = static_cast<std::uint64_t>(seed);
      theirs.push_back(std::string(name) == "checkerboard" ? test_nll<Baseline<Exp>>(target, s, plain) : test_nll<Baseline<SoftplusScale>>(target, s, plain));
      ours.push_back(test_nll<Defaults>(target, s, tuned));
    }
    auto median = [](std::vector<double> x) {
      std::sort(x.begin(), x.end());
      return x[x.size() / 2];
    };
    auto low = [](const std::vector<double>& x) { return *std::min_element(x.begin(), x.end()); };
    auto high = [](const std::vector<double>& x) { return *std::max_element(x.begin(), x.end()); };
    std::printf("%-16s %8.4f  %.3f (%.3f to %.3f)       %.3f (%.3f to %.3f)\n", name, *target.entropy, median(theirs), low(theirs), high(theirs), median(ours), low(ours), high(ours));
    std::fflush(stdout);
  }
}
