// SPDX-License-Identifier: MIT
#include "rheo/math/moments.hpp"

#include "../catch.hpp"
#include "rheo/core/noise.hpp"

namespace math_moments {
using namespace rheo;

namespace {
template <class T> Batch<T> second_column(double mean, double deviation) {
  Batch<T> x(1000, 2);
  for (Index i = 0; i < 1000; ++i) x(i, 0) = T(i), x(i, 1) = T(mean + deviation * Noise{4}.normal(i, 0));
  return x;
}
template <class T> math::Moments moments(double mean, double deviation) {
  const Batch<T> x = second_column<T>(mean, deviation);
  return math::moments<T>(view(x), 1);
}
}  // namespace

TEMPLATE_TEST_CASE("moments by hand: two rows 0 and 1 have the mean 1/2 and the deviation sqrt(1/2)", "", float, double) {
  Batch<TestType> x(2, 2);
  x << 3, 0, 5, 1;
  const auto m = math::moments<TestType>(view(std::as_const(x)), 1);
  CHECK(m.mean == 0.5);
  CHECK(std::abs(m.deviation - std::sqrt(0.5)) < 1e-15);
}
TEST_CASE("moments of columns in any units") {
  for (const auto& [mean, deviation] : {std::pair{0., 1e-150}, {1e-7, 1e-8}, {-3., 2.}, {1e8, 1e3}, {1e100, 1e100}}) {
    const auto m = moments<double>(mean, deviation);
    INFO(mean << " " << deviation);
    CHECK(std::abs(m.mean - mean) <= 0.2 * deviation);
    CHECK(m.deviation == Approx(deviation).epsilon(0.1));
  }
  CHECK(moments<float>(1, 1e-4).deviation == Approx(1e-4).epsilon(0.1));
}
TEST_CASE("moments: constant columns, nearly constant ones, and ones that overflow are refused by name") {
  using Catch::Contains;
  CHECK_THROWS_WITH(moments<double>(3, 0), Contains("column 1 is constant"));
  CHECK_THROWS_WITH(moments<double>(0, 0), Contains("column 1 is constant"));
  CHECK_THROWS_WITH(moments<double>(3, 3e-12), Contains("column 1 is constant"));
  CHECK_THROWS_WITH(moments<float>(3, 1e-7), Contains("column 1 is constant"));
  CHECK_THROWS_WITH(moments<double>(0, 1e200), Contains("column 1") && Contains("overflows"));
  CHECK_THROWS_WITH(moments<double>(1e308, 1e307), Contains("column 1") && Contains("overflows"));
  CHECK_THROWS_AS(moments<double>(0, 1e200), DataError);
}

}  // namespace math_moments
