// SPDX-License-Identifier: MIT
// fit_2d: fits a flow to a toy density or to two columns of a file, given others, and says how well.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <map>
#include <optional>
#include <set>

#include "command_line.hpp"
#include "models/models.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/io/checkpoint.hpp"
#include "rheo/io/csv.hpp"
#include "rheo/io/file.hpp"
#include "rheo/io/half_blocks.hpp"
#include "rheo/io/plot.hpp"
#include "rheo/io/plot_fit.hpp"
#include "rheo/io/progress.hpp"
#include "rheo/io/safetensors.hpp"
#include "rheo/platform/interrupt.hpp"
#include "rheo/platform/terminal.hpp"
#include "rheo/targets/table.hpp"

namespace {
using namespace rheo;

constexpr const char* usage =
    "usage: fit_2d [--target NAME | --csv FILE [--columns A,B] [--context C[,D]]] [--model NAME] [--epochs N]\n"
    "              [--batch N] [--learning-rate X] [--train N] [--test N] [--seed N] [--threads N] [--grid N]\n"
    "              [--out DIR] [--checkpoint FILE] [--plot-fit FILE] [--save FILE] [--load FILE] [--freeze FILE.hpp]\n"
    "              [--drop-missing] [--json] [--list]\n"
    "A picture, samples and the model go to DIR, the losses of the fit to FILE as a picture.  --save puts the model "
    "elsewhere, --load\n"
    "takes it from a file in place of a fit, --freeze writes it as a header of constants.  --context names the columns "
    "that the density\n"
    "is given; it is drawn at their medians.  Ctrl-C ends the fit and keeps the best so far; with a checkpoint the "
    "same "
    "command goes on\n"
    "from it, as after a kill.\n";

struct WrongUsage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Arguments {
  std::string target, csv, model = "nsf", out = ".", checkpoint, plot_fit, save, load, freeze;
  std::vector<std::string> columns, context;
  int epochs = 60, threads = 1;
  Index batch = 256, train = 20000, test = 50000, grid = 210;
  double rate = 4e-3;
  std::uint64_t seed = 0;
  bool json = false, list = false, drop_missing = false;
};

/// False where the options will not do, after a line that says why.
bool parse(int count, char** words, Arguments& a) {
  if (!examples::read_options(count, words,
                              {{"--target", &a.target},
                               {"--csv", &a.csv},
                               {"--columns", &a.columns},
                               {"--context", &a.context},
                               {"--model", &a.model},
                               {"--epochs", &a.epochs, 0, 1e6},
                               {"--batch", &a.batch, 1, 1e8},
                               {"--learning-rate", &a.rate, 1e-12, 1e6},
                               {"--train", &a.train, 20, 1e8},
                               {"--test", &a.test, 2, 1e8},
                               {"--seed", &a.seed},
                               {"--threads", &a.threads, 1, 1024},
                               {"--grid", &a.grid, 2, 2000},
                               {"--out", &a.out},
                               {"--checkpoint", &a.checkpoint},
                               {"--plot-fit", &a.plot_fit},
                               {"--save", &a.save},
                               {"--load", &a.load},
                               {"--freeze", &a.freeze},
                               {"--drop-missing", &a.drop_missing},
                               {"--json", &a.json},
                               {"--list", &a.list}}))
    return false;
  if (!a.target.empty() && !a.csv.empty()) throw WrongUsage("--target and --csv exclude each other");
  if (!a.columns.empty() && a.csv.empty()) throw WrongUsage("--columns goes with --csv");
  if (!a.columns.empty() && a.columns.size() != 2) throw WrongUsage("--columns wants two names or numbers, as 0,1");
  if (!a.context.empty() && a.columns.empty())
    throw WrongUsage("--context names further columns of the table: say the two of the plane by --columns A,B");
  if (!a.load.empty() && !(a.checkpoint + a.plot_fit).empty())
    throw WrongUsage("--load fits nothing: no --checkpoint, no --plot-fit");
  if (a.target.empty()) a.target = "moons";
  return true;
}

/// The distinct rows, in the order of `noise`: a row that stands in both training and test would be a leak.
Batch<double> distinct(const Batch<double>& x, Noise noise) {
  std::set<std::vector<double>> seen;
  std::vector<Index> keep;
  for (Index i : noise.permutation(x.rows())) {
    std::vector<double> row;
    for (Index j = 0; j < x.cols(); ++j) row.push_back(x(i, j));
    if (seen.insert(std::move(row)).second) keep.push_back(i);
  }
  Batch<double> y(static_cast<Index>(keep.size()), x.cols());
  for (Index i = 0; i < y.rows(); ++i) y.row(i) = x.row(keep[static_cast<std::size_t>(i)]);
  return y;
}

/// The table's chosen columns; refuses one that is chosen twice, and names the tool's own remedy where numbers lack.
io::CsvTable read_table(const Arguments& a) {
  std::vector<std::string> chosen = a.columns;
  chosen.insert(chosen.end(), a.context.begin(), a.context.end());
  io::CsvTable table;
  try {
    table = io::read_csv(a.csv, {.columns = chosen, .drop_missing = a.drop_missing});
  } catch (const FileError& e) {
    std::string said = e.what();
    const std::string_view remedy = "CsvOptions::drop_missing";
    if (const auto at = said.find(remedy); at != said.npos) said.replace(at, remedy.size(), "--drop-missing");
    throw FileError(said);
  }
  if (chosen.empty() && table.values.cols() != 2)
    throw WrongUsage(a.csv + " has " + std::to_string(table.values.cols()) + " columns: choose two with --columns A,B");
  std::set<std::string> seen;
  for (const std::string& name : table.names) {
    if (!seen.insert(name).second) throw WrongUsage("column '" + name + "' is chosen twice");
  }
  return table;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// Throws unless a model that fit_2d saved, of these notes, is one of these columns.
void check_columns(const std::string& file, const std::map<std::string, std::string>& notes) {
  const auto saved = io::read_safetensors(file).metadata;
  for (const auto& [key, here] : notes) {
    const auto there = saved.find(key);
    if (key != "status" && there != saved.end() && there->second != here)
      throw FileError(file + ": its " + key + " is '" + there->second + "', here it is '" + here + "'");
  }
}

/// The first two columns are the plane's.
models::Rows parts(const Batch<double>& x) { return {x.leftCols(2), x.rightCols(x.cols() - 2)}; }

/// A row of the columns' medians.
Batch<double> medians(const Batch<double>& x) {
  Batch<double> m(1, x.cols());
  for (Index j = 0; j < x.cols(); ++j) {
    std::vector<double> sorted(x.col(j).begin(), x.col(j).end());
    std::nth_element(sorted.begin(), sorted.begin() + x.rows() / 2, sorted.end());
    m(0, j) = sorted[static_cast<std::size_t>(x.rows() / 2)];
  }
  return m;
}

std::string json_number(std::optional<double> x) {
  if (!x || !std::isfinite(*x)) return "null";
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, *x).ptr};
}

int run(const Arguments& a) {
  const Noise noise{a.seed};
  const models::Entry* entry = nullptr;
  for (const auto& m : models::all()) entry = m.name == a.model ? &m : entry;
  if (!entry) throw WrongUsage("no model is called '" + a.model + "'; --list names them");
  if (a.context.size() >= entry->makes.size()) {
    throw WrongUsage("--context has " + std::to_string(a.context.size()) + " columns, and '" + a.model + "' takes " +
                     (entry->makes.size() == 1 ? "none" : "at most " + std::to_string(entry->makes.size() - 1)) +
                     "; nsf takes two");
  }
  const targets::Target* target = nullptr;
  std::string name, note;
  std::vector<std::string> plane{"x", "y"};
  std::map<std::string, std::string> notes{{"model", a.model}};
  Batch<double> train, test;
  io::Box axes{};
  if (a.csv.empty()) {
    for (const auto& t : targets::all()) target = t.name == a.target ? &t : target;
    if (!target) throw WrongUsage("no target is called '" + a.target + "'; --list names them");
    name = a.target;
    train = target->sample(a.train, noise.fork(1));
    test = target->sample(a.test, noise.fork(2));
    axes = {target->box.x1_min, target->box.x1_max, target->box.x2_min, target->box.x2_max};
  } else {
    const io::CsvTable table = read_table(a);
    plane = {table.names[0], table.names[1]};
    notes["columns"] = listed(plane);
    notes["context"] = listed({table.names.begin() + 2, table.names.end()});
    const Batch<double> rows = distinct(table.values, noise.fork(3));
    name = std::filesystem::path(a.csv).stem().string();
    const Index held = rows.rows() / 5, kept = std::min(a.train, rows.rows() - held);
    if (held < 2 || kept < 10)
      detail::fail<DataError>(a.csv + ": too few distinct rows, " + std::to_string(rows.rows()));
    note = std::to_string(table.values.rows()) + " rows, " +
           (table.dropped ? std::to_string(table.dropped) + " more that lack a number, " : "") +
           std::to_string(rows.rows()) + " distinct: " + std::to_string(kept) + " to fit, " + std::to_string(held) +
           " to test";
    test = rows.topRows(held);
    train = rows.middleRows(held, kept);
    const Row<double> low = rows.colwise().minCoeff(), high = rows.colwise().maxCoeff();
    const double mx = 0.05 * (high(0) - low(0)), my = 0.05 * (high(1) - low(1));
    axes = {low(0) - mx, high(0) + mx, low(1) - my, high(1) + my};
  }
  if (!a.load.empty()) check_columns(a.load, notes);
  std::error_code ignored;
  std::filesystem::create_directories(a.out, ignored);
  const std::string stem = a.out + "/" + name + "_" + a.model,
                    model_file = !a.save.empty()  ? a.save
                                 : a.load.empty() ? stem + ".safetensors"
                                                  : std::string();  // one that was loaded is there
  io::check_writable(stem + ".png");
  for (const std::string& file : {model_file, a.plot_fit, a.freeze}) {
    if (!file.empty()) io::check_writable(file);
  }
  const models::Rows tested = parts(test);
  const Batch<double> given = medians(tested.context);

  const Interrupt interrupt;
  io::Progress progress;
  FitOptions options{.epochs = a.epochs,
                     .batch = a.batch,
                     .learning_rate = a.rate,
                     .patience = 30,
                     .schedule = {Cosine{0.01}, 100},
                     .noise = noise.fork(4),
                     .threads = a.threads};
  options.callback = std::ref(progress);
  options.stop = interrupt.token();
  if (!a.checkpoint.empty()) options.checkpoint = io::checkpoint(a.checkpoint, 10);
  const models::Fitted f = entry->makes[a.context.size()](parts(train), options, a.load);
  progress.finish();
  if (!a.plot_fit.empty()) io::plot_fit(a.plot_fit, f.result);
  if (f.result.status == FitStatus::diverged) {
    std::cerr << "fit_2d: training diverged: losses or gradients were not finite (" << f.result.skipped_steps
              << " steps skipped); try a smaller --learning-rate\n";
    return 1;
  }
  const std::string status = a.load.empty() ? to_string(f.result.status) : "loaded";
  notes["status"] = status;
  if (!model_file.empty()) f.save(model_file, notes);
  if (!a.freeze.empty()) f.freeze(a.freeze, std::filesystem::path(a.freeze).stem().string());
  for (const auto& said : f.result.notes) std::cerr << "fit_2d: " << said << '\n';

  const Column<double> lp = f.log_prob(tested);
  const double n = static_cast<double>(lp.size()), nll = -lp.mean(),
               se = std::sqrt((lp + nll).square().sum() / (n - 1) / n);
  const auto begin = std::chrono::steady_clock::now();
  const Batch<double> samples = f.sample(2 * a.test, noise.fork(5), given);
  const double rate = static_cast<double>(samples.rows()) /
                      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::optional<double> entropy, gap, leak, closer;
  constexpr Index draws = 20;
  const bool exact = f.exactness == Exactness::exact;
  if (!exact) closer = -f.estimate(tested, draws).mean();
  if (target && target->entropy) entropy = *target->entropy, gap = nll - *entropy;
  if (target && target->in_support)
    leak = support_leak(samples, *target, 1e-6).value;  // a float on the border may fall just outside

  const Index side = exact ? a.grid : std::min<Index>(a.grid, 70);  // every cell of a bound takes 20 draws
  const Batch<double> grid = io::grid_points(axes, side, side);
  const models::Rows cells{grid, given};
  const Batch<double> density = (exact ? f.log_prob(cells) : f.estimate(cells, draws)).exp().reshaped(side, side);
  const Index shown = std::min<Index>(8000, std::max<Index>(train.rows(), 2000));
  using io::Panel;
  std::string at;
  for (std::size_t j = 0; j < a.context.size(); ++j)
    at += (j ? ", " : " at ") + a.context[j] + " = " + detail::number_text(given(0, static_cast<Index>(j)));
  const std::vector<Panel> panels{Panel::scatter(name, train.leftCols(2).topRows(std::min(shown, train.rows()))),
                                  Panel::heat_map(a.model + at, density, io::robust_top(density)),
                                  Panel::scatter("samples" + at, samples.topRows(std::min(shown, samples.rows())))};
  io::plot_panels(stem + ".png", panels, axes);
  io::write_csv(stem + "_samples.csv", samples.topRows(std::min<Index>(10000, samples.rows())), plane);

  const std::vector<std::pair<std::string, std::string>> row{
      {"target", '"' + name + '"'},
      {"model", '"' + a.model + '"'},
      {"parameters", std::to_string(f.parameters)},
      {"exact", exact ? "true" : "false"},
      {"epochs", std::to_string(f.result.history.size())},
      {"train_seconds", json_number(a.load.empty() ? std::optional(f.result.seconds) : std::nullopt)},
      {"test_nll", json_number(nll)},
      {"test_nll_se", json_number(se)},
      {"test_nll_20_draws", json_number(closer)},
      {"entropy", json_number(entropy)},
      {"gap", json_number(gap)},
      {"leak", json_number(leak)},
      {"samples_per_second", json_number(rate)},
      {"seed", std::to_string(a.seed)},
      {"threads", std::to_string(a.threads)},
      {"status", '"' + status + '"'}};
  if (a.json) {
    std::string line = "{";
    for (const auto& [key, value] : row) line += (line.size() > 1 ? ", \"" : "\"") + key + "\": " + value;
    std::cout << line << "}\n";
  } else {
    for (const auto& [key, value] : row)
      std::cout << "  " << key << std::string(20 - key.size(), ' ') << (value == "null" ? "-" : value) << '\n';
    if (!note.empty()) std::cout << "  data                " << note << '\n';
    std::cout << "  picture             " << stem << ".png\n  samples             " << stem << "_samples.csv\n";
    if (!model_file.empty()) std::cout << "  model file          " << model_file << '\n';
    if (!a.freeze.empty()) std::cout << "  frozen              " << a.freeze << '\n';
    if (!a.plot_fit.empty()) std::cout << "  losses              " << a.plot_fit << '\n';
    const unsigned columns = platform::terminal_columns(stdout);
    std::cout << io::half_blocks(io::draw_bare({panels[1], panels[2]}, axes),
                                 columns ? static_cast<int>(std::min(columns, 120u)) : 80,
                                 platform::terminal_colours(stdout));
  }
  std::cout.flush();
  if (!std::cout) detail::fail<FileError>("standard output: cannot be written");
  return f.result.status == FitStatus::interrupted ? 130 : 0;
}
}  // namespace

int main(int count, char** words) {
  try {
    Arguments a;
    if (!parse(count, words, a)) {
      std::cerr << usage;
      return 2;
    }
    if (a.list) {
      std::cout << "targets:";
      for (const auto& t : targets::all()) std::cout << ' ' << t.name;
      std::cout << "\nmodels:\n";
      for (const auto& m : models::all())
        std::cout << "  " << m.name << std::string(20 - m.name.size(), ' ') << m.what << '\n';
      return 0;
    }
    return run(a);
  } catch (const WrongUsage& e) {
    std::cerr << "fit_2d: " << e.what() << '\n' << usage;
    return 2;
  } catch (const FileError& e) {
    std::cerr << "fit_2d: " << e.what() << '\n';
    return 3;
  } catch (const std::exception& e) {
    std::cerr << "fit_2d: " << e.what() << '\n';
    return 1;
  }
}
