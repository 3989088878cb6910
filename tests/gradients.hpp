// SPDX-License-Identifier: MIT
// Gradients of objectives, as trainers see them: against differences, and many of one batch under noise.
#pragma once

#include <cmath>

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/training/trainer.hpp"

namespace rheo_test {

/// |a - b| / (1 + |a|), a the slope of an objective in a random direction by its gradient, b by fourth-order
/// differences under the same noise.  Checks that the slope is none of 0.
template <class F, class Objective>
double slope_misfit(rheo::Model<F, double>& model, const Objective& objective, const rheo::Batch<double>& x,
                    const rheo::BatchRows& rows) {
  const rheo::Batch<double> none(x.rows(), 0);
  rheo::Trainer<F, double, Objective> trainer(model, rheo::Adam{}, 1, objective);
  trainer.evaluate(rheo::view(x), rheo::view(none), rows, rheo::Noise{4});
  const rheo::Column<double> d = normals(model.parameters().size(), 1, 5).col(0), theta = model.parameters();
  const double by_pull = (trainer.gradient() * d).sum();
  auto f = [&](double h) {
    model.parameters() = theta + h * d;
    return trainer.value(rheo::view(x), rheo::view(none), rows, rheo::Noise{4});
  };
  const double h = 1e-4, by_difference = (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
  model.parameters() = theta;
  CHECK(std::fabs(by_pull) > 1e-3);
  return std::fabs(by_pull - by_difference) / (1 + std::fabs(by_pull));
}
/// Gradients of repeated noise on the same rows, one a row, and behind them the losses.
template <class F, class Objective>
rheo::Batch<double> gradients(rheo::Model<F, double>& model, const Objective& objective, const rheo::Batch<double>& x,
                              const rheo::Batch<double>& context, rheo::Index repeats, rheo::Noise noise) {
  rheo::Trainer<F, double, Objective> trainer(model, rheo::Adam{}, 1, objective);
  rheo::Batch<double> g(repeats, F::param_count + 1);
  for (rheo::Index r = 0; r < repeats; ++r) {
    g(r, F::param_count) =
        trainer.evaluate(rheo::view(x), rheo::view(context), {0, x.rows()}, noise.fork(static_cast<std::uint64_t>(r)));
    g.row(r).head(F::param_count) = trainer.gradient().transpose();
  }
  return g;
}
/// The standard error of the mean of column j.
inline double error(const rheo::Batch<double>& g, rheo::Index j) {
  return rheo::mean_and_error<double>(g.col(j)).error;
}

}  // namespace rheo_test
