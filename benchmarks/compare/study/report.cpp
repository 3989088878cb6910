// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>

#include "../../../examples/command_line.hpp"
#include "../common.hpp"
#include "places.hpp"
#include "rheo/io/npy.hpp"
#include "rheo/io/plot.hpp"
#include "settings.hpp"

namespace study {
namespace {
using namespace rheo;

std::string brief(double x) {
  char text[40];
  std::snprintf(text, sizeof text,
                std::abs(x) >= 1e6 || (x != 0 && std::abs(x) < 1e-4) ? "%.1e"
                : std::abs(x) >= 1000                                ? "%.0f"
                : std::abs(x) < 0.1                                  ? "%.2g"
                                                                     : "%.3g",
                x);
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
std::vector<const Record*> cell(const std::vector<Record>& rows, const std::string& family, const std::string& target,
                                const std::string& budget) {
  std::vector<const Record*> found;
  for (const Record& r : rows) {
    if (r.text("family") == family && r.text("target") == target && r.text("budget") == budget) found.push_back(&r);
  }
  return found;
}

struct Spread {
  double median, half_range;
  std::size_t n;
};
double median_of(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  const std::size_t n = v.size();
  return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}
/// Median over the seeds and half the distance of the lowest and the highest; nullopt where every one is null.
std::optional<Spread> spread(const std::vector<const Record*>& seeds,
                             const std::function<std::optional<double>(const Record&)>& of) {
  std::vector<double> values;
  for (const Record* r : seeds) {
    if (const auto v = of(*r)) values.push_back(*v);
  }
  if (values.empty()) return std::nullopt;
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return Spread{median_of(values), (*high - *low) / 2, values.size()};
}
std::string shown(const std::optional<Spread>& s) {
  if (!s) return "-";
  return s->n > 1 && s->half_range > 0 ? brief(s->median) + " ± " + brief(s->half_range) : brief(s->median);
}

std::optional<double> own_best(const Record& r) {
  std::optional<double> best;
  for (double v : r.numbers("history_loss")) {
    if (std::isfinite(v) && (!best || v < *best)) best = v;
  }
  return best;
}
/// Where in `axis` the validation loss first is within 0.1 nat of `best`.
std::optional<double> first_within(const Record& r, const char* axis, std::optional<double> best) {
  const auto at = r.numbers(axis), loss = r.numbers("history_loss");
  for (std::size_t i = 0; best && i < std::min(at.size(), loss.size()); ++i) {
    if (loss[i] <= *best + 0.1) return at[i];
  }
  return std::nullopt;
}

/// All rows, and what is derived from several of them.
class Rows {
 public:
  explicit Rows(const std::vector<Record>& rows) : rows_(rows) {}
  std::optional<Spread> cell(const std::string& key, const std::string& family, const std::string& target,
                             const std::string& budget) const {
    const auto seeds = study::cell(rows_, family, target, budget);
    const auto first = [&](const char* axis, bool own) {
      const auto best = own ? std::nullopt : best_of(target, budget);
      return spread(seeds, [&](const Record& r) { return first_within(r, axis, own ? own_best(r) : best); });
    };
    if (key == "own_seconds") return first("history_seconds", true);
    if (key == "own_steps") return first("history_steps", true);
    if (key == "best_seconds") return first("history_seconds", false);
    if (key == "best_steps") return first("history_steps", false);
    return spread(seeds, [&](const Record& r) { return r.number(key); });
  }
  /// The median over the common targets ("*"), or over the ones listed with commas, of the cells' medians.
  std::optional<double> median(const std::string& key, const std::string& family, const std::string& targets,
                               const std::string& budget) const {
    std::vector<double> values;
    for (const auto& t : targets == "*" ? common({budget}) : examples::parted(targets)) {
      if (const auto s = cell(key, family, t, budget)) values.push_back(s->median);
    }
    if (values.empty()) return std::nullopt;
    return median_of(values);
  }
  /// Targets of the plane where every family that has a row at these budgets has one.
  std::vector<std::string> common(const std::vector<std::string>& budgets) const {
    auto targets = distinct(rows_, "target");
    std::erase_if(targets, [&](const std::string& t) {
      if (!place(t).plane) return true;
      for (const auto& b : budgets) {
        for (const auto& f : distinct(rows_, "family")) {
          const auto has = [&](const std::string& target) { return !study::cell(rows_, f, target, b).empty(); };
          const auto all = distinct(rows_, "target");
          if (!has(t) && std::any_of(all.begin(), all.end(), has)) return true;
        }
      }
      return false;
    });
    return targets;
  }
  const std::vector<Record>& all() const { return rows_; }

 private:
  /// The lowest validation loss of any family there.
  std::optional<double> best_of(const std::string& target, const std::string& budget) const {
    std::optional<double> best;
    for (const Record& r : rows_) {
      const bool fit = r.text("target") == target && r.text("budget") == budget &&
                       r.text("likelihood") != "estimate";  // which may be too low
      const auto own = fit ? own_best(r) : std::nullopt;
      if (own && (!best || *own < *best)) best = own;
    }
    return best;
  }
  const std::vector<Record>& rows_;
};

struct Named {
  const char *key, *name;
};
constexpr Named columns[] = {{"parameters", "parameters"},
                             {"nll", "NLL or bound"},
                             {"gap", "gap"},
                             {"mass", "mass"},
                             {"leak", "leak"},
                             {"level_leak", "level leak"},
                             {"bridge", "bridge"},
                             {"mode_error", "mode error"},
                             {"modes_found", "modes found"},
                             {"energy_distance", "energy distance"},
                             {"sigma_max", "σ max"},
                             {"sigma_min", "σ min"},
                             {"train_seconds", "s of training"},
                             {"steps", "steps"},
                             {"own_seconds", "s to own best"},
                             {"own_steps", "steps to own best"},
                             {"best_seconds", "s to the best"},
                             {"best_steps", "steps to the best"},
                             {"step_us", "µs a step"},
                             {"looseness", "looseness"},
                             {"log_prob_us", "µs a log p"},
                             {"sample_us", "µs a sample"},
                             {"sample_passes", "passes"},
                             {"ess", "ESS / n"},
                             {"peak_mb", "MB"}};

/// A line of a table in Markdown, and the first two.
std::string table_line(const std::vector<std::string>& cells) {
  std::string out = "|";
  for (const auto& c : cells) (out += c.empty() ? "" : " " + c) += " |";
  return out + '\n';
}
std::string table_head(const std::vector<std::string>& names) {
  std::string rule = "|";
  for (std::size_t k = 0; k < names.size(); ++k) rule += "---|";
  return table_line(names) + rule + '\n';
}

std::string likelihood_of(const std::vector<Record>& rows, const std::string& family) {
  for (const Record& r : rows) {
    if (r.text("family") == family && !r.text("likelihood").empty()) return r.text("likelihood");
  }
  return "-";
}

/// Everything of one target, best first.
std::string table(const Rows& rows, const std::string& target, const std::string& budget) {
  std::vector<std::string> names = distinct(rows.all(), "family");
  std::erase_if(names, [&](const std::string& f) { return !rows.cell("nll", f, target, budget); });
  const auto nll = [&](const std::string& f) { return rows.cell("nll", f, target, budget)->median; };
  std::stable_sort(names.begin(), names.end(), [&](const auto& a, const auto& b) { return nll(a) < nll(b); });
  std::vector<Named> shown_columns;
  std::vector<std::string> heads{"family", "likelihood"};
  for (const Named& c : columns) {
    if (std::none_of(names.begin(), names.end(),
                     [&](const std::string& f) { return rows.cell(c.key, f, target, budget).has_value(); }))
      continue;
    shown_columns.push_back(c);
    heads.emplace_back(c.name);
  }
  std::string out = table_head(heads);
  for (const auto& f : names) {
    std::vector<std::string> cells{f, likelihood_of(rows.all(), f)};
    for (const Named& c : shown_columns) cells.push_back(shown(rows.cell(c.key, f, target, budget)));
    out += table_line(cells);
  }
  return out + "\n";
}

std::string matrix(const Rows& rows, const std::string& title, const std::string& key, const std::string& budget) {
  const auto names = distinct(rows.all(), "family");
  auto targets = distinct(rows.all(), "target");
  std::erase_if(targets, [&](const std::string& t) {
    return std::none_of(names.begin(), names.end(),
                        [&](const std::string& f) { return rows.cell(key, f, t, budget).has_value(); });
  });
  if (targets.empty()) return "";
  std::vector<std::string> heads{""};
  heads.insert(heads.end(), targets.begin(), targets.end());
  std::string out = "## " + title + "\n\n" + table_head(heads);
  for (const auto& f : names) {
    std::vector<std::string> cells{f};
    for (const auto& t : targets) cells.push_back(shown(rows.cell(key, f, t, budget)));
    out += table_line(cells);
  }
  return out + "\n";
}

/// A family a line: medians over the targets.
std::string overview(const Rows& rows, const std::string& budget) {
  constexpr Named of[] = {{"parameters", "parameters"},
                          {"gap", "gap"},
                          {"leak", "leak"},
                          {"modes_found", "modes found"},
                          {"energy_distance", "energy distance"},
                          {"sigma_max", "σ max"},
                          {"looseness", "looseness"},
                          {"ess", "ESS / n"},
                          {"steps", "steps"},
                          {"train_seconds", "s of training"},
                          {"own_seconds", "s to own best"},
                          {"step_us", "µs a step"},
                          {"log_prob_us", "µs a log p"},
                          {"sample_us", "µs a sample"},
                          {"sample_passes", "passes"},
                          {"peak_mb", "MB"}};
  std::vector<std::string> heads{"family", "likelihood"};
  for (const Named& c : of) heads.emplace_back(c.name);
  std::string out = table_head(heads);
  for (const auto& f : distinct(rows.all(), "family")) {
    std::vector<std::string> cells{f, likelihood_of(rows.all(), f)};
    for (const Named& c : of) {
      const auto m = rows.median(c.key, f, "*", budget);
      cells.push_back(m ? brief(*m) : "-");
    }
    out += table_line(cells);
  }
  return out + "\n";
}

/// Text with its numbers: {{key family target budget}} becomes the cell's median ± half range; of several targets, or
/// *, the median of medians.
std::string filled(const std::string& text, const Rows& rows) {
  std::string out;
  std::size_t from = 0;
  for (std::size_t at; (at = text.find("{{", from)) != text.npos;) {
    const std::size_t end = text.find("}}", at);
    if (end == text.npos) break;
    out += text.substr(from, at - from);
    std::stringstream words(text.substr(at + 2, end - at - 2));
    std::string key, family, target, budget;
    words >> key >> family >> target >> budget;
    if (target == "*" || target.find(',') != target.npos) {
      const auto m = rows.median(key, family, target, budget);
      out += m ? brief(*m) : "-";
    } else {
      out += shown(rows.cell(key, family, target, budget));
    }
    from = end + 2;
  }
  return out + text.substr(from);
}

/// How the rows came about.
std::string provenance(const std::vector<Record>& rows) {
  std::size_t kept = 0, broken = 0, absent = 0, crashed = 0;
  for (const Record& r : rows) {
    kept += r.text("laws") == "kept";
    broken += r.text("laws").rfind("broken", 0) == 0;
    absent += r.text("status") == "absent";
    crashed += r.text("status") == "crashed";
  }
  std::string out = std::to_string(rows.size()) + " rows: " + std::to_string(kept) + " measured with both laws kept, " +
                    std::to_string(broken) + " with one broken, " + std::to_string(crashed) + " crashed, " +
                    std::to_string(absent) + " without a meaning (the reason is in the row).\n\n";
  for (const char* key : {"date", "machine"}) {
    ((out += key) += ":");
    for (const auto& v : distinct(rows, key)) {
      if (!v.empty()) (out += ' ') += v + ";";
    }
    out.back() = '\n';
    out += '\n';
  }
  out += "seeds:";
  std::map<long, long> seeds;
  for (const Record& r : rows) ++seeds[static_cast<long>(r.number("seed").value_or(0))];
  for (const auto& [seed, n] : seeds)
    ((((out += ' ') += std::to_string(seed)) += " (") += std::to_string(n)) += " rows),";
  out.back() = '\n';
  return out + "\ncommand: `cmake --workflow --preset relaxing`, which goes on where it was stopped.\n\n";
}

/// Families under the truth, targets beside each other (or the other way round, `wide`), from the files that the first
/// seeds left.
void contact_sheet(const std::string& path, const std::string& dir, std::vector<std::string> names,
                   const std::vector<std::string>& targets, const std::string& budget, bool densities,
                   bool wide = false) {
  const int side = wide ? 112 : 80, gap = wide ? 5 : 12, left = wide ? 110 : 150, top = 26;
  std::erase_if(names, [&](const std::string& f) {
    return std::none_of(targets.begin(), targets.end(), [&](const std::string& t) {
      return std::filesystem::exists(dir + "/pictures/" + f + '_' + t + '_' + budget + "_samples.npy");
    });
  });
  if (names.empty()) return;
  names.insert(names.begin(), "the target");
  const auto& across = wide ? names : targets;
  const auto& down = wide ? targets : names;
  io::Image image(left + static_cast<int>(across.size()) * (side + gap),
                  top + static_cast<int>(down.size()) * (side + gap));
  for (std::size_t k = 0; k < across.size(); ++k)
    image.text(left + static_cast<int>(k) * (side + gap), 8, across[k], io::detail::ink, 1);
  for (std::size_t k = 0; k < down.size(); ++k)
    image.text(8, top + static_cast<int>(k) * (side + gap) + side / 2, down[k], io::detail::ink, 1);
  for (std::size_t f = 0; f < names.size(); ++f) {
    for (std::size_t t = 0; t < targets.size(); ++t) {
      const int x = left + static_cast<int>(wide ? f : t) * (side + gap),
                y = top + static_cast<int>(wide ? t : f) * (side + gap);
      const auto& target = *place(targets[t]).plane;
      const auto& box = target.box;
      const std::string stem = dir + "/pictures/" + names[f] + '_' + targets[t] + '_' + budget;
      const bool there = f == 0 ? static_cast<bool>(target.sample) : std::filesystem::exists(stem + "_samples.npy");
      image.frame(x, y, side, side, io::detail::pale);
      if (!there) continue;
      if (densities) {
        Batch<double> d(side, side);
        if (f > 0) {
          d = io::read_npy(stem + "_density.npy");
        } else {
          const Batch<double> at = io::grid_points({box.x1_min, box.x1_max, box.x2_min, box.x2_max}, side, side);
          for (Index k = 0; k < at.rows(); ++k)
            d(k % side, k / side) = target.log_prob ? std::exp(target.log_prob(at(k, 0), at(k, 1))) : 0;
        }
        const double most = std::max(1e-300, io::robust_top(d));
        for (int j = 0; j < side; ++j) {
          for (int i = 0; i < side; ++i)
            image.set(
                x + i, y + side - 1 - j,
                io::colour_map(std::round(14 * std::min(1.0, d(i * d.rows() / side, j * d.cols() / side) / most)) /
                               14));  // few colours: small files
        }
      } else {
        const Batch<double> s = f > 0 ? io::read_npy(stem + "_samples.npy") : target.sample(5000, Noise{5});
        for (Index k = 0; k < std::min<Index>(s.rows(), wide ? 3500 : 2000); ++k) {
          const double u = (s(k, 0) - box.x1_min) / (box.x1_max - box.x1_min),
                       v = (s(k, 1) - box.x2_min) / (box.x2_max - box.x2_min);
          if (u >= 0 && u < 1 && v >= 0 && v < 1)
            image.blend(x + static_cast<int>(u * side), y + side - 1 - static_cast<int>(v * side), io::detail::dots,
                        0.75);
        }
      }
    }
  }
  io::write_png(path, image);
}

struct Mark {
  double x, y;
};
struct Line {
  std::string label;
  std::vector<Mark> marks;
  const char* colour = "#1f589e";
};
const char* colour_of(const std::string& likelihood) {
  return likelihood == "bound" ? "#c4622d" : likelihood == "estimate" ? "#2e8b57" : "#1f589e";
}
/// Lines on logarithmic axes, each with its label at its last mark, and a curve.
void log_plot(const std::string& path, const std::string& title, const std::string& x_name, const std::string& y_name,
              std::vector<Line> lines, const std::vector<Mark>& curve = {}) {
  for (Line& l : lines)
    std::erase_if(l.marks,
                  [](const Mark& m) { return !(m.x > 0 && m.y > 0 && std::isfinite(m.x) && std::isfinite(m.y)); });
  std::erase_if(lines, [](const Line& l) { return l.marks.empty(); });
  if (lines.empty()) return;
  std::sort(lines.begin(), lines.end(),
            [](const Line& a, const Line& b) { return a.marks.back().y > b.marks.back().y; });
  double x0 = 1e300, x1 = 0, y0 = 1e300, y1 = 0;
  for (const Line& l : lines) {
    for (const Mark& m : l.marks)
      x0 = std::min(x0, m.x), x1 = std::max(x1, m.x), y0 = std::min(y0, m.y), y1 = std::max(y1, m.y);
  }
  const auto low = [](double v) { return std::pow(10, std::floor(std::log10(v))); };
  const auto high = [](double v) { return std::pow(10, std::floor(std::log10(v)) + 1); };
  x0 = low(x0), x1 = high(x1);
  for (const Mark& m : curve) {
    if (m.x >= x0 && m.x <= x1) y0 = std::min(y0, m.y), y1 = std::max(y1, m.y);
  }
  y0 = low(y0), y1 = high(y1);
  constexpr double w = 640, h = 420, left = 80, top = 40;
  const auto px = [&](double x) { return left + w * std::log(x / x0) / std::log(x1 / x0); };
  const auto py = [&](double y) { return top + h - h * std::log(y / y0) / std::log(y1 / y0); };
  std::string svg =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 880 520\" font-family=\"sans-serif\" "
      "font-size=\"12\">\n<rect width=\"880\" height=\"520\" fill=\"white\"/>\n";
  const auto text = [&](double x, double y, const std::string& s, const char* anchor, const std::string& more = "") {
    ((((((svg += "<text x=\"" + brief(x) + "\" y=\"" + brief(y)) += "\" text-anchor=\"") += anchor) += "\" ") +=
      more) += ">") += s + "</text>\n";
  };
  const auto line = [&](double ax, double ay, double bx, double by, const char* colour) {
    (svg += "<line x1=\"" + brief(ax) + "\" y1=\"" + brief(ay) + "\" x2=\"" + brief(bx) + "\" y2=\"" + brief(by) +
            "\" stroke=\"") += std::string(colour) + "\"/>\n";
  };
  const auto polyline = [&](const std::vector<Mark>& marks, const char* colour) {
    std::string points;
    for (const Mark& m : marks) {
      if (m.x >= x0 && m.x <= x1 && m.y >= y0 && m.y <= y1) points += brief(px(m.x)) + "," + brief(py(m.y)) + " ";
    }
    if (points.empty()) return;
    svg += "<polyline points=\"" + points + "\" fill=\"none\" stroke=\"" + colour + "\" stroke-width=\"1.5\"/>\n";
  };
  text(left + w / 2, 22, title, "middle", "font-size=\"15\"");
  for (double x = x0; x <= x1 * 1.001; x *= 10)
    line(px(x), top, px(x), top + h, "#ddd"), text(px(x), top + h + 18, brief(x), "middle");
  for (double y = y0; y <= y1 * 1.001; y *= 10)
    line(left, py(y), left + w, py(y), "#ddd"), text(left - 8, py(y) + 4, brief(y), "end");
  text(left + w / 2, top + h + 42, x_name, "middle");
  text(20, top + h / 2, y_name, "middle", "transform=\"rotate(-90 20 " + brief(top + h / 2) + ")\"");
  polyline(curve, "#c33");
  std::vector<std::pair<double, double>> labels;  // where they stand: one that would lie on another moves down
  for (const Line& l : lines) {
    polyline(l.marks, l.colour);
    const double x = px(l.marks.back().x);
    double y = py(l.marks.back().y) + 4;
    for (bool free = false; !free;) {
      free = true;
      for (const auto& [lx, ly] : labels) {
        if (std::abs(lx - x) < 110 && std::abs(ly - y) < 13) y = ly + 13, free = false;
      }
    }
    labels.emplace_back(x, y);
    for (const Mark& m : l.marks)
      (svg += "<circle cx=\"" + brief(px(m.x)) + "\" cy=\"" + brief(py(m.y)) + "\" r=\"4\" fill=\"") +=
          std::string(l.colour) + "\"/>\n";
    text(x + 8, y, l.label, "start");
  }
  io::write_file(path, svg + "</svg>\n");
}

/// A family's geometric mean, over targets, of median cells, at least `floor` each; nullopt where one is missing.
std::optional<double> geometric_mean(const Rows& rows, const std::string& key, const std::string& family,
                                     const std::vector<std::string>& targets, const std::string& budget, double floor) {
  double sum = 0, n = 0;
  for (const auto& t : targets) {
    const auto v = rows.cell(key, family, t, budget);
    if (!v) return std::nullopt;
    sum += std::log(std::max(floor, v->median));
    ++n;
  }
  if (n == 0) return std::nullopt;
  return std::exp(sum / n);
}
/// A line a family: a column's mean over targets at each budget, against the seconds that training took.
std::vector<Line> over_time(const Rows& rows, const std::string& key, const std::vector<std::string>& targets,
                            const std::vector<std::string>& budgets, double floor) {
  std::vector<Line> lines;
  for (const auto& f : distinct(rows.all(), "family")) {
    Line line{f, {}, colour_of(likelihood_of(rows.all(), f))};
    for (const auto& b : budgets) {
      const auto y = geometric_mean(rows, key, f, targets, b, floor);
      if (y) line.marks.push_back({seconds_of_budget(b), *y});
    }
    lines.push_back(std::move(line));
  }
  return lines;
}
/// Where a line lies below another, between marks as straight lines on logarithmic axes: "always", "never", and else
/// the last time that they cross: "from 4 s", "until 4 s"; "-" without marks to compare.
std::string below(const Line& line, const Line& other) {
  std::vector<Mark> apart;  // log of the ratio
  for (const Mark& m : line.marks) {
    for (const Mark& o : other.marks) {
      if (o.x == m.x) apart.push_back({m.x, std::log(m.y / o.y)});
    }
  }
  if (apart.empty()) return "-";
  const bool at_end = apart.back().y < 0;
  for (std::size_t k = apart.size() - 1; k-- > 0;) {
    if ((apart[k].y < 0) == at_end) continue;
    const double share = apart[k].y / (apart[k].y - apart[k + 1].y);
    return (at_end ? "from " : "until ") + brief(apart[k].x * std::pow(apart[k + 1].x / apart[k].x, share)) + " s";
  }
  return at_end ? "always" : "never";
}

/// A family a line: when it is below real_nvp and nsf; "" where these have no rows.
std::string crossings(const std::vector<Line>& lines) {
  const auto of = [&](const std::string& family) {
    const auto at = std::find_if(lines.begin(), lines.end(), [&](const Line& l) { return l.label == family; });
    return at != lines.end() ? *at : Line{};
  };
  const Line plain = of("real_nvp"), spline = of("nsf");
  if (plain.marks.empty() || spline.marks.empty()) return "";
  std::string out = table_head({"family", "below real_nvp", "below nsf"});
  for (const Line& l : lines) {
    if (!l.marks.empty())
      out += table_line(
          {l.label, l.label == plain.label ? "" : below(l, plain), l.label == spline.label ? "" : below(l, spline)});
  }
  return out + "\n";
}

/// Figures that are there, as a page shows them.
std::string embedded(const std::string& figures, std::initializer_list<std::string> names) {
  std::string out;
  for (const std::string& name : names) {
    if (std::filesystem::exists(figures + '/' + name)) out += "![" + name + "](figures/" + name + ")\n\n";
  }
  return out;
}

/// What the search found, a family a line, and what it cost.
std::string found_settings(const std::vector<Record>& tries) {
  double cost = 0;
  for (const Record& r : tries) cost += r.number("train_seconds").value_or(0);
  auto budgets = distinct(tries, "budget");
  std::sort(budgets.begin(), budgets.end(), shorter);
  std::vector<std::string> heads{"family"};
  for (const auto& b : budgets) heads.push_back("at " + b + " s");
  std::string out =
      "## Rates and schedules\n\nOf a search on corners and pinwheel, which no table has: " +
      std::to_string(tries.size()) + " fits, " + brief(std::round(cost)) +
      " seconds of the processor. At 3 seconds five rates from 0.0005 to 0.008, each by a cosine and by "
      "a constant rate with a running mean of the parameters (averaged); at 30 the rate found, half of it "
      "and twice; longer budgets take that one.\n\n" +
      table_head(heads);
  for (const auto& f : distinct(tries, "family")) {
    std::vector<std::string> cells{f};
    for (const auto& b : budgets) {
      const Setting s = best_setting(tries, f, seconds_of_budget(b));
      cells.push_back(brief(s.rate) + (s.averaged ? ", averaged" : ", cosine"));
    }
    out += table_line(cells);
  }
  return out + "\n";
}

}  // namespace

void write_report(const std::string& dir, std::vector<Record> all, const std::vector<Record>& tries) {
  std::stable_sort(all.begin(), all.end(),
                   [](const Record& a, const Record& b) { return shorter(a.text("budget"), b.text("budget")); });
  const Rows rows(all);
  const auto budgets = distinct(all, "budget");
  const std::string figures = dir + "/figures";
  std::filesystem::create_directories(figures);
  std::string out = "# What relaxing bijectivity buys\n\n" + provenance(all);
  if (std::ifstream in(dir + "/verdicts.in.md"); in) {
    std::ostringstream text;
    text << in.rdbuf();
    out += filled(text.str(), rows) + "\n";
  }
  const auto shared = rows.common(budgets);
  const auto gaps = over_time(rows, "gap", shared, budgets, 1e-3);
  log_plot(figures + "/gap_time.svg", "gap, geometric mean over " + std::to_string(shared.size()) + " targets",
           "seconds of training", "gap (nats)", gaps);
  std::vector<std::string> compact = shared, open = shared;
  std::erase_if(compact, [](const auto& t) { return !place(t).plane->in_support; });
  std::erase_if(open, [](const auto& t) { return static_cast<bool>(place(t).plane->in_support); });
  log_plot(figures + "/leak_time.svg",
           "support leak, geometric mean over " + std::to_string(compact.size()) + " targets", "seconds of training",
           "share of samples off the support", over_time(rows, "leak", compact, budgets, 1e-4));
  log_plot(figures + "/level_leak_time.svg",
           "level leak, geometric mean over " + std::to_string(open.size()) + " targets", "seconds of training",
           "excess of samples where the density is low", over_time(rows, "level_leak", open, budgets, 1e-4));
  const auto names = distinct(all, "family");
  out += "## Gap and leak against training time\n\n" +
         embedded(figures, {"gap_time.svg", "leak_time.svg", "level_leak_time.svg"}) +
         "Blue: exact likelihoods; orange: bounds; green: estimates. Gaps below 0.001 are drawn there; a family that "
         "lacks one of the targets is left out.\n\n";
  const std::string in_eight = crossings(over_time(rows, "gap", {"wells"}, budgets, 1e-3));
  out +=
      "After which seconds of training a family's mean gap is below real_nvp's and nsf's, between budgets by straight "
      "lines in the figure; of several crossings the last:\n\n" +
      crossings(gaps) + (in_eight.empty() ? "" : "The same of wells, in eight dimensions:\n\n" + in_eight);
  if (!tries.empty()) out += found_settings(tries);
  out +=
      "## Reading the tables\n\nMedians over seeds ± half the distance between the lowest and the highest; a dash is a "
      "null, its reason in rows.jsonl. Nats, and seconds of the processor. gap: the mean of log p of the truth less "
      "log "
      "p of the model, or its bound by 100 draws (20 of long chains), over the same rows. leak: share of samples off a "
      "compact support; level leak: the excess of samples where the target's density is below its lowest thousandth; "
      "bridge: the excess between modes; mode error: half the sum of differences of the modes' masses; modes found: "
      "the "
      "share of modes with half of their mass or more; energy distance: of columns over their deviations, 0 for "
      "the truth; σ: singular values of the sampling map; to own best, to the best: until the validation loss is "
      "within 0.1 nat of the row's lowest, of the lowest of all families; looseness: the estimate by 100 draws less "
      "the bound by one; ESS: of importance weights against the target.\n\n";
  for (const auto& budget : budgets) {
    std::vector<Record> part;
    for (const Record& r : all) {
      if (r.text("budget") == budget) part.push_back(r);
    }
    const Rows of(part);
    const auto common = of.common({budget});
    out += "# After " + budget + " seconds of training\n\n";
    if (!common.empty())
      out += "## Medians over " + std::to_string(common.size()) + " targets of the plane\n\n" + overview(of, budget);
    for (const auto& [title, key] : {std::pair{"Gap to the entropy", "gap"},
                                     {"Support leak", "leak"},
                                     {"Level leak", "level_leak"},
                                     {"Modes found", "modes_found"},
                                     {"Energy distance", "energy_distance"},
                                     {"NLL or bound", "nll"},
                                     {"Looseness of the bounds", "looseness"}})
      out += matrix(of, title, key, budget);
  }
  if (!budgets.empty()) {
    std::string longest = budgets.front();  // of those with the most targets
    for (const auto& b : budgets) {
      if (rows.common({b}).size() >= rows.common({longest}).size()) longest = b;
    }
    auto targets = distinct(all, "target");
    std::erase_if(targets, [](const auto& t) { return !place(t).plane; });
    contact_sheet(figures + "/densities.png", dir, names, targets, longest, true);
    contact_sheet(figures + "/samples.png", dir, names, targets, longest, false);
    contact_sheet(figures + "/relaxing.png", dir,
                  {"real_nvp", "nsf", "real_nvp_resampled", "abs_flow", "snf", "cnf", "diff_flow", "ddpm", "iwae"},
                  {"two_uniforms", "checkerboard", "eight_gaussians", "moons"}, longest, false, true);
    std::vector<Line> leaks;
    std::vector<Mark> floor;
    for (const auto& f : names) {
      Line line{f, {}};
      for (const auto& b : budgets) {
        const auto k = rows.cell("sigma_max", f, "two_uniforms", b), l = rows.cell("leak", f, "two_uniforms", b);
        if (k && l) line.marks.push_back({k->median, l->median});
      }
      leaks.push_back(std::move(line));
    }
    for (double k = 1; k < 1e5; k *= 1.05)
      floor.push_back({k, std::erf(1 / k / std::sqrt(2.0))});  // 2 Phi(w / 2K) - 1, w = 2
    log_plot(figures + "/leak_lipschitz.svg",
             "two_uniforms: leak and the sampling map's largest singular value; red: the floor for equal masses",
             "largest singular value", "leak", leaks, floor);
    out += "# Figures\n\nAfter " + longest + " seconds; leak and steepness at every budget.\n\n";
    out += embedded(figures, {"samples.png", "densities.png", "leak_lipschitz.svg"});
    out += "# Target by target\n\n";
    for (const auto& t : distinct(all, "target")) {
      for (const auto& b : budgets) {
        const bool there = std::any_of(all.begin(), all.end(), [&](const Record& r) {
          return r.text("target") == t && r.text("budget") == b && r.number("nll");
        });
        if (there) out += "## " + t + ", " + b + " seconds\n\n" + table(rows, t, b);
      }
    }
  }
  io::write_file(dir + "/REPORT.md", out);
}

}  // namespace study
