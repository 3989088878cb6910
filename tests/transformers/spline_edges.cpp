// SPDX-License-Identifier: MIT
// Splines at the identity, at their bounds, beyond them, at their knots; densities that integrate to one; arguments
// refused.
#include <cmath>
#include <limits>

#include "catch.hpp"
#include "rheo/transformers/circular_shift.hpp"
#include "rheo/transformers/cubic_spline.hpp"
#include "rheo/transformers/linear_rational_spline.hpp"
#include "rheo/transformers/linear_spline.hpp"
#include "rheo/transformers/quadratic_spline.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "splines.hpp"

namespace transformers_spline_edges {
using namespace rheo_test;

namespace {

template <class M> double identity_error(const M& map, double low, double high) {
  const Index n = 201;
  Batch<double> x(n, 1);
  for (Index i = 0; i < n; ++i) x(i, 0) = low + (high - low) * static_cast<double>(i) / static_cast<double>(n - 1);
  const Batch<double> raw = Batch<double>::Zero(n, M::params);
  const auto there = run<true>(map, x, raw), back = run<false>(map, x, raw);
  return std::max({(there.y - x).abs().maxCoeff(), (back.y - x).abs().maxCoeff(), there.v.abs().maxCoeff(),
                   back.v.abs().maxCoeff()});
}

/// Rows inside, outside, on the bounds, beside them and far away: finite, the outside untouched, rows and gradients
/// independent of company.
template <class T, class M> void edges(const M& map) {
  const T B(5), up = std::nextafter(B, T(9)), down = std::nextafter(B, T(0)), far = T(1e30),
                most = std::numeric_limits<T>::max();
  const std::vector<T> outside{up, -up, T(6), -far, far, most, -most},
      inside{T(0.3), T(-4), B, -B, down, -down, T(1e-30), T(0), T(2), T(-1)};
  for (double scale : {0., 1., 10.}) {
    auto batch_of = [](const std::vector<T>& x, Index n) {
      Batch<T> b(n, 1);
      for (Index i = 0; i < n; ++i) b(i, 0) = x[static_cast<std::size_t>(i) % x.size()];
      return b;
    };
    const Index n = 40;
    const Batch<T> raw = normals<T>(n, M::params, 3, scale), g_y = normals<T>(n, 1, 4), g_v = normals<T>(n, 1, 5);
    const Batch<T> in = batch_of(inside, n), out = batch_of(outside, n);
    auto check = [&]<bool Encode>() {
      const auto a = run<Encode>(map, in, raw), b = run<Encode>(map, out, raw);
      CHECK((a.y.allFinite() && a.v.allFinite()));
      CHECK(a.y.abs().maxCoeff() <= B);
      CHECK(((b.y == out).all() && (b.v == T(0)).all()));
      const auto g_a = pull<Encode>(map, in, a.y, g_y, g_v, raw), g_b = pull<Encode>(map, out, b.y, g_y, g_v, raw);
      CHECK((g_a.in.allFinite() && g_a.raw.allFinite()));
      CHECK(((g_b.in == g_y).all() && (g_b.raw == T(0)).all()));
      Batch<T> mixed = in;
      for (Index i = 1; i < n; i += 3) mixed(i, 0) = out(i, 0);
      mixed(2, 0) = std::numeric_limits<T>::quiet_NaN();
      const auto c = run<Encode>(map, mixed, raw);
      const auto g_c = pull<Encode>(map, mixed, c.y, g_y, g_v, raw);
      CHECK(std::isnan(c.y(2, 0)));
      bool same = true;
      for (Index i = 0; i < n; ++i) {
        if (i != 2 && i % 3 != 1)
          same = same && c.y(i, 0) == a.y(i, 0) && g_c.in(i, 0) == g_a.in(i, 0) &&
                 (g_c.raw.row(i) == g_a.raw.row(i)).all();
      }
      CHECK(same);
    };
    check.template operator()<true>();
    check.template operator()<false>();
  }
}

/// Integral of exp(V) phi(z) over [-5, 5] by 1000 x 8 Gauss points between neighbouring knots, and what N(0, 1) has
/// outside.
template <class M> double mass(const M& map, const Batch<double>& raw, const std::vector<double>& at, bool normal) {
  static const double node[] = {0.1834346424956498, 0.5255324099163290, 0.7966664774136267, 0.9602898564975363},
                      weight[] = {0.3626837833783620, 0.3137066458778873, 0.2223810344533745, 0.1012285362903763};
  const Index parts = 1000;
  double total = normal ? std::erfc(5 / std::sqrt(2.)) : 0;
  for (std::size_t k = 0; k + 1 < at.size(); ++k) {
    const double h = (at[k + 1] - at[k]) / static_cast<double>(parts);
    Batch<double> x(parts * 8, 1), w(parts * 8, 1);
    for (Index p = 0; p < parts; ++p) {
      for (Index q = 0; q < 8; ++q) {
        x(8 * p + q, 0) = at[k] + h * (static_cast<double>(p) + 0.5 + (q % 2 ? 0.5 : -0.5) * node[q / 2]);
        w(8 * p + q, 0) = h / 2 * weight[q / 2];
      }
    }
    const auto m = run<true>(map, x, Batch<double>(raw.row(0).replicate(x.rows(), 1)));
    const Column<double> density =
        normal ? Column<double>((m.v - 0.5 * m.y.col(0).square() - 0.91893853320467274178).exp())
               : Column<double>(m.v.exp());
    total += (w.col(0) * density).sum();
  }
  return total;
}

}  // namespace

TEST_CASE("raw numbers zero are the identity") {
  CHECK(identity_error(RationalQuadraticSpline<8>(), -6, 6) < 1e-14);
  CHECK(identity_error(RationalQuadraticSpline<3, ZukoKnots>(2), -6, 6) < 1e-14);
  CHECK(identity_error(IntervalRationalQuadraticSpline<8>(), 0, 1) < 1e-14);
  CHECK(identity_error(CircularRationalQuadraticSpline<8>(), -3.14, 3.14) < 1e-14);
  CHECK(identity_error(CircularShift(), -3.14, 3.14) < 1e-14);
  CHECK(identity_error(LinearRationalSpline<8>(), -6, 6) < 1e-14);
  CHECK(identity_error(IntervalLinearRationalSpline<8>(), 0, 1) < 1e-14);
  CHECK(identity_error(LinearSpline<8>(), -6, 6) < 1e-14);
  CHECK(identity_error(QuadraticSpline<8>(), -6, 6) < 1e-14);
  CHECK(identity_error(CubicSpline<8>(), -6, 6) < 1e-14);
  CHECK(identity_error(IntervalLinearSpline<8>(), 0, 1) < 1e-14);
  CHECK(identity_error(IntervalQuadraticSpline<8>(), 0, 1) < 1e-14);
  CHECK(identity_error(IntervalCubicSpline<8>(), 0, 1) < 1e-14);
}
TEMPLATE_TEST_CASE("a quadratic spline that falls to its least slope is inverted at the knots and beside them", "",
                   ZukoKnots, NflowsKnots) {
  constexpr Index K = 4;
  const IntervalQuadraticSpline<K, TestType> map;
  for (Index s = 0; s < 100; ++s) {
    std::array<float, 2 * K + 1> numbers{};  // bins of one width, densities at the vertices
    for (Index k = 0; k <= K; ++k)
      numbers[static_cast<std::size_t>(K + k)] = static_cast<float>(15 * Noise{7}.normal(s, k));
    const auto raw = [&](Index k) { return numbers[static_cast<std::size_t>(k)]; };
    for (Index k = 1; k <= K; ++k) {
      const float knot = static_cast<float>(k) / static_cast<float>(K), at_knot = map.encode(knot, raw).y;
      for (const float end : {0.0F, 1.0F}) {
        float t = at_knot;
        for (int j = 0; j < 30; ++j, t = std::nextafter(t, end)) {
          const auto x = map.decode(t, raw);
          CHECK((x.y >= 0 && x.y <= 1 && std::isfinite(x.v)));
        }
      }
    }
  }
}

TEMPLATE_TEST_CASE("points outside are untouched and touch nobody", "", float, double) {
  edges<TestType>(RationalQuadraticSpline<8>());
  edges<TestType>(RationalQuadraticSpline<8, NflowsKnots>());
  edges<TestType>(LinearRationalSpline<8>());
  edges<TestType>(LinearRationalSpline<8, NflowsKnots>());
  edges<TestType>(LinearSpline<8>());
  edges<TestType>(QuadraticSpline<8>());
  edges<TestType>(CubicSpline<8>());
}
TEMPLATE_TEST_CASE("on the unit interval what lies outside has no density and no gradient", "", float, double) {
  using T = TestType;
  const IntervalRationalQuadraticSpline<8> map;
  const T ulp = std::numeric_limits<T>::epsilon();
  Batch<T> x(6, 1), raw = normals<T>(6, map.params, 1), g = Batch<T>::Ones(6, 1);
  x << T(0), T(1), T(0.5), T(1) + ulp, T(-1e-30), T(1e30);
  const auto m = run<true>(map, x, raw);
  const auto g_x = pull<true>(map, x, m.y, g, g, raw);
  CHECK((m.v.head(3).allFinite() && (m.v.tail(3) == -std::numeric_limits<T>::infinity()).all()));
  CHECK(((g_x.in.bottomRows(3) == T(0)).all() && (g_x.raw.bottomRows(3) == T(0)).all() && g_x.in.allFinite()));
  CHECK((m.y(0, 0) == T(0) && std::abs(m.y(1, 0) - T(1)) <= 2 * ulp));
}
TEST_CASE("the circle turns points in, its ends are one point with one slope") {
  const CircularRationalQuadraticSpline<6> map;
  const double pi = 3.14159265358979323846;
  Batch<double> x(5, 1);
  x << 1.0, 1.0 + 2 * pi, 1.0 - 4 * pi, -pi, pi;
  const Batch<double> raw = normals<double>(1, map.params, 2).replicate(5, 1);
  const auto m = run<true>(map, x, raw);
  CHECK(std::abs(m.y(1, 0) - m.y(0, 0)) < 1e-14);
  CHECK(std::abs(m.y(2, 0) - m.y(0, 0)) < 1e-14);
  CHECK(std::abs(m.v(3) - m.v(4)) < 1e-13);
  CHECK(std::abs(m.y(4, 0) - m.y(3, 0) - 2 * pi) < 1e-14);
  const Batch<double> shift = Batch<double>::Constant(5, 1, 3.0), z = run<true>(CircularShift(), x, shift).y;
  CHECK(std::abs(z(0, 0) - (4.0 - 2 * pi)) < 1e-14);
  CHECK(z.abs().maxCoeff() <= pi);
}
TEST_CASE("value and slope are continuous at knots and bounds") {
  const Batch<double> raw = normals<double>(1, 23, 5, 2);
  auto jump = [](const auto& map, const Batch<double>& theta, double at) {
    Batch<double> x(2, 1);
    x << std::nextafter(at, -9.), std::nextafter(at, 9.);
    const auto m = run<true>(map, x, Batch<double>(theta.row(0).replicate(2, 1)));
    return std::pair(std::abs(m.y(1, 0) - m.y(0, 0)), std::abs(m.v(1) - m.v(0)));
  };
  const RationalQuadraticSpline<8> rational;
  const QuadraticSpline<8> quadratic;
  const CubicSpline<8> cubic;
  for (double at : knots<8>(rational.knots, raw, 0, 0, -5, 5)) {
    INFO(at);
    const bool inner = std::abs(at) < 5;
    for (const auto& [dy, dv] : {jump(rational, raw, at), jump(quadratic, Batch<double>(raw.leftCols(15)), at),
                                 jump(cubic, Batch<double>(raw.leftCols(18)), inner ? at : 0.)}) {
      CHECK(dy < 1e-12);
      CHECK(dv < 1e-11);
    }
    CHECK(jump(cubic, Batch<double>(raw.leftCols(18)), at).first < 1e-12);
  }
}
TEST_CASE("the density of one coordinate integrates to one, split at the knots") {
  for (std::uint64_t seed : {1u, 2u, 3u}) {
    const Batch<double> raw = normals<double>(1, 24, seed, 2);
    auto part = [&](Index c) { return Batch<double>(raw.leftCols(c)); };
    const SafeKnots policy;
    const auto line = knots<8>(policy, raw, 0, 0, -5, 5), unit = knots<8>(policy, raw, 0, 0, 0, 1);
    const std::vector<double> even{-5, -3.75, -2.5, -1.25, 0, 1.25, 2.5, 3.75, 5};
    const double pi = 3.14159265358979323846;
    CHECK(std::abs(mass(RationalQuadraticSpline<8>(), part(23), line, true) - 1) < 1e-6);
    CHECK(std::abs(mass(LinearSpline<8>(), part(8), even, true) - 1) < 1e-6);
    CHECK(std::abs(mass(QuadraticSpline<8>(), part(15), line, true) - 1) < 1e-6);
    CHECK(std::abs(mass(CubicSpline<8>(), part(18), line, true) - 1) < 1e-6);
    CHECK(std::abs(mass(IntervalCubicSpline<8>(), part(18), unit, false) - 1) < 1e-6);
    CHECK(std::abs(mass(CircularRationalQuadraticSpline<8>(), part(24), knots<8>(policy, raw, 0, 0, -pi, pi), false) /
                       (2 * pi) -
                   1) < 1e-6);
  }
}
TEST_CASE("impossible splines are refused") {
  CHECK_THROWS_AS(RationalQuadraticSpline<8>(0), std::invalid_argument);
  CHECK_THROWS_AS(LinearSpline<8>(-1), std::invalid_argument);
  CHECK_THROWS_AS(CubicSpline<8>(std::numeric_limits<double>::infinity()), std::invalid_argument);
  CHECK_THROWS_AS((RationalQuadraticSpline<8, NflowsKnots>(5, NflowsKnots(0.125))), std::invalid_argument);
  CHECK_THROWS_AS(SafeKnots(1), std::invalid_argument);
  CHECK_THROWS_AS(SafeKnots(0.1, 1), std::invalid_argument);
  CHECK_THROWS_AS(NflowsKnots(1e-3, 1), std::invalid_argument);
  CHECK_THROWS_AS(ZukoKnots(1), std::invalid_argument);
  CHECK_THROWS_AS(ZukoKnots(1e-80), std::invalid_argument);
  CHECK_THROWS_AS(ZukoKnots(9e-5), std::invalid_argument);
  CHECK_THROWS_AS(SafeKnots(0.1, 1e300), std::invalid_argument);
  CHECK_THROWS_AS(SafeKnots(0.1, std::numeric_limits<double>::infinity()), std::invalid_argument);
  CHECK_THROWS_AS(SafeKnots(0), std::invalid_argument);
}

TEST_CASE("the widest policies leave no NaN in float, whatever the raw numbers") {
  auto sound = [](const auto& map) {
    using M = std::decay_t<decltype(map)>;
    for (double scale : {1., 10., 100., 1e8, 1e30}) {
      const Index n = 1000;
      const Batch<float> raw = normals<float>(n, M::params, 7, scale), one = Batch<float>::Ones(n, 1);
      Batch<float> at(n, 1);
      for (Index i = 0; i < n; ++i) at(i, 0) = static_cast<float>(10 * Noise{3}.uniform(i, 0) - 5);
      const auto there = run<true>(map, at, raw), back = run<false>(map, at, raw);
      const auto g = pull<true>(map, at, there.y, one, one, raw), h = pull<false>(map, at, back.y, one, one, raw);
      INFO("scale " << scale);
      CHECK((there.y.allFinite() && there.v.allFinite() && back.y.allFinite() && back.v.allFinite()));
      CHECK((g.in.allFinite() && g.raw.allFinite() && h.in.allFinite() && h.raw.allFinite()));
    }
  };
  sound(RationalQuadraticSpline<16, ZukoKnots>(5, ZukoKnots(1e-4)));
  sound(CubicSpline<8, ZukoKnots>(5, ZukoKnots(1e-4)));
  sound(RationalQuadraticSpline<16>(5, SafeKnots(1e-4, 1e12)));
  sound(LinearRationalSpline<16>(5, SafeKnots(1e-4, 1e12)));
  sound(LinearRationalSpline<16, ZukoKnots>(5, ZukoKnots(1e-4)));
  sound(CubicSpline<8>(5, SafeKnots(1e-4, 1e12)));
}

}  // namespace transformers_spline_edges
