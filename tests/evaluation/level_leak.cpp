// SPDX-License-Identifier: MIT
// The error of level_leak counts the level's draws and the model's.
#include "catch.hpp"
#include "draws.hpp"
#include "rheo/evaluation/metrics.hpp"

namespace evaluation_level_leak {
using namespace rheo;
using rheo_test::normals;

namespace {

/// The standard normal of the plane.
struct Plain {
  static Batch<double> sample(Index n, Noise noise) { return normals(n, 2, noise.seed); }
  static double log_prob(double x1, double x2) { return -0.5 * (x1 * x1 + x2 * x2) - targets::detail::log_2pi; }
};

}  // namespace

TEST_CASE("the error of level_leak is its spread over levels and samples drawn anew, whichever of them is the fewer") {
  for (const auto& [of_level, of_sample] : {std::pair<Index, Index>{500, 10000}, {500, 500}, {10000, 500}}) {
    const int runs = 400;
    Column<double> leak(runs);
    double squares = 0;
    for (int r = 0; r < runs; ++r) {
      const auto key = static_cast<std::uint64_t>(r);
      const Level level = level_set_threshold(Plain{}, 0.2, of_level, Noise{10000 + key});
      const Estimate e = level_leak(normals(of_sample, 2, 20000 + key), Plain{}, level);
      leak(r) = e.value;
      squares += e.error * e.error / runs;
    }
    const double spread = std::sqrt((leak - leak.mean()).square().sum() /
                                    (runs - 1));  // known to 1 / sqrt(2 runs) of itself, 3.5 per cent
    INFO("level by " << of_level << ", sample of " << of_sample << ", mean " << leak.mean());
    INFO("error " << std::sqrt(squares) << ", spread " << spread);
    CHECK(std::abs(std::sqrt(squares) / spread - 1) < 0.12);
    CHECK(std::abs(leak.mean()) < 4 * spread / std::sqrt(runs) + 1.0 / static_cast<double>(of_level));
  }
}

}  // namespace evaluation_level_leak
