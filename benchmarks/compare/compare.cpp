// SPDX-License-Identifier: MIT
// compare: what relaxing bijectivity buys.  Families x targets x seeds under a budget, a row a process, all rows in one
// file that a killed run goes on from; then a report in Markdown with figures (study/report.cpp).
#include <sys/wait.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "../../examples/command_line.hpp"
#include "common.hpp"
#include "study/report.hpp"
#include "study/row.hpp"
#include "study/rows.hpp"

namespace {
using namespace study;

constexpr const char* usage =
    "usage: compare [--quick | --core | --full] [--families A,B] [--targets A,B] [--seeds N] [--budget "
    "parameters|seconds|both]\n"
    "               [--steps N] [--seconds X] [--jobs N] [--out DIR] [--report] [--replay N] [--list]\n"
    "  --quick      the families of --core, two targets, one seed, 600 steps: a minute (the default)\n"
    "  --core       11 families, 8 targets, 3 seeds, at equal steps and at equal seconds: what REPORT.md beside the "
    "program shows\n"
    "  --full       every family, every target, 3 seeds, both budgets, 8000 steps and 30 seconds\n"
    "  --budget     parameters: equal parameters and steps; seconds: equal training time, --seconds of it; both\n"
    "  --jobs       rows at a time, each a process of one thread\n"
    "  --out        where rows.jsonl, steps.jsonl, REPORT.md and the figures go; rows that are there are not run "
    "again\n"
    "  --report     only write the report from the rows that are there\n"
    "  --replay     run N of the rows that are there again, and fail where one computes another bit\n";

struct WrongUsage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Arguments {
  std::vector<std::string> families = quick_families, targets = quick_targets, budgets{"parameters"};
  int seeds = 1, jobs = 1, replay = 0;
  Budget budget{.steps = 600};
  std::string out = "compare";
  bool report = false, list = false;
  bool row = false;
  std::uint64_t seed = 0;
  std::string stem;
  Index train = 0, test = 0, samples = 0;  // 0: the size's own
};

/// What the size names, then what is said beside it.  False where read_options says why not.
bool parse(int count, char** words, Arguments& a) {
  bool quick = false, core = false, full = false;
  std::vector<std::string> chosen, where;
  std::string budget, row;
  int seeds = 0;
  Index steps = 0;
  double seconds = 0;
  if (!examples::read_options(count, words,
                              {{"--quick", &quick},
                               {"--core", &core},
                               {"--full", &full},
                               {"--families", &chosen},
                               {"--models", &chosen},
                               {"--targets", &where},
                               {"--seeds", &seeds, 1},
                               {"--jobs", &a.jobs, 1},
                               {"--replay", &a.replay, 1},
                               {"--steps", &steps, 1},
                               {"--seconds", &seconds, 1e-3, 1e9},
                               {"--budget", &budget},
                               {"--out", &a.out},
                               {"--row", &row},
                               {"--stem", &a.stem},
                               {"--train", &a.train, 1},
                               {"--test", &a.test, 1},
                               {"--samples", &a.samples, 1},
                               {"--report", &a.report},
                               {"--list", &a.list}}))
    return false;
  if (quick + core + full > 1) throw WrongUsage("--quick, --core and --full exclude one another");
  double usual = 5;
  if (core) {
    a.families = core_families;
    a.targets = core_targets;
    a.seeds = 3;
    a.budgets = {"parameters", "seconds"};
    a.budget = core_budget;
    usual = core_seconds;
  }
  if (full) {
    a.families.clear();
    for (const Family& f : families()) a.families.push_back(f.name);
    a.targets = every_target;
    a.seeds = 3;
    a.budgets = {"parameters", "seconds"};
    a.budget = Budget{.train = 50000, .samples = 100000, .steps = 8000};
    usual = 30;
  }
  if (!chosen.empty()) a.families = chosen;
  if (!where.empty()) a.targets = where;
  if (seeds > 0) a.seeds = seeds;
  if (steps > 0) a.budget.steps = static_cast<long>(steps);
  if (a.train > 0) a.budget.train = a.train;
  if (a.test > 0) a.budget.test = a.test;
  if (a.samples > 0) a.budget.samples = a.samples;
  if (!budget.empty()) {
    if (budget != "parameters" && budget != "seconds" && budget != "both")
      throw WrongUsage("--budget is parameters, seconds or both");
    a.budgets = budget == "both" ? std::vector<std::string>{"parameters", "seconds"} : std::vector{budget};
  }
  a.row = !row.empty();
  if (a.row && !examples::read_number(row, a.seed)) throw WrongUsage("--row wants a seed, not '" + row + "'");
  if (!(a.row && a.budgets.front() == "parameters")) a.budget.seconds = seconds > 0 ? seconds : usual;
  return true;
}

const Family& find_family(const std::string& name) {
  for (const Family& f : families()) {
    if (f.name == name) return f;
  }
  throw WrongUsage("no family is called '" + name + "'; --list names them");
}

/// Steps that fill the time, measured once a family and kept: later runs replay them.
long recorded_steps(const Arguments& a, const Family& family) {
  const std::string path = a.out + "/steps.jsonl";
  for (const Record& r : read_rows(path)) {
    if (r.text("family") == family.name && r.number("seconds") == a.budget.seconds)
      return static_cast<long>(r.number("steps").value_or(100));
  }
  const Place& easy = place(family.absent(place("two_uniforms").target).empty() ? "two_uniforms" : "eight_gaussians");
  const long steps = steps_within(a.budget.seconds, family, easy, a.budget);
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
std::string key(const Record& r) {
  return key(r.text("family"), r.text("target"), r.number("seed").value_or(0), r.text("budget"));
}

struct Job {
  std::string family, target, budget;
  int seed;
};

/// The row of a process of its own; a record of status "crashed" where it died, nullopt where it was interrupted.
std::optional<Record> row_of(const Job& job, const Arguments& a, long steps, const std::string& stem,
                             const char* self) {
  std::ostringstream command;
  command << '"' << self << "\" --families " << job.family << " --targets " << job.target << " --row " << job.seed
          << " --budget " << job.budget << " --steps " << steps << " --train " << a.budget.train << " --test "
          << a.budget.test << " --samples " << a.budget.samples;
  if (job.budget == "seconds") command << " --seconds " << a.budget.seconds;
  if (!stem.empty()) command << " --stem \"" << stem << '"';
  std::FILE* child = popen(command.str().c_str(), "r");
  if (!child) throw std::runtime_error("a process could not be started");
  std::string line;
  char part[4096];
  while (std::fgets(part, sizeof part, child)) line += part;
  const int status = pclose(child);
  while (!line.empty() && line.back() == '\n') line.pop_back();
  if (auto record = status == 0 ? Record::parse(line) : std::nullopt) return record;
  const int signal = WIFSIGNALED(status)                              ? WTERMSIG(status)
                     : WIFEXITED(status) && WEXITSTATUS(status) > 128 ? WEXITSTATUS(status) - 128
                                                                      : 0;
  if (signal == SIGINT || signal == SIGTERM) return std::nullopt;
  Record crashed;
  crashed.text("family", job.family);
  crashed.text("target", job.target);
  crashed.number("seed", job.seed);
  crashed.text("budget", job.budget);
  crashed.text("status", "crashed");
  return crashed;
}

/// Seeds outermost, then targets: a run that is cut is balanced.
int run(const Arguments& a, const char* self) {
  std::filesystem::create_directories(a.out + "/pictures");
  const std::string path = a.out + "/rows.jsonl";
  for (const auto& name : a.families) find_family(name);
  for (const auto& name : a.targets) place(name);
  std::set<std::string> done;
  for (const Record& r : read_rows(path)) done.insert(key(r));
  std::vector<Job> jobs;
  for (int seed = 0; seed < a.seeds; ++seed) {
    for (const auto& target : a.targets) {
      for (const auto& budget : a.budgets) {
        for (const auto& family : a.families) {
          if (!done.count(key(family, target, seed, budget))) jobs.push_back({family, target, budget, seed});
        }
      }
    }
  }
  std::map<std::string, long> steps_in_time;  // before rows run side by side
  for (const Job& j : jobs) {
    if (j.budget == "seconds" && !steps_in_time.count(j.family))
      steps_in_time[j.family] = recorded_steps(a, find_family(j.family));
  }
  const auto begin = std::chrono::steady_clock::now();
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> sound{true}, interrupted{false};
  const auto work = [&] {
    for (std::size_t i; !interrupted && (i = next++) < jobs.size();) {
      const Job& job = jobs[i];
      const long steps = job.budget == "seconds" ? steps_in_time.at(job.family) : a.budget.steps;
      {
        const std::lock_guard lock(mutex);
        const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        std::fprintf(stderr, "%3zu/%zu  %-20s %-18s %-10s seed %d   %s\n", i + 1, jobs.size(), job.family.c_str(),
                     job.target.c_str(), job.budget.c_str(), job.seed,
                     i == 0 ? ""
                            : (std::to_string(static_cast<long>(spent / static_cast<double>(i) *
                                                                static_cast<double>(jobs.size() - i))) +
                               " s left")
                                  .c_str());
      }
      const std::string stem =
          job.seed == 0 ? a.out + "/pictures/" + job.family + '_' + job.target + '_' + job.budget : "";
      auto record = row_of(job, a, steps, stem, self);
      const std::lock_guard lock(mutex);
      if (!record) {
        interrupted = true;
        continue;
      }
      record->text("date", today());
      record->text("machine", machine());
      append(path, record->line());
      if (record->text("laws").substr(0, 6) == "broken" || record->text("status") == "crashed") {
        std::fprintf(stderr, "  %s %s %s: %s %s\n", job.family.c_str(), job.target.c_str(), job.budget.c_str(),
                     record->text("status").c_str(), record->text("laws").c_str());
        sound = false;
      }
    }
  };
  if (!a.report) {
    std::vector<std::jthread> others;
    for (int k = 1; k < a.jobs; ++k) others.emplace_back(work);
    work();
  }
  if (interrupted) return 130;
  const auto rows = read_rows(path);
  write_report(a.out, rows);
  std::cout << "report: " << a.out << "/REPORT.md\n";
  for (const Record& r : rows) {
    if (r.text("laws").substr(0, 6) == "broken")
      std::cerr << "compare: " << key(r) << ": a law is " << r.text("laws") << '\n', sound = false;
  }
  return sound ? 0 : 1;
}

/// Rows, evenly over the file, computed again with the steps they record.
int replay(Arguments a, const char* self) {
  std::vector<Record> rows = read_rows(a.out + "/rows.jsonl");
  std::erase_if(rows, [](const Record& r) { return r.text("fingerprint").empty(); });
  if (rows.empty()) throw std::runtime_error("there are no rows to replay in " + a.out);
  bool same = true;
  for (int k = 0; k < a.replay; ++k) {
    const Record& r = rows[static_cast<std::size_t>(2 * k + 1) * rows.size() / static_cast<std::size_t>(2 * a.replay)];
    if (r.text("budget") == "seconds") a.budget.seconds = r.number("budget_seconds").value_or(1);
    const auto again =
        row_of({r.text("family"), r.text("target"), r.text("budget"), static_cast<int>(r.number("seed").value_or(0))},
               a, static_cast<long>(r.number("budget_steps").value_or(1)), "", self);
    const bool equal =
        again && again->text("fingerprint") == r.text("fingerprint") && again->number("nll") == r.number("nll");
    std::cout << key(r) << ": " << r.text("fingerprint")
              << (equal ? ", the same again\n" : ", now " + (again ? again->text("fingerprint") : "nothing") + '\n')
              << std::flush;
    same = same && equal;
  }
  return same ? 0 : 1;
}
}  // namespace

int main(int count, char** words) {
  try {
    Arguments a;
    if (!parse(count, words, a)) return std::cerr << usage, 2;
    if (a.list) {
      std::cout << "families:\n";
      for (const Family& f : families())
        std::cout << "  " << f.name << std::string(f.name.size() < 20 ? 20 - f.name.size() : 1, ' ') << f.what << '\n';
      std::cout << "targets:";
      for (const auto& t : every_target) std::cout << ' ' << t;
      std::cout << '\n';
      return 0;
    }
    if (a.row) {
      std::cout << measure(find_family(a.families.at(0)), place(a.targets.at(0)), a.seed, a.budget, a.stem).line()
                << '\n';
      return 0;
    }
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    return a.replay > 0 ? replay(a, self.c_str()) : run(a, self.c_str());
  } catch (const WrongUsage& e) {
    std::cerr << "compare: " << e.what() << '\n' << usage;
    return 2;
  } catch (const std::exception& e) {
    std::cerr << "compare: " << e.what() << '\n';
    return 1;
  }
}
