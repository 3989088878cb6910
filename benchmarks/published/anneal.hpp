// SPDX-License-Identifier: MIT
// Annealing from a normal law that is wide enough, as the tables' rows do it.
#pragma once

#include "rheo/evaluation/importance.hpp"
#include "rheo/targets/energies.hpp"

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

}  // namespace published
