// SPDX-License-Identifier: MIT
// Annealing from a normal law that is wide enough, as the tables' rows do it.
#pragma once

#include "rheo/evaluation/importance.hpp"
#include "rheo/targets/energies.hpp"
#include "rheo/training/alpha_divergence.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/training/fit_energy.hpp"

namespace published {
using namespace rheo;

/// n rows from N(0, variance I) to exp(-u) / Z by `temperatures` moves, resampled below half of them; log_z is Z's own.
template <class Target, class Move>
AnnealedSample<double> anneal(Index n, double variance, const Target& target, const Move& move, int temperatures,
                              Noise start, Noise moves) {
  constexpr Index D = Target::dim;
  const targets::GaussianEnergy<D> base(Row<double>::Zero(D),
                                        Batch<double>(variance * Eigen::MatrixXd::Identity(D, D)));
  auto s = annealed_sample(base.sample(n, start), base, target, move, temperatures, moves, 0.5);
  s.log_z.value += base.log_z();
  return s;
}

/// A flow fitted to annealed rows, drawn anew by their weights, and then for `steps` steps to the energy by draws of
/// its own, which show where the rows left something out.
template <class F, class Target>
Model<F, float> fitted_to(const AnnealedSample<double>& s, const Target& target, const F& flow, int epochs, int steps,
                          Noise noise) {
  const Index n = s.x.rows();
  const auto chosen = resample(s.log_w, n, noise.fork(1));
  Batch<float> x(n, Target::dim);
  for (Index i = 0; i < n; ++i) x.row(i) = s.x.row(chosen[static_cast<std::size_t>(i)]).template cast<float>();
  auto model = make_model<float>(flow, noise.fork(2));
  fit(model, x,
      {.epochs = epochs,
       .batch = 512,
       .learning_rate = 2e-3,
       .patience = 0,
       .optimizer = adam_w(1e-4),
       .schedule = {Cosine{0.01}, 200},
       .average = 0.99,
       .noise = noise.fork(3)});
  fit_energy(model, alpha_divergence(target, 0.5),
             {.steps = steps,
              .batch = 1024,
              .learning_rate = 5e-4,
              .clip_norm = 1,
              .schedule = {Cosine{0.01}},
              .noise = noise.fork(5),
              .check_every = 200,
              .check_rows = 8192});
  return model;
}

}  // namespace published
