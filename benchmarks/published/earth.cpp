// SPDX-License-Identifier: MIT
// Earth on the sphere: test log-likelihoods of fires and earthquakes, per area of the unit sphere.
#include "../compare/common.hpp"
#include "earth_chart.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/io/csv.hpp"
#include "rheo/training/fit.hpp"
#include "rows.hpp"

namespace published {
namespace {

using EarthModel = EarthFlow<4, 32, MlpOf<Silu, 96, 96>, 8>;

/// Flows of one split that differ by their start and the order of rows; their densities' mean is the density.
constexpr int flows = 4;
constexpr double steps = 2800;

Record measure(const std::string& file, bool distinct, int split) {
  Batch<double> rows = io::read_csv(file).values;
  if (distinct) rows = distinct_rows(rows);
  const Noise noise{static_cast<std::uint64_t>(split)};
  const Split s(to_chart(rows), noise.fork(0));
  FitOptions o{.batch = 256,
               .learning_rate = 2e-3,
               .patience = 0,
               .optimizer = adam_w(1e-4),
               .schedule = {Cosine{0.01}, 200},
               .average = 0.995};
  o.epochs = static_cast<int>(steps * static_cast<double>(o.batch) / static_cast<double>(s.train.rows())) + 1;
  const Batch<float> choose = s.choose.cast<float>();
  Batch<double> log_prob(s.test.rows(), flows);
  double seconds = 0;
  for (int k = 0; k < flows; ++k) {
    const Noise own = noise.fork(static_cast<std::uint64_t>(1 + k));
    auto model = make_model<float>(EarthModel{}, own.fork(0));
    o.noise = own.fork(1);
    const double begin = study::cpu_seconds();
    fit(model, s.train.cast<float>(), o, HeldOut<float>{.x = choose});
    seconds += study::cpu_seconds() - begin;
    log_prob.col(k) = model.log_prob(s.test.cast<float>()).cast<double>() + log_area;
  }
  const Column<double> top = log_prob.rowwise().maxCoeff();
  const Estimate e = mean_and_error(Column<double>(top + (log_prob.colwise() - top).exp().rowwise().mean().log()));
  Record row;
  row.number("rows", static_cast<double>(rows.rows()));
  row.number("parameters", static_cast<double>(flows * EarthModel::param_count));
  row.number("nll", -e.value);
  row.number("nll_error", e.error);
  row.number("nll_one", -log_prob.mean());
  row.number("epochs", o.epochs);
  row.number("minutes", seconds / 60);
  return row;
}

}  // namespace

std::vector<Cell> earth_rows(const std::string& data) {
  std::vector<Cell> rows;
  for (int split = 0; split < 5; ++split) {
    const auto add = [&](const std::string& cell, const std::string& file, bool distinct) {
      rows.push_back({"earth." + cell + "." + std::to_string(split), "earth", cell,
                      [=] { return measure(data + "/" + file, distinct, split); }});
    };
    add("fire", "earth_fire.csv", false);
    add("earthquake", "earth_earthquake.csv", false);
    add("earthquake_distinct", "earth_earthquake.csv", true);
  }
  return rows;
}

}  // namespace published
