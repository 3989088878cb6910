// SPDX-License-Identifier: MIT
// Splines against nflows and normflows: values, log-dets and gradients.  Their forward directions hold to rounding.
// Left out, because wrong there, and tested on ours in spline_edges.cpp and spline_inverse.cpp:
//   quadratic inverse: (-b + root) / 2a is 0 / 0 wherever neighbouring densities agree, as at the start of every
//     training;
//   quadratic, linear tails: the ends' density halves the outer bins' widths twice, so it is not 1 after scaling and
//     the slope jumps at the bounds;
//   cubic inverse: leading coefficients below 1e-3 fall back on the same 0 / 0; of three real roots the first within
//     1e-5 of the bin is taken,
//     which near a knot may be the neighbour's; a double root goes through the square root of a number that rounding
//       makes negative;
//   circular: points outside [-pi, pi] pass unchanged with log-det 0 in normflows; on a circle they are other names of
//     inner points, so we turn them in.
#include "catch.hpp"
#include "reference.hpp"
#include "rheo/transformers/cubic_spline.hpp"
#include "rheo/transformers/linear_spline.hpp"
#include "rheo/transformers/quadratic_spline.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "splines.hpp"

namespace transformers_spline_parity {
using namespace rheo_test;

namespace {

/// Worst difference, relative to each number, where numbers below a hundredth of the largest count as that.
double off(const Batch<double>& a, const Batch<double>& b) {
  REQUIRE(a.rows() == b.rows());
  REQUIRE(a.cols() == b.cols());
  REQUIRE(a.allFinite());
  return ((a - b).abs() / (b.abs() + 1e-2 * b.abs().maxCoeff())).maxCoeff();
}

struct Piece {
  const char* name;
  Index columns;
};

template <bool Encode, class M> void agrees(const M& map, const std::string& file, const std::vector<Piece>& pieces) {
  const Reference r(file);
  INFO(file);
  const Batch<double> x = r.batch("x", 1), c_y = r.batch("c_y", 1);
  Batch<double> raw(x.rows(), M::params);
  Index at = 0;
  for (const Piece& p : pieces) {
    raw.middleCols(at, p.columns) = r.batch(p.name, p.columns);
    at += p.columns;
  }
  REQUIRE(at == M::params);
  const double sign = Encode ? 1 : -1;  // V is log dy/dx in both directions, theirs is that of the direction taken
  const auto m = run<Encode>(map, x, raw);
  CHECK(off(m.y, r.batch("y", 1)) < 1e-10);
  CHECK(off(sign * m.v, r.batch("log_det", 1)) < 1e-10);
  const auto g = pull<Encode>(map, x, m.y, c_y, Batch<double>(sign * r.batch("c_l", 1)), raw);
  CHECK(off(g.in, r.batch("grad_x", 1)) < 1e-10);
  at = 0;
  for (const Piece& p : pieces) {
    INFO(p.name);
    CHECK(off(g.raw.middleCols(at, p.columns), r.batch(std::string("grad_") + p.name, p.columns)) < 1e-10);
    at += p.columns;
  }
}

/// A core on a box of its own, without ends.
template <class Core> struct Bare : Core {
  using Core::Core;
  template <class L, class Raw> Mapped<L> encode(L x, Raw raw) const { return Core::template map<true>(x, raw); }
  template <class L, class Raw> Mapped<L> decode(L y, Raw raw) const { return Core::template map<false>(y, raw); }
  template <class L, class Raw, class Give> L encode_pull(L x, L g, L g_v, Raw raw, Give give) const {
    return Core::template pull<true>(x, g, g_v, raw, give);
  }
  template <class L, class Raw, class Give> L decode_pull(L x, L g, L g_v, Raw raw, Give give) const {
    return Core::template pull<false>(x, g, g_v, raw, give);
  }
};

/// nflows' logits of end slopes are not shifted to make zero the identity: ours are theirs and log 2.
struct ShiftedEnds : NflowsKnots {
  template <class L> L end(L a) const { return a + L(0.69314718055994531); }
};

template <Index K> void rational_quadratic(double bound) {
  const RationalQuadraticSpline<K, NflowsKnots> map(bound);
  const std::string name = "nflows_rqs_K" + std::to_string(K);
  agrees<true>(map, name + "_forward", {{"widths", K}, {"heights", K}, {"derivatives", K - 1}});
  agrees<false>(map, name + "_inverse", {{"widths", K}, {"heights", K}, {"derivatives", K - 1}});
}

}  // namespace

TEST_CASE("the rational-quadratic spline agrees with nflows in both directions") {
  rational_quadratic<4>(5);
  rational_quadratic<8>(3);
  rational_quadratic<16>(1);
}
TEST_CASE("the rational-quadratic spline on an interval agrees with nflows") {
  const Bare<detail::RationalQuadraticCore<6, detail::EndSlopes::free, NflowsKnots>> map(detail::Box{-2, 1, 0, 4},
                                                                                         NflowsKnots());
  agrees<true>(map, "nflows_rqs_interval_forward", {{"widths", 6}, {"heights", 6}, {"derivatives", 7}});
}
TEST_CASE("the rational-quadratic spline on the circle agrees with normflows") {
  const Batch<double> x = Reference("normflows_rqs_circular_forward").batch("x");
  REQUIRE(x.abs().maxCoeff() <= 3.141592653589793);
  agrees<true>(CircularRationalQuadraticSpline<8, NflowsKnots>(), "normflows_rqs_circular_forward",
               {{"widths", 8}, {"heights", 8}, {"derivatives", 8}});
}
TEST_CASE("linear, quadratic and cubic splines agree with nflows") {
  agrees<true>(IntervalLinearSpline<8, NflowsKnots>(NflowsKnots(0)), "nflows_linear_spline_forward", {{"pdf", 8}});
  agrees<true>(IntervalQuadraticSpline<8, NflowsKnots>(), "nflows_quadratic_spline_forward",
               {{"widths", 8}, {"heights", 9}});
  agrees<true>(IntervalCubicSpline<8, ShiftedEnds>(), "nflows_cubic_spline_forward",
               {{"widths", 8}, {"heights", 8}, {"left", 1}, {"right", 1}});
}

}  // namespace transformers_spline_parity
