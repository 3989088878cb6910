// SPDX-License-Identifier: MIT
// The pool: every ticket once, the first exception, more tickets than one turn has room for.
#include "rheo/flows/shards.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>

#include "catch.hpp"

namespace flows_shards {
using namespace rheo;

TEST_CASE("of several exceptions the first is rethrown, run after run") {
  Pool pool(2);
  for (int round = 0; round < 3; ++round) {
    CHECK_THROWS_WITH(pool.run(4,
                               [](Index i, int) {
                                 if (i > 0) std::this_thread::sleep_for(std::chrono::milliseconds(60));
                                 throw std::runtime_error(i == 0 ? "first" : "later");
                               }),
                      "first");
    std::atomic<int> calls{0};
    CHECK_NOTHROW(pool.run(100, [&](Index, int) { ++calls; }));
    CHECK(calls == 100);
  }
}
TEST_CASE("a run may have more tickets than 24 bits count") {
  Pool pool(2);
  for (const Index count : {(Index(1) << 24) - 1, Index(1) << 24, (Index(1) << 24) + 3}) {
    struct alignas(64) Tally {
      Index calls = 0, sum = 0, last = -1;
      bool rising = true;
    };
    std::array<Tally, 2> tally{};
    pool.run(count, [&](Index i, int w) {
      auto& t = tally[static_cast<std::size_t>(w)];
      ++t.calls, t.sum += i, t.rising = t.rising && i > t.last, t.last = i;
    });
    CHECK(tally[0].calls + tally[1].calls == count);
    CHECK(tally[0].sum + tally[1].sum == count * (count - 1) / 2);
    CHECK((tally[0].rising && tally[1].rising));
  }
}

TEST_CASE("a helper that fell asleep wakes for the next run") {
  Pool pool(2);
  if (pool.size() < 2) return;  // no threads here
  for (int round = 0; round < 3; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    std::atomic<int> begun{0}, met{0};
    pool.run(2, [&](Index, int) {  // each waits for the other to have begun
      ++begun;
      const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
      while (begun < 2 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
      met += begun == 2;
    });
    REQUIRE(met == 2);
  }
}

}  // namespace flows_shards
