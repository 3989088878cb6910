// SPDX-License-Identifier: MIT
// Panels side by side on shared axes: points of data or samples, and densities with a colour bar, as one picture.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/io/png.hpp"
#include "rheo/io/text.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::io {

/// The part of the plane that is shown.
struct Box {
  double x0 = -4, x1 = 4, y0 = -4, y1 = 4;  ///< [x0, x1] x [y0, y1]
};

/// One picture of a row of them.
struct Panel {
  /// Points, or a density on a grid.
  enum class Kind { scatter, heat_map };

  std::string title;          ///< above it
  Kind kind = Kind::scatter;  ///< what it shows
  double top = 0;             ///< heat map: where the colours end, everything above has the last; 0 = at the peak
  Batch<double> values;  ///< scatter: N x 2 points; heat map: nx x ny, values(i, j) at the centre of the box's cell (i,
                         ///< j), j upwards

  /// N x 2 points.
  static Panel scatter(std::string title, const Input<double>& points) {
    return {std::move(title), Kind::scatter, 0, points.view()};
  }
  /// A density on nx x ny cells: see values.
  static Panel heat_map(std::string title, const Input<double>& density, double top = 0) {
    return {std::move(title), Kind::heat_map, top, density.view()};
  }
};

/// The centres of nx x ny equal cells of a box, (nx ny) x 2; cell (i, j) is row i + nx j, so a column of results
/// reshapes to nx x ny.
inline Batch<double> grid_points(const Box& box, Index nx, Index ny) {
  Batch<double> out(nx * ny, 2);
  for (Index j = 0; j < ny; ++j) {
    for (Index i = 0; i < nx; ++i) {
      out(i + nx * j, 0) = box.x0 + (box.x1 - box.x0) * (static_cast<double>(i) + 0.5) / static_cast<double>(nx);
      out(i + nx * j, 1) = box.y0 + (box.y1 - box.y0) * (static_cast<double>(j) + 0.5) / static_cast<double>(ny);
    }
  }
  return out;
}

/// The level below which nine tenths of a density's mass on its grid lie: as `top` of a heat map it keeps one tall peak
/// from darkening the rest.  A density that is flat where it is not 0 keeps its peak.
inline double robust_top(const Input<double>& density) {
  std::vector<double> levels;
  double total = 0;
  for (Index j = 0; j < density.cols(); ++j) {
    for (Index i = 0; i < density.rows(); ++i) {
      const double v = density.view()(i, j);
      if (v > 0 && std::isfinite(v)) levels.push_back(v), total += v;
    }
  }
  std::sort(levels.begin(), levels.end());
  double sum = 0;
  for (const double v : levels) {
    sum += v;
    if (sum >= 0.9 * total) return v;
  }
  return 0;
}

/// Dark violet at t = 0 through green to yellow at 1, luminance rising all the way (after viridis, S. van der Walt and
/// N. Smith 2015).
inline Rgb colour_map(double t) {
  constexpr double points[11][3] = {{68, 1, 84},    {72, 36, 117},  {65, 68, 135},  {53, 95, 141},
                                    {42, 120, 142}, {33, 145, 140}, {34, 168, 132}, {68, 191, 112},
                                    {122, 209, 81}, {189, 223, 38}, {253, 231, 37}};
  const double s = 10 * (t > 0 ? std::min(t, 1.0) : 0.0);  // NaN is 0
  const int k = std::min(static_cast<int>(s), 9);
  const auto mix = [&](int c) {
    return static_cast<std::uint8_t>(std::lround(points[k][c] + (s - k) * (points[k + 1][c] - points[k][c])));
  };
  return {mix(0), mix(1), mix(2)};
}

/// Round numbers in [low, high], a step of 1, 2 or 5 times a power of ten apart, about `count` of them, with their
/// labels.
struct Ticks {
  std::vector<double> places;       ///< rising, between low and high
  std::vector<std::string> labels;  ///< one for each

  /// About `count` of them.
  Ticks(double low, double high, int count) {
    const double raw = (high - low) / count, power = std::pow(10.0, std::floor(std::log10(raw))), lead = raw / power;
    const double step = power * (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10);
    if (!(step > 0) || !std::isfinite(step)) return;
    const double largest = std::max(std::abs(low), std::abs(high));
    const int digits = std::max(0, -static_cast<int>(std::floor(std::log10(step) + 1e-9)));
    const int told =
        std::clamp(1 + static_cast<int>(std::floor(std::log10(largest / step) + 1)), 3, 17);  // digits that differ
    const bool plain = digits <= 4 && (largest < 1e5 || (told > 3 && largest < 1e15));
    const double slack = 1e-9 + 4 * std::numeric_limits<double>::epsilon() * largest / step;  // of the quotient
    for (double k = std::ceil(low / step - slack); k * step <= high + slack * step && places.size() < 50; ++k) {
      places.push_back(k * step);
      labels.push_back(k == 0 ? "0" : plain ? detail::fixed(k * step, digits) : detail::general(k * step, told));
    }
  }
};

namespace detail {

inline constexpr Rgb ink{40, 40, 46}, pale{176, 176, 184}, dots{31, 88, 158};
inline constexpr int panel_side = 420;

/// Every point a soft disc; discs over one another darken, so that dense places show in large samples.
inline void draw_points(Image& image, int left, int top, const Batch<double>& points, const Box& box,
                        int side = panel_side, Rgb colour = dots) {
  std::vector<double> clear(static_cast<std::size_t>(side * side), 1.0);
  const auto n = static_cast<double>(points.rows());
  const double alpha = std::clamp(18 / std::sqrt(n + 1), 0.08, 0.75), radius = n > 20000 ? 1.0 : n > 3000 ? 1.4 : 2.2;
  for (Index i = 0; i < points.rows(); ++i) {
    const double x = (points(i, 0) - box.x0) / (box.x1 - box.x0) * side,
                 y = (box.y1 - points(i, 1)) / (box.y1 - box.y0) * side;
    if (!(x >= 0 && x <= side && y >= 0 && y <= side)) continue;
    const int reach = 4, cx = static_cast<int>(x), cy = static_cast<int>(y);
    for (int py = std::max(0, cy - reach); py <= std::min(side - 1, cy + reach); ++py) {
      for (int px = std::max(0, cx - reach); px <= std::min(side - 1, cx + reach); ++px) {
        const double cover = std::clamp(radius + 0.5 - std::hypot(px + 0.5 - x, py + 0.5 - y), 0.0, 1.0);
        clear[static_cast<std::size_t>(py * side + px)] *= 1 - alpha * cover;
      }
    }
  }
  for (int py = 0; py < side; ++py) {
    for (int px = 0; px < side; ++px)
      image.blend(left + px, top + py, colour, 1 - clear[static_cast<std::size_t>(py * side + px)]);
  }
}

/// The largest finite value of a density, 1 if there is none above 0.
inline double peak(const Batch<double>& density) {
  double most = 0;
  for (Index k = 0; k < density.size(); ++k) {
    const double v = density(k % density.rows(), k / density.rows());
    if (std::isfinite(v)) most = std::max(most, v);
  }
  return most > 0 ? most : 1;
}

/// Where a heat map's colours end, and whether that cuts its peak.
inline bool cut(const Panel& p) { return p.top > 0 && p.top < peak(p.values); }
inline double top_of(const Panel& p) { return cut(p) ? p.top : peak(p.values); }

/// Between the cells' centres bilinearly; what is not finite, or below 0, is drawn as 0.
inline void draw_density(Image& image, int left, int top, const Batch<double>& density, double most) {
  const int side = panel_side;
  if (density.size() == 0) return;
  const auto value = [&](Index i, Index j) {
    const double v = density(std::clamp<Index>(i, 0, density.rows() - 1), std::clamp<Index>(j, 0, density.cols() - 1));
    return std::isfinite(v) && v > 0 ? v / most : 0.0;
  };
  for (int py = 0; py < side; ++py) {
    const double v = (side - py - 0.5) / side * static_cast<double>(density.cols()) - 0.5, fj = std::floor(v),
                 b = v - fj;
    for (int px = 0; px < side; ++px) {
      const double u = (px + 0.5) / side * static_cast<double>(density.rows()) - 0.5, fi = std::floor(u), a = u - fi;
      const auto i = static_cast<Index>(fi), j = static_cast<Index>(fj);
      const double t = (1 - a) * ((1 - b) * value(i, j) + b * value(i, j + 1)) +
                       a * ((1 - b) * value(i + 1, j) + b * value(i + 1, j + 1));
      image.set(left + px, top + py, colour_map(t));
    }
  }
}

inline int widest(const std::vector<std::string>& labels) {
  int w = 0;
  for (const auto& l : labels) w = std::max(w, Image::text_width(l));
  return w;
}

}  // namespace detail

namespace detail {
inline void check_panels(const std::vector<Panel>& panels, const Box& box) {
  const bool real =
      std::isfinite(box.x1 - box.x0) && std::isfinite(box.y1 - box.y0) && box.x1 > box.x0 && box.y1 > box.y0;
  if (panels.empty() || !real) rheo::detail::fail("a plot needs a panel and a box with x0 < x1 and y0 < y1");
  for (const Panel& p : panels) {
    if (p.kind == Panel::Kind::scatter && p.values.cols() != 2)
      rheo::detail::fail("the points of panel '" + p.title + "' have " + std::to_string(p.values.cols()) +
                         " columns, not 2");
  }
}
}  // namespace detail

/// The panels from left to right, each 420 x 420 pixels with its title above, numbers along the bottom of each and the
/// left of the first, and a colour bar from 0 to its top beside every heat map, whose last number is marked with >
/// where the peak is cut.  Points and cells outside the box are not shown.  Throws std::invalid_argument for no panels,
/// a box that is empty or not finite, or points that have not 2 columns.
inline Image draw_panels(const std::vector<Panel>& panels, const Box& box) {
  using namespace detail;
  check_panels(panels, box);
  const Ticks xs(box.x0, box.x1, 5), ys(box.y0, box.y1, 5);
  constexpr int side = panel_side, top = 48, bottom = 48, margin = 20, gap = 32, tick = 6, bar_gap = 12, bar = 16;
  const int first = margin + widest(ys.labels) + tick + 6;
  std::vector<Ticks> scales;
  int width = first + margin;
  for (std::size_t k = 0; k < panels.size(); ++k) {
    const Panel& p = panels[k];
    const bool heat = p.kind == Panel::Kind::heat_map;
    scales.emplace_back(0.0, heat ? top_of(p) : 1.0, 5);
    if (heat && cut(p)) scales.back().labels.back().insert(0, ">");
    width += side + (k ? gap : 0) + (heat ? bar_gap + bar + tick + 7 + widest(scales.back().labels) : 0);
  }
  Image image(width, top + side + bottom);

  int left = first;
  for (std::size_t k = 0; k < panels.size(); ++k) {
    const Panel& p = panels[k];
    const bool heat = p.kind == Panel::Kind::heat_map;
    const double most = heat ? top_of(p) : 1;
    if (heat) {
      draw_density(image, left, top, p.values, most);
    } else {
      draw_points(image, left, top, p.values, box);
    }
    image.frame(left - 1, top - 1, side + 2, side + 2, ink);

    const std::string title = p.title.size() > 35 ? p.title.substr(0, 33) + ".." : p.title;
    image.text(left + (side - Image::text_width(title)) / 2, top - 30, title, ink);

    int free_from = left - 16;  // numbers stay within 15 pixels of their panel and 10 of one another
    for (std::size_t i = 0; i < xs.places.size(); ++i) {
      const int x =
          left + std::min(side - 1, static_cast<int>(std::lround((xs.places[i] - box.x0) / (box.x1 - box.x0) * side)));
      const int w = Image::text_width(xs.labels[i]), at = std::clamp(x - w / 2 + 1, left - 15, left + side + 15 - w);
      image.rect(x, top + side + 1, 1, tick, ink);
      if (at < free_from) continue;
      image.text(at, top + side + tick + 8, xs.labels[i], ink);
      free_from = at + w + 10;
    }
    for (std::size_t i = 0; i < ys.places.size(); ++i) {
      const int y =
          top + std::min(side - 1, static_cast<int>(std::lround((box.y1 - ys.places[i]) / (box.y1 - box.y0) * side)));
      image.rect(left - 1 - tick, y, tick, 1, k == 0 ? ink : pale);
      if (k == 0) image.text(left - tick - 6 - Image::text_width(ys.labels[i]), y - 6, ys.labels[i], ink);
    }
    left += side;
    if (heat) {
      left += bar_gap;
      for (int j = 0; j < side; ++j) image.rect(left, top + j, bar, 1, colour_map((side - j - 0.5) / side));
      image.frame(left - 1, top - 1, bar + 2, side + 2, ink);
      for (std::size_t i = 0; i < scales[k].places.size(); ++i) {
        const int y =
            top + std::clamp(static_cast<int>(std::lround((1 - scales[k].places[i] / most) * side)), 0, side - 1);
        image.rect(left + bar + 1, y, tick, 1, ink);
        image.text(left + bar + tick + 7, y - 6, scales[k].labels[i], ink);
      }
      left += bar + tick + 7 + widest(scales[k].labels);
    }
    left += gap;
  }
  return image;
}

/// Rows of panels one below the other, as draw_panels makes each; throws what it throws, and for no rows.
inline Image draw_rows(const std::vector<std::vector<Panel>>& rows, const Box& box) {
  if (rows.empty()) rheo::detail::fail("a plot needs a row of panels");
  std::vector<Image> images;
  int width = 0, height = 0;
  for (const auto& row : rows)
    images.push_back(draw_panels(row, box)), width = std::max(width, images.back().width),
                                             height += images.back().height;
  Image all(width, height);
  int top = 0;
  for (const Image& image : images) {
    for (int y = 0; y < image.height; ++y) {
      for (int x = 0; x < image.width; ++x) all.set(x, top + y, image.at(x, y));
    }
    top += image.height;
  }
  return all;
}

/// draw_panels into a PNG file, whole or not at all (see write_file).
inline void plot_panels(const std::string& path, const std::vector<Panel>& panels, const Box& box) {
  write_png(path, draw_panels(panels, box));
}

}  // namespace rheo::io

#include "rheo/platform/macros_on.hpp"
