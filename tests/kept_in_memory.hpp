// SPDX-License-Identifier: MIT
// Checkpoints kept in memory: a store that stops the run that saves to it, or fails, and what is the same bit by bit.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "catch.hpp"
#include "rheo/platform/threads.hpp"
#include "rheo/training/fit_options.hpp"

namespace rheo_test {

struct Kept final : rheo::CheckpointStore {
  rheo::TrainerState state;
  bool there = false;
  long saves = 0, stop_at = -1;  ///< of this run
  rheo::StopSource source;
  std::function<std::string()> refuses;

  std::string name() const override { return "memory"; }
  bool load(rheo::TrainerState& to) override {
    saves = 0;
    if (there) to = state;
    return there;
  }
  std::string save(const rheo::TrainerState& s) override {
    if (++saves == stop_at) source.request_stop();
    if (const std::string why = refuses ? refuses() : ""; !why.empty()) return why;
    state = s;
    there = true;
    return "";
  }
  /// Before every step a state, stopped at the n-th; never where n < 0.
  template <class Options> static void into(Options& o, const std::shared_ptr<Kept>& store, long stop_at) {
    store->source = rheo::StopSource();
    store->stop_at = stop_at;
    o.checkpoint = {store, 0};
    o.stop = store->source.get_token();
  }
};

inline bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0 || (a != a && b != b); }
template <class A, class B> bool same_bits(const A& a, const B& b) {
  if (a.size() != b.size()) return false;
  for (rheo::Index i = 0; i < a.size(); ++i) {
    if (!same_bits(static_cast<double>(a(i)), static_cast<double>(b(i)))) return false;
  }
  return true;
}

/// `run(options)` once as it is, once with checkpoints, stopped at some of them, and stopped at every second one with
/// the threads changing: same(a, b) checks that two ended alike.
template <class Options, class Run, class Same>
void never_stopped(const Options& options, const Run& run, const Same& same) {
  const auto stopped = [&](const std::shared_ptr<Kept>& store, long at, int threads) {
    Options o = options;
    Kept::into(o, store, at);
    o.threads = threads;
    return run(o);
  };
  const auto whole = run(options);
  auto store = std::make_shared<Kept>();
  same(stopped(store, -1, 1), whole);
  const long saves = store->saves;
  REQUIRE(saves > 5);
  same(stopped(store, -1, 1), whole);  // the end is kept
  CHECK(store->saves == 0);
  for (const long at : {1L, saves / 3, saves / 2, saves - 1}) {
    auto other = std::make_shared<Kept>();
    CHECK(stopped(other, at, 1).result.status == rheo::FitStatus::interrupted);
    same(stopped(other, -1, 2), whole);
  }
  auto often = std::make_shared<Kept>();
  int runs = 0;
  for (;;) {
    const auto last = stopped(often, 2, 1 + runs % 2);
    if (last.result.status == rheo::FitStatus::interrupted && ++runs < 1000) continue;
    CHECK(runs > 4);
    same(last, whole);
    return;
  }
}

}  // namespace rheo_test
