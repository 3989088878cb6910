// SPDX-License-Identifier: MIT
// A long run of everything: each preset that takes data, at default options in float, on four targets of known density
// in 2 and 6 coordinates, by three seeds; and by rates ten and a hundred times too high.
#pragma once

#include <cmath>
#include <cstdint>
#include <cstdio>
#include <numbers>
#include <string>
#include <type_traits>

#include "../../benchmarks/compare/journal.hpp"
#include "../../benchmarks/compare/structures.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/training/denoising.hpp"
#include "rheo/training/fit.hpp"

namespace soak {
using namespace rheo;

/// chain: as in structures.hpp.  modes: x_0 at -2 (0.3 of the mass) and 2, 0.4 wide, the others
/// normal. tails: Student's t of 3 degrees, each for itself.  units: a chain of correlated normals, 10^(j-3) wide, a
/// hundred widths times j away from 0.
struct Sample {
  Batch<float> x;
  Column<double> log_p;  ///< of the rows as they are, rounded
};
template <Index D> Sample draw(const std::string& target, Index n, Noise noise) {
  if (target == "chain") {
    const auto x = structures::draw<D>(target, n, noise);
    return {x, structures::log_prob<D>(target, x)};
  }
  Batch<double> e(n, D);
  noise.normals(view(e));
  Sample s{Batch<float>(n, D), Column<double>::Zero(n)};
  const double log_root = 0.5 * std::log(2 * std::numbers::pi);
  auto normal = [&](Column<double> z, double deviation) {
    s.log_p -= 0.5 * (z / deviation).square() + log_root + std::log(deviation);
  };
  for (Index k = 0; k < D; ++k) {
    Column<double> before = Column<double>::Zero(n);
    if (k > 0) before = s.x.col(k - 1).cast<double>();
    if (target == "modes" && k == 0) {
      for (Index i = 0; i < n; ++i) {
        const double at = noise.fork(1).uniform(i, 0) < 0.3 ? -2 : 2;
        const auto x = s.x(i, 0) = static_cast<float>(at + 0.4 * e(i, 0));
        s.log_p(i) += std::log(0.3 * std::exp(-0.5 * std::pow((x + 2) / 0.4, 2)) +
                               0.7 * std::exp(-0.5 * std::pow((x - 2) / 0.4, 2))) -
                      log_root - std::log(0.4);
      }
    } else if (target == "tails") {
      for (Index i = 0; i < n; ++i) {
        double square = 0;
        for (Index j = 0; j < 3; ++j) square += std::pow(noise.fork(2).normal(i, 3 * k + j), 2);
        const auto x = static_cast<double>(s.x(i, k) = static_cast<float>(e(i, k) / std::sqrt(square / 3)));
        s.log_p(i) += std::log(6 * std::sqrt(3.0) / std::numbers::pi) - 2 * std::log(3 + x * x);
      }
    } else if (target == "units") {
      const double scale = std::pow(10.0, static_cast<double>(k) - 3), offset = 100.0 * static_cast<double>(k);
      const Column<double> mean = k == 0 ? before : Column<double>(0.8 * (before / (scale / 10) - offset + 100));
      const double deviation = k == 0 ? 1 : 0.6;
      s.x.col(k) = (scale * (offset + mean + deviation * e.col(k))).cast<float>();
      normal(s.x.col(k).cast<double>() / scale - offset - mean, deviation);
      s.log_p -= std::log(scale);
    } else {
      s.x.col(k) = e.col(k).cast<float>();
      normal(s.x.col(k).cast<double>(), 1);
    }
  }
  return s;
}

struct Run {
  study::Journal journal;
  int faults = 0;

  template <Index D, class F, class Objective = MaximumLikelihood>
  void preset(const char* name, double bound, const F& flow = {}, const Objective& objective = {}) {
    for (const char* target : {"chain", "modes", "tails", "units"}) {
      for (const std::uint64_t seed : journal.seeds) one<D>(name, target, seed, 1, bound, flow, objective);
    }
    for (const int factor : {10, 100}) one<D>(name, "chain", journal.seeds[0], factor, bound, flow, objective);
  }

 private:
  template <Index D, class F, class Objective>
  void one(const char* name, const std::string& target, std::uint64_t seed, int factor, double bound, const F& flow,
           const Objective& objective) {
    char head[200];
    std::snprintf(head, sizeof head, "{\"preset\": \"%s\", \"D\": %d, \"target\": \"%s\", \"seed\": %d, \"rate\": %d,",
                  name, static_cast<int>(D), target.c_str(), static_cast<int>(seed), factor);
    if (journal.has(head)) return;
    const Noise noise{seed};
    const Sample rows = draw<D>(target, 5000, noise.fork(1)), fresh = draw<D>(target, 5000, noise.fork(2));
    auto model = make_model<float>(flow, noise.fork(3));
    FitOptions options;
    options.learning_rate *= factor;
    options.noise = noise.fork(4);
    const FitResult r = fit(model, rows.x, options, objective);
    const auto score = [&](const Batch<float>& x) -> Column<double> {
      if constexpr (F::exactness == Exactness::exact) return model.log_prob(x).template cast<double>();
      else return model.elbo(x, noise.fork(5)).template cast<double>();
    };
    const double gap = (fresh.log_p - score(fresh.x)).mean();
    std::string wrong;
    const auto expect = [&](bool good, const char* what) {
      if (!good) wrong += (wrong.empty() ? "" : "; ") + std::string(what);
    };
    expect(model.parameters().allFinite(), "a parameter is not finite");
    expect(std::isfinite(r.best_loss), "the best loss is not finite");
    for (const EpochReport& e : r.history)
      expect(!(e.validation_loss < r.best_loss), "an epoch was better than what stayed");
    const bool content = r.status == FitStatus::converged || r.status == FitStatus::early_stopped ||
                         r.status == FitStatus::budget_reached;
    if (factor == 1) expect(gap < bound, "the gap is above the bound");
    else expect(!content || std::isfinite(gap), "the status is better than the result");
    expect(model.sample(1000, noise.fork(6)).allFinite(), "a draw is not finite");
    faults += !wrong.empty();
    char tail[300];
    std::snprintf(
        tail, sizeof tail,
        " \"status\": \"%s\", \"gap\": %.4f, \"bound\": %.2f, \"epochs\": %d, \"seconds\": %.1f, \"wrong\": \"%s\"}",
        to_string(r.status), gap, bound, static_cast<int>(r.history.size()), r.seconds, wrong.c_str());
    journal.add(std::string(head) + tail);
  }
};

// One a file, for 2 and 6 coordinates.
template <Index D> void couplings(Run& run);
template <Index D> void autoregressive(Run& run);
template <Index D> void residual(Run& run);
template <Index D> void relaxed(Run& run);

}  // namespace soak
