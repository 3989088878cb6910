// SPDX-License-Identifier: MIT
#include "places.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>

#include "rheo/core/fail.hpp"
#include "rheo/io/csv.hpp"
#include "rheo/targets/wells.hpp"

namespace study {
namespace {

/// Longitude and latitude in units of 45 degrees, no row twice; a tenth of a degree of noise stands for what the
/// sources rounded.
Place earth(const std::string& name) {
  const auto table = io::read_csv(std::string(RHEO_STUDY_DATA) + "/" + name + ".csv");
  std::vector<std::pair<double, double>> rows;
  for (Index i = 0; i < table.values.rows(); ++i) rows.emplace_back(table.values(i, 1), table.values(i, 0));
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  Batch<double> x(static_cast<Index>(rows.size()), 2);
  const Noise noise{45};
  for (Index i = 0; i < x.rows(); ++i) {
    x(i, 0) = (rows[static_cast<std::size_t>(i)].first + 0.1 * noise.normal(i, 0)) / 45;
    x(i, 1) = (rows[static_cast<std::size_t>(i)].second + 0.1 * noise.normal(i, 1)) / 45;
  }
  return {{name, {}, {}, {}, {}, {}, {-4, 4, -2, 2}}, x};
}
Place double_well() {
  static const targets::DoubleWell well;
  return {{"double_well",
           [](Index n, Noise noise) { return well.sample(n, noise); },
           [](double x1, double x2) {
             return -well(std::array<double, 2>{x1, x2}) - well.log_z();
           },
           well.entropy(),
           {},
           {},
           {-2.75, 2.75, -4, 4}},
          {}};
}
/// The square of a checkerboard's row or column, 0 to 3 in [-4, 4].
int square(double x) { return static_cast<int>(std::floor(x / 2)) + 2; }
constexpr double pi = std::numbers::pi;

}  // namespace

const Place& place(const std::string& name) {
  static std::map<std::string, Place> known;
  const auto at = known.find(name);
  if (at != known.end()) return at->second;
  return known[name] = name == "double_well"          ? double_well()
                       : name.rfind("earth_", 0) == 0 ? earth(name)
                                                      : Place{targets::find(name), {}};
}

Draws draws(const Place& p, Index train, Index test, Noise noise) {
  if (!p.rows) return {p.target.sample(train, noise.fork(1)), p.target.sample(test, noise.fork(2))};
  const auto order = noise.fork(1).permutation(p.rows->rows());
  const Index kept = p.rows->rows() * 4 / 5;
  Draws d{Batch<double>(kept, 2), Batch<double>(p.rows->rows() - kept, 2)};
  for (Index i = 0; i < p.rows->rows(); ++i)
    (i < kept ? d.train.row(i) : d.test.row(i - kept)) = p.rows->row(order[static_cast<std::size_t>(i)]);
  return d;
}

const Zones* zones_of(const std::string& target) {
  using std::abs;
  static const std::vector<Zones> table{
      {"two_uniforms", [](double x, double) { return abs(x) < 1; },
       [](double x, double) { return x <= -1  ? 0
                                     : x >= 1 ? 1
                                              : -1; }, 2},
      {"two_lines", [](double x, double) { return abs(x) < 0.99; },
       [](double x, double) { return x <= -0.99  ? 0
                                     : x >= 0.99 ? 1
                                                 : -1; }, 1.98},
      {"double_well", [](double x, double) { return abs(x) < 0.5; },
       [](double x, double) { return x <= -0.5  ? 0
                                     : x >= 0.5 ? 1
                                                : -1; }, 1},
      {"annulus", [](double x, double y) { return x * x + y * y < 1; }, nullptr},
      {"corners", [](double x, double y) { return std::min(abs(x), abs(y)) < 1 && std::max(abs(x), abs(y)) < 4; },
       [](double x, double y) { return (x < 0) + 2 * (y < 0); }},
      {"checkerboard",
       [](double x, double y) { return std::max(abs(x), abs(y)) < 4 && (square(x) + square(y)) % 2 != 0; },
       [](double x, double y) { return std::max(abs(x), abs(y)) < 4 ? square(x) + 4 * square(y) : -1; }},
      {"eight_gaussians",
       [](double x, double y) {  // more than 4.5 deviations from every centre
         const double r = 4 / 1.414, t = (std::floor(std::atan2(y, x) / (pi / 4)) + 0.5) * (pi / 4);
         return std::hypot(x - r * std::cos(t), y - r * std::sin(t)) > 4.5 * 0.5 / 1.414;
       },
       [](double x, double y) { return static_cast<int>(std::floor((std::atan2(y, x) + pi) * 4 / pi)) % 8; }},
      {"rings", nullptr, [](double x, double y) {
         return std::min(3, std::max(0, static_cast<int>(std::lround(std::hypot(x, y) / 0.75)) - 1));
       }}};
  for (const Zones& z : table) {
    if (z.target == target) return &z;
  }
  return nullptr;
}

}  // namespace study
