// SPDX-License-Identifier: MIT
// Coverage of modes: exact shares, the spread of its error, a lost mode seen and nothing seen where none is.
#include "rheo/evaluation/mode_coverage.hpp"

#include "catch.hpp"
#include "rheo/core/noise.hpp"

namespace evaluation_mode_coverage {
using namespace rheo;

namespace {
std::vector<Index> drawn(Index n, Index modes, std::uint64_t seed) {
  std::vector<Index> m(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) m[static_cast<std::size_t>(i)] = Noise{seed}.index(i, 0, modes);
  return m;
}
}  // namespace

TEST_CASE("mode_coverage by hand: all alike, one alone, one of four lost") {
  CHECK(mode_coverage({0, 1, 2, 3}, 4).value == Approx(1));
  CHECK(mode_coverage({2, 2, 2}, 4).value == 0);
  CHECK(mode_coverage({0, 3, 1, 1, 0, 3}, 4).value == Approx(std::log(3.0) / std::log(4.0)));
  CHECK_THROWS_AS(mode_coverage({}, 4), std::invalid_argument);
  CHECK_THROWS_AS(mode_coverage({0}, 1), std::invalid_argument);
  CHECK_THROWS_WITH(mode_coverage({0, 4}, 4), "rheo: mode_coverage: mode 4 is none of 4");
}

TEST_CASE("the error of mode_coverage is its spread, where shares differ and where they do not") {
  const int runs = 400;
  for (const Index modes : {2, 40}) {
    for (const bool alike : {false, true}) {
      // Unlike: the first mode has half of the mass beside its share of the rest.
      const auto draws = [&](std::uint64_t seed) {
        auto m = drawn(500, modes, seed);
        for (Index i = 0; i < 500 && !alike; ++i) {
          if (Noise{seed}.fork(1).uniform(i, 0) < 0.5) m[static_cast<std::size_t>(i)] = 0;
        }
        return m;
      };
      const double share = 0.5 / static_cast<double>(modes), first = 0.5 + share;
      const double exact = alike
                               ? 1
                               : -(first * std::log(first) + static_cast<double>(modes - 1) * share * std::log(share)) /
                                     std::log(static_cast<double>(modes));
      double stray = 0;
      for (std::uint64_t r = 0; r < runs; ++r) {
        const Estimate e = mode_coverage(draws(r), modes);
        stray += std::pow((e.value - exact) / e.error, 2) / runs;
      }
      INFO(modes << " modes, " << (alike ? "alike" : "unlike") << ": mean square of deviation over error " << stray);
      CHECK(stray < 1.6);
      if (!alike) CHECK(stray > 0.5);  // alike: the error is of what was counted, and then on the safe side
    }
  }
}

TEST_CASE("a mode of forty that is lost is seen in 4000 draws") {
  const Estimate all = mode_coverage(drawn(4000, 40, 1), 40), lost = mode_coverage(drawn(4000, 39, 1), 40);
  INFO(all.value << " +- " << all.error << ", lost " << lost.value << " +- " << lost.error);
  CHECK(all.value > 1 - 3 * all.error);
  CHECK(lost.value < 1 - 4 * lost.error);
}

}  // namespace evaluation_mode_coverage
