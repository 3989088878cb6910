// SPDX-License-Identifier: MIT
// Panels side by side on shared axes: points, and densities in a colour map of steadily rising lightness.
#pragma once

#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/io/png.hpp"

namespace rheo::io {

struct Axes {
  double x0, x1, y0, y1;
};

/// `points` (n x 2) or `density` (columns along x, rows along y upwards, on cell centres of the axes); the other one is left empty.
struct Panel {
  std::string title;
  Batch<double> points{}, density{};
};

/// Dark blue over teal to yellow for t in [0, 1].
inline Rgb colour(double t) {
  static constexpr double stops[6][3] = {{68, 1, 84}, {65, 68, 135}, {42, 120, 142}, {34, 168, 132}, {122, 209, 81}, {253, 231, 37}};
  t = 5 * (t < 0 || t != t ? 0 : t > 1 ? 1 : t);
  const int k = t >= 5 ? 4 : static_cast<int>(t);
  std::uint8_t c[3];
  for (int i = 0; i < 3; ++i) c[i] = static_cast<std::uint8_t>(stops[k][i] + (t - k) * (stops[k + 1][i] - stops[k][i]) + 0.5);
  return {c[0], c[1], c[2]};
}

namespace detail {
/// The round step (1, 2 or 5 times a power of ten) that gives some four ticks.
inline double round_step(double span) {
  const double rough = span / 4, power = std::pow(10.0, std::floor(std::log10(rough)));
  for (double m : {1.0, 2.0, 5.0}) {
    if (m * power >= rough * 0.7) return m * power;
  }
  return 10 * power;
}
inline std::string label(double x, double step) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*f", std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9))), std::abs(x) < step * 1e-9 ? 0.0 : x);
  return text;
}
inline std::string short_number(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2g", x);
  return text;
}
}  // namespace detail

/// Draws the panels in one row, `side` pixels each, with axes, numbers, titles, and a colour bar behind each density.
inline Image draw_panels(const std::vector<Panel>& panels, Axes a, int side = 420) {
  const int left = 58, top = 40, bottom = 36, gap = 92;
  const Rgb ink{40, 40, 40}, blue{31, 90, 160};
  Image image(left + static_cast<int>(panels.size()) * (side + gap), top + side + bottom);
  auto px = [&](double x) { return static_cast<int>(std::floor((x - a.x0) / (a.x1 - a.x0) * side)); };
  auto py = [&](double y) { return side - 1 - static_cast<int>(std::floor((y - a.y0) / (a.y1 - a.y0) * side)); };
  int x = left;
  for (const auto& p : panels) {
    if (p.density.size() > 0) {
      const double peak = p.density.maxCoeff();
      for (int j = 0; j < side; ++j) {
        for (int i = 0; i < side; ++i) {
          const double d = p.density((side - 1 - j) * p.density.rows() / side, i * p.density.cols() / side);
          image.dot(x + i, top + j, colour(peak > 0 ? d / peak : 0));
        }
      }
      for (int j = 0; j < side; ++j) image.fill(x + side + 8, top + j, 10, 1, colour(1 - static_cast<double>(j) / side));
      image.frame(x + side + 8, top, 10, side, ink);
      image.text(x + side + 22, top, detail::short_number(peak), ink);
      image.text(x + side + 22, top + side / 2 - 3, detail::short_number(peak / 2), ink);
      image.text(x + side + 22, top + side - 8, "0", ink);
    }
    for (Index i = 0; i < p.points.rows(); ++i) {
      const double u = p.points(i, 0), v = p.points(i, 1);
      if (!(u >= a.x0 && u < a.x1 && v >= a.y0 && v < a.y1)) continue;
      for (int di = 0; di < 2; ++di) {
        for (int dj = 0; dj < 2; ++dj) {
          const int i2 = px(u) + di, j2 = py(v) + dj;
          if (i2 < side && j2 < side) image.dot(x + i2, top + j2, blue, 0.35);
        }
      }
    }
    image.frame(x, top, side, side, ink);
    image.text(x + (side - Image::text_width(p.title, 2)) / 2, top - 26, p.title, ink, 2);
    const double sx = detail::round_step(a.x1 - a.x0), sy = detail::round_step(a.y1 - a.y0);
    for (double t = std::ceil(a.x0 / sx) * sx; t < a.x1; t += sx) {
      const std::string l = detail::label(t, sx);
      image.fill(x + px(t), top + side, 1, 5, ink);
      image.text(x + px(t) - Image::text_width(l) / 2, top + side + 9, l, ink);
    }
    for (double t = std::ceil(a.y0 / sy) * sy; t < a.y1; t += sy) {
      const std::string l = detail::label(t, sy);
      image.fill(x - 5, top + py(t), 5, 1, ink);
      image.text(x - 8 - Image::text_width(l), top + py(t) - 3, l, ink);
    }
    x += side + gap;
  }
  return image;
}

}  // namespace rheo::io
