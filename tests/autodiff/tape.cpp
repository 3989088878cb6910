// SPDX-License-Identifier: MIT
// The tape: every operation's value and slope, what happens at ties and NaN, sharing, parameters, several outputs.
#include "rheo/autodiff/tape.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"
#include "rheo/core/noise.hpp"

namespace autodiff_tape {
using namespace rheo;
using namespace rheo::autodiff;

namespace {
template <class T> CColView<T> col(const Column<T>& c) { return {c.data(), c.size()}; }
template <class T> Column<T> ones(Index n) { return Column<T>::Ones(n); }

bool near(long double a, long double b, long double relative, long double floor) {
  return std::abs(a - b) <= std::max(relative * std::abs(b), floor) || a == b;
}

/// f(x, y) at random points of [lo, hi]^2: value against long double, slopes against its central differences.
template <class T, class F>
void check_in(const char* name, F f, double lo, double hi, long double relative, long double floor) {
  INFO(name << " with " << sizeof(T) << " bytes");
  const Index n = 130;
  Column<T> x(n), y(n);
  for (Index i = 0; i < n; ++i) x(i) = T(lo + (hi - lo) * Noise{7}.uniform(i, 0));
  for (Index i = 0; i < n; ++i) y(i) = T(lo + (hi - lo) * Noise{7}.uniform(i, 1));
  Tape<T> t;
  t.clear(n);
  const Var<T> a = t.input(col(x)), b = t.input(col(y)), u = f(a, b);
  const Column<T> value = t.value(u);
  t.reverse(u);
  const Column<T> g_x = t.cotangent(a), g_y = t.cotangent(b);
  const long double h = 1e-6L;
  for (Index i = 0; i < n; ++i) {
    const long double p = x(i), q = y(i);
    if (std::abs(p - q) < 1e-5L || std::abs(p) < 1e-5L) continue;  // kinks are tested below
    REQUIRE(near(value(i), f(p, q), relative, floor));
    REQUIRE(near(g_x(i), (f(p + h, q) - f(p - h, q)) / (2 * h), relative, floor));
    REQUIRE(near(g_y(i), (f(p, q + h) - f(p, q - h)) / (2 * h), relative, floor));
  }
}
template <class F> void check(const char* name, F f, double lo, double hi) {
  check_in<double>(name, f, lo, hi, 1e-8L, 1e-9L);
  check_in<float>(name, f, lo, hi, 2e-5L, 2e-6L);
}

/// f'(x) at one point.
template <class F> double slope(F f, double x) {
  Tape<double> t;
  t.clear(1);
  const auto a = t.input(col<double>(Column<double>::Constant(1, x)));
  t.reverse(Var<double>(f(a)));
  return t.cotangent(a)(0);
}

}  // namespace

TEST_CASE("every operation agrees with central differences") {
  using std::exp, std::log, std::log1p, std::expm1, std::sqrt, std::pow, std::sin, std::cos, std::tanh, std::atan,
      std::abs, std::min, std::max;
  check(
      "+", [](auto x, auto y) { return x + y; }, -2, 2);
  check(
      "-", [](auto x, auto y) { return x - y; }, -2, 2);
  check(
      "*", [](auto x, auto y) { return x * y; }, -2, 2);
  check(
      "/", [](auto x, auto y) { return x / y; }, 0.3, 2);
  check(
      "scalars", [](auto x, auto y) { return (3 - (x + 1.5) * 2 - 4) / 3 + 2 / (1 + y) - (0.5f + -y); }, 0.3, 2);
  check(
      "+=",
      [](auto x, auto y) {
        x += y;
        x *= y;
        x -= 2;
        x /= y;
        return +x;
      },
      0.3, 2);
  check(
      "exp", [](auto x, auto) { return exp(x); }, -5, 5);
  check(
      "log", [](auto x, auto) { return log(x); }, 0.1, 9);
  check(
      "log1p", [](auto x, auto) { return log1p(x); }, -0.8, 9);
  check(
      "expm1", [](auto x, auto) { return expm1(x); }, -5, 5);
  check(
      "sqrt", [](auto x, auto) { return sqrt(x); }, 0.1, 9);
  check(
      "square, cube", [](auto x, auto y) { return square(x) + pow(y, 3); }, -3, 3);
  check(
      "pow", [](auto x, auto y) { return pow(x, -1.5) * pow(y, 0); }, 0.3, 3);
  check(
      "sin, cos", [](auto x, auto y) { return sin(x) + cos(y); }, -9, 9);
  check(
      "tanh, atan", [](auto x, auto y) { return tanh(x) + atan(y); }, -5, 5);
  check(
      "sigmoid", [](auto x, auto) { return sigmoid(x); }, -9, 9);
  check(
      "softplus", [](auto x, auto) { return softplus(x); }, -9, 9);
  check(
      "abs", [](auto x, auto) { return abs(x); }, -2, 2);
  check(
      "relu", [](auto x, auto) { return relu(x); }, -2, 2);
  check(
      "min", [](auto x, auto y) { return min(x, y) * y; }, -2, 2);
  check(
      "max", [](auto x, auto y) { return max(x, y) * y; }, -2, 2);
}

TEST_CASE("slopes keep their relative accuracy far out") {
  const double e = std::exp(-40.0);
  CHECK(slope([](auto x) { return tanh(x); }, 20) == Approx(4 * e).epsilon(1e-12).margin(0));
  CHECK(slope([](auto x) { return sigmoid(x); }, 40) == Approx(e).epsilon(1e-12).margin(0));
  CHECK(slope([](auto x) { return sigmoid(x); }, -40) == Approx(e).epsilon(1e-12).margin(0));
  CHECK(slope([](auto x) { return expm1(x); }, -40) == Approx(e).epsilon(1e-12).margin(0));
  CHECK(slope([](auto x) { return softplus(x); }, -40) == Approx(e).epsilon(1e-12).margin(0));
  CHECK(slope([](auto x) { return softplus(x); }, 1e4) == 1);
}

TEST_CASE("ties go to the first argument, and what is not taken sends nothing back") {
  CHECK(slope([](auto x) { return abs(x); }, 0) == 1);
  CHECK(slope([](auto x) { return relu(x); }, 0) == 0);
  CHECK(slope([](auto x) { return max(x, 0); }, 0) == 1);
  CHECK(slope([](auto x) { return max(0, x); }, 0) == 0);
  CHECK(slope([](auto x) { return min(x, 0); }, 0) == 1);
  CHECK(slope([](auto x) { return min(0, x); }, 0) == 0);
  CHECK(slope([](auto x) { return pow(x, 0); }, 0) == 0);
  CHECK(slope([](auto x) { return max(x + 1, sqrt(x)); }, 0) == 1);   // sqrt's slope is infinite
  CHECK(slope([](auto x) { return max(x, exp(log(x))); }, -1) == 1);  // and log is NaN
}

TEST_CASE("a node is visited once, however often it is used") {
  CHECK(slope(
            [](auto x) {
              auto y = sin(x);
              return y * y + y;
            },
            0.7) == Approx((2 * std::sin(0.7) + 1) * std::cos(0.7)).epsilon(1e-14));
  CHECK(slope(
            [](auto s) {
              for (int i = 0; i < 60; ++i) s = s + s;
              return s;
            },
            1) == 0x1p60);
}

TEST_CASE("parameters, dots and several outputs") {
  const Column<double> x = Column<double>::LinSpaced(130, -1, 1), y = x.square();
  const double theta[3] = {0.5, -2, 3};
  Column<double> g = Column<double>::Constant(3, 10);
  Batch<double> g_out(130, 2);
  g_out << x, ones<double>(130);
  Tape<double> t;
  t.clear(130);
  const Var<double> in[2] = {t.input(col(x)), t.input(col(y))};
  const Weights<double> w{&t, theta, 2, 0};
  const Var<double> out[2] = {dot(in, w) * t.parameter(theta[2], 2), dot(in, w)};
  t.reverse(out, rheo::read(view(g_out)), Params<double>(g.data(), 3));
  const Column<double> d = 0.5 * x - 2 * y, h = 3 * x + 1;  // h: what reaches the dots together
  CHECK(g(0) == Approx(10 + (h * x).sum()));
  CHECK(g(1) == Approx(10 + (h * y).sum()));
  CHECK(g(2) == Approx(10 + (x * d).sum()));
  CHECK((t.cotangent(in[1]) + 2 * h).abs().maxCoeff() < 1e-14);
  t.reverse(in[1] * in[0]);
  CHECK((t.cotangent(in[1]) + 2 * h - x).abs().maxCoeff() < 1e-14);  // inputs add up
  CHECK((t.value(Var<double>(2)) == 2.0).all());
  CHECK((dot(std::vector<double>{1, 2, 3}, std::vector<double>{1, 0, 2}) == 7));
}

TEST_CASE("numbers fold, other tapes and shapes are refused") {
  Var<double> s = 0;
  s += 2;
  CHECK(exp(max(s * 3, 1) - 6).number() == 1);
  Tape<double> t, other;
  t.clear(2);
  other.clear(3);
  const auto a = t.input(col(ones<double>(2))), b = other.input(col(ones<double>(3)));
  CHECK_THROWS_AS(a + b, std::invalid_argument);
  CHECK_THROWS_AS(t.value(b), std::invalid_argument);
  CHECK_THROWS_AS(t.input(col(ones<double>(3))), std::invalid_argument);
  CHECK_THROWS_AS(t.reverse(a, col(ones<double>(3))), std::invalid_argument);
  CHECK((Tape<double>(t).size() == 0));
}

}  // namespace autodiff_tape
