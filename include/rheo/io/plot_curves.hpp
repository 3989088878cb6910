// SPDX-License-Identifier: MIT
// plot_curves: curves and points with error bars over common axes, as one picture.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "rheo/io/drawing.hpp"
#include "rheo/io/plot.hpp"
#include "rheo/platform/macros_off.hpp"

namespace rheo::io {

/// A line through points in their order, or points alone, each with an error bar if there is an error.
struct Curve {
  /// Joined, or each by itself.
  enum class Kind { line, points };

  std::string name;
  Kind kind = Kind::line;
  Batch<double> at;  ///< N x 2, or N x 3 with half the height of each error bar behind; a row that is not finite parts
                     ///< the line

  /// Points that are joined.
  static Curve line(std::string name, const Input<double>& at) { return {std::move(name), Kind::line, at.view()}; }
  /// Points by themselves, with error bars where there is a third column.
  static Curve points(std::string name, const Input<double>& at) { return {std::move(name), Kind::points, at.view()}; }
};

/// How curves are shown.
struct CurveOptions {
  std::string x = "x", y = "y";  ///< what the axes show
  std::optional<Box> box{};      ///< without one all finite points are shown
};

namespace detail {

/// Blue, vermilion, grey, green, violet, told apart by their lightness too; then again from the first.
inline Rgb curve_colour(std::size_t k) {
  constexpr Rgb colours[] = {first_colour, second_colour, {150, 150, 158}, {0, 135, 100}, {150, 80, 170}};
  return colours[k % std::size(colours)];
}
inline Box box_around(const std::vector<Curve>& curves) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  Box b{inf, -inf, inf, -inf};
  for (const Curve& c : curves) {
    for (Index i = 0; i < c.at.rows(); ++i) {
      const double x = c.at(i, 0), y = c.at(i, 1), e = c.at.cols() > 2 && std::isfinite(c.at(i, 2)) ? c.at(i, 2) : 0;
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      b.x0 = std::min(b.x0, x), b.x1 = std::max(b.x1, x), b.y0 = std::min(b.y0, y - e), b.y1 = std::max(b.y1, y + e);
    }
  }
  const auto widened = [](double& low, double& high) {
    const double more = high > low ? 0.04 * (high - low) : std::max(0.5, 0.05 * std::fabs(low));
    low -= more, high += more;
  };
  widened(b.x0, b.x1);
  widened(b.y0, b.y1);
  return b;
}

}  // namespace detail

/// 720 x 520 pixels: the curves in the colours of their names above them, later ones over earlier ones, numbers and
/// names at the axes.  What lies outside the box is not shown.  Throws std::invalid_argument for no curve, a curve that
/// has not 2 or 3 columns, or a box that is empty or not finite.
inline Image draw_curves(const std::vector<Curve>& curves, const CurveOptions& o = {}) {
  using namespace detail;
  for (const Curve& c : curves) {
    if (c.at.cols() != 2 && c.at.cols() != 3)
      rheo::detail::fail("the curve '" + c.name + "' has " + std::to_string(c.at.cols()) + " columns, not 2 or 3");
  }
  const Box box = o.box ? *o.box : box_around(curves);
  const bool real = std::isfinite(box.x1 - box.x0) && std::isfinite(box.y1 - box.y0);
  if (curves.empty() || !real || !(box.x1 > box.x0) || !(box.y1 > box.y0))
    rheo::detail::fail("a plot needs a curve with finite points, or a box with x0 < x1 and y0 < y1");
  constexpr int width = 720, height = 520, right = 28, bottom = 66, tick = 6, row = 24;
  const Ticks xs(box.x0, box.x1, 6), ys(box.y0, box.y1, 6);
  const int left = 46 + tick + std::max(24, widest(ys.labels)), inner = width - left - right;

  int at = left, legend = 14;  // names from left to right, and on below
  std::vector<std::pair<int, int>> places;
  for (const Curve& c : curves) {
    const int w = 34 + Image::text_width(c.name);
    if (at > left && at + w > width - right) at = left, legend += row;
    places.emplace_back(at, legend);
    at += w + 28;
  }
  const int top = legend + row + 8, high = height - top - bottom;
  Image image(width, height);
  for (std::size_t i = 0; i < ys.places.size(); ++i) {
    const int y = top + static_cast<int>((box.y1 - ys.places[i]) / (box.y1 - box.y0) * (high - 1));
    image.rect(left, y, inner, 1, grid);
    image.rect(left - 1 - tick, y, tick, 1, ink);
    image.text(left - tick - 6 - Image::text_width(ys.labels[i]), y - 6, ys.labels[i], ink);
  }
  for (std::size_t i = 0; i < xs.places.size(); ++i) {
    const int x = left + static_cast<int>((xs.places[i] - box.x0) / (box.x1 - box.x0) * (inner - 1));
    const int w = Image::text_width(xs.labels[i]);
    image.rect(x, top, 1, high, grid);
    image.rect(x, top + high + 1, 1, tick, ink);
    image.text(std::min(x - w / 2 + 1, width - w - 4), top + high + tick + 8, xs.labels[i], ink);
  }
  image.text(left + (inner - Image::text_width(o.x)) / 2, top + high + tick + 32, o.x, ink);
  text_upwards(image, 10, top + high / 2, o.y, ink);

  for (std::size_t k = 0; k < curves.size(); ++k) {
    const Curve& c = curves[k];
    Strokes strokes(left, top, inner, high), swatch(places[k].first, places[k].second, 26, 16);
    if (c.kind == Curve::Kind::line) swatch.line(2, 7, 24, 7, 2.6);
    else swatch.disc(13, 7, 4);
    bool open = false;
    double x0 = 0, y0 = 0;
    for (Index i = 0; i < c.at.rows(); ++i) {
      // far outside is as good as just outside, and pixels stay numbers
      const auto held = [](double v) { return std::clamp(v, -4000.0, 4000.0); };
      const double x = held((c.at(i, 0) - box.x0) / (box.x1 - box.x0) * (inner - 1) + 0.5),
                   y = held((box.y1 - c.at(i, 1)) / (box.y1 - box.y0) * (high - 1) + 0.5);
      const bool finite = std::isfinite(c.at(i, 0)) && std::isfinite(c.at(i, 1));
      if (finite && c.kind == Curve::Kind::points) strokes.disc(x, y, 4);
      if (finite && c.kind == Curve::Kind::line && open) strokes.line(x0, y0, x, y, 2.6);
      if (finite && c.at.cols() == 3 && std::isfinite(c.at(i, 2))) {
        const double e = held(c.at(i, 2) / (box.y1 - box.y0) * (high - 1));
        strokes.line(x, y - e, x, y + e, 1.6);
      }
      open = finite, x0 = x, y0 = y;
    }
    strokes.put(image, curve_colour(k));
    swatch.put(image, curve_colour(k));
    image.text(places[k].first + 34, places[k].second, c.name, ink);
  }
  image.frame(left - 1, top - 1, inner + 2, high + 2, ink);
  return image;
}

/// draw_curves into a PNG file, whole or not at all (see write_file); the same numbers give the same bytes.
inline void plot_curves(const std::string& path, const std::vector<Curve>& curves, const CurveOptions& o = {}) {
  write_png(path, draw_curves(curves, o));
}

}  // namespace rheo::io

#include "rheo/platform/macros_on.hpp"
