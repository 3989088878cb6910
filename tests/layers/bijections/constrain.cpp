// SPDX-License-Identifier: MIT
// Constrained supports: volumes against known normalisers, known values, edges, and flows that begin with them.
#include "rheo/flows/constrain.hpp"

#include "catch.hpp"
#include "layers/bench.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/model.hpp"

namespace bijections_constrain {

namespace {
using namespace rheo_test;
constexpr double inf = std::numeric_limits<double>::infinity();

// The trapezoid sum over the grid [-end, end]^d of weight(x(z)) e^-V(z): the integral of weight over the data side. For
// these analytic integrands the rule's error is e^(-2 pi pi / h).
template <class L, class W> double integral(const L& layer, double end, double h, W weight) {
  constexpr Index d = L::z_dim;
  const auto m = static_cast<Index>(2 * end / h) + 1;
  Index n = 1;
  for (Index j = 0; j < d; ++j) n *= m;
  Batch<double> z(n, d);
  for (Index i = 0; i < n; ++i) {
    for (Index j = 0, rest = i; j < d; ++j, rest /= m) z(i, j) = -end + h * static_cast<double>(rest % m);
  }
  Bench<L, double> b(layer);
  const Batch<double> x = b.template run<false>(z);
  double sum = 0;
  for (Index i = 0; i < n; ++i) sum += weight(x.row(i)) * std::exp(-x(i, L::x_dim));
  return sum * std::pow(h, static_cast<double>(d));
}
const auto one = [](const auto&) { return 1.0; };
double phi(double z) { return std::exp(-0.5 * z * z - half_log_two_pi); }
double least(double) { return std::numeric_limits<double>::min(); }
float least(float) { return std::numeric_limits<float>::min(); }
}  // namespace

TEST_CASE("the simplex of K corners has volume 1 / (K - 1)!") {
  CHECK(integral(constrain::simplex<2>(), 40, 0.5, one) == Approx(1).epsilon(1e-12));
  CHECK(integral(constrain::simplex<3>(), 40, 0.5, one) == Approx(1.0 / 2).epsilon(1e-12));
  CHECK(integral(constrain::simplex<4>(), 30, 0.6, one) == Approx(1.0 / 6).epsilon(1e-9));
}

TEST_CASE("a density on the triangle integrates to one per Lebesgue measure of the first two coordinates") {
  const Index m = 700;
  Batch<double> x(m * m, 3);
  for (Index i = 0; i < m; ++i) {
    for (Index j = 0; j < m; ++j) {
      const double a = (static_cast<double>(i) + 0.5) / static_cast<double>(m),
                   c = (static_cast<double>(j) + 0.5) / static_cast<double>(m) * (1 - a);
      x.row(i * m + j) << a, c, 1 - a - c;
    }
  }
  Bench<StickBreaking<3>, double> b(StickBreaking<3>{});
  const Batch<double> z = b.run<true>(x);
  double sum = 0;
  for (Index i = 0; i < m * m; ++i) sum += phi(z(i, 0)) * phi(z(i, 1)) * std::exp(z(i, 2)) * (1 - x(i, 0));
  CHECK(sum / static_cast<double>(m * m) == Approx(1).epsilon(1e-4));
}

TEST_CASE("ascending normals are one draw in D!") {
  CHECK(integral(constrain::ordered<2>(), 12, 0.2, [](const auto& x) { return phi(x(0)) * phi(x(1)); }) ==
        Approx(0.5).epsilon(1e-4));
  CHECK(integral(constrain::ordered<3>(), 12, 0.2, [](const auto& x) { return phi(x(0)) * phi(x(1)) * phi(x(2)); }) ==
        Approx(1.0 / 6).epsilon(1e-4));
}

TEST_CASE("Cholesky factors of correlation matrices fill a product of balls; the matrices fill pi^2 / 2 for K = 3") {
  CHECK(integral(constrain::correlation_cholesky<2>(), 20, 0.25, one) == Approx(2).epsilon(1e-9));
  CHECK(integral(constrain::correlation_cholesky<3>(), 16, 0.25, one) == Approx(2 * std::numbers::pi).epsilon(1e-6));
  // d(rho_21, rho_31, rho_32) / d(L_21, L_31, L_32) = L_22
  CHECK(integral(constrain::correlation_cholesky<3>(), 16, 0.25, [](const auto& x) {
          return std::sqrt(1 - x(0) * x(0));
        }) == Approx(std::numbers::pi * std::numbers::pi / 2).epsilon(1e-6));
}

TEST_CASE("known points") {
  Bench<StickBreaking<4>, double> s(StickBreaking<4>{});
  CHECK((s.decode(Batch<double>::Zero(1, 3)) - 0.25).abs().maxCoeff() < 1e-15);
  const Batch<double> x{{0.1, 0.2, 0.3, 0.4}}, z = s.run<true>(x);
  CHECK(z(0, 0) == Approx(std::log(0.1 / 0.9 * 3)).epsilon(1e-14));
  CHECK(z(0, 1) == Approx(std::log(0.2 / 0.7 * 2)).epsilon(1e-14));
  CHECK(z(0, 2) == Approx(std::log(0.3 / 0.4)).epsilon(1e-14));
  CHECK(z(0, 3) == Approx(-std::log(0.1 * 0.2 * 0.3 * 0.4)).epsilon(1e-14));

  Bench<Ordered<3>, double> o(Ordered<3>{});
  const Batch<double> w = o.run<true>(Batch<double>{{-1, 1, 4}});
  CHECK((w - Batch<double>{{-1, std::log(2.0), std::log(3.0), -std::log(6.0)}}).abs().maxCoeff() < 1e-15);

  Bench<CorrelationCholesky<3>, double> c(CorrelationCholesky<3>{});
  const Batch<double> u = c.run<true>(Batch<double>{{0.6, 0.3, -0.4}});
  const double q = std::sqrt(1 - 0.09), r = std::sqrt(1 - 0.25);
  CHECK(u(0, 0) == Approx(std::atanh(0.6)).epsilon(1e-14));
  CHECK(u(0, 1) == Approx(std::atanh(0.3)).epsilon(1e-14));
  CHECK(u(0, 2) == Approx(std::atanh(-0.4 / q)).epsilon(1e-14));
  CHECK(u(0, 3) == Approx(-2 * std::log(0.8) - 2 * std::log(q) + std::log(q) - 2 * std::log(r)).epsilon(1e-13));
  CHECK((c.decode(Batch<double>::Zero(1, 3)) == 0).all());
}

TEMPLATE_TEST_CASE("edges are finite, beyond them the density is 0 and the gradient too", "", double, float) {
  using T = TestType;
  const T tiny = least(T()), speck = std::numeric_limits<T>::denorm_min();
  const auto check = [](auto&& bench, const Batch<T>& rows, bool inside) {
    for (Index repeat : {1, 9}) {
      for (Index i = 0; i < rows.rows(); ++i) {
        const Batch<T> x = rows.row(i).replicate(repeat, 1), z = bench.template run<true>(x),
                       g = bench.template pull<true>(x);
        INFO("at " << rows.row(i) << ": " << z.row(0) << ", gradient " << g.row(0));
        CHECK(z.leftCols(z.cols() - 1).allFinite());
        CHECK_FALSE(g.isNaN().any());
        if (inside) CHECK(z.col(z.cols() - 1).allFinite());
        else CHECK(((z.col(z.cols() - 1) == -std::numeric_limits<T>::infinity()).all() && (g == 0).all()));
      }
    }
  };
  Bench<StickBreaking<3>, T> s(StickBreaking<3>{});
  check(
      s,
      Batch<T>{{0, 0, 1}, {1, 0, 0}, {0, 1, 0}, {speck, T(0.5), T(0.5)}, {tiny, T(1), tiny}, {T(0.3), T(0.3), T(0.4)}},
      true);
  check(s,
        Batch<T>{{-speck, T(0.5), T(0.5)},
                 {T(0.5), T(0.6), T(-0.1)},
                 {T(0.5), T(0.5), T(0.5)},
                 {0, 0, 0},
                 {T(1e30), T(1e30), T(1e30)},
                 {T(-1e30), 0, 1}},
        false);
  Bench<Ordered<3>, T> o(Ordered<3>{});
  check(o, Batch<T>{{0, 0, 0}, {0, speck, 1}, {T(-1e30), 0, T(1e30)}, {1, 1, 2}}, true);
  check(o, Batch<T>{{0, -speck, 1}, {0, 1, T(0.5)}, {T(1e30), 0, 1}}, false);
  Bench<CorrelationCholesky<3>, T> c(CorrelationCholesky<3>{});
  check(c,
        Batch<T>{{1, 0, 0},
                 {-1, 1, 0},
                 {0, 0, -1},
                 {0, T(0.6), T(0.8)},
                 {0, T(-0.8), T(0.6)},
                 {0, T(5) / T(13), T(-12) / T(13)},
                 {T(0.5), T(0.6), T(0.5)},
                 {0, 0, 0}},
        true);
  check(c,
        Batch<T>{{1 + 100 * std::numeric_limits<T>::epsilon(), 0, 0},
                 {0, T(0.6), T(0.8) + 100 * std::numeric_limits<T>::epsilon()},
                 {T(1.001), 0, 0},
                 {0, T(0.8), T(0.8)},
                 {0, 0, T(-1.5)},
                 {0, T(1e30), 0}},
        false);
  for (T far : {T(30), T(1e4), T(1e30)}) {  // decode: far latents
    for (T sign : {T(1), T(-1)}) {
      const Batch<T> z = Batch<T>::Constant(9, 2, sign * far);
      const Batch<T> x = s.template run<false>(z);
      CHECK(x.allFinite());
      CHECK(((x.leftCols(3) >= 0).all() &&
             (x.leftCols(3).rowwise().sum() - 1).abs().maxCoeff() < 8 * std::numeric_limits<T>::epsilon()));
      CHECK_FALSE(s.template pull<false>(z).isNaN().any());
      const Batch<T> w = Batch<T>::Constant(9, 3, sign * far), l = c.template run<false>(w);
      CHECK(l.allFinite());
      CHECK((l.col(1).square() + l.col(2).square()).maxCoeff() <= 1 + 8 * std::numeric_limits<T>::epsilon());
      CHECK_FALSE(c.template pull<false>(w).isNaN().any());
    }
  }
}

TEST_CASE("flows on constrained sets") {
  auto positive = make_model<double>(Flow{constrain::positive<2>(), StandardNormal<2>{}}, Noise{1});
  CHECK(positive.log_prob(Batch<double>{{2.0, 3.0}})(0) ==
        Approx(std::log(phi(std::log(2.0)) / 2 * phi(std::log(3.0)) / 3)).epsilon(1e-13));
  CHECK(positive.log_prob(Batch<double>{{-2.0, 3.0}})(0) == -inf);
  CHECK((positive.sample(100, Noise{2}) > 0).all());

  auto boxed = make_model<double>(Flow{constrain::interval<1>(-2, 6), StandardNormal<1>{}}, Noise{1});
  const Batch<double> inside = boxed.sample(1000, Noise{2});
  CHECK(((inside > -2).all() && (inside < 6).all() && inside.minCoeff() < 0 && inside.maxCoeff() > 4));
  CHECK(boxed.log_prob(Batch<double>{{2.0}})(0) == Approx(std::log(phi(0) / 2)).epsilon(1e-13));
  CHECK_THROWS_AS(constrain::interval<1>(2, 2), std::invalid_argument);

  auto mixture = make_model<double>(Flow{constrain::simplex<3>(), StandardNormal<2>{}}, Noise{1});
  const Batch<double> weights = mixture.sample(100, Noise{2});
  CHECK(weights.cols() == 3);
  CHECK((weights.rowwise().sum() - 1).abs().maxCoeff() < 1e-15);
  CHECK(mixture.log_prob(Batch<double>::Constant(1, 3, 1.0 / 3))(0) ==
        Approx(std::log(phi(0) * phi(0) * 27)).epsilon(1e-13));

  auto turn = make_model<double>(Flow{constrain::circle<1>(), Uniform<1>{}}, Noise{1});
  CHECK(turn.log_prob(Batch<double>{{3.0}})(0) == Approx(-std::log(2 * std::numbers::pi)).epsilon(1e-14));
  CHECK(turn.log_prob(Batch<double>{{4.0}})(0) == -inf);

  auto unit = make_model<double>(Flow{constrain::unit<1>(), StandardNormal<1>{}}, Noise{1});
  CHECK(unit.log_prob(Batch<double>{{0.5}})(0) == Approx(std::log(phi(0) * 4)).epsilon(1e-14));
}

TEMPLATE_TEST_CASE("ordered: a NaN and a descent in one row are a NaN", "", float, double) {
  using T = TestType;
  const T nan = std::numeric_limits<T>::quiet_NaN();
  Batch<T> x(20, 3);
  for (Index i = 0; i < 20; ++i) {
    if (i % 4 == 0) x.row(i) << nan, T(2), T(1);
    if (i % 4 == 1) x.row(i) << T(3), T(2), nan;
    if (i % 4 == 2) x.row(i) << T(3), T(2), T(4);
    if (i % 4 == 3) x.row(i) << T(1), T(2), T(4);
  }
  const Ordered<3> layer;
  Bench<Ordered<3>, T> b(layer);
  const Column<T> v = b.v(x);
  for (Index i = 0; i < 20; ++i) {
    if (i % 4 < 2) CHECK(std::isnan(v(i)));
    if (i % 4 == 2) CHECK(v(i) == -std::numeric_limits<T>::infinity());
    if (i % 4 == 3) CHECK(v(i) == Approx(-std::log(2.0)));
  }
}

}  // namespace bijections_constrain
