// SPDX-License-Identifier: MIT
#include "places.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>
#include <memory>
#include <numbers>

#include "rheo/core/fail.hpp"
#include "rheo/io/csv.hpp"
#include "rheo/targets/wells.hpp"

namespace study {
namespace {

Place of_rows(const std::string& name, const std::function<Batch<double>(const std::string& path)>& read) {
  Place p;
  p.name = name;
  const std::string path = std::string(RHEO_STUDY_DATA) + "/" + name + ".csv";
  if (!std::filesystem::exists(path))
    return p.absent = path + " is missing; examples/data/README.md says where it comes from", p;
  p.rows = read(path);
  p.dim = p.rows->cols();
  return p;
}
/// Longitude and latitude in units of 45 degrees, no row twice; a tenth of a degree of noise stands for what the
/// sources rounded.
Batch<double> earth(const std::string& path) {
  const auto table = io::read_csv(path);
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
  return x;
}
Place of_plane(const targets::Target& t) {
  Place p;
  p.name = t.name;
  p.sample = t.sample;
  if (t.log_prob) p.log_prob = [f = t.log_prob](const double* x) { return f(x[0], x[1]); };
  p.plane = t;
  return p;
}
targets::Target double_well() {
  static const targets::DoubleWell well;
  return {"double_well",
          [](Index n, Noise noise) { return well.sample(n, noise); },
          [](double x1, double x2) {
            return -well(std::array<double, 2>{x1, x2}) - well.log_z();
          },
          well.entropy(),
          {},
          {},
          {-2.75, 2.75, -4, 4}};
}
/// Four double wells beside four normals: 16 modes, the rarest of mass 0.0006.
Place wells() {
  static const targets::ManyWell<8> energy;
  Place p;
  p.name = "wells";
  p.dim = 8;
  p.sample = [](Index n, Noise noise) { return energy.sample(n, noise); };
  p.log_prob = [](const double* x) { return -energy(x) - energy.log_z(); };
  p.modes = 16;
  p.mode = [](const double* x) {
    Index which = 0;
    for (Index k = 0; k < 4; ++k) which += x[2 * k] > 0 ? Index(1) << k : 0;
    return which;
  };
  return p;
}
/// Two counts, Poisson given which of three sources they come from, up to 31 each.
class Counts {
 public:
  static constexpr Index top = 32;
  Counts() : p_(top, top), cumulated_(static_cast<std::size_t>(top * top)) {
    constexpr double source[3][3] = {{0.5, 0.7, 6}, {0.3, 9, 1}, {0.2, 5, 14}};  // share, means
    for (Index j = 0; j < top; ++j) {
      for (Index i = 0; i < top; ++i) {
        p_(i, j) = 0;
        for (const auto& [share, a, b] : source) p_(i, j) += share * poisson(i, a) * poisson(j, b);
      }
    }
    p_ /= p_.sum();
    double sum = 0;
    for (std::size_t k = 0; k < cumulated_.size(); ++k) cumulated_[k] = sum += p_.data()[k];
  }
  double log_prob(double i, double j) const {
    const bool there = i >= 0 && j >= 0 && i < top && j < top && i == std::floor(i) && j == std::floor(j);
    return there ? std::log(p_(static_cast<Index>(i), static_cast<Index>(j)))
                 : -std::numeric_limits<double>::infinity();
  }
  Batch<double> sample(Index n, Noise noise) const {
    Batch<double> x(n, 2);
    for (Index i = 0; i < n; ++i) {
      const auto at = std::lower_bound(cumulated_.begin(), cumulated_.end(), noise.uniform(i, 0) * cumulated_.back());
      const auto k = static_cast<Index>(at - cumulated_.begin());
      x(i, 0) = static_cast<double>(k % top), x(i, 1) = static_cast<double>(k / top);
    }
    return x;
  }

 private:
  static double poisson(Index k, double mean) {
    return std::exp(static_cast<double>(k) * std::log(mean) - mean - std::lgamma(static_cast<double>(k) + 1));
  }
  Batch<double> p_;  // columns are the second count
  std::vector<double> cumulated_;
};
Place counts() {
  static const Counts law;
  Place p;
  p.name = "counts";
  p.whole_numbers = true;
  p.sample = [](Index n, Noise noise) { return law.sample(n, noise); };
  p.log_prob = [](const double* x) { return law.log_prob(x[0], x[1]); };
  return p;
}
/// The square of a checkerboard's row or column, 0 to 3 in [-4, 4].
int square(double x) { return static_cast<int>(std::floor(x / 2)) + 2; }
constexpr double pi = std::numbers::pi;

/// Modes and what lies between them, of densities of the plane that have any.
struct Zones {
  std::string target;
  bool (*bridge)(double, double);
  int (*mode)(double, double);
  Index modes;
  double apart = 0;
};
void mark_zones(Place& p) {
  static const std::vector<Zones> table{
      {"two_uniforms", [](double x, double) { return abs(x) < 1; },
       [](double x, double) { return x <= -1  ? 0
                                     : x >= 1 ? 1
                                              : -1; }, 2, 2},
      {"two_lines", [](double x, double) { return abs(x) < 0.99; },
       [](double x, double) { return x <= -0.99  ? 0
                                     : x >= 0.99 ? 1
                                                 : -1; }, 2, 1.98},
      {"double_well", [](double x, double) { return abs(x) < 0.5; },
       [](double x, double) { return x <= -0.5  ? 0
                                     : x >= 0.5 ? 1
                                                : -1; }, 2, 1},
      {"annulus", [](double x, double y) { return x * x + y * y < 1; }, nullptr, 0},
      {"corners", [](double x, double y) { return std::min(abs(x), abs(y)) < 1 && std::max(abs(x), abs(y)) < 4; },
       [](double x, double y) { return (x < 0) + 2 * (y < 0); }, 4},
      {"checkerboard",
       [](double x, double y) { return std::max(abs(x), abs(y)) < 4 && (square(x) + square(y)) % 2 != 0; },
       [](double x, double y) {
         return std::max(abs(x), abs(y)) < 4 && (square(x) + square(y)) % 2 == 0 ? square(x) / 2 + 2 * square(y) : -1;
       },
       8},
      {"eight_gaussians",
       [](double x, double y) {  // more than 4.5 deviations from every centre
         const double r = 4 / 1.414, t = (std::floor(std::atan2(y, x) / (pi / 4)) + 0.5) * (pi / 4);
         return std::hypot(x - r * std::cos(t), y - r * std::sin(t)) > 4.5 * 0.5 / 1.414;
       },
       [](double x, double y) { return static_cast<int>(std::floor((std::atan2(y, x) + pi) * 4 / pi)) % 8; }, 8},
      {"rings", nullptr,
       [](double x, double y) {
         return std::min(3, std::max(0, static_cast<int>(std::lround(std::hypot(x, y) / 0.75)) - 1));
       },
       4}};
  for (const Zones& z : table) {
    if (z.target != p.name) continue;
    p.bridge = z.bridge ? std::function<bool(double, double)>(z.bridge) : nullptr;
    if (z.mode) p.mode = [of = z.mode](const double* x) { return Index(of(x[0], x[1])); };
    p.modes = z.modes;
    p.modes_apart = z.apart;
  }
}

}  // namespace

const Place& place(const std::string& name) {
  static std::map<std::string, Place> known;
  const auto at = known.find(name);
  if (at != known.end()) return at->second;
  Place p = name == "double_well"          ? of_plane(double_well())
            : name == "wells"              ? wells()
            : name == "counts"             ? counts()
            : name == "magic_gamma"        ? of_rows(name, [](const auto& path) { return io::read_csv(path).values; })
            : name.rfind("earth_", 0) == 0 ? of_rows(name, earth)
                                           : of_plane(targets::find(name));
  if (name.rfind("earth_", 0) == 0) p.plane = targets::Target{name, {}, {}, {}, {}, {}, {-4, 4, -2, 2}};
  mark_zones(p);
  return known[name] = std::move(p);
}

Draws draws(const Place& p, Index train, Index test, Noise noise) {
  if (!p.absent.empty()) rheo::detail::fail(p.name + ": " + p.absent);
  if (!p.rows) return {p.sample(train, noise.fork(1)), p.sample(test, noise.fork(2))};
  const auto order = noise.fork(1).permutation(p.rows->rows());
  const Index kept = p.rows->rows() * 4 / 5;
  Draws d{Batch<double>(kept, p.dim), Batch<double>(p.rows->rows() - kept, p.dim)};
  for (Index i = 0; i < p.rows->rows(); ++i)
    (i < kept ? d.train.row(i) : d.test.row(i - kept)) = p.rows->row(order[static_cast<std::size_t>(i)]);
  return d;
}

}  // namespace study
