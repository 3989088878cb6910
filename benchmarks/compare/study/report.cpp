// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <set>

#include "rheo/evaluation/metrics.hpp"
#include "rheo/io/npy.hpp"
#include "rheo/io/plot.hpp"
#include "rheo/targets/table.hpp"

namespace study {
namespace {
using namespace rheo;

std::string brief(double x) {
  char text[40];
  std::snprintf(text, sizeof text, std::abs(x) >= 1e5 || (x != 0 && std::abs(x) < 1e-3) ? "%.1e" : "%.3g", x);
  return text;
}

/// Names in the order in which they come.
std::vector<std::string> distinct(const std::vector<Record>& rows, const std::string& key) {
  std::vector<std::string> names;
  for (const Record& r : rows) {
    if (std::find(names.begin(), names.end(), r.text(key)) == names.end()) names.push_back(r.text(key));
  }
  return names;
}

/// The rows of one cell of the table, a row a seed.
std::vector<const Record*> cell(const std::vector<Record>& rows, const std::string& family, const std::string& target, const std::string& budget) {
  std::vector<const Record*> found;
  for (const Record& r : rows) {
    if (r.text("family") == family && r.text("target") == target && r.text("budget") == budget) found.push_back(&r);
  }
  return found;
}

struct Spread {
  double mean, sd;
  std::size_t n;
};
/// Mean over the seeds and the standard deviation between them; nullopt where every one is null.
std::optional<Spread> spread(const std::vector<const Record*>& seeds, const std::function<std::optional<double>(const Record&)>& of) {
  std::vector<double> values;
  for (const Record* r : seeds) {
    if (const auto v = of(*r)) values.push_back(*v);
  }
  if (values.empty()) return std::nullopt;
  double mean = 0, sum = 0;
  for (double v : values) mean += v / static_cast<double>(values.size());
  for (double v : values) sum += (v - mean) * (v - mean);
  return Spread{mean, values.size() > 1 ? std::sqrt(sum / static_cast<double>(values.size() - 1)) : 0, values.size()};
}
std::optional<Spread> spread(const std::vector<const Record*>& seeds, const std::string& key) {
  return spread(seeds, [&](const Record& r) { return r.number(key); });
}
std::string shown(const std::optional<Spread>& s) {
  if (!s) return "-";
  return s->n > 1 ? brief(s->mean) + " ± " + brief(s->sd) : brief(s->mean);
}

/// Seconds until the validation loss first is within 0.1 nat of `best`.
std::optional<double> time_to(const Record& r, double best) {
  const auto seconds = r.numbers("history_seconds"), loss = r.numbers("history_loss");
  for (std::size_t i = 0; i < std::min(seconds.size(), loss.size()); ++i) {
    if (loss[i] <= best + 0.1) return seconds[i];
  }
  return std::nullopt;
}
std::optional<double> own_best(const Record& r) {
  std::optional<double> best;
  for (double v : r.numbers("history_loss")) {
    if (std::isfinite(v) && (!best || v < *best)) best = v;
  }
  return best;
}

std::string table(const std::vector<Record>& rows, const std::string& target, const std::string& budget) {
  std::vector<std::string> names = distinct(rows, "family");
  const auto gap_of = [&](const std::string& f) {
    const auto seeds = cell(rows, f, target, budget);
    const auto s = spread(seeds, "gap");
    const auto nll = spread(seeds, "nll");
    return s ? s->mean : nll ? nll->mean : std::numeric_limits<double>::infinity();
  };
  std::erase_if(names, [&](const std::string& f) { return cell(rows, f, target, budget).empty(); });
  std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return gap_of(a) < gap_of(b); });
  double best = std::numeric_limits<double>::infinity();
  for (const auto& f : names) {
    for (const Record* r : cell(rows, f, target, budget)) best = std::min(best, own_best(*r).value_or(best));
  }
  std::string out = "| family | parameters | likelihood | gap (nats) | grid KL | leak | level leak | bridge | mode error | sliced W | σ max | σ min | s to 0.1 of own best | s to 0.1 of best | µs a step | looseness | "
                    "µs a log p | µs a sample | passes | MB |\n|---|" + std::string("---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|\n");
  for (const auto& f : names) {
    const auto seeds = cell(rows, f, target, budget);
    const auto column = [&](const char* key) { return shown(spread(seeds, key)) + " | "; };
    (((out += "| ") += f) += " | ") += column("parameters");
    (out += seeds.front()->text("likelihood").empty() ? seeds.front()->text("status") : seeds.front()->text("likelihood")) += " | ";
    for (const char* key : {"gap", "grid_kl", "leak", "level_leak", "bridge", "mode_error", "sliced_wasserstein", "sigma_max", "sigma_min"}) out += column(key);
    (out += shown(spread(seeds, [&](const Record& r) -> std::optional<double> { return own_best(r) ? time_to(r, *own_best(r)) : std::nullopt; }))) += " | ";
    (out += shown(spread(seeds, [&](const Record& r) { return time_to(r, best); }))) += " | ";
    for (const char* key : {"step_us", "looseness", "log_prob_us", "sample_us", "sample_passes", "peak_mb"}) out += column(key);
    out.back() = '\n';
  }
  return out + "\n";
}

std::string matrix(const std::vector<Record>& rows, const std::string& key, const std::string& budget) {
  const auto names = distinct(rows, "family"), targets = distinct(rows, "target");
  std::string out = "| |", rule = "|---|";
  for (const auto& t : targets) (out += ' ') += t + " |", rule += "---|";
  (out += '\n') += rule + "\n";
  for (const auto& f : names) {
    out += "| " + f + " |";
    for (const auto& t : targets) (out += ' ') += shown(spread(cell(rows, f, t, budget), key)) + " |";
    out += '\n';
  }
  return out + "\n";
}

/// Families down, targets across, from the files that the first seeds left.
void contact_sheet(const std::string& path, const std::string& dir, const std::vector<Record>& rows, const std::string& budget, bool densities) {
  constexpr int side = 150, gap = 6, left = 190, top = 40;
  const auto names = distinct(rows, "family"), targets = distinct(rows, "target");
  if (names.empty()) return;
  io::Image image(left + static_cast<int>(targets.size()) * (side + gap), top + static_cast<int>(names.size()) * (side + gap));
  for (std::size_t t = 0; t < targets.size(); ++t) image.text(left + static_cast<int>(t) * (side + gap), 14, targets[t], io::detail::ink, 1);
  for (std::size_t f = 0; f < names.size(); ++f) {
    const int y = top + static_cast<int>(f) * (side + gap);
    image.text(8, y + side / 2, names[f], io::detail::ink, 1);
    for (std::size_t t = 0; t < targets.size(); ++t) {
      const int x = left + static_cast<int>(t) * (side + gap);
      const std::string stem = dir + '/' + names[f] + '_' + targets[t] + '_' + budget;
      if (!std::filesystem::exists(stem + (densities ? "_density.npy" : "_samples.npy"))) {
        image.frame(x, y, side, side, io::detail::pale);
        continue;
      }
      if (densities) {
        const Batch<double> d = io::read_npy(stem + "_density.npy");
        const double most = std::max(1e-300, io::robust_top(d));
        for (int j = 0; j < side; ++j) {
          for (int i = 0; i < side; ++i) image.set(x + i, y + side - 1 - j, io::colour_map(d(i * d.rows() / side, j * d.cols() / side) / most));
        }
      } else {
        const Batch<double> s = io::read_npy(stem + "_samples.npy");
        const auto& box = targets::find(targets[t]).box;
        image.frame(x, y, side, side, io::detail::pale);
        for (Index k = 0; k < s.rows(); ++k) {
          const double u = (s(k, 0) - box.x1_min) / (box.x1_max - box.x1_min), v = (s(k, 1) - box.x2_min) / (box.x2_max - box.x2_min);
          if (u >= 0 && u < 1 && v >= 0 && v < 1) image.blend(x + static_cast<int>(u * side), y + side - 1 - static_cast<int>(v * side), io::detail::dots, 0.6);
        }
      }
    }
  }
  io::write_png(path, image);
}

struct Mark {
  double x, y;
  std::string label;
};
/// Marks on logarithmic axes with their labels, and a curve.
void log_plot(const std::string& path, const std::string& title, const std::string& x_name, const std::string& y_name, std::vector<Mark> marks, const std::vector<Mark>& curve = {}) {
  std::erase_if(marks, [](const Mark& m) { return !(m.x > 0 && m.y > 0 && std::isfinite(m.x) && std::isfinite(m.y)); });
  if (marks.empty()) return;
  double x0 = 1e300, x1 = 0, y0 = 1e300, y1 = 0;
  for (const Mark& m : marks) x0 = std::min(x0, m.x), x1 = std::max(x1, m.x), y0 = std::min(y0, m.y), y1 = std::max(y1, m.y);
  const auto low = [](double v) { return std::pow(10, std::floor(std::log10(v))); };
  const auto high = [](double v) { return std::pow(10, std::floor(std::log10(v)) + 1); };
  x0 = low(x0), x1 = high(x1), y0 = low(y0), y1 = high(y1);
  constexpr double w = 640, h = 420, left = 80, top = 40;
  const auto px = [&](double x) { return left + w * std::log(x / x0) / std::log(x1 / x0); };
  const auto py = [&](double y) { return top + h - h * std::log(y / y0) / std::log(y1 / y0); };
  std::string svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 860 520\" font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"860\" height=\"520\" fill=\"white\"/>\n";
  const auto text = [&](double x, double y, const std::string& s, const char* anchor, const std::string& more = "") {
    ((((((svg += "<text x=\"" + brief(x) + "\" y=\"" + brief(y)) += "\" text-anchor=\"") += anchor) += "\" ") += more) += ">") += s + "</text>\n";
  };
  const auto line = [&](double ax, double ay, double bx, double by, const char* colour) {
    (svg += "<line x1=\"" + brief(ax) + "\" y1=\"" + brief(ay) + "\" x2=\"" + brief(bx) + "\" y2=\"" + brief(by) + "\" stroke=\"") += std::string(colour) + "\"/>\n";
  };
  text(left + w / 2, 22, title, "middle", "font-size=\"15\"");
  for (double x = x0; x <= x1 * 1.001; x *= 10) line(px(x), top, px(x), top + h, "#ddd"), text(px(x), top + h + 18, brief(x), "middle");
  for (double y = y0; y <= y1 * 1.001; y *= 10) line(left, py(y), left + w, py(y), "#ddd"), text(left - 8, py(y) + 4, brief(y), "end");
  text(left + w / 2, top + h + 42, x_name, "middle");
  text(20, top + h / 2, y_name, "middle", "transform=\"rotate(-90 20 " + brief(top + h / 2) + ")\"");
  std::string points;
  for (const Mark& m : curve) {
    if (m.x >= x0 && m.x <= x1 && m.y >= y0 && m.y <= y1) points += brief(px(m.x)) + "," + brief(py(m.y)) + " ";
  }
  if (!points.empty()) svg += "<polyline points=\"" + points + "\" fill=\"none\" stroke=\"#c33\" stroke-width=\"2\"/>\n";
  for (const Mark& m : marks) {
    svg += "<circle cx=\"" + brief(px(m.x)) + "\" cy=\"" + brief(py(m.y)) + "\" r=\"5\" fill=\"#1f589e\"/>\n";
    text(px(m.x) + 8, py(m.y) + 4, m.label, "start");
  }
  io::write_file(path, svg + "</svg>\n");
}

/// The geometric mean over targets of a family's mean gap, against another column's.
std::vector<Mark> gaps_against(const std::vector<Record>& rows, const std::string& key, const std::string& budget) {
  std::vector<Mark> marks;
  for (const auto& f : distinct(rows, "family")) {
    double log_gap = 0, log_x = 0, n = 0;
    for (const auto& t : distinct(rows, "target")) {
      const auto seeds = cell(rows, f, t, budget);
      const auto g = spread(seeds, "gap"), x = spread(seeds, key);
      if (!g || !x || !(x->mean > 0)) continue;
      log_gap += std::log(std::max(1e-4, g->mean));
      log_x += std::log(x->mean);
      ++n;
    }
    if (n > 0) marks.push_back({std::exp(log_x / n), std::exp(log_gap / n), f});
  }
  return marks;
}

}  // namespace

void write_report(const std::string& dir, const std::vector<Record>& rows) {
  std::string out = "# What relaxing bijectivity buys\n\nMeans over seeds ± the standard deviation between them; a dash is a null, its reason in rows.jsonl. Nats; leak is the share of samples off a compact support, "
                    "level leak the excess of samples where the target's density is below its thousandth level; gap is NLL (or minus the bound) less the exact entropy.\n\n";
  for (const auto& budget : distinct(rows, "budget")) {
    std::vector<Record> part;
    for (const Record& r : rows) {
      if (r.text("budget") == budget) part.push_back(r);
    }
    out += budget == "seconds" ? "# Equal training time\n\n" : "# Equal parameters and steps\n\n";
    out += "## Gap to the entropy\n\n" + matrix(part, "gap", budget) + "## Support leak\n\n" + matrix(part, "leak", budget);
    contact_sheet(dir + "/densities_" + budget + ".png", dir, part, budget, true);
    contact_sheet(dir + "/samples_" + budget + ".png", dir, part, budget, false);
    log_plot(dir + "/gap_time_" + budget + ".svg", "gap and training time, geometric means over targets", "seconds of training", "gap (nats)", gaps_against(part, "train_seconds", budget));
    log_plot(dir + "/gap_sampling_" + budget + ".svg", "gap and cost of sampling, geometric means over targets", "microseconds a sample", "gap (nats)", gaps_against(part, "sample_us", budget));
    std::vector<Mark> leaks, floor;
    for (const Record& r : part) {
      if (r.text("target") == "two_uniforms" && r.number("sigma_max") && r.number("leak")) leaks.push_back({*r.number("sigma_max"), *r.number("leak"), r.text("family")});
    }
    for (double k = 1; k < 1e4; k *= 1.1) floor.push_back({k, std::erf(1 / k / std::sqrt(2.0)), ""});  // 2 Phi(w / 2K) - 1, w = 2
    log_plot(dir + "/leak_lipschitz_" + budget + ".svg", "two_uniforms: leak and the sampling map's largest singular value; red: the floor for equal masses", "largest singular value", "leak", leaks, floor);
    for (const auto& t : distinct(part, "target")) out += "## " + t + "\n\n" + table(part, t, budget);
  }
  io::write_file(dir + "/REPORT.md", out);
}

}  // namespace study
