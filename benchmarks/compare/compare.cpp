// SPDX-License-Identifier: MIT
// compare: what relaxing bijectivity buys.  Families x targets x seeds under a budget, a row a process, all rows in one file that a killed
// run goes on from; then a report in Markdown with figures (study/report.cpp).
#include <sys/wait.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <set>
#include <sstream>

#include "study/report.hpp"
#include "study/row.hpp"

namespace {
using namespace study;

constexpr const char* usage =
    "usage: compare [--quick | --full] [--families A,B] [--targets A,B] [--seeds N] [--budget parameters|seconds]\n"
    "               [--steps N] [--seconds X] [--out DIR] [--report] [--list]\n"
    "  --quick      two families, two targets, one seed, a few hundred steps (the default)\n"
    "  --full       every family, every target, three seeds, 8000 steps\n"
    "  --budget     parameters: equal parameters and steps; seconds: equal training time, --seconds of it\n"
    "  --out        where rows.jsonl, steps.jsonl, REPORT.md and the figures go; rows that are there are not run again\n"
    "  --report     only write the report from the rows that are there\n";

struct WrongUsage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Arguments {
  std::vector<std::string> families = quick_families, targets = quick_targets;
  int seeds = 1;
  Budget budget{.train = 20000, .samples = 50000, .steps = 600};
  std::string out = "compare";
  bool report = false, list = false;
  bool row = false;
  std::uint64_t seed = 0;
  std::string stem;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream in(text);
  for (std::string part; std::getline(in, part, ',');) parts.push_back(part);
  return parts;
}
double positive(const std::string& option, const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (end == text.c_str() || *end != '\0' || !(value > 0) || !(value < 1e9)) throw WrongUsage(option + " wants a positive number, not '" + text + "'");
  return value;
}

Arguments parse(int count, char** words) {
  Arguments a;
  bool seconds = false;
  for (int i = 1; i < count; ++i) {
    const std::string option = words[i];
    if (option == "--quick") continue;
    if (option == "--report") { a.report = true; continue; }
    if (option == "--list") { a.list = true; continue; }
    if (option == "--full") {
      a.families.clear();
      for (const Family& f : families()) a.families.push_back(f.name);
      a.targets = every_target;
      a.seeds = 3;
      a.budget = Budget{.steps = 8000};
      continue;
    }
    if (i + 1 == count) throw WrongUsage(option + " wants a value, or is not known");
    const std::string value = words[++i];
    if (option == "--families" || option == "--models") a.families = split(value);
    else if (option == "--targets") a.targets = split(value);
    else if (option == "--seeds") a.seeds = static_cast<int>(positive(option, value));
    else if (option == "--steps") a.budget.steps = static_cast<long>(positive(option, value));
    else if (option == "--seconds") a.budget.seconds = positive(option, value), seconds = true;
    else if (option == "--budget") {
      if (value != "parameters" && value != "seconds") throw WrongUsage("--budget is parameters or seconds");
      seconds = value == "seconds";
    }
    else if (option == "--out") a.out = value;
    else if (option == "--row") a.row = true, a.seed = std::strtoull(value.c_str(), nullptr, 10);
    else if (option == "--stem") a.stem = value;
    else if (option == "--train") a.budget.train = static_cast<Index>(positive(option, value));
    else if (option == "--samples") a.budget.samples = static_cast<Index>(positive(option, value));
    else throw WrongUsage("unknown option '" + option + "'");
  }
  if (!seconds) a.budget.seconds = 0;
  else if (a.budget.seconds == 0) a.budget.seconds = 20;
  return a;
}

const Family& find_family(const std::string& name) {
  for (const Family& f : families()) {
    if (f.name == name) return f;
  }
  throw WrongUsage("no family is called '" + name + "'; --list names them");
}

std::vector<Record> read_rows(const std::string& path) {
  std::vector<Record> rows;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) {
    if (auto r = Record::parse(line)) rows.push_back(std::move(*r));
  }
  return rows;
}
void append(const std::string& path, const std::string& line) {
  std::ofstream out(path, std::ios::app);
  out << line << '\n' << std::flush;
  if (!out) throw std::runtime_error(path + ": cannot be written");
}

/// Steps that fill the time, measured once a family and kept: later runs replay them.
long recorded_steps(const Arguments& a, const Family& family) {
  const std::string path = a.out + "/steps.jsonl";
  for (const Record& r : read_rows(path)) {
    if (r.text("family") == family.name && r.number("seconds") == a.budget.seconds) return static_cast<long>(r.number("steps").value_or(100));
  }
  const long steps = steps_within(a.budget.seconds, family, targets::find("two_uniforms"), a.budget);
  Record r;
  r.text("family", family.name);
  r.number("seconds", a.budget.seconds);
  r.number("steps", static_cast<double>(steps));
  append(path, r.line());
  return steps;
}

std::string key(const std::string& family, const std::string& target, double seed, const std::string& budget) {
  std::string k = family;
  ((((k += ' ') += target) += ' ') += std::to_string(static_cast<long>(seed))) += ' ';
  return k += budget;
}

int run(const Arguments& a, const char* self) {
  std::filesystem::create_directories(a.out);
  const std::string path = a.out + "/rows.jsonl", budget = a.budget.seconds > 0 ? "seconds" : "parameters";
  for (const auto& name : a.families) find_family(name);
  for (const auto& name : a.targets) targets::find(name);
  std::set<std::string> done;
  for (const Record& r : read_rows(path)) done.insert(key(r.text("family"), r.text("target"), r.number("seed").value_or(0), r.text("budget")));
  struct Job {
    std::string family, target;
    int seed;
  };
  std::vector<Job> jobs;
  for (int seed = 0; seed < a.seeds; ++seed) {
    for (const auto& target : a.targets) {
      for (const auto& family : a.families) {
        if (!done.count(key(family, target, seed, budget))) jobs.push_back({family, target, seed});
      }
    }
  }
  const auto begin = std::chrono::steady_clock::now();
  bool sound = true;
  for (std::size_t i = 0; i < jobs.size() && !a.report; ++i) {
    const auto& [family, target, seed] = jobs[i];
    const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    std::fprintf(stderr, "%3zu/%zu  %-20s %-18s seed %d   %s\n", i + 1, jobs.size(), family.c_str(), target.c_str(), seed,
                 i == 0 ? "" : (std::to_string(static_cast<long>(spent / static_cast<double>(i) * static_cast<double>(jobs.size() - i))) + " s left").c_str());
    const long steps = a.budget.seconds > 0 ? recorded_steps(a, find_family(family)) : a.budget.steps;
    std::ostringstream command;
    command << '"' << self << "\" --families " << family << " --targets " << target << " --row " << seed << " --steps " << steps << " --train " << a.budget.train << " --samples "
            << a.budget.samples;
    if (a.budget.seconds > 0) command << " --seconds " << a.budget.seconds;
    if (seed == 0) command << " --stem \"" << a.out << '/' << family << '_' << target << '_' << budget << '"';
    std::FILE* child = popen(command.str().c_str(), "r");
    if (!child) throw std::runtime_error("a process could not be started");
    std::string line;
    char part[4096];
    while (std::fgets(part, sizeof part, child)) line += part;
    const int status = pclose(child);
    while (!line.empty() && line.back() == '\n') line.pop_back();
    auto record = status == 0 ? Record::parse(line) : std::nullopt;
    if (!record) {
      if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGINT || WTERMSIG(status) == SIGTERM)) return 130;
      record.emplace();
      record->text("family", family);
      record->text("target", target);
      record->number("seed", seed);
      record->text("budget", budget);
      record->text("status", "crashed");
      line = record->line();
      sound = false;
    }
    append(path, line);
    if (record->text("laws").substr(0, 6) == "broken") {
      std::fprintf(stderr, "  a law is %s\n", record->text("laws").c_str());
      sound = false;
    }
  }
  write_report(a.out, read_rows(path));
  std::cout << "report: " << a.out << "/REPORT.md\n";
  return sound ? 0 : 1;
}
}  // namespace

int main(int count, char** words) {
  try {
    const Arguments a = parse(count, words);
    if (a.list) {
      std::cout << "families:\n";
      for (const Family& f : families()) std::cout << "  " << f.name << std::string(f.name.size() < 20 ? 20 - f.name.size() : 1, ' ') << f.what << '\n';
      std::cout << "targets:";
      for (const auto& t : every_target) std::cout << ' ' << t;
      std::cout << '\n';
      return 0;
    }
    if (a.row) {
      std::cout << measure(find_family(a.families.at(0)), targets::find(a.targets.at(0)), a.seed, a.budget, a.stem).line() << '\n';
      return 0;
    }
    return run(a, std::filesystem::read_symlink("/proc/self/exe").c_str());
  } catch (const WrongUsage& e) {
    std::cerr << "compare: " << e.what() << '\n' << usage;
    return 2;
  } catch (const std::exception& e) {
    std::cerr << "compare: " << e.what() << '\n';
    return 1;
  }
}
