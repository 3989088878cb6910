// SPDX-License-Identifier: MIT
// The linear-rational spline against its paper's formulas in long double, at the places where its bins are parted, and
// its mass.  LOFT: its two halves, slopes and inverse.
#include <cmath>

#include "catch.hpp"
#include "rheo/transformers/line.hpp"
#include "rheo/transformers/linear_rational_spline.hpp"
#include "splines.hpp"

namespace transformers_linear_rational_spline {
using namespace rheo_test;

namespace {
struct Reference {
  long double y, slope;
};
// Algorithm 1 and eq. 9 of the paper, its weights as they stand there, w_k = 1.
Reference reference(const math::LinearRationalBin<double>& bin, long double t) {
  const long double w = bin.w, h = bin.h, d0 = bin.d0, d1 = bin.d1, l = bin.lambda, y0 = bin.y, y1 = y0 + h;
  const long double w1 = sqrtl(d0 / d1), ym = ((1 - l) * y0 + l * w1 * y1) / ((1 - l) + l * w1),
                    wm = (l * d0 + (1 - l) * w1 * d1) * w / h, f = (t - static_cast<long double>(bin.x)) / w;
  if (f <= l) {
    const long double d = (l - f) + wm * f;
    return {(y0 * (l - f) + wm * ym * f) / d, l * wm * (ym - y0) / (d * d) / w};
  }
  const long double d = wm * (1 - f) + w1 * (f - l);
  return {(wm * ym * (1 - f) + w1 * y1 * (f - l)) / d, (1 - l) * wm * w1 * (y1 - ym) / (d * d) / w};
}
// A bin of any shape: sizes within a factor of 50, slopes within 100.
math::LinearRationalBin<double> any_bin(Index i) {
  const Noise noise{21};
  const auto within = [&](Index j, double r) { return std::exp(std::log(r) * (2 * noise.uniform(i, j) - 1)); };
  return {noise.normal(i, 0),
          noise.normal(i, 1),
          within(2, 50),
          within(3, 50),
          within(4, 100),
          within(5, 100),
          0.025 + 0.95 * noise.uniform(i, 6)};
}
}  // namespace

TEST_CASE("a linear-rational bin is the paper's, and its inverse undoes it") {
  double wrong = 0, wrong_v = 0, back = 0;
  for (Index i = 0; i < 2000; ++i) {
    const auto bin = any_bin(i);
    for (double u : {0.0, 1e-9, 0.2, bin.lambda, 0.7, 1 - 1e-9, 1.0}) {
      const double t = bin.x + u * bin.w;
      const auto there = bin.value(t);
      const auto truth = reference(bin, t);
      const double slope = std::exp(there.v), room = std::abs(bin.y) + bin.h + (1 + slope) * (std::abs(bin.x) + bin.w);
      wrong = std::max(wrong, std::abs(there.at - static_cast<double>(truth.y)) / room);
      wrong_v = std::max(wrong_v, std::abs(there.v - static_cast<double>(logl(truth.slope))));
      const auto here = bin.inverse(there.at), again = bin.value(here.at);
      back = std::max(back, std::abs(again.at - there.at) / room);
    }
  }
  CHECK(wrong < 1e-14);
  CHECK(wrong_v < 1e-10);  // the place within the bin is known to eps only, the slope turns by up to 1e4 there
  CHECK(back < 1e-13);
}

TEST_CASE("value and slope go on where a bin is parted and at its ends") {
  double jump = 0, turn = 0, ends = 0;
  for (Index i = 0; i < 500; ++i) {
    auto bin = any_bin(i);
    bin.x = 0, bin.y = 0, bin.w = 1;
    const auto left = bin.value(bin.lambda * (1 - 1e-13)), right = bin.value(bin.lambda * (1 + 1e-13));
    jump = std::max(jump, std::abs(left.at - right.at) / (bin.h + std::exp(left.v)));
    turn = std::max(turn, std::abs(left.v - right.v));
    ends = std::max({ends, std::abs(bin.value(0.0).v - std::log(bin.d0)), std::abs(bin.value(1.0).v - std::log(bin.d1)),
                     std::abs(bin.value(1.0).at - bin.h) / bin.h, std::abs(bin.value(0.0).at)});
  }
  CHECK(jump < 1e-11);
  CHECK(turn < 1e-8);
  CHECK(ends < 1e-13);
}

TEST_CASE("LOFT: the identity to tau, a logarithm beyond, one slope where they meet, sinh's room in its inverse") {
  const range::Loft map{2};
  const auto none = [](Index) { return 0.0; };
  for (double x : {-1e300, -1e5, -7.5, -2.0, -0.3, 0.0, 1.9, 2.0, 2.0 + 1e-9, 2.5, 40.0, 1e12}) {
    const auto z = map.encode(x, none), back = map.decode(z.y, none);
    const double more = std::max(std::abs(x) - 2, 0.0), size = std::abs(x) <= 2 ? std::abs(x) : 2 + std::log1p(more);
    INFO(x);
    CHECK(z.y == Approx(std::copysign(size, x)).epsilon(1e-15).margin(0));
    CHECK(z.v == Approx(-std::log1p(more)).epsilon(1e-15).margin(0));
    CHECK(back.y == Approx(x).epsilon(1e-15 * (1 + std::log1p(more))).margin(0));
    CHECK(back.v == Approx(z.v).epsilon(1e-14).margin(1e-15));
    CHECK(range::InverseLoft{2}.decode(x, none).y == z.y);
  }
  CHECK(std::isnan(map.encode(std::nan(""), none).y));
  CHECK(std::isnan(map.decode(std::nan(""), none).y));
  CHECK(map.encode(0x1p-60, none).y == 0x1p-60);
  CHECK_NOTHROW(range::Loft(0));
  CHECK_THROWS_AS(range::Loft(-1), std::invalid_argument);
  CHECK_THROWS_AS(range::Loft(std::nan("")), std::invalid_argument);
}

}  // namespace transformers_linear_rational_spline
