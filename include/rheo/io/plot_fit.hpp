// SPDX-License-Identifier: MIT
// plot_fit: how a fit went, as one picture of its losses and learning rate against its epochs or steps.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "rheo/io/drawing.hpp"
#include "rheo/io/plot.hpp"
#include "rheo/platform/macros_off.hpp"

namespace rheo::io {

/// A fit's history column by column, one entry per report; what is not finite is left out of the curves.
struct FitCurves {
  std::string unit;                                            ///< "epoch" or "step"
  std::string second;                                          ///< what the second curve is called
  std::vector<double> at;                                      ///< epochs or steps done, rising, from 1
  std::vector<double> train, other;                            ///< losses, nats a row
  std::vector<double> rate;                                    ///< learning rates
  std::vector<double> skipped;                                 ///< steps that were not made since the beginning
  double best_at = 0;                                          ///< the epoch or step that stays; 0 is the beginning
  double best_loss = std::numeric_limits<double>::infinity();  ///< its loss
  std::string status;                                          ///< how the fit ended
};

/// The curves of FitResult or EnergyFitResult.
template <class Result> FitCurves fit_curves(const Result& r) {
  FitCurves c;
  c.status = to_string(r.status);
  std::replace(c.status.begin(), c.status.end(), '_', ' ');
  c.best_loss = r.best_loss;
  const auto add = [&](const auto& at, double train, double other, const auto& e) {
    c.at.push_back(static_cast<double>(at));
    c.train.push_back(train);
    c.other.push_back(other);
    c.rate.push_back(static_cast<double>(e.learning_rate));
    c.skipped.push_back(static_cast<double>(e.skipped_steps));
  };
  if constexpr (requires { r.best_epoch; }) {
    c.unit = "epoch", c.second = "validation", c.best_at = static_cast<double>(r.best_epoch);
    for (const auto& e : r.history) add(e.epoch, e.train_loss, e.validation_loss, e);
  } else {
    c.unit = "step", c.second = "check", c.best_at = static_cast<double>(r.best_step);
    for (const auto& e : r.history) add(e.step, e.loss, e.check_loss, e);
  }
  return c;
}

namespace detail {

/// The numbers an axis shows: all of them, but for those that lie five times the span of the middle 80 % beyond it; NaN
/// where there are none.
inline std::pair<double, double> robust_range(std::vector<double> v) {
  v.erase(std::remove_if(v.begin(), v.end(), [](double x) { return !std::isfinite(x) || std::abs(x) > 1e300; }),
          v.end());
  if (v.empty()) return {std::nan(""), std::nan("")};
  std::sort(v.begin(), v.end());
  const std::size_t tail = (v.size() - 1) / 10, last = v.size() - 1;
  const double span = 5 * (v[last - tail] - v[tail]);
  if (!(span > 0)) return {v.front(), v.back()};
  const double low = v[tail] - span, high = v[last - tail] + span;
  return {*std::lower_bound(v.begin(), v.end(), low), *(std::upper_bound(v.begin(), v.end(), high) - 1)};
}

/// Where a fit's picture has its panels, and which losses they show.
struct FitAxes {
  static constexpr int width = 900, high = 360, low_high = 96, gap = 26, inset = 12, right = 24, bottom = 62;
  int left = 0, top = 0;
  double last = 1, low = 0, high_loss = 1;
  bool shown = false;  ///< whether there is a finite loss
  std::vector<std::string> notes;

  explicit FitAxes(const FitCurves& c) {
    if (!c.at.empty()) last = std::max(1.0, c.at.back());
    std::vector<double> all = c.train;
    all.insert(all.end(), c.other.begin(), c.other.end());
    const auto [a, b] = robust_range(all);
    shown = std::isfinite(a);
    if (shown) {
      const double pad = b > a ? 0.06 * (b - a) : std::max(0.5, 0.05 * std::abs(a));
      low = a - pad, high_loss = b + pad;
    }
    double off = 0;
    for (const double v : all) off += std::isfinite(v) && (v < low || v > high_loss);
    if (off > 0) notes.push_back(fixed(off, 0) + (off == 1 ? " loss is" : " losses are") + " beyond the axis");
    const auto missing = [&](const std::vector<double>& v) {
      return static_cast<double>(std::count_if(v.begin(), v.end(), [](double x) { return !std::isfinite(x); }));
    };
    const double of_other = missing(c.other),
                 none = missing(c.train) + (of_other < static_cast<double>(c.other.size()) ? of_other : 0);
    if (none > 0) notes.push_back(fixed(none, 0) + (none == 1 ? " loss is" : " losses are") + " not finite");
    top = notes.empty() ? 74 : 96;
  }
  int inner() const { return width - left - right; }
  int low_top() const { return top + high + gap; }
  /// Pixels from the panels' left side, and from a panel's top.
  double x(double at) const { return inset + at / last * (inner() - 2 * inset); }
  double y(double loss) const { return std::clamp((high_loss - loss) / (high_loss - low), 0.0, 1.0) * high; }
};

/// The points of a curve, where finite; of many in one column of pixels the first, the least, the greatest and the
/// last.
inline std::vector<std::vector<std::pair<double, double>>> runs(const std::vector<double>& x,
                                                                const std::vector<double>& y) {
  std::vector<std::vector<std::pair<double, double>>> out;
  bool open = false;
  for (std::size_t i = 0; i < x.size();) {
    if (!std::isfinite(y[i])) {
      open = false, ++i;
      continue;
    }
    if (!open) out.emplace_back();
    open = true;
    std::size_t end = i, least = i, most = i;
    for (; end < x.size() && std::isfinite(y[end]) && std::floor(x[end]) == std::floor(x[i]); ++end) {
      if (y[end] < y[least]) least = end;
      if (y[end] > y[most]) most = end;
    }
    std::vector<std::size_t> keep{i, std::min(least, most), std::max(least, most), end - 1};
    keep.erase(std::unique(keep.begin(), keep.end()), keep.end());
    for (const std::size_t k : keep) out.back().push_back({x[k], y[k]});
    i = end;
  }
  return out;
}

inline void draw_curve(Strokes& strokes, const std::vector<double>& x, const std::vector<double>& y, double thick,
                       bool dotted) {
  for (const auto& run : runs(x, y)) {
    for (std::size_t k = 1; k < run.size(); ++k)
      strokes.line(run[k - 1].first, run[k - 1].second, run[k].first, run[k].second, thick);
    if (!dotted && run.size() > 1) continue;
    for (const auto& [px, py] : run) strokes.disc(px, py, thick + 1.2);
  }
}

}  // namespace detail

/// 900 pixels wide: on top how the fit ended and its best loss, below it the training and the validation or check loss
/// (a dot for each of up to 40 reports) with the best one marked and ticks at the bottom where steps were skipped, then
/// the learning rate.  The axis of the losses leaves out the few that are far from the others, as the first ones may
/// be; they are drawn at its edge and counted.
inline Image draw_fit(const FitCurves& c) {
  using namespace detail;
  FitAxes a(c);
  double top_rate = 0;
  for (const double v : c.rate) top_rate = std::isfinite(v) ? std::max(top_rate, v) : top_rate;
  if (!(top_rate > 0)) top_rate = 1;
  const Ticks losses(a.low, a.high_loss, 6), rates(0, top_rate, 2), ats(0, a.last, 8);
  constexpr int tick = 6;
  a.left = 46 + tick + std::max(36, std::max(widest(losses.labels), widest(rates.labels)));
  const int left = a.left, inner = a.inner(), high = FitAxes::high, low_high = FitAxes::low_high, low_top = a.low_top();
  Image image(FitAxes::width, low_top + low_high + FitAxes::bottom);

  const auto number = [](double v) { return general(v, 6); };
  std::string title = c.status;
  if (std::isfinite(c.best_loss)) {
    title += ", best " + number(c.best_loss) +
             (c.best_at > 0 ? " at " + c.unit + " " + fixed(c.best_at, 0) : " at the beginning");
    if (c.best_at > 0 && !c.at.empty()) title += " of " + fixed(c.at.back(), 0);
  } else if (!c.at.empty()) {
    title += ", no finite loss";
  }
  image.text(left, 14, title, ink);

  std::vector<double> x, train, other, rate;
  bool has_train = false, has_other = false;
  double skipped = 0;
  for (std::size_t i = 0; i < c.at.size(); ++i) {
    const auto at_y = [&](double loss) { return std::isfinite(loss) ? a.y(loss) : std::nan(""); };
    x.push_back(a.x(c.at[i]));
    train.push_back(at_y(c.train[i]));
    other.push_back(at_y(c.other[i]));
    rate.push_back((1 - c.rate[i] / top_rate) * (low_high - 16) + 10);
    has_train |= std::isfinite(c.train[i]), has_other |= std::isfinite(c.other[i]);
    skipped = std::max(skipped, c.skipped[i]);
  }
  const bool marked = a.shown && std::isfinite(c.best_loss);

  int at = left;  // the legend
  const auto entry = [&](const std::string& text, const auto& swatch) {
    swatch(at);
    image.text(at + 32, 42, text, ink);
    at += 32 + Image::text_width(text) + 30;
  };
  const auto stroke = [&](Rgb colour, double thick) {
    return [&image, colour, thick](int from) {
      Strokes s(from, 38, 26, 22);
      s.line(2, 11, 24, 11, thick);
      s.put(image, colour);
    };
  };
  if (has_train) entry("training", stroke(second_colour, 2));
  if (has_other) entry(c.second, stroke(first_colour, 2.6));
  const auto mark = [&](int from, int from_top, int w, int h, double px, double py) {
    for (const bool halo : {true, false}) {
      Strokes s(from, from_top, w, h);
      s.disc(px, py, halo ? 7 : 5);
      s.put(image, halo ? white : ink);
    }
  };
  if (marked) entry("best", [&](int from) { mark(from, 36, 26, 26, 13, 13); });
  if (skipped > 0)
    entry(fixed(skipped, 0) + (skipped == 1 ? " step skipped" : " steps skipped"),
          [&](int from) { image.rect(from + 12, 42, 2, 14, ink); });
  std::string notes;
  for (const auto& n : a.notes) notes += (notes.empty() ? "" : ", ") + n;
  image.text(left, 66, notes, ink);

  for (std::size_t i = 0; i < losses.places.size() && a.shown; ++i) {
    const int y = a.top + static_cast<int>(a.y(losses.places[i]));
    image.rect(left, y, inner, 1, grid);
    image.rect(left - 1 - tick, y, tick, 1, ink);
    image.text(left - tick - 6 - Image::text_width(losses.labels[i]), y - 6, losses.labels[i], ink);
  }
  for (std::size_t i = 0; i < rates.places.size(); ++i) {
    const int y = low_top + static_cast<int>((1 - rates.places[i] / top_rate) * (low_high - 16) + 10);
    image.rect(left, y, inner, 1, grid);
    image.rect(left - 1 - tick, y, tick, 1, ink);
    image.text(left - tick - 6 - Image::text_width(rates.labels[i]), y - 6, rates.labels[i], ink);
  }
  int free_from = 0;
  for (std::size_t i = 0; i < ats.places.size(); ++i) {
    if (ats.places[i] != std::floor(ats.places[i])) continue;
    const int px = left + static_cast<int>(a.x(ats.places[i])), w = Image::text_width(ats.labels[i]);
    image.rect(px, a.top + high + 1, 1, tick, ink);
    image.rect(px, low_top + low_high + 1, 1, tick, ink);
    const std::string label = fixed(ats.places[i], 0);
    const int from = std::min(px - Image::text_width(label) / 2 + 1, FitAxes::width - 4 - w);
    if (from < free_from) continue;
    image.text(from, low_top + low_high + tick + 8, label, ink);
    free_from = from + Image::text_width(label) + 12;
  }
  image.text(left + (inner - Image::text_width(c.unit)) / 2, low_top + low_high + tick + 30, c.unit, ink);
  text_upwards(image, 12, a.top + high / 2, "loss", ink);
  text_upwards(image, 12, low_top + low_high / 2, "rate", ink);

  if (c.at.empty() || !a.shown) {
    const std::string none = c.at.empty() ? "no " + c.unit + " was run" : "no loss was finite";
    image.text(left + (inner - Image::text_width(none)) / 2, a.top + high / 2 - 7, none, ink);
  }
  if (marked) {
    for (int y = 0; y < high; y += 8) image.rect(left + static_cast<int>(a.x(c.best_at)), a.top + y, 1, 4, pale);
  }
  const auto curve = [&](const std::vector<double>& y, int top, int h, double thick, Rgb colour) {
    Strokes s(left, top, inner, h);
    draw_curve(s, x, y, thick, x.size() <= 40);
    s.put(image, colour);
  };
  curve(train, a.top, high, 2, second_colour);
  curve(other, a.top, high, 2.6, first_colour);
  curve(rate, low_top, low_high, 2, Rgb{90, 90, 98});
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (c.skipped[i] > (i ? c.skipped[i - 1] : 0))
      image.rect(left + static_cast<int>(x[i]) - 1, a.top + high - 10, 2, 10, ink);
  }
  if (marked) mark(left, a.top, inner, high, a.x(c.best_at), a.y(c.best_loss));
  image.frame(left - 1, a.top - 1, inner + 2, high + 2, ink);
  image.frame(left - 1, low_top - 1, inner + 2, low_high + 2, ink);
  return image;
}

/// draw_fit of a FitResult's or an EnergyFitResult's history into a PNG file, whole or not at all (see write_file).
/// Seconds are not shown: the same history gives the same bytes.
template <class Result> void plot_fit(const std::string& path, const Result& result) {
  write_png(path, draw_fit(fit_curves(result)));
}

}  // namespace rheo::io

#include "rheo/platform/macros_on.hpp"
