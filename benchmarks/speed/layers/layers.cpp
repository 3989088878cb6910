// SPDX-License-Identifier: MIT
// layers: the four passes of every layer at D = 2, 16, 64 on a shard of 128 rows, float, one thread: a Markdown table
// of nanoseconds of processor time a row, and rows a second.  --benchmark_filter="coupling.*/64" picks rows;
// --benchmark_out=FILE writes every number as JSON. Parameters are the starting values plus N(0, 0.1^2).  A pull's time
// is its own, without the call before it.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <iostream>
#include <map>
#include <stdexcept>

#include "../shared/peak.hpp"
#include "rheo/evaluation/base_of.hpp"
#include "table.hpp"

namespace {
using namespace rheo;
using namespace rheo::bench;

constexpr Index rows = 128;
constexpr const char* passes[] = {"encode", "encode_pull", "decode", "decode_pull"};
constexpr int pass_count = 4;
bool has(const Subject& s, int pass) {
  return pass == 0 ? s.encodes : pass == 1 ? s.encode_pulls : pass == 2 ? s.decodes : s.decode_pulls;
}

Batch<float> normals(Index c, std::uint64_t key) {
  Batch<float> x(rows, c);
  Noise{key}.normals(view(x));
  return x;
}

/// A subject with all that its passes want.
struct Room {
  Subject& s;
  Column<float> theta, buffers, g_theta;
  Batch<float> x, z, context, g_x, g_z, g_context;
  Column<float> v, g_v;
  NoCache none{};
  Arena scratch{};
  Report report{};

  explicit Room(Subject& subject) : s(subject) {
    theta.setZero(s.param_count), buffers.setZero(s.buffer_count), g_theta.setZero(s.param_count);
    s.init(Params<float>(theta.data(), theta.size()), Params<float>(buffers.data(), buffers.size()), Noise{1});
    for (Index i = 0; i < theta.size(); ++i) theta(i) += float(0.1 * Noise{2}.normal(i, 0));
    s.follow(Params<float>(theta.data(), theta.size()), Params<float>(buffers.data(), buffers.size()));
    context = normals(s.context_dim, 3), g_context = Batch<float>::Zero(rows, s.context_dim);
    g_x = normals(s.x_dim, 4), g_z = normals(s.z_dim, 5);
    v.setZero(rows), g_v.setOnes(rows);
    // As the laws do: points are drawn where supports can be drawn from, coordinate by coordinate, and are the other
    // side's images else.
    x = rheo::detail::draw_base(s.x_support, s.x_categories, rows, Noise{6}, 1).cast<float>();
    z = rheo::detail::draw_base(s.z_support, s.z_categories, rows, Noise{7}, 1).cast<float>();
    if (s.decodes && !rheo::detail::drawable(s.x_support))
      z *= 0.5f, run(false, read(view(z)), view(x));  // well inside
    if (s.encodes && !rheo::detail::drawable(s.z_support)) run(true, read(view(x)), view(z));
  }
  void run(bool encode, CView<float> from, View<float> to, bool keep = false) {
    s.call(encode, {from, to, ColView<float>(v.data(), rows), Params<const float>(theta.data(), theta.size()),
                    Params<const float>(buffers.data(), buffers.size()), read(view(context)), Noise{8}, none, scratch,
                    keep, &report});
  }
  /// Gives the body of one benchmark: the call before a pull is made here.
  void prepare(int pass) {
    const bool encode = pass < 2;
    out.resize(rows, encode ? s.z_dim : s.x_dim), g_in.resize(rows, encode ? s.x_dim : s.z_dim);
    v.setZero();
    report = Report{};
    run(encode, in(encode), view(out), true);
    for (Index i = 0; i < rows; ++i) {
      if (!out.row(i).isFinite().all() || !std::isfinite(v(i))) throw std::runtime_error("numbers that are not finite");
    }
    if (pass % 2 == 0) return;
    g_theta.setZero();
    once(pass);
    const Column<float> g_theta_1 = g_theta;
    const Batch<float> g_in_1 = g_in;
    g_theta.setZero();
    once(pass);
    if (!(g_theta == g_theta_1).all() || !(g_in == g_in_1).all())
      throw std::runtime_error("a pull that spends its cache");
  }
  void once(int pass) {
    const bool encode = pass < 2;
    if (pass % 2 == 0) {
      run(encode, in(encode), view(out));
    } else {
      s.pull(encode,
             {in(encode), read(view(out)), read(view(encode ? g_z : g_x)), CColView<float>(g_v.data(), rows),
              view(g_in), Params<const float>(theta.data(), theta.size()),
              Params<float>(g_theta.data(), g_theta.size()), Params<const float>(buffers.data(), buffers.size()),
              read(view(context)), view(g_context), Noise{8}, none, scratch});
    }
    benchmark::ClobberMemory();
  }

 private:
  CView<float> in(bool encode) const { return read(view(const_cast<Batch<float>&>(encode ? x : z))); }
  Batch<float> out, g_in;
};

/// The room of the last subject: its four benchmarks follow one another.
Room& room_of(Subject& s) {
  static std::unique_ptr<Room> last;
  if (!last || &last->s != &s) last = std::make_unique<Room>(s);
  return *last;
}

void measure(benchmark::State& state, Subject& s, int pass) {
  try {
    Room& room = room_of(s);
    room.prepare(pass);
    for (auto _ : state) room.once(pass);
    if (room.report.unsolved > 0)
      state.counters["unsolved"] = static_cast<double>(room.report.unsolved) / static_cast<double>(state.iterations());
    state.SetItemsProcessed(state.iterations() * rows);
  } catch (const std::exception& e) { state.SkipWithError(e.what()); }
}

/// A row of the table for every subject, printed when its passes are all in.
class Rows : public benchmark::BenchmarkReporter {
 public:
  explicit Rows(const Table& t) : table_(t) {}
  bool failed = false;

  bool ReportContext(const Context&) override {
    std::printf("128 rows, float, one thread; multiply-adds here and now %.0f GFLOP/s\n", 1e-9 * fma_peak<float>());
    std::printf("ns a row (rows a second); -: the layer has no such pass\n\n| layer | x -> z | numbers |");
    for (const char* p : passes) std::printf(" %s |", p);
    std::printf("\n|---|---|---|---|---|---|---|\n");
    return true;
  }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& r : runs) {
      if (r.run_type != Run::RT_Iteration) continue;
      const std::string name = r.run_name.function_name, subject = name.substr(0, name.rfind('/')),
                        pass = name.substr(name.rfind('/') + 1);
      if (subject != subject_) flush();
      subject_ = subject;
      std::string& cell = cells_[pass];
      if (r.error_occurred) {
        failed = true;
        cell = r.error_message;
        continue;
      }
      const double seconds = r.cpu_accumulated_time / static_cast<double>(r.iterations) / static_cast<double>(rows);
      char text[64];
      std::snprintf(text, sizeof text, "%s (%s)", digits(1e9 * seconds).c_str(), rate(1 / seconds).c_str());
      cell = text;
      if (r.counters.count("unsolved")) cell += " unsolved!";
    }
  }
  void Finalize() override {
    flush();
    std::printf("\n");
    for (const std::string& n : table_.notes) std::printf("- %s\n", n.c_str());
  }

 private:
  static std::string digits(double x) {
    char text[32];
    std::snprintf(text, sizeof text, x < 9.95 ? "%.1f" : "%.0f", x);
    return text;
  }
  static std::string rate(double x) {
    const char* unit = x < 1e6 ? "k" : "M";
    return digits(x / (x < 1e6 ? 1e3 : 1e6)) + ' ' + unit;
  }
  void flush() {
    for (const auto& s : table_.subjects) {
      if (s->name + '/' + std::to_string(s->dim) != subject_) continue;
      std::printf("| %s | %td -> %td | %td |", s->name.c_str(), s->x_dim, s->z_dim, s->param_count);
      for (const char* p : passes) std::printf(" %s |", cells_.count(p) ? cells_[p].c_str() : "-");
      std::printf("\n");
      std::fflush(stdout);
    }
    cells_.clear();
  }
  const Table& table_;
  std::string subject_;
  std::map<std::string, std::string> cells_;
};
}  // namespace

// No options of examples/command_line.hpp: the words are Google Benchmark's own.
int main(int count, char** words) {
  static char quick[] = "--benchmark_min_time=0.01";
  std::vector<char*> arguments{words[0], quick};
  arguments.insert(arguments.end(), words + 1, words + count);
  int n = static_cast<int>(arguments.size());
  benchmark::Initialize(&n, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(n, arguments.data())) return 2;
  Table table;
  for (auto* part : {pointwise, couplings, linear, residual, continuous, surjections, stochastic}) part(table);
  for (auto& s : table.subjects) {
    for (int pass = 0; pass < pass_count; ++pass) {
      if (!has(*s, pass)) continue;
      const std::string name = s->name + '/' + std::to_string(s->dim) + '/' + passes[pass];
      benchmark::RegisterBenchmark(name.c_str(), [&s, pass](benchmark::State& state) { measure(state, *s, pass); });
    }
  }
  Rows rows_of(table);
  benchmark::RunSpecifiedBenchmarks(&rows_of);
  benchmark::Shutdown();
  return rows_of.failed ? 1 : 0;
}
