// SPDX-License-Identifier: MIT
// Where earthquakes happen, as a density on the sphere: points of three numbers, per area, with no border anywhere.
#include <cmath>
#include <cstdio>
#include <exception>
#include <numbers>

#include <rheo/evaluation/metrics.hpp>
#include <rheo/flows/presets/sphere_flows.hpp>
#include <rheo/io/csv.hpp>
#include <rheo/io/plot.hpp>
#include <rheo/training/fit.hpp>
using namespace rheo;

/// Latitude and longitude in degrees to points of the unit sphere.
Batch<double> to_points(const Batch<double>& degrees) {
  const Batch<double> angle = degrees * (std::numbers::pi / 180);
  Batch<double> x(degrees.rows(), 3);
  x.col(0) = angle.col(0).cos() * angle.col(1).cos();
  x.col(1) = angle.col(0).cos() * angle.col(1).sin();
  x.col(2) = angle.col(0).sin();
  return x;
}
/// Points of the unit sphere to longitude and sine of the latitude, a map of equal areas.
Batch<double> to_map(const Batch<double>& x) {
  Batch<double> at(x.rows(), 2);
  for (Index i = 0; i < x.rows(); ++i) at.row(i) << std::atan2(x(i, 1), x(i, 0)), x(i, 2);
  return at;
}

int main() try {
  const Batch<double> x = to_points(io::read_csv("../data/earth_earthquake.csv").values);
  Batch<double> shuffled(x.rows(), 3);
  const auto order = Noise{1}.permutation(x.rows());
  for (Index i = 0; i < x.rows(); ++i) shuffled.row(i) = x.row(order[std::size_t(i)]);
  const Batch<double> train = shuffled.topRows(5500), fresh = shuffled.bottomRows(620);

  auto model = make_model<float>(presets::SphereNsf<3, MlpOf<Silu, 64, 64>, 0, 16>{}, Noise{2});
  const FitResult r = fit(model, train.cast<float>(),
                          {.epochs = 40, .batch = 256, .learning_rate = 3e-3, .schedule = {Cosine{0.01}, 50}});
  for (const auto& note : r.notes) std::printf("%s\n", note.c_str());
  const Estimate gain = mean_and_error(
      Column<double>(model.log_prob(fresh.cast<float>()).cast<double>() + std::log(4 * std::numbers::pi)));
  std::printf("new earthquakes: %.2f +- %.2f nats denser than evenly spread ones\n", gain.value, gain.error);

  const io::Box map{-std::numbers::pi, std::numbers::pi, -1, 1};
  const Batch<double> cells = io::grid_points(map, 180, 180);  // each an equal area of the sphere
  Batch<double> points(cells.rows(), 3);
  points.col(2) = cells.col(1);
  points.col(0) = (1 - cells.col(1).square()).sqrt() * cells.col(0).cos();
  points.col(1) = (1 - cells.col(1).square()).sqrt() * cells.col(0).sin();
  const Column<double> density = model.log_prob(points.cast<float>()).cast<double>().exp();
  std::printf("its integral over the sphere: %.2f\n", density.mean() * 4 * std::numbers::pi);

  const Batch<double> drawn = model.sample(5500, Noise{3}).cast<double>();
  const Batch<double> grid = density.reshaped(180, 180);
  io::write_png("points_on_the_sphere.png",
                io::thumbnail(io::draw_panels({io::Panel::scatter("earthquakes", to_map(train)),
                                               io::Panel::heat_map("density", grid, io::robust_top(grid)),
                                               io::Panel::scatter("samples", to_map(drawn))},
                                              map)));
} catch (const std::exception& e) { return std::fprintf(stderr, "%s\n", e.what()), 1; }
