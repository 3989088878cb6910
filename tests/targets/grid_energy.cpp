// SPDX-License-Identifier: MIT
// GridEnergy: the target's own numbers on the nodes, a gradient that is the value's, walls of the height asked for, and
// a bowl around the grid.
#include "rheo/targets/grid_energy.hpp"

#include "catch.hpp"

namespace targets_grid_energy {
using namespace rheo;
using targets::GridEnergy;

namespace {

double value_at(const GridEnergy& energy, double x1, double x2) {
  const Batch<double> x = Batch<double>{{x1, x2}};
  Column<double> u(1);
  NoWorkspace none;
  energy.value(read(view(x)), ColView<double>(u.data(), 1), none);
  return u(0);
}

}  // namespace

TEST_CASE("GridEnergy: between nodes the energy is the target's, to the square of their distance") {
  const auto& moons = targets::find("moons");
  const Batch<double> x = moons.sample(200, Noise{1});
  const auto worst = [&](Index nodes) {
    const GridEnergy energy(moons, 1e5, nodes);
    double error = 0;
    for (Index i = 0; i < x.rows(); ++i) {
      error = std::max(error, std::abs(value_at(energy, x(i, 0), x(i, 1)) + moons.log_prob(x(i, 0), x(i, 1))));
    }
    return error;
  };
  const double coarse = worst(512), fine = worst(2047);
  CHECK(coarse < 0.02);
  CHECK(fine < coarse / 12);  // a quarter of the distance
}

TEST_CASE("GridEnergy: its gradient is that of its value, on the grid and beyond it") {
  const auto& moons = targets::find("moons");
  const GridEnergy energy(moons, 12, 64);
  const auto& b = moons.box;
  const double w = b.x1_max - b.x1_min;
  Batch<double> x = moons.sample(30, Noise{2});
  x(0, 0) = b.x1_max + w;
  x(1, 1) = b.x2_min - w;
  x(2, 0) = b.x1_min - w, x(2, 1) = b.x2_max + w;
  Batch<double> g(x.rows(), 2);
  Column<double> u(x.rows());
  NoWorkspace none;
  energy.value_and_gradient(read(view(x)), ColView<double>(u.data(), u.size()), view(g), none);
  constexpr double h = 1e-6;
  for (Index i = 0; i < x.rows(); ++i) {
    CHECK(u(i) == value_at(energy, x(i, 0), x(i, 1)));
    const double g0 = (value_at(energy, x(i, 0) + h, x(i, 1)) - value_at(energy, x(i, 0) - h, x(i, 1))) / (2 * h);
    const double g1 = (value_at(energy, x(i, 0), x(i, 1) + h) - value_at(energy, x(i, 0), x(i, 1) - h)) / (2 * h);
    CHECK(g(i, 0) == Approx(g0).margin(1e-6));
    CHECK(g(i, 1) == Approx(g1).margin(1e-6));
  }
}

TEST_CASE("GridEnergy: walls are as high as asked, off the support too, and NaN stays NaN") {
  const auto& board = targets::find("checkerboard");
  const GridEnergy energy(board, 12);
  const double inside = -*board.entropy;  // flat: log p = -entropy
  CHECK(value_at(energy, 1, 1) == Approx(-inside));
  CHECK(value_at(energy, 1, -1) == Approx(-inside + 12));
  CHECK(std::isnan(value_at(energy, std::nan(""), 0)));
  CHECK(value_at(energy, 1e3, 0) > 1e6);
  CHECK_THROWS_AS(GridEnergy(board, 0), std::invalid_argument);
  CHECK_THROWS_AS(GridEnergy(board, 12, 1), std::invalid_argument);
  targets::Target silent = board;
  silent.log_prob = {};
  CHECK_THROWS_AS(GridEnergy(silent, 12), std::invalid_argument);
}

}  // namespace targets_grid_energy
