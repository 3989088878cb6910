// SPDX-License-Identifier: MIT
// Rescale by hand: values, ends, off the interval, errors; and behind Abs onto the unit interval.
#include "rheo/transformers/rescale.hpp"

#include "catch.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/surjections/abs.hpp"

namespace transformers_rescale {
using namespace rheo;

namespace {
constexpr double inf = std::numeric_limits<double>::infinity();
std::array<double, 0> raw;
}  // namespace

TEST_CASE("rescale: values, ends, off the interval") {
  const range::Rescale map{-1, 3};
  const auto inner = map.encode(0.0, raw);
  CHECK(inner.y == 0.25);
  CHECK(inner.v == -std::log(4.0));
  CHECK(map.encode(-1.0, raw).y == 0);
  CHECK(map.encode(3.0, raw).y == 1);
  for (double x : {-1.001, 3.001, -inf, inf}) CHECK(map.encode(x, raw).v == -inf);
  CHECK(std::isnan(map.encode(std::nan(""), raw).y));
  CHECK(map.decode(0.25, raw).y == 0);
  for (double z : {-0.001, 1.001}) CHECK(map.decode(z, raw).v == -inf);
  CHECK(map.encode_pull(0.0, 8.0, 5.0, raw, [](Index, double) {}) == 2);
  CHECK(map.encode_pull(3.5, 8.0, 5.0, raw, [](Index, double) {}) == 0);
  CHECK_THROWS_AS(range::Rescale(1, 1), std::invalid_argument);
  CHECK_THROWS_AS(range::Rescale(-1e308, 1e308), std::invalid_argument);
  CHECK_THROWS_AS(range::RescalePositive(-1, 1), std::invalid_argument);
}

TEST_CASE("rescale: the ends go to 0 and 1 and back in float, whatever they are") {
  for (double low : {0.1, 0.3, 1.0 / 3}) {
    for (double high : {0.7, 1.1, 2.2, 6.6}) {
      const range::Rescale map{low, high};
      CHECK(map.encode(float(low), raw).y == 0);
      CHECK(map.encode(float(high), raw).y == 1);
      CHECK(map.encode(float(high), raw).v > -10);
      CHECK(map.decode(1.0f, raw).y == float(high));
      CHECK(map.decode(0.0f, raw).y == float(low));
    }
  }
}

TEST_CASE("moduli on a box: a uniform density with a hole, exact") {
  const auto model = make_model<double>(
      Flow{Abs<1>{}, Elementwise<1, range::RescalePositive>{range::RescalePositive{1, 4}}, Uniform<1>{}}, Noise{1});
  Batch<double> x(5, 1);
  x << -1, 2.5, -4, 0.5, 5;
  const Column<double> v = model.log_prob(x);
  for (Index i = 0; i < 3; ++i) CHECK(v(i) == Approx(-std::log(6.0)).margin(1e-15));
  CHECK(v(3) == -inf);
  CHECK(v(4) == -inf);
}

}  // namespace transformers_rescale
