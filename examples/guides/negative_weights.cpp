// SPDX-License-Identifier: MIT
// Events with negative weights, as generators of higher order write them: fitted by their signed weights, the flow has
// the law that they tell together, and its events weigh one each.
#include <cmath>
#include <cstdio>
#include <iostream>
#include <vector>

#include <rheo/io/io.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

/// 1.25 (logarithm of a momentum, N(0, 1); angle, N(0, 1)) less 0.25 of events near (1, 0.5), N of deviation 0.5.
struct Events {
  Batch<double> x;
  Column<double> sign;
  std::vector<double> weights;

  Events(Index n, Noise noise) : x(n, 2), sign(n), weights(std::size_t(n)) {
    noise.normals(view(x));
    for (Index i = 0; i < n; ++i) {
      const bool taken_away = noise.uniform(i, 2) < 0.25 / 1.5;
      if (taken_away) x(i, 0) = 1 + 0.5 * x(i, 0), x(i, 1) = 0.5 + 0.5 * x(i, 1);
      sign(i) = weights[std::size_t(i)] = taken_away ? -1 : 1;
    }
  }
};
double density(double a, double b) {
  const auto normal = [](double t, double s) { return std::exp(-0.5 * t * t / s / s) / s / std::sqrt(2 * 3.141592653589793); };
  return 1.25 * normal(a, 1) * normal(b, 1) - 0.25 * normal(a - 1, 0.5) * normal(b - 0.5, 0.5);
}

int main() {
  const Events events(40'000, Noise{1});
  const auto signed_fit = [&](const std::vector<double>& weights) {
    auto model = make_model<double>(presets::Nsf<2, 4, Mlp<32, 32>>{}, Noise{2});
    const auto fitted = fit(model, events.x, {.epochs = 8, .batch = 1000, .learning_rate = 5e-3, .schedule = {Cosine{}}, .weights = weights});
    for (const auto& note : fitted.notes) std::printf("%s\n", note.c_str());
    return model;
  };
  const auto model = signed_fit(events.weights), deaf = signed_fit({});

  const Batch<double> x = model.sample(100'000, Noise{3}), y = deaf.sample(100'000, Noise{3});
  std::printf("%-10s %7s %16s %7s %14s\n", "mean of", "exact", "signed events", "flow", "signs dropped");
  const auto tell = [&](const char* what, double exact, auto f) {
    const Estimate e = signed_expectation(f(events.x), Column<double>::Zero(events.sign.size()), events.sign);
    std::printf("%-10s %7.3f %7.3f +- %.3f %7.3f %14.3f\n", what, exact, e.value, e.error, f(x).mean(), f(y).mean());
  };
  tell("x1", -0.25, [](const Batch<double>& e) { return Column<double>(e.col(0)); });
  tell("x2", -0.125, [](const Batch<double>& e) { return Column<double>(e.col(1)); });
  tell("x1^2", 1.25 - 0.25 * 1.25, [](const Batch<double>& e) { return Column<double>(e.col(0).square()); });
  tell("x1 x2", -0.25 * 0.5, [](const Batch<double>& e) { return Column<double>(e.col(0) * e.col(1)); });

  const io::Box box{-3, 3, -3, 3};
  const auto grid = io::grid_points(box, 120, 120);
  Batch<double> exact(120, 120);
  for (Index k = 0; k < grid.rows(); ++k) exact(k % 120, k / 120) = density(grid(k, 0), grid(k, 1));
  io::plot_panels("negative_weights.png",
                  {io::Panel::heat_map("exact", exact, 0.2),
                   io::Panel::heat_map("flow, signed weights", model.log_prob(grid).exp().reshaped(120, 120), 0.2),
                   io::Panel::heat_map("flow, signs dropped", deaf.log_prob(grid).exp().reshaped(120, 120), 0.2)},
                  box);
}
