// SPDX-License-Identifier: MIT
// What a layer decodes lies on its own support: V of it is finite, in many dimensions, far out, in both scalars, and
// the way back does not end in a NaN.
#include <numbers>

#include "catch.hpp"
#include "layers/bench.hpp"
#include "rheo/flows/constrain.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "rheo/transformers/rescale.hpp"

namespace bijections_own_support {

namespace {
using namespace rheo_test;

/// Latents `reach` deviations wide, or where the latents live on the unit interval or the circle, anywhere on it, its
/// ends among them.
template <class L, class T> Batch<T> latents(Index n, double reach) {
  Batch<T> z(n, L::z_dim);
  for (Index j = 0; j < L::z_dim; ++j) {
    const Support support = Supports<L::z_dim>(L::z_support)[static_cast<std::size_t>(j)];
    for (Index i = 0; i < n; ++i) {
      const double u = i % 7 == 0 ? 0 : i % 7 == 1 ? 1 : Noise{5}.uniform(i, j);
      if (support == Support::unit) z(i, j) = T(u);
      else if (support == Support::circle)
        z(i, j) = std::min(T(2 * u - 1) * T(std::numbers::pi), std::nextafter(T(std::numbers::pi), T(0)));
      else z(i, j) = T(reach * Noise{6}.normal(i, j));
    }
  }
  return z;
}
template <class T, class L> void keeps(const char* name, const L& layer, double furthest) {
  const Index n = 1000;
  for (double reach : {1.0, 5.0, 30.0, 1e3, 1e6}) {
    if (reach > furthest) continue;
    Bench<L, T> b(layer, 0.5);
    const Batch<T> x = b.decode(latents<L, T>(n, reach));
    INFO(name << ", latents of " << reach);
    REQUIRE(x.allFinite());
    const Batch<T> back = b.template run<true>(x);
    CHECK(back.col(L::z_dim).allFinite());
    CHECK(back.allFinite());
    CHECK_FALSE(b.template pull<true>(x).isNaN().any());
  }
}
}  // namespace

TEMPLATE_TEST_CASE("what a layer decodes is on its own support", "", float, double) {
  using T = TestType;
  keeps<T>("correlations of 3", CorrelationCholesky<3>{}, 1e6);
  keeps<T>("correlations of 20", CorrelationCholesky<20>{}, 1e6);
  keeps<T>("correlations of 40", CorrelationCholesky<40>{}, 1e6);
  keeps<T>("a simplex of 500 corners", StickBreaking<500>{}, 1e6);
  keeps<T>("300 ascending numbers", Ordered<300>{}, 5);
  keeps<T>("ascending points", OrderedPoints<40, 3, 1>{}, 5);
  keeps<T>("positive", constrain::positive<3>(), 5);
  keeps<T>("unit", constrain::unit<3>(), 1e6);
  keeps<T>("interval", constrain::interval<3>(-1e3, -999.9), 1e6);
  keeps<T>("interval of thirds", constrain::interval<3>(1.0 / 3, 2.0 / 3), 1e6);
  keeps<T>("circle", constrain::circle<3>(), 1);
  keeps<T>("artanh", ArctanhMap<3>{}, 1e6);
  keeps<T>("softplus inverse", SoftplusInverseMap<3>{}, 1e6);
  keeps<T>("logit up to a bound", LogitUpToMap<3>{range::LogitUpTo{20.3}}, 1e6);
  keeps<T>("rescale", Elementwise<3, range::Rescale>{range::Rescale{-1.1, 0.7}}, 1);
  keeps<T>("rescale far from 0", Elementwise<3, range::Rescale>{range::Rescale{999.9, 1000.1}}, 1);
  keeps<T>("spline of the unit interval", Elementwise<3, IntervalRationalQuadraticSpline<8>>{}, 1);
  keeps<T>("spline of the circle", Elementwise<3, CircularRationalQuadraticSpline<8>>{}, 1);
}

TEST_CASE("correlations score what they decode as they decoded it, while the diagonal is far from its edge") {
  Bench<CorrelationCholesky<20>, double> b(CorrelationCholesky<20>{});
  const Batch<double> there = b.run<false>(latents<CorrelationCholesky<20>, double>(200, 0.5)),
                      back = b.run<true>(Batch<double>(there.leftCols(190)));
  CHECK((back.col(190) - there.col(190)).abs().maxCoeff() < 1e-8);
}

}  // namespace bijections_own_support
