// SPDX-License-Identifier: MIT
// What the toy densities share: distances to boxes, sums of exponentials; and that the checks themselves can refuse.
#include "rheo/targets/toy.hpp"

#include "targets/checks.hpp"

namespace targets_toy {
using namespace rheo::targets;

TEST_CASE("distance to a box: inside, beside, beyond a corner") {
  const Box b{-1.0, 2.0, 0.0, 1.0};
  CHECK(distance(b, 0.5, 0.5) == 0.0);
  CHECK(distance(b, 2.0, 1.0) == 0.0);
  CHECK(checks::near(distance(b, -1.5, 0.2), 0.5));
  CHECK(checks::near(distance(b, 1.0, -2.0), 2.0));
  CHECK(checks::near(distance(b, 5.0, 5.0), 5.0));
}

TEST_CASE("LogSum adds exponentials without overflow, in any order, nothing included") {
  CHECK(detail::LogSum().value() == -detail::infinity);
  for (double shift : {0.0, 5000.0, -5000.0}) {
    detail::LogSum up, down;
    for (int k = 1; k <= 4; ++k) {
      up.add(shift + std::log(k));
      down.add(shift + std::log(5 - k));
    }
    up.add(-detail::infinity);
    CHECK(checks::near(up.value(), shift + std::log(10.0), 1e-11));
    CHECK(checks::near(down.value(), shift + std::log(10.0), 1e-11));
  }
  detail::LogSum none;
  none.add(-detail::infinity);
  CHECK(none.value() == -detail::infinity);
}

TEST_CASE("the chi-square limit is exceeded with probability 1e-4, within a tenth of it") {
  for (int k : {30, 100, 400}) {  // for even k the tail is e^-h times the first k / 2 terms of e^h
    const double h = 0.5 * checks::chi_square_limit(k);
    double term = std::exp(-h), tail = 0.0;
    for (int j = 0; j < k / 2; ++j) {
      tail += term;
      term *= h / (j + 1);
    }
    CHECK(checks::near(tail, 1e-4, 1e-5));
  }
}

TEST_CASE("the chi-square statistic has its mean under the law and sees a shift of 3 percent of a standard deviation") {
  rheo::Batch<double> x(100000, 2);
  rheo::Noise{4}.normals(rheo::view(x));
  const auto log_p = [](double a, double b) { return detail::log_normal(a) + detail::log_normal(b); };
  const auto e = checks::edges(-3.0, 3.0, 0.5);
  const auto right = checks::chi_square(x, log_p, e, e);
  const double k = right.cells - 1;
  CHECK(right.cells > 100);
  CHECK(std::fabs(right.statistic - k) < 4.0 * std::sqrt(2.0 * k));
  CHECK(checks::chi_square(x + 0.03, log_p, e, e).statistic > right.limit());
}

}  // namespace targets_toy
