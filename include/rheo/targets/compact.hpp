// SPDX-License-Identifier: MIT
// Targets with compact support and sharp borders: what smears a bijection of a normal.
//   checkerboard, corners: Nielsen et al. 2020, arXiv:2007.02731, code;  two_uniforms, annulus, two_lines: Cornish et al. 2020, arXiv:1909.13833, code.
#pragma once

#include "rheo/targets/target.hpp"

namespace rheo::targets {

/// Uniform on the 8 black squares of side 2 in [-4, 4]^2.  H = log 32.
inline Target checkerboard() {
  auto distance = [](double x, double y) {
    double best = std::numeric_limits<double>::infinity();
    for (int a = -2; a < 2; ++a) {
      for (int b = -2; b < 2; ++b) {
        if (((a + b) % 2 + 2) % 2 == 0) best = std::min(best, detail::to_box(x, y, 2 * a, 2 * a + 2, 2 * b, 2 * b + 2));
      }
    }
    return best;
  };
  return {"checkerboard", {-4.5, 4.5, -4.5, 4.5},
          [](const Noise& e, Index i) {
            const double x = 4 * e.uniform(i, 0) - 2;
            const double row = e.uniform(i, 2) < 0.5 ? 0 : -2;
            return Point{2 * x, 2 * (e.uniform(i, 1) + row + (static_cast<int>(std::floor(x)) & 1))};
          },
          [distance](double x, double y) { return distance(x, y) > 0 ? detail::minus_infinity : -std::log(32.0); }, std::log(32.0), distance};
}

/// Four L-shaped corners: |x| in [1, 2] and |y| in [1, 4], or the other way round; twice as dense where both hold.  H = log(12)/3 + 2 log(24)/3.
inline Target corners() {
  auto distance = [](double x, double y) {
    const double a = std::abs(x), b = std::abs(y);
    return std::min(detail::to_box(a, b, 1, 2, 1, 4), detail::to_box(a, b, 1, 4, 1, 2));
  };
  return {"corners", {-4.5, 4.5, -4.5, 4.5},
          [](const Noise& e, Index i) {
            double x = 1 + e.uniform(i, 0), y = 1 + 3 * e.uniform(i, 1);
            if (e.uniform(i, 2) < 0.5) std::swap(x, y);
            return Point{e.uniform(i, 3) < 0.5 ? x : -x, e.uniform(i, 4) < 0.5 ? y : -y};
          },
          [distance](double x, double y) {
            if (distance(x, y) > 0) return detail::minus_infinity;
            return std::abs(x) <= 2 && std::abs(y) <= 2 ? -std::log(12.0) : -std::log(24.0);
          },
          std::log(12.0) / 3 + 2 * std::log(24.0) / 3, distance};
}

namespace detail {
/// Equal mixture of uniforms on boxes of one area.
inline Target boxes(std::string name, Box view, std::vector<Box> parts, double area) {
  auto distance = [parts](double x, double y) {
    double best = std::numeric_limits<double>::infinity();
    for (const auto& b : parts) best = std::min(best, to_box(x, y, b.x0, b.x1, b.y0, b.y1));
    return best;
  };
  return {std::move(name), view,
          [parts](const Noise& e, Index i) {
            const auto& b = parts[static_cast<std::size_t>(e.index(i, 2, static_cast<Index>(parts.size())))];
            return Point{b.x0 + (b.x1 - b.x0) * e.uniform(i, 0), b.y0 + (b.y1 - b.y0) * e.uniform(i, 1)};
          },
          [distance, area](double x, double y) { return distance(x, y) > 0 ? minus_infinity : -std::log(area); }, std::log(area), distance};
}
}  // namespace detail

/// Two unit-by-two boxes, a gap of 2 between.  H = log 4.
inline Target two_uniforms() { return detail::boxes("two_uniforms", {-2.5, 2.5, -1.5, 1.5}, {{-2, -1, -1, 1}, {1, 2, -1, 1}}, 4); }
/// Two strips of width 0.01.  H = log 0.04.
inline Target two_lines() { return detail::boxes("two_lines", {-1.5, 1.5, -1.5, 1.5}, {{-1.005, -0.995, -1, 1}, {0.995, 1.005, -1, 1}}, 0.04); }
/// The square [-1/2, 1/2]^2.  H = 0.
inline Target one_uniform() { return detail::boxes("one_uniform", {-1, 1, -1, 1}, {{-0.5, 0.5, -0.5, 0.5}}, 1); }

/// Uniform between the circles of radius 1 and 2.  H = log(3 pi).
inline Target annulus() {
  auto distance = [](double x, double y) {
    const double r = std::hypot(x, y);
    return std::max({1 - r, 0.0, r - 2});
  };
  return {"annulus", {-2.5, 2.5, -2.5, 2.5},
          [](const Noise& e, Index i) {
            const double r = std::sqrt(1 + 3 * e.uniform(i, 0)), t = 2 * detail::pi * e.uniform(i, 1);
            return Point{r * std::cos(t), r * std::sin(t)};
          },
          [distance](double x, double y) { return distance(x, y) > 0 ? detail::minus_infinity : -std::log(3 * detail::pi); }, std::log(3 * detail::pi), distance};
}

}  // namespace rheo::targets
