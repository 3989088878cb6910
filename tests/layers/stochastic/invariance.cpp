// SPDX-License-Identifier: MIT
// What sampling layers leave alone: kernels with the accept test keep their target, those without are off by an amount
// that shrinks with the step; a wrong kernel is found out; faults of energies are rejected and reported.
#include <cmath>

#include "catch.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/layers/stochastic/hmc.hpp"
#include "rheo/layers/stochastic/langevin.hpp"
#include "rheo/layers/stochastic/mala.hpp"
#include "rheo/layers/stochastic/metropolis.hpp"
#include "rheo/layers/stochastic/underdamped_langevin.hpp"
#include "rheo/targets/wells.hpp"

namespace stochastic_invariance {
using namespace rheo;

namespace {

const targets::DoubleWell well;
constexpr double chi_99_99 = 114.8;  // of 63 degrees, level 1e-4 (Wilson and Hilferty)

/// Eight cells of equal mass of each coordinate: of x1 by bisection on the well's own quadrature, of x2 the normal's.
Column<double> edges() {
  Column<double> e(7);
  for (Index k = 0; k < 7; ++k) {
    double a = -5, b = 5;
    for (int i = 0; i < 60; ++i)
      (well.probability(-10, 0.5 * (a + b)) < 0.125 * static_cast<double>(k + 1) ? a : b) = 0.5 * (a + b);
    e(k) = a;
  }
  return e;
}
double chi_square(const Batch<double>& x) {
  static const Column<double> first = edges();
  const double second[] = {-1.1503493803760079, -0.67448975019608171, -0.31863936396437514, 0,
                           0.31863936396437514, 0.67448975019608171,  1.1503493803760079};
  Batch<double> counts = Batch<double>::Zero(8, 8);
  for (Index i = 0; i < x.rows(); ++i) {
    Index a = 0, b = 0;
    while (a < 7 && x(i, 0) > first(a)) ++a;
    while (b < 7 && x(i, 1) > second[b]) ++b;
    counts(a, b) += 1;
  }
  const double expected = static_cast<double>(x.rows()) / 64;
  return (counts - expected).square().sum() / expected;
}
struct Moved {
  Batch<double> x;
  Report report;
};
template <bool Encode, class L> Moved move(const L& layer, const Batch<double>& in, Noise noise) {
  detail::LayerBench<L, double> b(layer);
  detail::init<L, double>(layer, Params<double>(b.theta.data(), b.theta.size()), Params<double>(b.buffers.data(), 0),
                          Noise{});
  Moved m{Batch<double>(in.rows(), L::x_dim), {}};
  const Batch<double> none(in.rows(), 0);
  Column<double> v = Column<double>::Zero(in.rows());
  Pass<double, CacheOf<L, double>> p{view(in),   view(m.x), ColView<double>(v.data(), v.size()),
                                     b.params(), b.state(), view(none),
                                     noise,      b.cache,   b.scratch,
                                     false,      &m.report};
  if constexpr (Encode) layer.encode(p);
  else layer.decode(p);
  return m;
}
template <class L> void keeps(const L& layer) {
  const Batch<double> x = well.sample(100'000, Noise{31});
  REQUIRE(chi_square(x) < chi_99_99);
  const Moved down = move<false>(layer, x, Noise{32}), up = move<true>(layer, x, Noise{33});
  CHECK(chi_square(down.x) < chi_99_99);
  CHECK(chi_square(up.x) < chi_99_99);
  INFO("acceptance " << down.report.acceptance());
  CHECK(down.report.acceptance() > 0.3);
  CHECK(down.report.acceptance() < 0.95);
  CHECK(down.report.invalid == 0);
  CHECK((down.x.col(0) != x.col(0)).cast<double>().mean() > 0.5);
}
/// A random walk that takes every proposal of lower energy and half of the others.
struct Wrong {
  static Batch<double> move(const Batch<double>& x, Noise noise) {
    Batch<double> y = x;
    for (Index i = 0; i < x.rows(); ++i) {
      const double now[] = {x(i, 0), x(i, 1)},
                   to[] = {x(i, 0) + 0.5 * noise.normal(i, 0), x(i, 1) + 0.5 * noise.normal(i, 1)};
      if (well(to) < well(now) || noise.uniform(i, 2) < 0.5) y(i, 0) = to[0], y(i, 1) = to[1];
    }
    return y;
  }
};

/// +inf for x1 < 0, NaN for x1 > 2.
struct Broken {
  static constexpr Index dim = 1;
  template <class T> using Workspace = NoWorkspace;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    for (Index i = 0; i < x.rows(); ++i) {
      u(i) = x(i, 0) < T(0)   ? T(std::numeric_limits<double>::infinity())
             : x(i, 0) > T(2) ? T(std::numeric_limits<double>::quiet_NaN())
                              : x(i, 0);
    }
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    for (Index i = 0; i < x.rows(); ++i) g(i, 0) = u(i) - u(i) + T(1);
  }
};

template <class L> void rejects(const L& layer) {
  Batch<double> x(4000, 1);
  for (Index i = 0; i < x.rows(); ++i) x(i, 0) = 2 * (static_cast<double>(i) + 0.5) / 4000;
  x(7, 0) = 3;
  const Moved m = move<false>(layer, x, Noise{41});
  CHECK(m.report.invalid == 1);
  CHECK(m.x(7, 0) == 3);
  CHECK(m.report.proposed == 4000 * 5);
  for (Index i = 0; i < x.rows(); ++i) {
    if (i != 7) REQUIRE((m.x(i, 0) >= 0 && m.x(i, 0) <= 2));
  }
  // what was refused is in no gradient
  detail::LayerBench<L, double> b(layer);
  Batch<double> out, none(4000, 0), g_in, g_context(4000, 0);
  Column<double> v, g_theta(b.theta.size());
  b.template call<false>(x, none, Noise{41}, out, v);
  b.template pull<false>(x, out, none, Noise{41}, Batch<double>::Ones(4000, 1), Column<double>::Ones(4000), g_in,
                         g_theta, g_context);
  for (Index i = 0; i < x.rows(); ++i) {
    if (i != 7) REQUIRE(std::isfinite(g_in(i, 0)));
  }
}

}  // namespace

TEST_CASE("kernels with the accept test leave their target as it is") {
  SECTION("metropolis") { keeps(Metropolis<targets::DoubleWell, 4>(well, 0.3)); }
  SECTION("mala") { keeps(Mala<targets::DoubleWell, 4>(well, 0.03)); }
  SECTION("hmc") { keeps(Hmc<targets::DoubleWell, 2, 3>(well, 0.3)); }
}

TEST_CASE("a wrong kernel does not") {
  CHECK(chi_square(Wrong::move(well.sample(100'000, Noise{31}), Noise{32})) > 10 * chi_99_99);
}

TEST_CASE("kernels without the accept test are off by what shrinks with the step") {
  const Batch<double> x = well.sample(100'000, Noise{51});
  Batch<double> with_velocities(x.rows(), 4);
  with_velocities.leftCols(2) = x;
  Noise{52}.normals(columns(view(with_velocities), 2, 2));
  // the same time in all: 0.5 for Langevin, 2 for the others
  auto off = [](const Batch<double>& y) { return chi_square(y) - 63; };
  const double langevin = off(move<false>(Langevin<targets::DoubleWell, 10>(well, 0.05), x, Noise{53}).x),
               langevin_finer = off(move<false>(Langevin<targets::DoubleWell, 40>(well, 0.0125), x, Noise{54}).x);
  INFO("langevin " << langevin << ", a quarter of the step " << langevin_finer);
  CHECK(langevin > 400);
  CHECK(langevin_finer < langevin / 4);
  const double bbk = off(move<false>(UnderdampedLangevin<targets::DoubleWell, 7>(well, 0.3), with_velocities, Noise{55})
                             .x.leftCols(2)),
               bbk_finer = off(
                   move<false>(UnderdampedLangevin<targets::DoubleWell, 28>(well, 0.075), with_velocities, Noise{56})
                       .x.leftCols(2));
  INFO("underdamped " << bbk << ", a quarter of the step " << bbk_finer);
  CHECK(bbk > 200);
  CHECK(bbk_finer < bbk / 4);
  const double leaps = off(move<false>(Hmc<targets::DoubleWell, 2, 3, false>(well, 0.3), x, Noise{57}).x),
               leaps_finer = off(move<false>(Hmc<targets::DoubleWell, 2, 12, false>(well, 0.075), x, Noise{58}).x);
  INFO("hmc without test " << leaps << ", a quarter of the step " << leaps_finer);
  CHECK(leaps > 200);
  CHECK(leaps_finer < leaps / 4);
}

TEST_CASE("energies of NaN and infinity are rejected and reported") {
  rejects(Metropolis<Broken, 5>({}, 0.7));
  rejects(Mala<Broken, 5>({}, 0.1));
  rejects(Hmc<Broken, 5, 2>({}, 0.2));
}

TEMPLATE_TEST_CASE("the step's gradient is finite where moves were refused for an energy that is not", "",
                   (Metropolis<Broken, 5, Learned::step>), (Mala<Broken, 5, Learned::step>),
                   (Hmc<Broken, 5, 2, true, Learned::step>)) {
  const Index n = 400;
  Batch<double> x(n, 1);
  for (Index i = 0; i < n; ++i) x(i, 0) = 2 * (static_cast<double>(i) + 0.5) / static_cast<double>(n);
  const TestType layer({}, 0.3);
  const Moved m = move<false>(layer, x, Noise{41});
  CHECK(m.report.accepted < m.report.proposed);
  detail::LayerBench<TestType, double> b(layer);
  Batch<double> out, none(n, 0), g_in, g_context(n, 0);
  Column<double> v, g_theta = Column<double>::Zero(1);
  b.template call<false>(x, none, Noise{41}, out, v);
  b.template pull<false>(x, out, none, Noise{41}, Batch<double>::Ones(n, 1), Column<double>::Ones(n), g_in, g_theta,
                         g_context);
  CHECK(g_in.allFinite());
  CHECK(std::isfinite(g_theta(0)));
}

TEST_CASE("a path that leaves the finite numbers goes back with weight 0, and is counted") {
  Batch<double> x = Batch<double>::Constant(3, 2, 1.0), out, none(3, 0);
  x(1, 0) = 1e60;
  const Langevin<targets::DoubleWell, 12> layer(well, 1.0);
  const Moved m = move<false>(layer, x, Noise{61});
  CHECK(m.report.invalid >= 1);
  CHECK(m.x.allFinite());
  CHECK(m.x(1, 0) == 1e60);
  detail::LayerBench<Langevin<targets::DoubleWell, 12>, double> b(layer);
  Column<double> v;
  b.call<false>(x, none, Noise{61}, out, v);
  CHECK(v(1) == std::numeric_limits<double>::infinity());
  b.call<true>(x, none, Noise{61}, out, v);
  CHECK(v(1) == -std::numeric_limits<double>::infinity());
  Batch<double> g_in, g_context(3, 0);
  Column<double> g_theta(0);
  b.pull<true>(x, out, none, Noise{61}, Batch<double>::Ones(3, 2), Column<double>::Ones(3), g_in, g_theta, g_context);
  CHECK((g_in.row(1) == 0).all());
}

TEST_CASE("steps must be positive") {
  CHECK_THROWS_AS((Metropolis<targets::DoubleWell>(well, 0.0)), std::invalid_argument);
  CHECK_THROWS_AS((Langevin<targets::DoubleWell>(well, std::nan(""))), std::invalid_argument);
  CHECK_THROWS_AS((UnderdampedLangevin<targets::DoubleWell>(well, 0.1, 0.0)), std::invalid_argument);
}

}  // namespace stochastic_invariance
