// SPDX-License-Identifier: MIT
// fit_2d: fits a flow to a toy density or to two columns of a file, and says how well.
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
#include "rheo/io/plot.hpp"
#include "rheo/io/plot_fit.hpp"
#include "rheo/io/progress.hpp"
#include "rheo/platform/interrupt.hpp"
#include "rheo/targets/table.hpp"

namespace {
using namespace rheo;

constexpr const char* usage =
    "usage: fit_2d [--target NAME | --csv FILE [--columns A,B]] [--model NAME] [--epochs N] [--batch N] "
    "[--learning-rate X]\n"
    "              [--train N] [--test N] [--seed N] [--threads N] [--scalar float|double] [--grid N] [--out DIR] "
    "[--checkpoint FILE] [--plot-fit FILE]\n"
    "              [--json] [--list]\n"
    "A picture, samples and the model go to DIR, the losses of the fit to FILE as a picture.  Ctrl-C ends the fit and "
    "keeps the best so far; with a checkpoint the same command goes on from it, as after a kill.\n";

struct WrongUsage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Arguments {
  std::string target = "moons", csv, model = "real_nvp", scalar = "float", out = ".", checkpoint, plot_fit;
  std::vector<std::string> columns;
  int epochs = 60, threads = 1;
  Index batch = 256, train = 20000, test = 50000, grid = 210;
  double rate = 4e-3;
  std::uint64_t seed = 0;
  bool json = false, list = false;
};

template <class T> T number(const std::string& option, const std::string& text, T least, T most) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= least && value <= most))
    throw WrongUsage(option + ": '" + text + "' will not do");
  return value;
}

Arguments parse(int count, char** words) {
  Arguments a;
  bool target = false;
  for (int i = 1; i < count; ++i) {
    const std::string option = words[i];
    if (option == "--json") {
      a.json = true;
      continue;
    }
    if (option == "--list") {
      a.list = true;
      continue;
    }
    static const std::set<std::string> known{
        "--target", "--csv",  "--columns", "--model",  "--epochs", "--batch", "--learning-rate", "--train",
        "--test",   "--seed", "--threads", "--scalar", "--grid",   "--out",   "--checkpoint",    "--plot-fit"};
    if (!known.count(option)) throw WrongUsage(examples::unknown_option(option, known));
    if (i + 1 == count) throw WrongUsage(option + " wants a value");
    const std::string value = words[++i];
    if (option == "--target") a.target = value, target = true;
    else if (option == "--csv") a.csv = value;
    else if (option == "--columns") {
      const auto comma = value.find(',');
      if (comma == std::string::npos || value.find(',', comma + 1) != std::string::npos)
        throw WrongUsage("--columns wants two names or numbers, as 0,1");
      a.columns = {value.substr(0, comma), value.substr(comma + 1)};
    } else if (option == "--model") a.model = value;
    else if (option == "--epochs") a.epochs = number(option, value, 0, 1000000);
    else if (option == "--batch") a.batch = number<Index>(option, value, 1, 100000000);
    else if (option == "--learning-rate") a.rate = number(option, value, 1e-12, 1e6);
    else if (option == "--train") a.train = number<Index>(option, value, 20, 100000000);
    else if (option == "--test") a.test = number<Index>(option, value, 2, 100000000);
    else if (option == "--seed") a.seed = number<std::uint64_t>(option, value, 0, ~std::uint64_t(0));
    else if (option == "--threads") a.threads = number(option, value, 1, 1024);
    else if (option == "--scalar") a.scalar = value;
    else if (option == "--checkpoint") a.checkpoint = value;
    else if (option == "--plot-fit") a.plot_fit = value;
    else if (option == "--grid") a.grid = number<Index>(option, value, 2, 2000);
    else a.out = value;
  }
  if (target && !a.csv.empty()) throw WrongUsage("--target and --csv exclude each other");
  if (!a.columns.empty() && a.csv.empty()) throw WrongUsage("--columns goes with --csv");
  if (a.scalar != "float" && a.scalar != "double") throw WrongUsage("--scalar is float or double");
  return a;
}

/// The distinct rows, in the order of `noise`: a row that stands in both training and test would be a leak.
Batch<double> distinct(const Batch<double>& x, Noise noise) {
  std::set<std::pair<double, double>> seen;
  std::vector<Index> keep;
  for (Index i : noise.permutation(x.rows())) {
    if (seen.insert({x(i, 0), x(i, 1)}).second) keep.push_back(i);
  }
  Batch<double> y(static_cast<Index>(keep.size()), 2);
  for (Index i = 0; i < y.rows(); ++i) y.row(i) = x.row(keep[static_cast<std::size_t>(i)]);
  return y;
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
  const targets::Target* target = nullptr;
  std::string name, note;
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
    const auto table = io::read_csv(a.csv, {.columns = a.columns});
    if (table.values.cols() != 2)
      throw WrongUsage(a.csv + " has " + std::to_string(table.values.cols()) +
                       " columns: choose two with --columns A,B");
    const Batch<double> rows = distinct(table.values, noise.fork(3));
    name = std::filesystem::path(a.csv).stem().string();
    const Index held = rows.rows() / 5, kept = std::min(a.train, rows.rows() - held);
    if (held < 2 || kept < 10)
      detail::fail<DataError>(a.csv + ": too few distinct rows, " + std::to_string(rows.rows()));
    note = std::to_string(table.values.rows()) + " rows, " + std::to_string(rows.rows()) +
           " distinct: " + std::to_string(kept) + " to fit, " + std::to_string(held) + " to test";
    test = rows.topRows(held);
    train = rows.middleRows(held, kept);
    const Row<double> low = rows.colwise().minCoeff(), high = rows.colwise().maxCoeff();
    const double mx = 0.05 * (high(0) - low(0)), my = 0.05 * (high(1) - low(1));
    axes = {low(0) - mx, high(0) + mx, low(1) - my, high(1) + my};
  }
  std::error_code ignored;
  std::filesystem::create_directories(a.out, ignored);
  const std::string stem = a.out + "/" + name + "_" + a.model;
  io::check_writable(stem + ".png");
  io::check_writable(stem + ".safetensors");
  if (!a.plot_fit.empty()) io::check_writable(a.plot_fit);

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
  const models::Fitted f = (a.scalar == "float" ? entry->fit_float : entry->fit_double)(train, options);
  progress.finish();
  if (!a.plot_fit.empty()) io::plot_fit(a.plot_fit, f.result);
  if (f.result.status == FitStatus::diverged) {
    std::cerr << "fit_2d: training diverged: losses or gradients were not finite (" << f.result.skipped_steps
              << " steps skipped); try a smaller --learning-rate\n";
    return 1;
  }
  f.save(stem + ".safetensors", {{"model", a.model}, {"status", to_string(f.result.status)}});
  for (const auto& said : f.result.notes) std::cerr << "fit_2d: " << said << '\n';

  const Column<double> lp = f.log_prob(test);
  const double n = static_cast<double>(lp.size()), nll = -lp.mean(),
               se = std::sqrt((lp + nll).square().sum() / (n - 1) / n);
  const auto begin = std::chrono::steady_clock::now();
  const Batch<double> samples = f.sample(2 * a.test, noise.fork(5));
  const double rate = static_cast<double>(samples.rows()) /
                      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::optional<double> entropy, gap, leak, closer;
  constexpr Index draws = 20;
  const bool exact = f.exactness == Exactness::exact;
  if (!exact) closer = -f.estimate(test, draws).mean();
  if (target && target->entropy) entropy = *target->entropy, gap = nll - *entropy;
  if (target && target->in_support)
    leak = support_leak(samples, *target, 1e-6).value;  // a float on the border may fall just outside

  const Index side = exact ? a.grid : std::min<Index>(a.grid, 70);  // every cell of a bound takes 20 draws
  const Batch<double> grid = io::grid_points(axes, side, side);
  const Batch<double> density = (exact ? f.log_prob(grid) : f.estimate(grid, draws)).exp().reshaped(side, side);
  const Index shown = std::min<Index>(8000, std::max<Index>(train.rows(), 2000));
  using io::Panel;
  io::plot_panels(stem + ".png",
                  {Panel::scatter(name, train.topRows(std::min(shown, train.rows()))),
                   Panel::heat_map(a.model + " density", density, io::robust_top(density)),
                   Panel::scatter("samples", samples.topRows(std::min(shown, samples.rows())))},
                  axes);
  io::write_csv(stem + "_samples.csv", samples.topRows(std::min<Index>(10000, samples.rows())), {"x", "y"});

  const std::vector<std::pair<std::string, std::string>> row{
      {"target", '"' + name + '"'},
      {"model", '"' + a.model + '"'},
      {"parameters", std::to_string(f.parameters)},
      {"exact", exact ? "true" : "false"},
      {"epochs", std::to_string(f.result.history.size())},
      {"train_seconds", json_number(f.result.seconds)},
      {"test_nll", json_number(nll)},
      {"test_nll_se", json_number(se)},
      {"test_nll_20_draws", json_number(closer)},
      {"entropy", json_number(entropy)},
      {"gap", json_number(gap)},
      {"leak", json_number(leak)},
      {"samples_per_second", json_number(rate)},
      {"seed", std::to_string(a.seed)},
      {"threads", std::to_string(a.threads)},
      {"scalar", '"' + a.scalar + '"'},
      {"status", std::string("\"") + to_string(f.result.status) + '"'}};
  if (a.json) {
    std::string line = "{";
    for (const auto& [key, value] : row) line += (line.size() > 1 ? ", \"" : "\"") + key + "\": " + value;
    std::cout << line << "}\n";
  } else {
    for (const auto& [key, value] : row)
      std::cout << "  " << key << std::string(20 - key.size(), ' ') << (value == "null" ? "-" : value) << '\n';
    if (!note.empty()) std::cout << "  data                " << note << '\n';
    std::cout << "  picture             " << stem << ".png\n  model file          " << stem << ".safetensors\n";
  }
  std::cout.flush();
  if (!std::cout) detail::fail<FileError>("standard output: cannot be written");
  return f.result.status == FitStatus::interrupted ? 130 : 0;
}
}  // namespace

int main(int count, char** words) {
  try {
    const Arguments a = parse(count, words);
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
