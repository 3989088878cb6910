// SPDX-License-Identifier: MIT
// What curves are drawn with: soft strokes and discs, text that runs upwards, and two colours told apart by hue and in
// grey.
#pragma once

#include <algorithm>
#include <cmath>
#include <string_view>
#include <vector>

#include "rheo/io/png.hpp"
#include "rheo/platform/macros_off.hpp"

namespace rheo::io::detail {

/// Blue and vermilion, after Okabe and Ito 2008: colour-blind people tell them apart, and printed in grey the blue is
/// much the darker.
inline constexpr Rgb first_colour{0, 60, 120}, second_colour{213, 94, 0};
inline constexpr Rgb white{255, 255, 255}, grid{228, 228, 233};

/// How much of each pixel of a width x height window at (left, top) is covered; coordinates are pixels from its corner.
/// Strokes of one curve that cross do not darken each other.
class Strokes {
 public:
  Strokes(int left, int top, int width, int height)
      : left_(left), top_(top), width_(width), height_(height), cover_(static_cast<std::size_t>(width * height)) {}

  void line(double x0, double y0, double x1, double y1, double thick) {
    const double dx = x1 - x0, dy = y1 - y0, square = dx * dx + dy * dy;
    around(std::min(x0, x1), std::min(y0, y1), std::max(x0, x1), std::max(y0, y1), thick / 2, [&](double x, double y) {
      const double t = square > 0 ? std::clamp(((x - x0) * dx + (y - y0) * dy) / square, 0.0, 1.0) : 0;
      return distance(x - x0 - t * dx, y - y0 - t * dy);
    });
  }
  void disc(double x0, double y0, double radius) {
    around(x0, y0, x0, y0, radius, [&](double x, double y) { return distance(x - x0, y - y0); });
  }
  void put(Image& image, Rgb colour) const {
    for (int y = 0; y < height_; ++y) {
      for (int x = 0; x < width_; ++x) {
        const double cover = cover_[static_cast<std::size_t>(y * width_ + x)];
        if (cover > 0) image.blend(left_ + x, top_ + y, colour, cover);
      }
    }
  }

 private:
  static double distance(double x, double y) { return std::sqrt(x * x + y * y); }
  template <class F> void around(double x0, double y0, double x1, double y1, double radius, const F& apart) {
    const auto pixel = [&](double v, int end) {
      return static_cast<int>(std::clamp(std::floor(v), -1.0, static_cast<double>(end)));
    };
    for (int y = std::max(0, pixel(y0 - radius - 1, height_));
         y <= std::min(height_ - 1, pixel(y1 + radius + 1, height_)); ++y) {
      for (int x = std::max(0, pixel(x0 - radius - 1, width_));
           x <= std::min(width_ - 1, pixel(x1 + radius + 1, width_)); ++x) {
        double& cover = cover_[static_cast<std::size_t>(y * width_ + x)];
        cover = std::max(cover, std::clamp(radius + 0.5 - apart(x + 0.5, y + 0.5), 0.0, 1.0));
      }
    }
  }

  int left_, top_, width_, height_;
  std::vector<double> cover_;
};

/// Text that is read from below, its left edge at x, its middle at y.
inline void text_upwards(Image& image, int x, int y, std::string_view s, Rgb colour) {
  constexpr int high = 18;
  Image flat(std::max(1, Image::text_width(s)), high, white);
  flat.text(0, 0, s, colour);
  for (int i = 0; i < flat.width; ++i) {
    for (int j = 0; j < high; ++j) {
      if (flat.at(i, j) != white) image.set(x + j, y + flat.width / 2 - i, flat.at(i, j));
    }
  }
}

}  // namespace rheo::io::detail

#include "rheo/platform/macros_on.hpp"
