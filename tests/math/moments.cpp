// SPDX-License-Identifier: MIT
#include "rheo/math/moments.hpp"

#include "../catch.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/math/whole_part.hpp"

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

TEMPLATE_TEST_CASE("moments by hand: two rows 0 and 1 have the mean 1/2 and the deviation sqrt(1/2)", "", float,
                   double) {
  Batch<TestType> x(2, 2);
  x << 3, 0, 5, 1;
  const auto m = math::moments<TestType>(view(std::as_const(x)), 1);
  CHECK(m.mean == 0.5);
  CHECK(std::abs(m.deviation - std::sqrt(0.5)) < 1e-15);
}
TEST_CASE("moments of columns in any units") {
  for (const auto& [mean, deviation] : {std::pair{0., 1e-150},
                                        {0., 1e-170},
                                        {1e-290, 1e-300},
                                        {0., 1e200},
                                        {1e307, 1e306},
                                        {1e-7, 1e-8},
                                        {-3., 2.},
                                        {1e8, 1e3},
                                        {1e100, 1e100}}) {
    const auto m = moments<double>(mean, deviation);
    INFO(mean << " " << deviation);
    CHECK(std::abs(m.mean - mean) <= 0.2 * deviation);
    CHECK(m.deviation == Approx(deviation).epsilon(0.1));
  }
  CHECK(moments<float>(1, 1e-4).deviation == Approx(1e-4).epsilon(0.1));
}
TEMPLATE_TEST_CASE(
    "a column is constant only where its scalar cannot tell its numbers apart, and starts then bring it to mean 0 and "
    "deviation 1",
    "", float, double) {
  using T = TestType;
  constexpr double eps = std::numeric_limits<T>::epsilon();
  for (const double ratio : {1.0, 1e3, 1 / (1e3 * eps), 1 / (8 * eps)}) {  // abs(mean) / deviation
    for (const double unit : {1e-8, 1500.0}) {
      const Batch<T> x = second_column<T>(-ratio * unit, unit);
      const auto m = math::moments<T>(view(x), 1);
      const double rounded = eps * ratio;  // of the data themselves, in deviations
      CHECK(m.deviation == Approx(unit).epsilon(0.1 + rounded));
      auto standard = make_model<T>(Flow{Standardize<2>{}, StandardNormal<2>{}}, Noise{});
      standard.initialise(x);
      const Column<double> z = standard.encode(x).col(1).template cast<double>();
      INFO("ratio " << ratio << ", mean " << z.mean() << ", deviation "
                    << std::sqrt((z - z.mean()).square().sum() / 999));
      CHECK(std::abs(z.mean()) <= rounded + 8 * eps);
      CHECK(std::abs((z - z.mean()).square().sum() / 999 - 1) <= 16 * eps);
      auto norm = make_model<T>(Flow{ActNorm<2>{}, StandardNormal<2>{}}, Noise{});
      norm.initialise(x);
      const Column<double> a = norm.encode(x).col(1).template cast<double>();
      INFO("ActNorm: mean " << a.mean() << ", deviation " << std::sqrt((a - a.mean()).square().sum() / 999));
      CHECK(std::abs(a.mean()) <= 2 * eps * ratio + 8 * eps);
      CHECK(std::abs(std::sqrt((a - a.mean()).square().sum() / 999) - 1) <= 2 * eps * ratio + 8 * eps);
    }
  }
}
TEST_CASE("the divisor of a variance is n - 1, and one number has none") {
  Batch<double> two(2, 1);
  two << 0, 1;
  const CView<double> x = read(view(two));
  CHECK(math::moments(x, 0).deviation == Approx(std::sqrt(0.5)).epsilon(1e-15));
  CHECK(math::moments(x, 0).mean == 0.5);
  CHECK_THROWS_AS(math::moments(rows(x, 0, 1), 0), DataError);
}
TEST_CASE("whole parts of quotients and products of decimals") {
  CHECK(math::whole_part(0.3 / 0.1) == 3);
  CHECK(math::whole_part(0.29 * 100) == 29);
  CHECK(math::whole_part(2.999) == 2);
  CHECK(math::whole_part(0) == 0);
  CHECK(math::whole_above(0.07 * 100) == 7);
  CHECK(math::whole_above(7.001) == 8);
  CHECK(math::whole_above(1e-300) == 1);
}
TEST_CASE("moments: constant columns, nearly constant ones, and ones that overflow are refused by name") {
  using Catch::Contains;
  CHECK_THROWS_WITH(moments<double>(3, 0), Contains("column 1 is constant"));
  CHECK_THROWS_WITH(moments<double>(0, 0), Contains("column 1 is constant"));
  CHECK_THROWS_WITH(moments<double>(3, 3e-16), Contains("column 1 is constant"));
  CHECK_THROWS_WITH(moments<float>(3, 1e-7), Contains("column 1 is constant"));
  Batch<double> apart(3, 2);
  apart << 0, 1.7e308, 1, -1.7e308, 2, 0;
  CHECK_THROWS_WITH(math::moments<double>(view(std::as_const(apart)), 1),
                    Contains("column 1") && Contains("overflows"));
  CHECK_THROWS_AS(math::moments<double>(view(std::as_const(apart)), 1), DataError);
}

}  // namespace math_moments
