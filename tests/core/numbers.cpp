// SPDX-License-Identifier: MIT
// Numbers: what an array of a fixed count lets its callers do, and what it refuses.
#include "rheo/core/numbers.hpp"

#include <limits>
#include <stdexcept>
#include <type_traits>
#include <utility>

#include "catch.hpp"
#include "rheo/core/narrow.hpp"

namespace core_numbers {
using namespace rheo;

static_assert(std::is_nothrow_move_constructible_v<Numbers<double>>);

TEST_CASE("numbers are an array, and a copy owns numbers of its own") {
  Numbers<double> a(3);
  CHECK((a == 0).all());
  a << 1, 2, 3;
  auto copy = a;
  Column<double> column = a;
  a += column, a *= 2, a -= copy, a /= copy;
  CHECK((a == 3).all());
  CHECK((copy == column).all());
  a = 5.0;
  CHECK(a.sum() == 15);
  a = copy + a.head(3);
  CHECK((a == column + 5).all());
  a = a.reverse().eval();
  CHECK(a(0) == 8);
  a.swap(column);
  CHECK((a == copy).all());
  CHECK(column(2) == 6);
  swap(a, copy);
  CHECK((a == copy).all());
  const auto& itself = a;
  a = itself;
  CHECK((a == copy).all());
  CHECK((a.cast<float>() == Eigen::Array3f(1, 2, 3)).all());
}

TEST_CASE("numbers refuse another count, whatever is done with them") {
  Numbers<double> a(3);
  const Numbers<double> small(2);
  Column<double> large = Column<double>::Ones(4);
  a = 7.0;
  CHECK_THROWS_AS(a = small, std::invalid_argument);
  CHECK_THROWS_AS(a = Numbers<double>(2), std::invalid_argument);
  CHECK_THROWS_AS(a = large, std::invalid_argument);
  CHECK_THROWS_AS(a = large + 1, std::invalid_argument);
  CHECK_THROWS_AS(a += large, std::invalid_argument);
  CHECK_THROWS_AS(a -= large, std::invalid_argument);
  CHECK_THROWS_AS(a *= large, std::invalid_argument);
  CHECK_THROWS_AS(a /= small, std::invalid_argument);
  CHECK_THROWS_AS(a.swap(large), std::invalid_argument);
  CHECK_THROWS_WITH(a = Column<double>(), "rheo: a vector of 3 numbers cannot take 0");
  CHECK(a.size() == 3);
  CHECK((a == 7).all());
  CHECK(large.size() == 4);
}

TEST_CASE("numbers that were moved from are empty, know it, and keep their count") {
  Numbers<float> a(3);
  a = 2.0f;
  Numbers<float> b = std::move(a);
  CHECK(a.moved_from());
  CHECK(a.size() == 0);
  CHECK((b == 2).all());
  CHECK(Numbers<float>(a).moved_from());
  CHECK_THROWS_AS(a = Numbers<float>(2), std::invalid_argument);
  a = b;
  CHECK_FALSE(a.moved_from());
  CHECK((a == b).all());
  a = std::move(b);
  CHECK(b.moved_from());
  b = a + 1;
  CHECK((b == 3).all());
  CHECK_FALSE(Numbers<float>(0).moved_from());
}

TEST_CASE("what a narrower type makes of a number") {
  using detail::Narrowed;
  CHECK(detail::narrowed<float>(1e44) == Narrowed::too_large);
  CHECK(detail::narrowed<float>(-1e44) == Narrowed::too_large);
  CHECK(detail::narrowed<float>(1e-50) == Narrowed::too_small);
  using Limits = std::numeric_limits<double>;
  for (double x : {0.0, 1e-40, 3.4e38, -0.1, Limits::infinity(), Limits::quiet_NaN()})
    CHECK(detail::narrowed<float>(x) == Narrowed::kept);
  CHECK(detail::narrowed<double>(1e38f) == Narrowed::kept);
}

}  // namespace core_numbers
