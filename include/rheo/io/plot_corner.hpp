// SPDX-License-Identifier: MIT
// plot_corner: samples of up to ten dimensions, alone or against others, by the histograms of their coordinates and
// pairs of them.
#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "rheo/core/finite.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/io/drawing.hpp"
#include "rheo/io/plot.hpp"
#include "rheo/platform/macros_off.hpp"

namespace rheo::io {

/// What plot_corner may be told.
struct CornerOptions {
  std::vector<std::string> names{};              ///< of the columns; empty: x1, x2, ...
  std::string first = "data", second = "model";  ///< what the two sets are
  Noise noise{};                                 ///< by which a model is drawn from
};

namespace detail {

/// The part of an axis that shows the sets: the middle 95 % of each, and 0.35 times that on either side as far as there
/// are values.
inline std::pair<double, double> corner_range(const std::vector<CView<double>>& sets, Index column) {
  double low = HUGE_VAL, high = -HUGE_VAL, least = HUGE_VAL, most = -HUGE_VAL;
  for (const auto& set : sets) {
    const double* from = set.data() + column * set.outerStride();
    std::vector<double> v(from, from + set.rows());
    std::sort(v.begin(), v.end());
    const std::size_t tail = v.size() / 40, last = v.size() - 1;
    const double more = 0.35 * (v[last - tail] - v[tail]);
    low = std::min(low, std::max(v.front(), v[tail] - more));
    high = std::max(high, std::min(v.back(), v[last - tail] + more));
    least = std::min(least, v.front()), most = std::max(most, v.back());
  }
  if (!(high > low)) low = least, high = most;
  const double pad = high > low ? 0.02 * (high - low) : std::max(0.5, 0.05 * std::abs(low));
  return {low - pad, high + pad};
}

/// Where a corner plot has its panels, in pixels; the panel of row r and column c is at (left + c pitch, top + r
/// pitch).
struct CornerGrid {
  static constexpr int gap = 16;
  int side = 0, left = 0, top = 0, bins = 0;
  std::vector<std::pair<double, double>> ranges;
  std::vector<Ticks> ticks;

  explicit CornerGrid(const std::vector<CView<double>>& sets) {
    const Index d = sets[0].cols();
    side = d == 1 ? 360 : d == 2 ? 280 : d <= 4 ? 200 : d <= 6 ? 160 : 120;
    Index fewest = sets[0].rows();
    for (const auto& s : sets) fewest = std::min(fewest, s.rows());
    bins = fewest < 200 ? 10 : fewest < 10000 ? 20 : 40;
    int wide = 0;
    for (Index j = 0; j < d; ++j) {
      ranges.push_back(corner_range(sets, j));
      const double span = ranges.back().second - ranges.back().first;
      if (!std::isfinite(span))
        rheo::detail::fail("corner plot: column " + std::to_string(j) + " spans more than a double holds");
      ticks.emplace_back(ranges.back().first, ranges.back().second, side >= 280 ? 5 : 3);
      if (j > 0) wide = std::max(wide, widest(ticks.back().labels));
    }
    left = d == 1 ? 24 : 48 + wide;
  }
  int pitch() const { return side + gap; }
  int x(Index column) const { return left + static_cast<int>(column) * pitch(); }
  int y(Index row) const { return top + static_cast<int>(row) * pitch(); }
  /// In [0, 1] where it is shown.
  double part(Index column, double v) const {
    const auto& [low, high] = ranges[static_cast<std::size_t>(column)];
    return (v - low) / (high - low);
  }
  /// The bin of a value, -1 outside.
  Index bin(Index column, double v) const {
    const double t = part(column, v);
    return t >= 0 && t <= 1 ? std::min<Index>(bins - 1, static_cast<Index>(t * bins)) : -1;
  }
};

/// How many rows fall into each bin of a coordinate, bins x 1, or of a pair of them, bins x bins.
inline Batch<double> counts(const CornerGrid& g, const CView<double>& x, Index a, Index b = -1) {
  Batch<double> n = Batch<double>::Zero(g.bins, b < 0 ? 1 : g.bins);
  for (Index i = 0; i < x.rows(); ++i) {
    const Index k = g.bin(a, x(i, a)), l = b < 0 ? 0 : g.bin(b, x(i, b));
    if (k >= 0 && l >= 0) n(k, l) += 1;
  }
  return n;
}

/// Each count shared with its neighbours, twice by 1 2 1 along both axes.
inline Batch<double> smoothed(Batch<double> n) {
  const Index last = n.rows() - 1;
  for (int pass = 0; pass < 4; ++pass) {
    const Batch<double> old = n;
    for (Index i = 0; i <= last; ++i) {
      const Index down = std::max<Index>(i - 1, 0), up = std::min(i + 1, last);
      if (pass % 2 == 0) n.row(i) = (old.row(down) + 2 * old.row(i) + old.row(up)) / 4;
      else n.col(i) = (old.col(down) + 2 * old.col(i) + old.col(up)) / 4;
    }
  }
  return n;
}

/// The count at which the bins above hold `share` of all.
inline double level_of(const Batch<double>& n, double share) {
  std::vector<double> v(n.data(), n.data() + n.size());
  std::sort(v.begin(), v.end(), [](double a, double b) { return a > b; });
  double sum = 0;
  for (const double c : v) {
    sum += c;
    if (sum >= share * n.sum()) return c;
  }
  return 0;
}

/// The lines of that level, soft, in a panel of `side` pixels.
inline void draw_contour(Image& image, int left, int top, int side, const Batch<double>& n, double level, Rgb colour) {
  const auto bins = static_cast<double>(n.rows());
  const auto value = [&](int px, int py) {
    const double u = std::clamp((px + 0.5) / side * bins - 0.5, 0.0, bins - 1),
                 v = std::clamp((side - py - 0.5) / side * bins - 0.5, 0.0, bins - 1);
    const auto i = std::min(static_cast<Index>(u), n.rows() - 2), j = std::min(static_cast<Index>(v), n.cols() - 2);
    const double a = u - static_cast<double>(i), b = v - static_cast<double>(j);
    return (1 - a) * ((1 - b) * n(i, j) + b * n(i, j + 1)) + a * ((1 - b) * n(i + 1, j) + b * n(i + 1, j + 1));
  };
  for (int py = 0; py < side; ++py) {
    for (int px = 0; px < side; ++px) {
      const double dx = (value(px + 1, py) - value(px - 1, py)) / 2, dy = (value(px, py + 1) - value(px, py - 1)) / 2,
                   steep = std::sqrt(dx * dx + dy * dy);
      if (steep > 0)
        image.blend(left + px, top + py, colour, std::clamp(1.4 - std::abs(value(px, py) - level) / steep, 0.0, 1.0));
    }
  }
}

inline Rgb shade(double t) {
  const auto mix = [&](int to) { return static_cast<std::uint8_t>(std::lround(255 + t * (to - 255))); };
  return {mix(158), mix(188), mix(218)};
}

/// Samples that are too few for histograms of pairs are drawn as points.
inline constexpr Index few = 1000;

inline void draw_diagonal(Image& image, const CornerGrid& g, const std::vector<CView<double>>& sets, Index j) {
  std::vector<Batch<double>> shares;
  double most = 0;
  for (const auto& s : sets) {
    shares.push_back(counts(g, s, j) / static_cast<double>(s.rows()));
    most = std::max(most, shares.back().maxCoeff());
  }
  const int wide = g.side / g.bins, x = g.x(j), floor = g.y(j) + g.side;
  const auto height = [&](std::size_t k, Index b) {
    return b < 0 || b >= g.bins || !(most > 0) ? 0
                                               : static_cast<int>(std::lround(shares[k](b, 0) / most * 0.92 * g.side));
  };
  for (Index b = 0; b < g.bins; ++b)
    image.rect(x + static_cast<int>(b) * wide, floor - height(0, b), wide, height(0, b), shade(1));
  for (std::size_t k = 0; k < sets.size(); ++k) {
    for (Index b = 0; b <= g.bins; ++b) {
      const int here = height(k, b), before = height(k, b - 1), from = x + static_cast<int>(b) * wide;
      const Rgb colour = k == 0 ? first_colour : second_colour;
      if (b < g.bins && here > 0) image.rect(from, floor - here, wide, 2, colour);
      image.rect(std::min(from, x + g.side - 2), floor - std::max(here, before), 2,
                 std::abs(here - before) + (std::min(here, before) > 0 ? 2 : 0), colour);
    }
  }
}

inline void draw_pair(Image& image, const CornerGrid& g, const std::vector<CView<double>>& sets, Index r, Index c) {
  const int x = g.x(c), y = g.y(r);
  for (std::size_t k = 0; k < sets.size(); ++k) {
    const Rgb colour = k == 0 ? first_colour : second_colour;
    if (sets[k].rows() < few) continue;
    const Batch<double> n = counts(g, sets[k], c, r), smooth = smoothed(n);
    const double most = n.maxCoeff();
    const int cell = g.side / g.bins;
    for (Index i = 0; k == 0 && most > 0 && i < g.bins; ++i) {
      for (Index j = 0; j < g.bins; ++j) {
        image.rect(x + static_cast<int>(i) * cell, y + g.side - static_cast<int>(j + 1) * cell, cell, cell,
                   shade(std::sqrt(n(i, j) / most)));
      }
    }
    for (const double share : {0.5, 0.9}) {
      if (smooth.maxCoeff() > 0) draw_contour(image, x, y, g.side, smooth, level_of(smooth, share), colour);
    }
  }
  const auto& [x0, x1] = g.ranges[static_cast<std::size_t>(c)];
  const auto& [y0, y1] = g.ranges[static_cast<std::size_t>(r)];
  constexpr Index parts = 8;  // by turns, so that neither set hides the other
  for (Index part = 0; part < parts; ++part) {
    for (std::size_t k = 0; k < sets.size(); ++k) {
      const Index n = sets[k].rows(), from = n * part / parts, count = n * (part + 1) / parts - from;
      if (n >= few) continue;
      Batch<double> points(count, 2);
      points << sets[k].col(c).segment(from, count), sets[k].col(r).segment(from, count);
      draw_points(image, x, y, points, {x0, x1, y0, y1}, g.side, k == 0 ? first_colour : second_colour);
    }
  }
}

inline void draw_axes(Image& image, const CornerGrid& g, const std::vector<std::string>& names) {
  const auto d = static_cast<Index>(names.size());
  constexpr int tick = 6;
  for (Index r = 0; r < d; ++r) {
    const auto k = static_cast<std::size_t>(r);
    const int fits = g.side / 12;
    const std::string name = static_cast<int>(names[k].size()) > fits
                                 ? names[k].substr(0, static_cast<std::size_t>(fits - 2)) + ".."
                                 : names[k];
    for (Index c = 0; c <= r; ++c) image.frame(g.x(c) - 1, g.y(r) - 1, g.side + 2, g.side + 2, ink);
    const int floor = g.y(d - 1) + g.side;
    int free_from = g.x(r) - 5;
    for (std::size_t i = 0; i < g.ticks[k].places.size(); ++i) {
      const double t = g.part(r, g.ticks[k].places[i]);
      if (!(t >= 0 && t <= 1)) continue;
      const std::string& label = g.ticks[k].labels[i];
      const int px = g.x(r) + std::min(g.side - 1, static_cast<int>(t * g.side)), w = Image::text_width(label);
      image.rect(px, floor + 1, 1, tick, ink);
      const int from = std::clamp(px - w / 2, g.x(r) - 5, std::max(g.x(r) - 5, g.x(r) + g.side + 5 - w));
      if (from >= free_from && w <= g.side + 10 && std::abs(from - (px - w / 2)) <= 10) {
        image.text(from, floor + tick + 8, label, ink);
        free_from = from + w + 10;
      }
      if (r == 0) continue;
      const int py = g.y(r) + std::min(g.side - 1, static_cast<int>((1 - t) * g.side)), lw = Image::text_width(label);
      image.rect(g.x(0) - 1 - tick, py, tick, 1, ink);
      image.text(g.x(0) - tick - 6 - lw, py - 6, label, ink);
    }
    image.text(g.x(r) + (g.side - Image::text_width(name)) / 2, floor + tick + 30, name, ink);
    if (r > 0) text_upwards(image, 10, g.y(r) + g.side / 2, name, ink);
  }
}

inline Image draw_corner(const std::vector<CView<double>>& sets, const CornerOptions& o) {
  const Index d = sets[0].cols();
  if (d < 1 || d > 10)
    rheo::detail::fail("corner plot: " + std::to_string(d) + " columns, it shows 1 to 10; choose some of them");
  for (std::size_t k = 0; k < sets.size(); ++k) {
    const std::string& what = k == 0 ? o.first : o.second;
    if (sets[k].cols() != d) {
      rheo::detail::fail("corner plot: " + o.first + " has " + std::to_string(d) + " columns and " + what + " " +
                         std::to_string(sets[k].cols()));
    }
    if (sets[k].rows() < 1) rheo::detail::fail("corner plot: " + what + " has no rows");
    rheo::detail::check_finite(sets[k], what.c_str());
  }
  std::vector<std::string> names = o.names;
  for (Index j = 0; o.names.empty() && j < d; ++j) names.push_back("x" + std::to_string(j + 1));
  if (static_cast<Index>(names.size()) != d) {
    rheo::detail::fail("corner plot: " + std::to_string(names.size()) + " names for " + std::to_string(d) + " columns");
  }
  CornerGrid g(sets);

  std::vector<std::string> lines;
  bool contours = false;
  std::string outside;
  for (std::size_t k = 0; k < sets.size(); ++k) {
    const std::string& what = k == 0 ? o.first : o.second;
    lines.push_back(what + ", " + std::to_string(sets[k].rows()) + (sets[k].rows() == 1 ? " row" : " rows"));
    contours |= d > 1 && sets[k].rows() >= few;
    double out = 0;
    for (Index i = 0; i < sets[k].rows(); ++i) {
      bool in = true;
      for (Index j = 0; j < d; ++j) in &= g.bin(j, sets[k](i, j)) >= 0;
      out += !in;
    }
    if (out > 0)
      outside +=
          (outside.empty() ? "" : ", ") + general(100 * out / static_cast<double>(sets[k].rows()), 2) + " % of " + what;
  }
  const std::size_t swatches = lines.size();
  if (contours) lines.push_back("contours hold 50 % and 90 %");
  if (!outside.empty()) lines.push_back(outside + " beyond the axes");
  constexpr int line = 24;
  g.top = 16 + static_cast<int>(lines.size()) * line + 8;
  int width = g.x(d - 1) + g.side + 24;
  for (const auto& l : lines) width = std::max(width, g.left + 32 + Image::text_width(l) + 16);
  Image image(width, g.y(d - 1) + g.side + 62);
  for (std::size_t k = 0; k < lines.size(); ++k) {
    const int y = 14 + static_cast<int>(k) * line;
    if (k == 0) image.rect(g.left, y, 22, 14, shade(1)), image.rect(g.left, y, 22, 2, first_colour);
    if (k == 1 && swatches == 2) image.rect(g.left, y + 6, 22, 2, second_colour);
    image.text(g.left + (k < swatches ? 32 : 0), y, lines[k], ink);
  }
  for (Index r = 0; r < d; ++r) {
    draw_diagonal(image, g, sets, r);
    for (Index c = 0; c < r; ++c) draw_pair(image, g, sets, r, c);
  }
  draw_axes(image, g, names);
  return image;
}

}  // namespace detail

/// Samples, N x D with D from 1 to 10: on the diagonal the histogram of each coordinate, by shares of all rows, below
/// it of each pair, darker by the root of its count, with the contours of the densest bins that hold half and nine
/// tenths of the rows (below 1000 rows: points). An axis shows the middle 95 % of its values and a third as much again
/// on either side; what lies beyond is counted in a line.  Throws std::invalid_argument for other D, no rows, or names
/// that are not D, DataError for values that are not finite.
inline Image draw_corner(const Input<double>& samples, const CornerOptions& o = {}) {
  return detail::draw_corner({samples.view()}, o);
}
/// The same with the outlines and contours of others, M x D, over it, on common axes.
inline Image draw_corner(const Input<double>& samples, const Input<double>& other, const CornerOptions& o = {}) {
  return detail::draw_corner({samples.view(), other.view()}, o);
}
/// The same with as many draws of a model without context, at least 20 000, as the others.
template <class M>
requires requires(const M& m) { m.sample(Index(1), Noise{}); }
Image draw_corner(const Input<double>& samples, const M& model, const CornerOptions& o = {}) {
  const Batch<double> drawn = model.sample(std::max<Index>(samples.rows(), 20000), o.noise).template cast<double>();
  return detail::draw_corner({samples.view(), view(drawn)}, o);
}

/// draw_corner into a PNG file, whole or not at all (see write_file); the same samples give the same bytes.
inline void plot_corner(const std::string& path, const Input<double>& samples, const CornerOptions& o = {}) {
  write_png(path, draw_corner(samples, o));
}
template <class Other>  // samples or a model
requires(!std::is_convertible_v<Other, CornerOptions>) void plot_corner(const std::string& path,
                                                                        const Input<double>& samples,
                                                                        const Other& other,
                                                                        const CornerOptions& o = {}) {
  write_png(path, draw_corner(samples, other, o));
}

}  // namespace rheo::io

#include "rheo/platform/macros_on.hpp"
