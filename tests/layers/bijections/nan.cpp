// SPDX-License-Identifier: MIT
#include "layers/nan.hpp"

#include "registry.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/block_autoregressive.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/bijections/convex_potential.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/low_rank_linear.hpp"
#include "rheo/layers/bijections/lu_linear.hpp"
#include "rheo/layers/bijections/planar.hpp"
#include "rheo/layers/bijections/radial.hpp"
#include "rheo/layers/bijections/residual.hpp"
#include "rheo/layers/bijections/sylvester.hpp"
#include "rheo/nets/masked.hpp"
#include "rheo/nets/velocity.hpp"
#include "rheo/transformers/bernstein.hpp"
#include "rheo/transformers/cdf_mixture.hpp"
#include "rheo/transformers/cubic_spline.hpp"
#include "rheo/transformers/deep_sigmoid.hpp"
#include "rheo/transformers/linear_spline.hpp"
#include "rheo/transformers/monotone_neural.hpp"
#include "rheo/transformers/quadratic_spline.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "rheo/transformers/sum_of_squares.hpp"

namespace bijections_nan {
using namespace rheo_test;

namespace {
using Field = Velocity<MlpOf<Tanh, 6>>;
}

TEMPLATE_TEST_CASE("a NaN coordinate or parameter makes the row NaN", "", float, double) {
  using T = TestType;
  keeps_nan<T>("adaptive steps", Continuous<2, Field>{});
  keeps_nan<T>("even steps", Continuous<2, Field, ExactTrace, Rk4<4>>{});
  keeps_nan<T>("coupling", SmoothCoupling{});
  keeps_nan<T>("linear spline", Elementwise<3, LinearSpline<8>>{});
  keeps_nan<T>("quadratic spline", Elementwise<3, QuadraticSpline<8>>{});
  keeps_nan<T>("cubic spline", Elementwise<3, CubicSpline<8>>{});
  keeps_nan<T>("rational-quadratic spline", Elementwise<3, RationalQuadraticSpline<8>>{});
  keeps_nan<T>("Bernstein", Elementwise<2, Bernstein<6>>{});
  keeps_nan<T>("sum of squares", Elementwise<2, SumOfSquares<2, 2>>{});
  keeps_nan<T>("deep sigmoid", Elementwise<2, DeepSigmoid<3>>{});
  keeps_nan<T>("planar", Planar<3>{});
  keeps_nan<T>("radial", Radial<3>{});
  keeps_nan<T>("Sylvester", Sylvester<3, 2>{});
  keeps_nan<T>("LU", LuLinear<3>{});
  keeps_nan<T>("low rank", LowRankLinear<4, 2>{});
}
TEST_CASE("an infinite coordinate is no state of an equation") {
  const double inf = std::numeric_limits<double>::infinity();
  for (double x : {inf, -inf}) {
    Bench<Continuous<2, Field>, double> b({}, 0.5);
    const Batch<double> z = b.run<true>(Batch<double>{{x, 0.3}, {0.3, x}, {0.1, 0.3}});
    CHECK(z.topRows(2).isNaN().all());
    CHECK(z.row(2).allFinite());
  }
}
TEST_CASE("the first step is careful where the first slope is finite and the second is not") {
  math::StepControl a, b;
  a.start(0.1, 1, std::numeric_limits<double>::quiet_NaN());
  b.start(0.1, 1, std::numeric_limits<double>::infinity());
  CHECK(a.h == b.h);
  CHECK(a.h <= 1e-4);
}

}  // namespace bijections_nan
