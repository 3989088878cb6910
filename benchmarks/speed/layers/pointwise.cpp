// SPDX-License-Identifier: MIT
// Layers that work coordinate by coordinate, and constrained sets.
#include "rheo/layers/bijections/correlation_cholesky.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/on.hpp"
#include "rheo/layers/bijections/ordered.hpp"
#include "rheo/layers/bijections/stick_breaking.hpp"
#include "rheo/transformers/affine.hpp"
#include "rheo/transformers/bernstein.hpp"
#include "rheo/transformers/circular_shift.hpp"
#include "rheo/transformers/cubic_spline.hpp"
#include "rheo/transformers/deep_sigmoid.hpp"
#include "rheo/transformers/gaussianization.hpp"
#include "rheo/transformers/linear_spline.hpp"
#include "rheo/transformers/logistic_mixture_cdf.hpp"
#include "rheo/transformers/monotone_neural.hpp"
#include "rheo/transformers/quadratic_spline.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "rheo/transformers/rescale.hpp"
#include "rheo/transformers/sum_of_squares.hpp"
#include "table.hpp"

void rheo::bench::pointwise(Table& t) {
  t.add("affine", [](auto d) { return Elementwise<d, ScaleShift<>>{}; });
  t.add("affine on half", [](auto d) { return On<d, HalfMask<d>, ScaleShift<>>{}; });
  t.add("rational-quadratic spline 8", [](auto d) { return Elementwise<d, RationalQuadraticSpline<8>>{}; });
  t.add("rational-quadratic spline 8, circle",
        [](auto d) { return Elementwise<d, CircularRationalQuadraticSpline<8>>{}; });
  t.add("rational-quadratic spline 8, unit",
        [](auto d) { return Elementwise<d, IntervalRationalQuadraticSpline<8>>{}; });
  t.add("linear spline 8", [](auto d) { return Elementwise<d, LinearSpline<8>>{}; });
  t.add("quadratic spline 8", [](auto d) { return Elementwise<d, QuadraticSpline<8>>{}; });
  t.add("cubic spline 8", [](auto d) { return Elementwise<d, CubicSpline<8>>{}; });
  t.add("Bernstein 16", [](auto d) { return Elementwise<d, Bernstein<16>>{}; });
  t.add("deep sigmoid 8", [](auto d) { return Elementwise<d, DeepSigmoid<8>>{}; });
  t.add("Gaussianization 8", [](auto d) { return Elementwise<d, Gaussianization<8>>{}; });
  t.add("mixture of logistics 8", [](auto d) { return Elementwise<d, LogisticMixtureCdf<8>>{}; });
  t.add("sum of squares 3 x 3", [](auto d) { return Elementwise<d, SumOfSquares<3, 3>>{}; });
  t.add("monotone neural 8", [](auto d) { return Elementwise<d, MonotoneNeural<8>>{}; });
  t.add("circular shift", [](auto d) { return Elementwise<d, CircularShift>{}; });
  t.add("log", [](auto d) { return LogMap<d>{}; });
  t.add("logit", [](auto d) { return LogitMap<d>{}; });
  t.add("logit up to a bound", [](auto d) { return LogitUpToMap<d>{range::LogitUpTo{20}}; });
  t.add("interval", [](auto d) { return IntervalMap<d>{range::Interval{-1, 3}}; });
  t.add("rescale", [](auto d) { return Elementwise<d, range::Rescale>{range::Rescale{-1, 3}}; });
  t.add("softplus inverse", [](auto d) { return SoftplusInverseMap<d>{}; });
  t.add("power", [](auto d) { return PowerMap<d>{range::Power{1.5}}; });
  t.add("artanh", [](auto d) { return ArctanhMap<d>{}; });
  t.add("arsinh", [](auto d) { return ArcsinhMap<d>{}; });
  t.add("leaky ReLU", [](auto d) { return LeakyReluMap<d>{range::LeakyRelu{0.1}}; });
  t.add("scale and shift", [](auto d) { return ScaleShiftMap<d>{range::ScaleShift{-2, 0.5}}; });
  t.add("cut circle", [](auto d) { return CutCircleMap<d>{}; });
  t.add("stick breaking", [](auto d) { return StickBreaking<d>{}; });
  t.add("ordered", [](auto d) { return Ordered<d>{}; });
  t.add_at<3, 15, 66>(
      "correlation Cholesky", [](auto d) { return CorrelationCholesky < d == 3 ? 3
                                                  : d == 15                    ? 6
                                                                               : 12 > {}; },
      "a factor of K rows has K (K - 1) / 2 numbers, so 3, 15, 66");
}
