// SPDX-License-Identifier: MIT
// Checkpoints kept in memory: a store that stops the run that saves to it, or fails, and what is the same bit by bit.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

#include "rheo/platform/threads.hpp"
#include "rheo/training/checkpoint.hpp"

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

}  // namespace rheo_test
