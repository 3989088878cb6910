// SPDX-License-Identifier: MIT
#include "rheo/evaluation/sliced_wasserstein.hpp"

#include <numbers>

#include "catch.hpp"

namespace evaluation_sliced_wasserstein {
using namespace rheo;

TEST_CASE("a shift by d along an axis is d times the mean of |cos|; order does not matter; a scaling is known") {
  Batch<double> x(5000, 2);
  Noise{1}.normals(view(x));
  Batch<double> y = x.colwise().reverse();
  CHECK(sliced_wasserstein(x, y) == 0);
  y.col(0) += 3;
  CHECK(sliced_wasserstein(Batch<double>(x.bottomRows(50)), Batch<double>(y.topRows(50)), 20000) ==
        Approx(3 * 2 / std::numbers::pi).epsilon(0.01));
  y = 2 * x;
  CHECK(sliced_wasserstein(x, y) == Approx(std::sqrt(2 / std::numbers::pi)).epsilon(0.03));
  y(7, 1) = std::nan("");
  CHECK(std::isnan(sliced_wasserstein(x, y)));
  CHECK_THROWS_AS(sliced_wasserstein(x, Batch<double>(y.topRows(3))), std::invalid_argument);
}

}  // namespace evaluation_sliced_wasserstein
