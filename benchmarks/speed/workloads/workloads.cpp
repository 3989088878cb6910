// SPDX-License-Identifier: MIT
// workloads: a Markdown table of W1 to W9, one thread, in processor time.  "of peak": of the multiply-add rate of this
// core, measured in the row's own minute.  "products": the row's time in units of what its dense layers' products would
// take at the speed that ours have at that width, measured likewise.  "goal": what the library wants to reach on a core
// of 245 GFLOP/s (half of that in double), rescaled by the rate of now; "of goal" above 1 is slower than wanted.
// --benchmark_filter=W4 picks rows; --benchmark_out=FILE writes every number as JSON. `workloads --names` and
// `workloads --count NAME` are for speed/instructions.cmake.
#include "workload.hpp"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <map>
#include <vector>

#include "../shared/peak.hpp"
#include "rheo/core/product.hpp"

namespace {
using namespace rheo;
using namespace rheo::bench;

struct Entry {
  Workload w;
  bool is_double;
  std::function<Call()> start;
  double peak = 0, products = 0;  // FLOP a second
};
std::map<std::string, Entry>& rows_by_name() {
  static std::map<std::string, Entry> all;
  return all;
}

/// FLOP a second of products of 128 rows by width x width: one orientation, or the three of training in turn.
template <class T> double product_speed(Index width, bool pull) {
  const Index n = rheo::shard_rows<T>;
  Batch<T> x = Batch<T>::Ones(n, width), w = Batch<T>::Ones(width, width), y = Batch<T>::Zero(n, width);
  double best = 0;
  for (const double begin = thread_seconds(); thread_seconds() - begin < 0.03;) {
    const double t = thread_seconds();
    constexpr int turns = 20;
    for (int k = 0; k < turns; ++k) {
      gemm_nn<T>(view(std::as_const(x)), view(std::as_const(w)), view(y));
      if (!pull) continue;
      gemm_nt<T>(view(std::as_const(y)), view(std::as_const(w)), view(x));
      w.setConstant(T(1e-3));
      gemm_tn_add<T>(view(std::as_const(x)), view(std::as_const(y)), view(w));
      x.setOnes(), w.setOnes();
    }
    benchmark::ClobberMemory();
    best =
        std::max(best, 2.0 * static_cast<double>(n * width * width) * turns * (pull ? 3 : 1) / (thread_seconds() - t));
  }
  return best;
}

class Rows : public benchmark::BenchmarkReporter {
 public:
  bool failed = false;
  bool ReportContext(const Context&) override {
    std::printf("one thread, processor time; Eigen compiled for %s\n\n", Eigen::SimdInstructionSetsInUse());
    std::printf(
        "| workload | time | rows a second | GFLOP/s | of peak | products | goal | of goal "
        "|\n|---|---|---|---|---|---|---|---|\n");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& r : runs) {
      if (r.run_type != Run::RT_Iteration) continue;
      const Entry& row = rows_by_name().at(r.run_name.function_name);
      if (r.error_occurred) {
        failed = true;
        std::printf("| %s | %s |\n", row.w.name.c_str(), r.error_message.c_str());
        continue;
      }
      const double seconds = (row.w.wall ? r.real_accumulated_time : r.cpu_accumulated_time) /
                             static_cast<double>(r.iterations),
                   flop = row.w.flop * row.w.rows;
      std::printf("| %s | %s | %.3g |", row.w.name.c_str(), time(seconds).c_str(), row.w.rows / seconds);
      if (flop > 0)
        std::printf(" %.0f | %.0f %% | %.2f |", 1e-9 * flop / seconds, 100 * flop / seconds / row.peak,
                    seconds * row.products / flop);
      else std::printf(" | | |");
      if (row.w.goal > 0) {
        const double goal = 1e-6 * row.w.goal * (row.is_double ? 122.5e9 : 245e9) / row.peak;
        std::printf(" %s | %.2f |\n", time(goal).c_str(), seconds / goal);
      } else {
        std::printf(" | |\n");
      }
      std::fflush(stdout);
    }
  }

 private:
  static std::string time(double s) {
    char text[32];
    if (s < 1e-6) std::snprintf(text, sizeof text, "%.1f ns", 1e9 * s);
    else if (s < 1e-3) std::snprintf(text, sizeof text, "%.*f us", s < 1e-4 ? 1 : 0, 1e6 * s);
    else std::snprintf(text, sizeof text, "%.*f ms", s < 0.1 ? 1 : 0, 1e3 * s);
    return text;
  }
};
}  // namespace

void rheo::bench::add(const Workload& w, bool is_double, std::function<Call()> start) {
  Entry& row = rows_by_name()[w.name];
  row.w = w, row.is_double = is_double, row.start = start;
  auto call = std::make_shared<Call>();
  auto* registered =
      benchmark::RegisterBenchmark(w.name.c_str(), [&row, call, start = std::move(start)](benchmark::State& state) {
        if (!*call) {
          *call = start();
          (*call)();
          row.peak = row.is_double ? fma_peak<double>() : fma_peak<float>();
          row.products = row.is_double ? product_speed<double>(row.w.width, row.w.pull)
                                       : product_speed<float>(row.w.width, row.w.pull);
        }
        for (auto _ : state) (*call)();
        state.SetItemsProcessed(state.iterations() * static_cast<Index>(row.w.rows));
      });
  if (w.wall) registered->UseRealTime();
}

/// The call whose instructions callgrind counts.
extern "C" [[gnu::noinline]] void rheo_counted(const Call& call) {
  call();
  asm volatile("");  // and no jump in place of a call
}

/// --names prints the workloads of one thread, but for bulk ones, and W5 whose model is trained first: they take
/// callgrind minutes; --count NAME makes one call to warm up and one that is counted.
int count_instructions(const std::string& mode, const std::string& name) {
  for (const auto& [key, row] : rows_by_name()) {
    if (row.w.wall || row.w.flop * row.w.rows > 1e9 || row.w.rows > 5000 || key.starts_with("W5") ||
        (mode == "--count" && key != name))
      continue;
    if (mode == "--names") {
      std::printf("%s\n", key.c_str());
      continue;
    }
    const Call call = row.start();
    call();
    rheo_counted(call);
    return 0;
  }
  return mode == "--names" ? 0 : 2;
}

// No options of examples/command_line.hpp: the words are Google Benchmark's own.
int main(int count, char** words) {
  const std::string mode = count > 1 ? words[1] : "";
  if (mode == "--names" || mode == "--count") {
    for (auto* part : {w1, w2, w3, w4, w5, w6, w7, w8, w9}) part();
    return count_instructions(mode, count > 2 ? words[2] : "");
  }
  static char quick[] = "--benchmark_min_time=0.1";
  std::vector<char*> arguments{words[0], quick};
  arguments.insert(arguments.end(), words + 1, words + count);
  int n = static_cast<int>(arguments.size());
  benchmark::Initialize(&n, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(n, arguments.data())) return 2;
  for (auto* part : {w1, w2, w3, w4, w5, w6, w7, w8, w9}) part();
  Rows rows;
  benchmark::RunSpecifiedBenchmarks(&rows);
  benchmark::Shutdown();
  return rows.failed ? 1 : 0;
}
