// SPDX-License-Identifier: MIT
// Events with negative weights, as generators of higher order write them: fitted by their signed weights, the flow has
// the law that they tell together, and its events weigh one each.
#include <cmath>
#include <cstdio>
#include <vector>

#include <rheo/io/io.hpp>
#include <rheo/rheo.hpp>
using namespace rheo;

/// 1.3 of events of N(0, 1), less 0.3 of events near (0.5, 0.25), of deviation 0.6: a density that is positive.
struct Events {
  Batch<double> x;
  Column<double> sign;
  std::vector<double> weights;

  Events(Index n, Noise noise) : x(n, 2), sign(n), weights(std::size_t(n)) {
    noise.normals(view(x));
    for (Index i = 0; i < n; ++i) {
      const bool taken_away = noise.uniform(i, 2) < 0.3 / 1.6;
      if (taken_away) x(i, 0) = 0.5 + 0.6 * x(i, 0), x(i, 1) = 0.25 + 0.6 * x(i, 1);
      sign(i) = weights[std::size_t(i)] = taken_away ? -1 : 1;
    }
  }
};
double density(double a, double b) {
  const auto normal = [](double t, double s) {
    return std::exp(-0.5 * t * t / s / s) / s / std::sqrt(2 * 3.141592653589793);
  };
  return 1.3 * normal(a, 1) * normal(b, 1) - 0.3 * normal(a - 0.5, 0.6) * normal(b - 0.25, 0.6);
}

int main() {
  const Events events(40'000, Noise{1});
  const auto signed_fit = [&](const std::vector<double>& weights) {
    auto model = make_model<float>(presets::Nsf<2, 4, Mlp<32, 32>>{}, Noise{2});
    const auto fitted =
        fit(model, events.x.cast<float>(),
            {.epochs = 6, .batch = 500, .learning_rate = 5e-3, .schedule = {Cosine{}}, .weights = weights});
    for (const auto& note : fitted.notes) std::printf("%s\n", note.c_str());
    return model;
  };
  const auto model = signed_fit(events.weights), deaf = signed_fit({});

  const Batch<double> x = model.sample(100'000, Noise{3}).cast<double>(),
                      y = deaf.sample(100'000, Noise{3}).cast<double>();
  std::printf("%-10s %7s %16s %7s %14s\n", "mean of", "exact", "signed events", "flow", "signs dropped");
  const auto tell = [&](const char* what, double exact, auto f) {
    const Estimate e = signed_expectation(f(events.x), Column<double>::Zero(events.sign.size()), events.sign);
    std::printf("%-10s %7.3f %7.3f +- %.3f %7.3f %14.3f\n", what, exact, e.value, e.error, f(x).mean(), f(y).mean());
  };
  tell("x1", -0.15, [](const Batch<double>& e) { return Column<double>(e.col(0)); });
  tell("x2", -0.075, [](const Batch<double>& e) { return Column<double>(e.col(1)); });
  tell("x1^2", 1.3 - 0.3 * 0.61, [](const Batch<double>& e) { return Column<double>(e.col(0).square()); });
  tell("x1 x2", -0.3 * 0.125, [](const Batch<double>& e) { return Column<double>(e.col(0) * e.col(1)); });

  const io::Box box{-3, 3, -3, 3};
  const auto grid = io::grid_points(box, 120, 120);
  const Batch<double> ours = model.log_prob(grid.cast<float>()).cast<double>().exp().reshaped(120, 120);
  Batch<double> exact(120, 120);
  for (Index k = 0; k < grid.rows(); ++k) exact(k % 120, k / 120) = density(grid(k, 0), grid(k, 1));
  const io::Image image =
      io::draw_panels({io::Panel::heat_map("exact", exact), io::Panel::heat_map("flow, signed weights", ours)}, box);
  io::write_png("negative_weights.png", io::thumbnail(image));
}
