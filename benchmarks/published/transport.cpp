// SPDX-License-Identifier: MIT
// Transport between two laws by flow matching, from a source that need not be normal: how far what arrives is from the
// target, and how much longer than straight its ways are.
//   Tong et al. 2024, arXiv:2302.00482, sec. 5.1 and table 2: 10 000 rows, batches of 128, 1000 epochs, nets 64-64-64.
#include <cmath>

#include "../compare/common.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/math/assignment.hpp"
#include "rheo/targets/gaussian_mixtures.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/training/flow_matching.hpp"
#include "rows.hpp"

namespace published {
namespace {
using namespace rheo;

using Field = Velocity<MlpOf<Silu, 64, 64, 64>>;
using Transport = Flow<Continuous<2, Field>, StandardNormal<2>>;
constexpr Index rows = 10000, tested = 1000;

Batch<double> normals(Index n, Noise noise) {
  Batch<double> x(n, 2);
  noise.normals(view(x));
  return x;
}
/// Eight normal laws of variance 0.1 on a circle of radius 5.
Batch<double> eight_gaussians(Index n, Noise noise) {
  const targets::detail::Octagon octagon{5, 0, std::sqrt(0.1)};
  Batch<double> x(n, 2);
  for (Index i = 0; i < n; ++i) {
    const auto at = octagon.draw(noise, i);
    x(i, 0) = at[0], x(i, 1) = at[1];
  }
  return x;
}
/// Two half circles with noise of 0.2, three times as large, moved by -1.
Batch<double> moons(Index n, Noise noise) {
  Batch<double> x = 0.2 * normals(n, noise);
  for (Index i = 0; i < n; ++i) {
    const double t = targets::detail::pi * noise.fork(1).uniform(i, 0);
    const bool inner = noise.fork(1).uniform(i, 1) < 0.5;
    x(i, 0) += inner ? 1 - std::cos(t) : std::cos(t), x(i, 1) += inner ? 0.5 - std::sin(t) : std::sin(t);
  }
  return 3 * x - 1;
}
/// The least mean squared distance of a's rows to b's, one to one.
double squared_distance(const Batch<double>& a, const Batch<double>& b) {
  const Index n = a.rows();
  Batch<double> cost(n, n);
  for (Index j = 0; j < n; ++j) cost.col(j) = (a.rowwise() - b.row(j)).square().rowwise().sum();
  Arena scratch;
  Column<Index> match(n);
  math::assign(view(std::as_const(cost)), ColView<Index>(match.data(), n), scratch);
  double sum = 0;
  for (Index i = 0; i < n; ++i) sum += cost(i, match(i));
  return sum / static_cast<double>(n);
}

/// Moves z from t = 1 to t = 0 by a hundred of Runge and Kutta's steps; the mean over rows of the integral of |f|^2.
double path_energy(const Model<Transport, float>& model, Batch<double>& z) {
  using Net = Continuous<2, Field>::Net;
  const Net net{};
  Net::Cache<float> cache;
  Arena scratch;
  const Index n = z.rows();
  const Batch<float> none(n, 0);
  Column<float> time(n), unused(n);
  const auto slope = [&](const Batch<double>& x, double t) {
    Batch<float> at = x.cast<float>(), f(n, 2);
    time.setConstant(static_cast<float>(t));
    net.map(FieldPass<float, Net::Cache<float>>{
        view(std::as_const(at)), CColView<float>(time.data(), n), view_of(static_cast<const float*>(nullptr), 0, 2, 0),
        view(f), ColView<float>(unused.data(), n),
        Params<const float>(model.parameters().data(), model.parameters().size()), view(none), cache, scratch});
    return Batch<double>(f.cast<double>());
  };
  constexpr int steps = 100;
  const double h = 1.0 / steps;
  double energy = 0;
  for (int k = 0; k <= steps; ++k) {
    const double t = 1 - k * h;
    const Batch<double> a = slope(z, t);
    energy += (k == 0 || k == steps ? 0.5 : 1.0) * h * a.square().rowwise().sum().mean();
    if (k == steps) break;
    const Batch<double> b = slope(z - h / 2 * a, t - h / 2), c = slope(z - h / 2 * b, t - h / 2),
                        d = slope(z - h * c, t - h);
    z -= h / 6 * (a + 2 * b + 2 * c + d);
  }
  return energy;
}

template <class Objective> Record measure(bool from_moons, Objective objective, int seed) {
  const Noise noise{static_cast<std::uint64_t>(1000 + seed)};
  const auto source = [&](Index n, Noise k) { return from_moons ? moons(n, k) : normals(n, k); };
  const Batch<double> from = source(rows, noise.fork(0)), to = eight_gaussians(rows, noise.fork(1));
  objective.source = &from;
  auto model = make_model<float>(Transport{}, noise.fork(2));
  const double begin = study::cpu_seconds();
  fit(model, to.cast<float>(),
      {.epochs = 1000, .batch = 128, .learning_rate = 1e-3, .validation = 0, .patience = 0, .noise = noise.fork(3)},
      objective);
  const double seconds = study::cpu_seconds() - begin;
  const Batch<double> start = source(tested, noise.fork(4)), target = eight_gaussians(tested, noise.fork(5));
  Batch<double> arrived = start;
  const double energy = path_energy(model, arrived), least = squared_distance(start, target);
  Record row;
  row.number("w2", std::sqrt(squared_distance(arrived, target)));
  row.number("w2_of_fresh_rows", std::sqrt(squared_distance(eight_gaussians(tested, noise.fork(6)), target)));
  row.number("path_energy", energy);
  row.number("normalised_path_energy", std::abs(energy - least) / least);
  row.number("minutes", seconds / 60);
  return row;
}

}  // namespace

std::vector<Cell> transport_rows() {
  std::vector<Cell> all;
  for (const bool from_moons : {false, true}) {
    for (int seed = 0; seed < 3; ++seed) {
      const std::string from = from_moons ? "moons" : "normal", end = "." + std::to_string(seed);
      all.push_back({"transport." + from + ".nearest" + end, "transport", from + ".nearest",
                     [=] { return measure(from_moons, OtFlowMatching{}, seed); }});
      all.push_back({"transport." + from + ".drawn" + end, "transport", from + ".drawn",
                     [=] { return measure(from_moons, FlowMatching{}, seed); }});
    }
  }
  return all;
}

}  // namespace published
