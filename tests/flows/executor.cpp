// SPDX-License-Identifier: MIT
// A program's own threads: every job once, the bits of ours, exceptions, and executors that break the rules.
#include "rheo/flows/executor.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include "banana.hpp"
#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

namespace flows_executor {
using namespace rheo;

namespace {

using Small = Flow<Standardize<2>, Repeat<2, Chain<AffineCoupling<2, Mlp<16, 16>>, Flip<2>>>, StandardNormal<2>>;

/// Three threads a run, the last job first.
struct Others final : Executor {
  std::atomic<int> runs{0};
  int workers() const override { return 3; }
  void run(Index jobs, Job job) override {
    ++runs;
    std::atomic<Index> left{jobs};
    std::vector<std::thread> threads;
    for (int w = 0; w < 3; ++w) {
      threads.emplace_back([&, w] {
        for (Index i; (i = --left) >= 0;) job(i, w);
      });
    }
    for (auto& t : threads) t.join();
  }
};

/// Breaks a rule a kind.
struct Wrong final : Executor {
  enum Kind { forgets, twice, far_worker, far_job, no_workers, one_worker } kind;
  explicit Wrong(Kind k) : kind(k) {}
  int workers() const override { return kind == no_workers ? 0 : 2; }
  void run(Index jobs, Job job) override {
    if (kind == one_worker) {
      std::thread other([&] { job(0, 0); });
      job(1, 0);
      other.join();
      for (Index i = 2; i < jobs; ++i) job(i, 0);
      return;
    }
    for (Index i = kind == forgets; i < jobs; ++i) job(i + (kind == far_job ? 1 : 0), kind == far_worker ? 2 : 0);
    if (kind == twice) job(0, 1);
  }
};

}  // namespace

TEST_CASE("an executor calls every job once, and its first exception comes back") {
  Others others;
  Pool pool(others);
  CHECK(pool.size() == 3);
  std::array<std::atomic<int>, 100> calls{};
  pool.run(100, [&](Index i, int) { ++calls[static_cast<std::size_t>(i)]; });
  for (auto& c : calls) CHECK(c == 1);
  CHECK(others.runs == 1);
  CHECK_THROWS_WITH(pool.run(9,
                             [](Index i, int) {
                               if (i == 4) throw std::runtime_error("four");
                             }),
                    "four");
  CHECK_NOTHROW(pool.run(9, [](Index, int) {}));
}

TEMPLATE_TEST_CASE("the bits of an executor are those of our threads", "", float, double) {
  using T = TestType;
  const auto data = rheo_test::banana<T>(1500, 1);
  const auto run = [&](int threads, Executor* executor) {
    auto model = make_model<T>(Small{}, Noise{2});
    const auto r =
        fit(model, data, {.epochs = 2, .batch = 500, .noise = Noise{3}, .threads = threads, .executor = executor});
    auto ws = executor ? model.workspace(*executor) : model.workspace(threads);
    const Column<T> scored = model.log_prob(data, {}, ws);
    const Batch<T> drawn = model.sample_and_log_prob(700, Noise{4}, {}, ws).x;
    const auto weighted = weighted_sample(model, NormalEnergy<2>{}, 300, Noise{5}, Threads(threads, executor));
    return std::tuple{Column<T>(model.parameters()), scored, drawn, weighted.log_w, r.history.back().validation_loss};
  };
  Others others;
  const auto [theta, scored, drawn, log_w, loss] = run(2, nullptr);
  const auto [theta_o, scored_o, drawn_o, log_w_o, loss_o] = run(1, &others);
  CHECK(others.runs > 10);
  CHECK((theta == theta_o).all());
  CHECK((scored == scored_o).all());
  CHECK((drawn == drawn_o).all());
  CHECK((log_w == log_w_o).all());
  CHECK(loss == loss_o);
}

TEST_CASE("an executor that breaks a rule is told so") {
  for (const auto& [kind, what] : {std::pair{Wrong::forgets, "6 jobs done of 7"},
                                   {Wrong::twice, "8 jobs done of 7"},
                                   {Wrong::far_worker, "beyond 7 jobs and 2 workers"},
                                   {Wrong::far_job, "beyond 7 jobs"},
                                   {Wrong::one_worker, "two jobs at once"}}) {
    Wrong wrong(kind);
    Pool pool(wrong);
    INFO(what);
    CHECK_THROWS_WITH(pool.run(7, [](Index, int) { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }),
                      Catch::Contains(what));
    CHECK_THROWS_AS(pool.run(7, [](Index, int) { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }),
                    std::logic_error);
  }
  Wrong none(Wrong::no_workers);
  CHECK_THROWS_WITH(Pool(none), Catch::Contains("at least one worker"));
  CHECK_THROWS_AS(Pool(0), std::invalid_argument);
}

}  // namespace flows_executor
