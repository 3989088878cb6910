// SPDX-License-Identifier: MIT
// What the study's families are fitted to: targets of the table, the double well, places on the earth.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "rheo/targets/table.hpp"

namespace study {
using namespace rheo;

/// A target, or rows of a data set that has no density that anybody knows.
struct Place {
  targets::Target target;
  std::optional<Batch<double>> rows;
};
/// By name; throws std::invalid_argument where there is none.
const Place& place(const std::string& name);

struct Draws {
  Batch<double> train, test;
};
/// Independent draws; of rows a random four fifths and the others.
Draws draws(const Place& place, Index train, Index test, Noise noise);

/// A place between modes, and which mode a point belongs to (-1: none); either may be empty.
struct Zones {
  std::string target;
  bool (*bridge)(double, double);
  int (*mode)(double, double);
  double width = 0;  ///< distance of the modes 0 and 1 where there are two, 0 elsewhere
};
/// nullptr where the target has none.
const Zones* zones_of(const std::string& target);

/// Names of the study's targets.
inline const std::vector<std::string> every_target{
    "checkerboard",    "corners",         "eight_gaussians", "four_circles",     "rings",
    "moons",           "two_spirals",     "pinwheel",        "two_uniforms",     "annulus",
    "two_lines",       "olympic_rings",   "fractal_tree",    "double_well",      "near_curve_0.1",
    "near_curve_0.03", "near_curve_0.01", "earth_volcano",   "earth_earthquake", "earth_fire"};

}  // namespace study
