// SPDX-License-Identifier: MIT
// Planar where w' u is far below zero and counts as -7: the gradient in theta and in x, of both directions, against
// central differences.
#include <utility>

#include "catch.hpp"
#include "layers/bench.hpp"
#include "rheo/layers/bijections/planar.hpp"

namespace bijections_planar_slope {
using namespace rheo_test;

namespace {
using L = Planar<3>;
const Batch<double> c_out{{0.3, -1, 0.7}, {1, 0.2, -0.4}, {-0.6, 0.5, 0.9}, {0.1, 0.8, -0.2}};
const Column<double> c_v{{0.7, -0.4, 1.2, 0.5}};

/// The sum of cotangents times out and V.
template <bool Encode> double scalar(Bench<L, double>& b, const Batch<double>& in) {
  const Batch<double> r = b.template run<Encode>(in);
  return (r.leftCols(3) * c_out).sum() + (r.col(3) * c_v).sum();
}
/// By differences of fourth order: decode's curvature is large here.
template <bool Encode> double slope_of(Bench<L, double>& b, Batch<double>& in, double& number) {
  const double at = number, h = 1e-4;
  double slope = 0;
  for (auto [step, weight] : {std::pair{h, 8.0}, {-h, -8.0}, {2 * h, -1.0}, {-2 * h, 1.0}}) {
    number = at + step;
    slope += weight * scalar<Encode>(b, in) / (12 * h);
  }
  number = at;
  return slope;
}
template <bool Encode> void pulls_are_slopes(Bench<L, double>& b, const Batch<double>& in) {
  Batch<double> g_in, g_context(4, 0);
  Column<double> g_theta = Column<double>::Zero(L::param_count);
  const Batch<double> out = b.template run<Encode>(in).leftCols(3);
  b.detail::LayerBench<L, double>::template pull<Encode>(in, out, b.none, Noise{3}, c_out, c_v, g_in, g_theta,
                                                         g_context);
  Batch<double> moved = in;
  for (Index k = 0; k < L::param_count; ++k) {
    INFO((Encode ? "encode" : "decode") << ", parameter " << k);
    CHECK(g_theta(k) == Approx(slope_of<Encode>(b, moved, b.theta(k))).epsilon(1e-6).margin(1e-6));
  }
  for (Index i = 0; i < 4; ++i) {
    for (Index j = 0; j < 3; ++j) {
      INFO((Encode ? "encode" : "decode") << ", x " << i << " " << j);
      CHECK(g_in(i, j) == Approx(slope_of<Encode>(b, moved, moved(i, j))).epsilon(1e-6).margin(1e-6));
    }
  }
}
}  // namespace

TEST_CASE("planar's pulls are slopes on both sides of the least w' u that counts, and V stays finite") {
  const double a = GENERATE(-10.0, -7.5, -6.5, -1.0, 3.0);
  Bench<L, double> b(L{});
  b.theta << 0.8, -0.5, 0.3, 0, 0, 0, 0.2;
  const Column<double> w = b.theta.head(3), across{{0.5, 0.8, 0}};  // w' across = 0
  b.theta.segment(3, 3) = w * (a / w.square().sum()) + 0.4 * across;
  REQUIRE((w * b.theta.segment(3, 3)).sum() == Approx(a));
  INFO("w' u " << a);
  const Batch<double> x = 1.5 * normals(4, 3);
  const Batch<double> z = b.encode(x);
  pulls_are_slopes<true>(b, x);
  pulls_are_slopes<false>(b, z);
  CHECK(b.v(x).allFinite());
}

TEST_CASE("below -7 the least slope along w no longer falls: 9e-4 at the steepest place, whatever w' u is") {
  Bench<L, double> b(L{});
  for (double a : {-7.0, -10.0, -100.0, -1e6}) {
    b.theta << 1, 0, 0, a, 0, 0, 0;
    const double v = b.v(Batch<double>::Zero(1, 3))(0);
    CHECK(v == Approx(std::log(std::log1p(std::exp(-7.0)))).epsilon(1e-12));
    CHECK(std::exp(v) > 9e-4);
    CHECK(std::exp(v) < 9.2e-4);
  }
}

}  // namespace bijections_planar_slope
