// SPDX-License-Identifier: MIT
// compare: what relaxing bijectivity buys.  Families x targets x seeds under a budget, a row a process, all rows in one
// file that a killed run goes on from; then a report in Markdown with figures (study/report.cpp).
#include <fcntl.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <sstream>
#include <thread>
#include <tuple>

#include "../../examples/command_line.hpp"
#include "common.hpp"
#include "study/report.hpp"
#include "study/row.hpp"
#include "study/rows.hpp"
#include "study/settings.hpp"

namespace {
using namespace study;

constexpr const char* usage =
    "usage: compare [--quick | --core | --full] [--families A,B] [--targets A,B] [--seeds N] [--seconds X,Y] [--jobs "
    "N]\n"
    "               [--out DIR] [--search | --report | --replay N | --list]\n"
    "  --quick      the families of --full, two targets, one seed, half a second: two minutes (the default)\n"
    "  --core       the same families, three targets, one seed, 3 seconds: below ten minutes\n"
    "  --full       13 families, 13 targets, 3 seeds, 3, 30 and 300 seconds of training, behind the search: two "
    "nights; "
    "what REPORT.md beside the program shows\n"
    "  --seconds    of training, of one processor; each a budget\n"
    "  --jobs       rows at a time, each a process of one thread\n"
    "  --out        (study) where rows.jsonl, steps.jsonl, REPORT.md and the figures go; rows that are there are not "
    "run "
    "again\n"
    "  --search     only look for each family's rate and schedule at these budgets, on targets that no table has, into "
    "search.jsonl; found before: those are what rows are fitted with\n"
    "  --report     only write the report from the rows that are there\n"
    "  --replay     run N of the rows that are there again, and fail where one computes another bit\n"
    "  --list       the families and the targets\n";

constexpr double few_seconds = 5;  // budgets that a search tries many settings of

struct WrongUsage : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Arguments {
  std::vector<std::string> families = fair_families, targets{"two_uniforms", "moons"};
  std::vector<double> seconds{0.5};
  int seeds = 1, jobs = 1, replay = 0;
  std::string out = "study";
  bool report = false, list = false, help = false, search = false, full = false;
  // Of a row's own process:
  bool row = false, trial = false;
  std::uint64_t seed = 0;
  std::string stem;
  Index steps = 0;
  Setting setting;
};

/// What the size names, then what is said beside it.  False where read_options says why not.
bool parse(int count, char** words, Arguments& a) {
  bool quick = false, core = false;
  std::vector<std::string> chosen, where, seconds;
  std::string row;
  int seeds = 0;
  if (!examples::read_options(count, words,
                              {{"--quick", &quick},
                               {"--core", &core},
                               {"--full", &a.full},
                               {"--families", &chosen},
                               {"--targets", &where},
                               {"--seeds", &seeds, 1},
                               {"--jobs", &a.jobs, 1},
                               {"--replay", &a.replay, 1},
                               {"--seconds", &seconds},
                               {"--out", &a.out},
                               {"--row", &row},
                               {"--try", &a.trial},
                               {"--stem", &a.stem},
                               {"--steps", &a.steps, 1},
                               {"--rate", &a.setting.rate, 1e-12, 1e3},
                               {"--averaged", &a.setting.averaged},
                               {"--search", &a.search},
                               {"--report", &a.report},
                               {"--list", &a.list},
                               {"--help", &a.help}}))
    return false;
  if (quick + core + a.full > 1) throw WrongUsage("--quick, --core and --full exclude one another");
  if (core) a.targets = {"two_uniforms", "eight_gaussians", "counts"}, a.seconds = {3};
  if (a.full) a.targets = fair_targets, a.seconds = {3, 30, 300}, a.seeds = 3;
  if (!chosen.empty()) a.families = chosen;
  if (!where.empty()) a.targets = where;
  if (seeds > 0) a.seeds = seeds;
  if (!seconds.empty()) a.seconds.clear();
  for (const auto& text : seconds) {
    if (!examples::read_number(text, a.seconds.emplace_back()) || !(a.seconds.back() > 0))
      throw WrongUsage("--seconds wants positive numbers, not '" + text + "'");
  }
  a.row = !row.empty();
  if (a.row && !examples::read_number(row, a.seed)) throw WrongUsage("--row wants a seed, not '" + row + "'");
  return true;
}

const Family& find_family(const std::string& name) {
  for (const Family& f : families()) {
    if (f.name == name) return f;
  }
  throw WrongUsage("no family is called '" + name + "'; --list names them");
}
void check_target(const std::string& name) {
  if (std::find(every_target.begin(), every_target.end(), name) == every_target.end())
    throw WrongUsage("no target is called '" + name + "'; --list names them");
  if (const Place& p = place(name); !p.absent.empty()) throw std::runtime_error(name + ": " + p.absent);
}

/// Where a family can be timed at that dimension; nullptr: nowhere.
const Place* timing_place(const Family& family, Index dim) {
  const Place& p = place(dim == 2 ? "eight_gaussians" : dim == 8 ? "wells" : "magic_gamma");
  return p.absent.empty() && family.absent(p).empty() ? &p : nullptr;
}

/// Steps that fill the time, measured once a family and dimension and kept: later runs replay them.
long recorded_steps(const std::string& out, const Family& family, Index dim, double seconds) {
  const std::string path = out + "/steps.jsonl";
  for (const Record& r : read_rows(path)) {
    if (r.text("family") == family.name && r.number("dim") == static_cast<double>(dim) &&
        r.number("seconds") == seconds)
      return static_cast<long>(r.number("steps").value_or(100));
  }
  const Place* p = timing_place(family, dim);
  if (!p) return 1;
  const long steps = steps_within(family, *p, budget_of(seconds));
  Record r;
  r.text("family", family.name);
  r.number("dim", static_cast<double>(dim));
  r.number("seconds", seconds);
  r.number("steps", static_cast<double>(steps));
  r.text("machine", machine());
  append(path, r.line());
  return steps;
}

/// What the search found best for a family at that budget, or at the longest that is no longer; of the search of these
/// rows, or else of the recorded one.
Setting searched(const std::string& out, const std::string& family, double seconds) {
  auto tries = read_rows(out + "/search.jsonl");
  if (tries.empty()) tries = read_rows(std::string(RHEO_STUDY) + "/search.jsonl");
  return best_setting(tries, family, seconds);
}

std::string key(const std::string& family, const std::string& target, double seed, const std::string& budget) {
  std::string k = family;
  ((((k += ' ') += target) += ' ') += std::to_string(static_cast<long>(seed))) += ' ';
  return k += budget;
}
std::string key(const Record& r) {
  return key(r.text("family"), r.text("target"), r.number("seed").value_or(0), r.text("budget"));
}

/// Of rows that were run again the last.
std::vector<Record> last_of_each(std::vector<Record> rows) {
  std::map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < rows.size(); ++i) last[key(rows[i])] = i;
  std::size_t i = 0;
  std::erase_if(rows, [&](const Record& r) { return last[key(r)] != i++; });
  return rows;
}

/// While it lives no other run works in the folder.  Throws std::runtime_error where one does.
class Lock {
 public:
  explicit Lock(const std::string& folder) : file_(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
    if (file_ < 0 || flock(file_, LOCK_EX | LOCK_NB) == 0) return;
    const int why = errno;
    close(file_);
    throw std::runtime_error(folder + ": " +
                             (why == EWOULDBLOCK ? "another run is at work there" : std::strerror(why)));
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  ~Lock() { close(file_); }

 private:
  int file_;
};

struct Job {
  std::string family, target;
  double seconds;
  int seed;
  long steps;
  Setting setting;
  bool trial = false;  ///< of the search
};

/// The row of a process of its own; a record of status "crashed" where it died, nullopt where it was interrupted.
std::optional<Record> row_of(const Job& job, const std::string& stem, const char* self) {
  std::ostringstream command;
  command.precision(17);
  command << "exec \"" << self << "\" --families " << job.family << " --targets " << job.target << " --row " << job.seed
          << " --seconds " << job.seconds << " --steps " << job.steps << " --rate " << job.setting.rate;
  if (job.setting.averaged) command << " --averaged";
  if (job.trial) command << " --try";
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
  Record crashed = heading(job.family, job.target, job.seconds, job.setting);
  crashed.number("seed", job.seed);
  crashed.text("status", "crashed");
  crashed.text("reason", signal ? "signal " + std::to_string(signal) : "no row was printed");
  return crashed;
}

struct Interrupted {};

/// Runs the jobs, so many at a time, and adds each row to the file as it comes.  False where one crashed or broke a
/// law; throws Interrupted.
bool work_off(const std::vector<Job>& jobs, const Arguments& a, const std::string& path, const char* self) {
  const auto begin = std::chrono::steady_clock::now();
  double whole = 0, finished = 0;
  for (const Job& j : jobs) whole += j.seconds + 3;  // what is measured behind a fit takes a few seconds
  std::mutex mutex;
  std::atomic<std::size_t> next{0};
  std::atomic<bool> sound{true}, interrupted{false};
  const auto work = [&] {
    for (std::size_t i; !interrupted && (i = next++) < jobs.size();) {
      const Job& job = jobs[i];
      {
        const std::lock_guard lock(mutex);
        const double spent = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
        const std::string left =
            finished > 0 ? std::to_string(static_cast<long>(spent / finished * (whole - finished))) + " s left" : "";
        std::fprintf(stderr, "%4zu/%zu  %-20s %-18s %4g s  seed %d  rate %g%s   %s\n", i + 1, jobs.size(),
                     job.family.c_str(), job.target.c_str(), job.seconds, job.seed, job.setting.rate,
                     job.setting.averaged ? ", averaged" : "", left.c_str());
      }
      const std::string stem = job.seed == 0 && !job.trial ? a.out + "/pictures/" + job.family + '_' + job.target +
                                                                 '_' + budget_name(job.seconds)
                                                           : "";
      auto record = row_of(job, stem, self);
      const std::lock_guard lock(mutex);
      if (!record) {
        interrupted = true;
        continue;
      }
      record->text("date", today());
      record->text("machine", machine());
      append(path, record->line());
      finished += job.seconds + 3;
      if (record->text("laws").substr(0, 6) == "broken" || record->text("status") == "crashed") {
        std::fprintf(stderr, "  %s: %s %s%s\n", key(*record).c_str(), record->text("status").c_str(),
                     record->text("reason").c_str(), record->text("laws").c_str());
        sound = false;
      }
    }
  };
  std::vector<std::jthread> others;
  for (int k = 1; k < a.jobs; ++k) others.emplace_back(work);
  work();
  others.clear();
  if (interrupted) throw Interrupted{};
  return sound;
}

/// What a search tries of a family: five rates and two schedules at budgets of a few seconds; at longer ones the rate
/// that the next shorter has found, half of it and twice.
std::vector<Setting> settings_to_try(const std::vector<Record>& tries, const std::string& family, double seconds) {
  std::vector<Setting> settings;
  if (seconds <= few_seconds) {
    for (bool averaged : {false, true}) {
      for (double rate : {5e-4, 1e-3, 2e-3, 4e-3, 8e-3}) settings.push_back({rate, averaged});
    }
  } else {
    const Setting known = best_setting(tries, family, seconds * 0.999);
    for (double factor : {0.5, 1.0, 2.0}) settings.push_back({known.rate * factor, known.averaged});
  }
  return settings;
}
std::string key(const Record& r, const Setting& s) {
  char text[32];
  std::snprintf(text, sizeof text, " %.5g %d", s.rate, s.averaged);
  return key(r) + text;
}

/// Tries what is not tried yet, on both places at budgets of a few seconds, on the first at longer ones; beyond 30
/// seconds the rate of the next shorter serves.
bool search(const Arguments& a, const char* self) {
  const std::string path = a.out + "/search.jsonl";
  bool sound = true;
  for (double seconds : a.seconds) {
    if (seconds > 30) continue;
    const auto tries = read_rows(path);
    std::set<std::string> done;
    for (const Record& r : tries)
      done.insert(key(r, {r.number("rate").value_or(0), r.number("averaged").value_or(0) > 0}));
    std::vector<Job> jobs;
    for (const auto& f : a.families) {
      const long steps = recorded_steps(a.out, find_family(f), 2, seconds);
      const auto settings = settings_to_try(tries, f, seconds);
      for (std::size_t t = 0; t < (seconds <= few_seconds ? search_targets.size() : 1); ++t) {
        for (const Setting& s : settings) {
          if (!done.count(key(heading(f, search_targets[t], seconds, s), s)))
            jobs.push_back({f, search_targets[t], seconds, 0, steps, s, true});
        }
      }
    }
    sound = work_off(jobs, a, path, self) && sound;
  }
  return sound;
}

/// Seeds outermost, then budgets and targets: a run that is cut is balanced.
bool run(const Arguments& a, const char* self) {
  const std::string path = a.out + "/rows.jsonl";
  bool sound = true;
  if (!a.report) {
    std::filesystem::create_directories(a.out + "/pictures");
    if (a.full) search(a, self);
    std::set<std::string> done;
    for (const Record& r : last_of_each(read_rows(path))) {
      if (r.text("status") != "crashed") done.insert(key(r));
    }
    std::map<std::pair<std::string, double>, Setting> settings;
    std::map<std::tuple<std::string, double, Index>, long> steps;
    std::vector<Job> jobs;
    for (int seed = 0; seed < a.seeds; ++seed) {
      for (double seconds : a.seconds) {
        for (const auto& target : a.targets) {
          for (const auto& name : a.families) {
            if (done.count(key(name, target, seed, budget_name(seconds)))) continue;
            const Index dim = place(target).dim;
            if (!steps.count({name, seconds, dim})) {  // once, before rows run side by side
              steps[{name, seconds, dim}] = recorded_steps(a.out, find_family(name), dim, seconds);
              settings[{name, seconds}] = searched(a.out, name, seconds);
            }
            jobs.push_back({name, target, seconds, seed, steps[{name, seconds, dim}], settings[{name, seconds}]});
          }
        }
      }
    }
    sound = work_off(jobs, a, path, self);
  }
  const auto rows = last_of_each(read_rows(path));
  if (rows.empty()) throw std::runtime_error("there are no rows in " + a.out);
  write_report(a.out, rows, read_rows(a.out + "/search.jsonl"));
  std::cout << "report: " << a.out << "/REPORT.md\n";
  for (const Record& r : rows) {
    if (r.text("laws").substr(0, 6) == "broken")
      std::cerr << "compare: " << key(r) << ": a law is " << r.text("laws") << '\n', sound = false;
    if (r.text("status") == "crashed")
      std::cerr << "compare: " << key(r) << ": crashed; the same words run it again\n", sound = false;
  }
  return sound;
}

/// Rows, evenly over the file, computed again with the steps and the setting that they record.
bool replay(const Arguments& a, const char* self) {
  std::vector<Record> rows = last_of_each(read_rows(a.out + "/rows.jsonl"));
  std::erase_if(rows, [](const Record& r) { return r.text("fingerprint").empty(); });
  if (rows.empty()) throw std::runtime_error("there are no rows to replay in " + a.out);
  bool same = true;
  for (int k = 0; k < a.replay; ++k) {
    const Record& r = rows[static_cast<std::size_t>(2 * k + 1) * rows.size() / static_cast<std::size_t>(2 * a.replay)];
    const auto again = row_of({r.text("family"),
                               r.text("target"),
                               seconds_of_budget(r.text("budget")),
                               static_cast<int>(r.number("seed").value_or(0)),
                               static_cast<long>(r.number("budget_steps").value_or(1)),
                               {r.number("rate").value_or(2e-3), r.number("averaged").value_or(0) > 0}},
                              "", self);
    const bool equal =
        again && again->text("fingerprint") == r.text("fingerprint") && again->number("nll") == r.number("nll");
    std::cout << key(r) << ": " << r.text("fingerprint")
              << (equal ? ", the same again\n" : ", now " + (again ? again->text("fingerprint") : "nothing") + '\n')
              << std::flush;
    same = same && equal;
  }
  return same;
}
}  // namespace

int main(int count, char** words) {
  try {
    Arguments a;
    if (!parse(count, words, a)) return std::cerr << usage, 2;
    if (a.help) return std::cout << usage, 0;
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
      prctl(PR_SET_PDEATHSIG, SIGTERM);  // a study that is ended takes its rows along
      const Family& family = find_family(a.families.at(0));
      const Place& p = place(a.targets.at(0));
      Budget budget = budget_of(a.seconds.at(0));
      if (a.steps > 0) budget.steps = static_cast<long>(a.steps);
      std::cout << (a.trial ? try_setting(family, p, a.setting, budget)
                            : measure(family, p, a.seed, a.setting, budget, a.stem))
                       .line()
                << '\n';
      return 0;
    }
    for (const auto& name : a.families) find_family(name);
    for (const auto& name : a.targets) check_target(name);
    std::optional<Lock> lock;
    if (!a.report && a.replay == 0) {
      std::filesystem::create_directories(a.out);
      lock.emplace(a.out);
    }
    const std::string self = std::filesystem::read_symlink("/proc/self/exe");
    return (a.replay > 0 ? replay(a, self.c_str()) : a.search ? search(a, self.c_str()) : run(a, self.c_str())) ? 0 : 1;
  } catch (const WrongUsage& e) {
    std::cerr << "compare: " << e.what() << '\n' << usage;
    return 2;
  } catch (const Interrupted&) {
    std::cerr << "compare: interrupted; the same words go on\n";
    return 130;
  } catch (const std::exception& e) {
    std::cerr << "compare: " << e.what() << '\n';
    return 1;
  }
}
