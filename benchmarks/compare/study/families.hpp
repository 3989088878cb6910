// SPDX-License-Identifier: MIT
// The study's configuration: families and targets.  A new family is a line in one of the families_*.cpp; a new target is a line below.
#pragma once

#include <cmath>
#include <optional>
#include <string>
#include <vector>

#include "rheo/targets/table.hpp"
#include "subject.hpp"

namespace study {

/// All of about 20 000 parameters, but where the text says otherwise.
std::vector<Family> bijections();
std::vector<Family> continuous();
std::vector<Family> relaxed();
std::vector<Family> diffusions();

inline const std::vector<Family>& families() {
  static const std::vector<Family> table = [] {
    std::vector<Family> all;
    for (auto part : {bijections, continuous, relaxed, diffusions}) {
      for (Family& f : part()) all.push_back(std::move(f));
    }
    return all;
  }();
  return table;
}

/// A place between modes, and which mode a point belongs to (-1: none); either may be empty.
struct Zones {
  std::string target;
  bool (*bridge)(double, double);
  int (*mode)(double, double);
  double width = 0;  ///< distance of the modes 0 and 1 where there are two, 0 elsewhere
};
/// The square of a checkerboard's row or column, 0 to 3 in [-4, 4].
inline int square(double x) { return static_cast<int>(std::floor(x / 2)) + 2; }

inline const std::vector<Zones>& zones() {
  using std::abs;
  static const std::vector<Zones> table{
      {"two_uniforms", [](double x, double) { return abs(x) < 1; }, [](double x, double) { return x <= -1 ? 0 : x >= 1 ? 1 : -1; }, 2},
      {"two_lines", [](double x, double) { return abs(x) < 0.99; }, [](double x, double) { return x <= -0.99 ? 0 : x >= 0.99 ? 1 : -1; }, 1.98},
      {"annulus", [](double x, double y) { return x * x + y * y < 1; }, nullptr},
      {"corners", [](double x, double y) { return std::min(abs(x), abs(y)) < 1 && std::max(abs(x), abs(y)) < 4; }, [](double x, double y) { return (x < 0) + 2 * (y < 0); }},
      {"checkerboard", [](double x, double y) { return std::max(abs(x), abs(y)) < 4 && (square(x) + square(y)) % 2 != 0; },
       [](double x, double y) { return std::max(abs(x), abs(y)) < 4 ? square(x) + 4 * square(y) : -1; }},
      {"eight_gaussians", nullptr, [](double x, double y) { return static_cast<int>(std::floor((std::atan2(y, x) + 3.14159265358979323846) * 4 / 3.14159265358979323846)) % 8; }},
      {"rings", nullptr, [](double x, double y) { return std::min(3, std::max(0, static_cast<int>(std::lround(std::hypot(x, y) / 0.75)) - 1)); }}};
  return table;
}

/// Names of the studies' targets.
inline const std::vector<std::string> every_target{"checkerboard", "corners", "eight_gaussians", "four_circles", "rings", "moons", "two_spirals", "pinwheel", "two_uniforms",
                                                   "annulus", "two_lines", "olympic_rings", "fractal_tree", "near_curve_0.1", "near_curve_0.03", "near_curve_0.01"};
inline const std::vector<std::string> quick_targets{"two_uniforms", "moons"};
inline const std::vector<std::string> quick_families{"real_nvp", "nsf"};

}  // namespace study
