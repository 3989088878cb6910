// SPDX-License-Identifier: MIT
// What the study's families are fitted to: densities of the plane and beyond it, whole numbers, real rows.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "rheo/math/energy.hpp"
#include "rheo/targets/table.hpp"

namespace study {
using namespace rheo;

/// A law, or rows of a data set that has no density that anybody knows.  Functions that it lacks are empty.
struct Place {
  std::string name;
  Index dim = 2;
  std::function<Batch<double>(Index n, Noise)> sample;  ///< n x dim, exact draws; of whole numbers the numbers
  std::function<double(const double* x)> log_prob;      ///< nats, normalised
  std::optional<targets::Target> plane;                 ///< of a density of the plane: its box and support
  std::optional<Batch<double>> rows;                    ///< instead of draws
  bool whole_numbers = false;  ///< families are fitted to x + u, u uniform on the unit square, and bound log P(x)
  Index modes = 0;
  std::function<Index(const double* x)> mode;        ///< 0 .. modes - 1, or -1: none
  std::function<bool(double x1, double x2)> bridge;  ///< between modes of the plane
  double modes_apart = 0;                            ///< where there are two, whose masses a flow must part
  std::string absent;                                ///< why it is not to be had, as of a file that is missing
};
/// By name; throws std::invalid_argument where there is none.
const Place& place(const std::string& name);

struct Draws {
  Batch<double> train, test;
};
/// Independent draws; of rows a random four fifths and the others.
Draws draws(const Place& place, Index train, Index test, Noise noise);

/// A place's density as an energy, row by row in double; log Z = 0.
template <Index D> class PlaceEnergy {
 public:
  static constexpr Index dim = D;
  template <class T> using Workspace = NoWorkspace;
  /// The place must outlive it.
  explicit PlaceEnergy(const Place& place) : place_(&place) {}
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    double row[static_cast<std::size_t>(D)];
    for (Index i = 0; i < x.rows(); ++i) {
      for (Index k = 0; k < D; ++k) row[k] = static_cast<double>(x(i, k));
      u(i) = T(-place_->log_prob(row));
    }
  }
  double log_z() const { return 0; }

 private:
  const Place* place_;
};

/// Ten of the plane, one of eight dimensions with sixteen modes, one of ten that is real, one of whole numbers.
inline const std::vector<std::string> fair_targets{
    "two_uniforms",    "checkerboard", "eight_gaussians", "moons", "double_well", "near_curve_0.1", "near_curve_0.03",
    "near_curve_0.01", "rings",        "two_spirals",     "wells", "magic_gamma", "counts"};
/// What rates are searched on: none is in the table.
inline const std::vector<std::string> search_targets{"corners", "pinwheel"};
/// Names of the study's places.
inline const std::vector<std::string> every_target = [] {
  std::vector<std::string> all = fair_targets;
  for (const char* more : {"corners", "pinwheel", "four_circles", "annulus", "two_lines", "olympic_rings",
                           "fractal_tree", "earth_volcano", "earth_earthquake", "earth_fire"})
    all.push_back(more);
  return all;
}();

}  // namespace study
