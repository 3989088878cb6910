// SPDX-License-Identifier: MIT
// Families against long double references and closed forms: values, edges, extremes, draws.
#include <array>
#include <cmath>
#include <numbers>

#include "catch.hpp"
#include "rheo/distributions/box.hpp"
#include "rheo/distributions/circle.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/hurdle.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/student_t.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/surjections/slice.hpp"

namespace distributions_families {

namespace {
using namespace rheo;
constexpr double inf = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();
constexpr long double pi_l = 3.14159265358979323846264338327950288L;

template <class F, class T> T log_prob(const F& f, T x, std::vector<T> raw) {
  const auto q = f.template natural<T>([&](Index k) { return raw[static_cast<std::size_t>(k)]; });
  return f.log_prob(x, q);
}
// d log p to x (-1) or to raw parameter k.
template <class F> double slope(const F& f, double x, std::vector<double> raw, Index wanted) {
  const auto r = [&](Index k) { return raw[static_cast<std::size_t>(k)]; };
  const auto q = f.template natural<double>(r);
  std::array<double, static_cast<std::size_t>(F::cotangents)> g{};
  const double g_x =
      f.log_prob_pull(x, 1.0, q, [&](Index k, double value) { g[static_cast<std::size_t>(k)] += value; });
  double found = g_x;
  f.raw_pull(r, q, g, [&](Index k, double value) {
    if (k == wanted) found = value;
  });
  return found;
}
long double student(long double x, long double nu) {
  return lgammal((nu + 1) / 2) - lgammal(nu / 2) - 0.5L * logl(nu * pi_l) - (nu + 1) / 2 * log1pl(x * x / nu);
}
// log I0 by its integral: the trapezoid is exact for periodic functions.
long double log_i0e(long double k) {
  long double total = 0;
  const int n = 20000;
  for (int i = 0; i < n; ++i) total += expl(k * (cosl(2 * pi_l * i / n) - 1));
  return logl(total / n);
}
}  // namespace

TEST_CASE("Student t agrees with gamma functions in long double, in both scalars") {
  for (double nu : {0.05, 0.3, 1.0, 2.0, 3.7, 30.0, 1e3, 1e5}) {
    const family::StudentT<Exp, Degrees::fixed> f(nu);
    for (double x : {0.0, 1e-8, 0.3, -1.0, 2.5, -40.0, 1e6}) {
      const double truth = static_cast<double>(student(x, nu));
      INFO("nu " << nu << ", x " << x);
      CHECK(log_prob<decltype(f), double>(f, x, {0, 0}) == Approx(truth).epsilon(2e-14).margin(2e-13));
      CHECK(log_prob<decltype(f), float>(f, static_cast<float>(x), {0, 0}) ==
            Approx(student(static_cast<float>(x), nu)).epsilon(3e-6).margin(3e-6));
    }
  }
}

TEST_CASE("Student t: Cauchy, the normal limit, far tails") {
  const family::StudentT<Exp, Degrees::fixed> cauchy(1), normal(1e12), endless(1e300), heavy(2);
  for (double x : {-3.0, 0.1, 7.0}) {
    CHECK(log_prob<decltype(cauchy), double>(cauchy, x, {0, 0}) ==
          Approx(-std::log(std::numbers::pi * (1 + x * x))).epsilon(1e-14));
    CHECK(log_prob<decltype(cauchy), double>(normal, x, {0, 0}) == Approx(-0.5 * x * x - half_log_two_pi).margin(1e-9));
    CHECK(log_prob<decltype(cauchy), double>(endless, x, {0, 0}) ==
          Approx(-0.5 * x * x - half_log_two_pi).epsilon(1e-14));
    CHECK(slope(endless, x, {0, 0}, -1) == Approx(-x).epsilon(1e-14));
  }
  CHECK(log_prob<decltype(heavy), double>(heavy, 1e200, {0, 0}) ==
        Approx(-3 * 200 * std::log(10.0)).epsilon(1e-12));  // p ~ 1 / x^3
  CHECK(log_prob<decltype(heavy), float>(heavy, 1e30f, {0, 0}) == Approx(-3 * 30 * std::log(10.0)).epsilon(1e-6));
  CHECK(slope(heavy, 1e200, {0, 0}, -1) == Approx(-3e-200).epsilon(1e-12));
  CHECK(slope(heavy, 1e200, {0, 0}, 1) == Approx(2));  // the scale's: nu
  CHECK_THROWS_AS((StudentT<1, Degrees::fixed>{0.0}), std::invalid_argument);
  CHECK_THROWS_AS((StudentT<1>{inf}), std::invalid_argument);
  CHECK_THROWS_AS((StudentT<1>{not_a_number}), std::invalid_argument);
}

TEST_CASE("Student t draws have its moments, and finite values however heavy the tail") {
  const Index n = 200000;
  auto draws = [&]<class L>(const L& t) {
    detail::LayerBench<L, double> b(t);
    Batch<double> x;
    Column<double> v;
    b.template call<false>(Batch<double>(n, 0), Batch<double>(n, 0), Noise{5}, x, v);
    return x;
  };
  const Batch<double> ten = draws(StudentT<1, Degrees::fixed>{10.0});
  CHECK(ten.mean() == Approx(0).margin(4 * std::sqrt(1.25 / static_cast<double>(n))));
  CHECK(ten.square().mean() ==
        Approx(1.25).margin(4 * std::sqrt(1.25 * 1.25 * 3 / static_cast<double>(n))));  // kurtosis 4
  const Batch<double> heavy = draws(StudentT<1, Degrees::fixed>{0.01});
  CHECK(heavy.allFinite());
  CHECK(heavy.abs().maxCoeff() > 1e200);
}

TEST_CASE("von Mises agrees with the integral of I0 at every concentration") {
  const family::VonMises<> f;
  for (double k : {1e-9, 0.01, 0.5, 3.0, 24.9, 25.1, 60.0, 1e3, 1e4}) {
    const long double norm = log_i0e(k);
    const auto b = math::bessel_ratio(k);
    INFO("concentration " << k);
    CHECK(b.log_i0e == Approx(static_cast<double>(norm)).margin(2e-14).epsilon(2e-15));
    const long double h = 1e-3L * std::max(k, 0.1);  // log_i0e goes on smoothly below 0
    const long double by_differences =
        (8 * (log_i0e(k - h) - log_i0e(k + h)) - (log_i0e(k - 2 * h) - log_i0e(k + 2 * h))) / (12 * h);
    CHECK(b.one_less_a == Approx(static_cast<double>(by_differences)).epsilon(1e-9));
    for (double x : {0.0, 0.3, -2.0, 3.1}) {
      const double truth = static_cast<double>(static_cast<long double>(k) * (cosl(x) - 1) - norm - logl(2 * pi_l));
      CHECK(log_prob<decltype(f), double>(f, x, {0, std::log(k)}) == Approx(truth).epsilon(1e-12).margin(1e-13));
      CHECK(log_prob<decltype(f), float>(f, static_cast<float>(x), {0, std::log(static_cast<float>(k))}) ==
            Approx(truth).epsilon(1e-5).margin(1e-5));
    }
  }
  for (double x : {-3.0, 0.0, 2.0})
    CHECK(log_prob<decltype(f), double>(f, x, {1, -1e4}) ==
          Approx(-std::log(2 * std::numbers::pi)));  // concentration 0
  CHECK(log_prob<decltype(f), double>(f, 0.5 + 2 * std::numbers::pi, {0.1, 1}) ==
        Approx(log_prob<decltype(f), double>(f, 0.5, {0.1, 1})));
  CHECK(std::isfinite(log_prob<decltype(f), double>(f, 1.0, {1.0, 1e4})));  // at most 1e30
}

TEST_CASE("von Mises draws have the mean resultant length I1 / I0, from 0 to 1e8") {
  const Index n = 40000;
  for (double k : {0.0, 1e-6, 5e-5, 2e-4, 0.7, 12.0, 1e4, 1e8}) {
    double less = 0, square = 0, side = 0;
    for (Index i = 0; i < n; ++i) {
      const double x = family::VonMises<>::standard(Noise{77}, i, k), l = 2 * std::pow(std::sin(0.5 * x), 2);
      REQUIRE((x >= -std::numbers::pi && x < std::numbers::pi));
      less += l / n, square += l * l / n, side += (x > 0 ? 1.0 : -1.0) / n;
    }
    const double error = std::sqrt((square - less * less) / n);
    INFO("concentration " << k);
    CHECK(less == Approx(math::bessel_ratio(k).one_less_a).margin(4 * error));
    CHECK(side == Approx(0).margin(4 / std::sqrt(n)));
  }
}

TEST_CASE("the wrapped normal is the sum over turns, on both sides of its switch") {
  const family::WrappedNormal<> f;
  for (double s : {1e-3, 0.4, 1.7, 1.772, 1.773, 2.5, 6.0}) {
    for (double x : {0.0, 1.0, -3.1, 3.14}) {
      long double total = 0;
      for (int k = -60; k <= 60; ++k) total += expl(-0.5L * powl((x - 0.2L + 2 * pi_l * k) / s, 2));
      const double truth = static_cast<double>(logl(total) - logl(s) - 0.5L * logl(2 * pi_l));
      INFO("deviation " << s << ", x " << x);
      if (std::isfinite(truth))
        CHECK(log_prob<decltype(f), double>(f, x, {0.2, std::log(s)}) == Approx(truth).epsilon(1e-12).margin(1e-13));
    }
  }
  CHECK(log_prob<decltype(f), double>(f, 1.0, {0, 500}) == Approx(-std::log(2 * std::numbers::pi)));
  CHECK(std::abs(slope(f, 1.0, {0, 500}, 1)) < 1e-200);
  for (double s : {0.5, 1.5, 2.0}) {  // the slope in log s by differences
    const double a = std::log(s), h = 1e-4;
    CHECK(slope(f, 2.0, {0, a}, 1) == Approx((log_prob<decltype(f), double>(f, 2.0, {0, a + h}) -
                                              log_prob<decltype(f), double>(f, 2.0, {0, a - h})) /
                                             (2 * h))
                                          .epsilon(1e-6));
  }
}

TEST_CASE("logistic, Laplace, half-normal and exponential have their densities, to the far tails") {
  const family::Logistic<> logistic;
  const family::Laplace<> laplace;
  const family::HalfNormal<> half;
  const family::Exponential<> exponential;
  for (double x : {-700.0, -3.0, 0.0, 0.5, 40.0}) {
    const double e = (x - 0.5) / 2;
    CHECK(log_prob<decltype(logistic), double>(logistic, x, {0.5, std::log(2)}) ==
          Approx(-std::abs(e) - 2 * std::log1p(std::exp(-std::abs(e))) - std::log(2)).epsilon(1e-14));
    CHECK(log_prob<decltype(laplace), double>(laplace, x, {0.5, std::log(2)}) ==
          Approx(-std::abs(e) - std::log(4)).epsilon(1e-14));
  }
  CHECK(log_prob<decltype(half), double>(half, 1.5, {0.0}) ==
        Approx(std::log(std::sqrt(2 / std::numbers::pi)) - 1.125));
  CHECK(log_prob<decltype(exponential), double>(exponential, 3.0, {std::log(2)}) == Approx(-1.5 - std::log(2)));
  CHECK(log_prob<decltype(half), double>(half, -1e-300, {0.0}) == -inf);
  CHECK(slope(half, -1.0, {0.0}, -1) == 0);
  CHECK(slope(half, -1.0, {0.0}, 0) == 0);
  CHECK(std::isfinite(log_prob<decltype(exponential), double>(exponential, 0.0, {0.0})));
  CHECK(std::isnan(log_prob<decltype(exponential), double>(exponential, not_a_number, {0.0})));
}

TEST_CASE("the soft bound holds, whatever the net says") {
  const family::Normal<SoftBound> f;
  CHECK(log_prob<decltype(f), double>(f, 0, {0, -1e30}) == Approx(7 - half_log_two_pi));
  CHECK(log_prob<decltype(f), double>(f, 0, {0, 1e30}) == Approx(-7 - half_log_two_pi));
  CHECK(slope(f, 0.0, {0, 0.0}, 1) == Approx(-1));
}

TEST_CASE("Bernoulli and categorical are probabilities; other numbers are off the support") {
  const family::Bernoulli b;
  const family::Categorical<3> c;
  for (double l : {-800.0, -2.0, 0.0, 5.0, 800.0}) {
    const double p0 = log_prob<decltype(b), double>(b, 0.0, {l}), p1 = log_prob<decltype(b), double>(b, 1.0, {l});
    CHECK(std::exp(p0) + std::exp(p1) == Approx(1).epsilon(1e-15));
    CHECK(p1 - p0 == Approx(l));
    CHECK(log_prob<decltype(b), double>(b, 0.5, {l}) == -inf);
    CHECK(slope(b, 0.5, {l}, 0) == 0);
    CHECK(slope(b, 1.0, {l}, 0) == Approx(1 / (1 + std::exp(l))));
  }
  double total = 0;
  for (double k : {0.0, 1.0, 2.0}) total += std::exp(log_prob<decltype(c), double>(c, k, {1, -3, 1000}));
  CHECK(total == Approx(1));
  CHECK(log_prob<decltype(c), double>(c, 1.0, {1, -3, 2}) ==
        Approx(-3 - std::log(std::exp(1) + std::exp(-3) + std::exp(2))));
  CHECK(log_prob<decltype(c), double>(c, 3.0, {1, -3, 2}) == -inf);
  CHECK(std::isnan(log_prob<decltype(c), double>(c, not_a_number, {1, -3, 2})));

  detail::LayerBench<Categorical<1, 3>, double> bench(Categorical<1, 3>{});
  bench.theta << 1, -1, 0.5;
  const Index n = 100000;
  Batch<double> x;
  Column<double> v;
  bench.call<false>(Batch<double>(n, 0), Batch<double>(n, 0), Noise{9}, x, v);
  double chi = 0, norm = std::exp(1) + std::exp(-1) + std::exp(0.5);
  for (Index k = 0; k < 3; ++k) {
    const double expected = std::exp(bench.theta(k)) / norm * static_cast<double>(n);
    chi += std::pow(static_cast<double>((x == static_cast<double>(k)).count()) - expected, 2) / expected;
  }
  CHECK(chi < 18.4);  // 1e-4 with two degrees of freedom
  CHECK(v(0) == Approx(bench.theta(static_cast<Index>(x(0, 0))) - std::log(norm)));
}

TEST_CASE("uniform box and torus") {
  const UniformBox<2> box{{-1, 0}, {1, 3}};
  detail::LayerBench<UniformBox<2>, double> b(box);
  Batch<double> x(5, 2), out;
  x << 0, 1, -1, 3, 1.0000001, 1, 0, -1e300, not_a_number, 1;
  Column<double> v;
  b.call<true>(x, Batch<double>(5, 0), Noise{}, out, v);
  CHECK(v(0) == Approx(-std::log(6)));
  CHECK(v(1) == Approx(-std::log(6)));
  CHECK(v(2) == -inf);
  CHECK(v(3) == -inf);
  CHECK(std::isnan(v(4)));
  b.call<false>(Batch<double>(20000, 0), Batch<double>(20000, 0), Noise{3}, out, v);
  CHECK(out.col(0).mean() == Approx(0).margin(4 * 2 / std::sqrt(12 * 20000.0)));
  CHECK(out.col(1).mean() == Approx(1.5).margin(4 * 3 / std::sqrt(12 * 20000.0)));
  CHECK(out.col(1).maxCoeff() > 2.99);
  CHECK_THROWS_AS((UniformBox<1>{1.0, 1.0}), std::invalid_argument);
  CHECK_THROWS_AS((UniformBox<1>{0.0, inf}), std::invalid_argument);

  detail::LayerBench<UniformCircle<2>, double> c(UniformCircle<2>{});
  c.call<true>(x, Batch<double>(5, 0), Noise{}, out, v);
  CHECK(v(3) == Approx(-2 * std::log(2 * std::numbers::pi)));
  CHECK(std::isnan(v(4)));
}

TEST_CASE("odds start at the data's, once, and in a fibre too") {
  Batch<double> x(10, 2);
  x << 0, 0, 0, 1, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 2, 0;
  auto kinds = make_model<double>(Flow{Categorical<2, 3>{}}, Noise{1});
  kinds.initialise(x);
  const std::array<double, 3> first{9, 1, 3}, second{8, 4, 1};  // one more than the counts
  for (std::size_t a = 0; a < 3; ++a) {
    Batch<double> at(1, 2);
    at << static_cast<double>(a), static_cast<double>(2 - a);
    CHECK(kinds.log_prob(at)(0) == Approx(std::log(first[a] / 13) + std::log(second[2 - a] / 13)).epsilon(1e-14));
  }
  const Batch<double> other = Batch<double>::Ones(10, 2);
  const Column<double> before = kinds.parameters();
  kinds.initialise(other);
  CHECK((kinds.parameters() == before).all());

  auto signs = make_model<double>(Flow{Bernoulli<1>{}}, Noise{1});
  signs.initialise(x.rightCols(1));
  CHECK(signs.log_prob(Batch<double>::Ones(1, 1))(0) == Approx(std::log(4.0 / 12)).epsilon(1e-14));
  auto rain = make_model<double>(Flow{HurdleExponential<1>{}}, Noise{1});
  rain.initialise(x.rightCols(1));
  CHECK(rain.log_prob(Batch<double>::Zero(1, 1))(0) == Approx(std::log(8.0 / 12)).epsilon(1e-14));

  auto grade = make_model<double>(Flow{Slice<2, 1, Plain<family::Categorical<2>>>{}, StandardNormal<1>{}}, Noise{1});
  grade.initialise(x);
  const Batch<double> one = Batch<double>::Ones(1, 2), zero = (Batch<double>(1, 2) << 1, 0).finished();
  CHECK(grade.log_prob(one)(0) - grade.log_prob(zero)(0) == Approx(std::log(4.0 / 8)).epsilon(1e-14));
}

}  // namespace distributions_families
