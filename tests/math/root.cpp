// SPDX-License-Identifier: MIT
#include "rheo/math/root.hpp"

#include <cmath>
#include <vector>

#include "../catch.hpp"

namespace math_root {
using namespace rheo;
using math::Graph;

namespace {

template <class T> constexpr T infinity = std::numeric_limits<T>::infinity();

/// Solves and counts.
template <class T, class F> T solve(F f, T y, T start, long& calls) {
  calls = 0;
  return math::root_of_increasing([&](T x) { return ++calls, f(x); }, y, start, T(1));
}

}  // namespace

TEMPLATE_TEST_CASE("roots of a cubic keep the stated residual from 1e-30 to 1e30", "", float, double) {
  using T = TestType;
  const auto f = [](T x) { return Graph<T>{x * x * x + x, 3 * x * x + 1}; };
  for (double size : {1e-30, 1e-3, 0.5, 1.0, 7.0, 1e6, 1e30}) {
    for (double sign : {-1.0, 1.0}) {
      const T y = T(sign * size);
      long calls = 0;
      const T x = solve<T>(f, y, y, calls);
      INFO("y " << y << " x " << x << " calls " << calls);
      const T r = f(x).y - y;
      CHECK(std::abs(r) <= 2 * math::root_tolerance<T> * (1 + std::abs(y)));
      CHECK(calls < 200);
    }
  }
}

TEMPLATE_TEST_CASE("roots: steep, flat, stepped and kinked maps", "", float, double) {
  using T = TestType;
  long calls = 0;
  const auto cube = [](T x) { return Graph<T>{x * x * x, 3 * x * x}; };
  CHECK(std::abs(cube(solve<T>(cube, T(0), T(3), calls)).y) <= math::root_tolerance<T>);
  const auto root = [](T x) {
    return Graph<T>{std::copysign(std::sqrt(std::abs(x)), x), T(0.5) / std::sqrt(std::abs(x))};
  };
  CHECK(solve<T>(root, T(-3), T(0), calls) == Approx(-9).epsilon(1e-6));
  const auto jump = [](T x) {
    return Graph<T>{x + (x > T(0.7) ? T(5) : T(0)), T(1)};
  };  // no root: the bracket closes on the jump
  CHECK(solve<T>(jump, T(3), T(0), calls) == Approx(0.7).epsilon(1e-6));
  const auto lying = [](T x) {
    return Graph<T>{x, T(1e10)};
  };  // a slope that is wrong by far must cost steps, not digits
  CHECK(solve<T>(lying, T(2), T(-40), calls) == Approx(2).epsilon(1e-6));
  const auto dead = [](T x) { return Graph<T>{x, T(0)}; };
  CHECK(solve<T>(dead, T(2), T(-40), calls) == Approx(2).epsilon(1e-6));
  const auto kink = [](T x) { return Graph<T>{x < 0 ? T(1e-3) * x : T(1e3) * x, x < 0 ? T(1e-3) : T(1e3)}; };
  CHECK(solve<T>(kink, T(-7e-3), T(2), calls) == Approx(-7).epsilon(1e-5));
  CHECK(calls < 100);
}

TEMPLATE_TEST_CASE("roots that are not there are infinite or NaN, and found to be so in time", "", float, double) {
  using T = TestType;
  long calls = 0;
  const auto bounded = [](T x) { return Graph<T>{std::atan(x), 1 / (1 + x * x)}; };
  CHECK(solve<T>(bounded, T(1), T(0), calls) == Approx(std::tan(1.0)));
  CHECK(solve<T>(bounded, T(3), T(0), calls) == infinity<T>);
  CHECK(calls < 500);
  CHECK(solve<T>(bounded, T(-3), T(0), calls) == -infinity<T>);
  const auto line = [](T x) { return Graph<T>{x, T(1)}; };
  CHECK(solve<T>(line, infinity<T>, T(0), calls) == infinity<T>);
  CHECK(solve<T>(line, -infinity<T>, T(0), calls) == -infinity<T>);
  CHECK(std::isnan(solve<T>(line, T(std::nan("")), T(0), calls)));
  CHECK(solve<T>(line, T(1e30), T(0), calls) == T(1e30));
  const auto sick = [](T) { return Graph<T>{T(std::nan("")), T(1)}; };
  CHECK(std::isnan(solve<T>(sick, T(1), T(0), calls)));
  CHECK(calls < 10);
  const auto clipped = [](T x) { return Graph<T>{x, T(1)}; };
  CHECK(math::root_between(clipped, T(9), T(-1), T(2), T(0)) == Approx(2).epsilon(1e-6));
  CHECK(std::isnan(math::root_between(clipped, T(0), T(2), T(-1), T(0))));
}

TEMPLATE_TEST_CASE("a packet finishes together, each number as if alone, NaN beside it or not", "", float, double) {
  using T = TestType;
  using L = math::Lane<T>;
  std::vector<T> y(static_cast<std::size_t>(L::size)), got(y.size());
  const auto f = [](auto x) {
    using N = decltype(x);
    return Graph<N>{x * x * x + x, N(3) * x * x + N(1)};
  };
  for (std::size_t i = 0; i < y.size(); ++i) y[i] = T(i % 2 ? -1 : 1) * std::pow(T(10), T(4 * i));
  y.back() = T(std::nan(""));
  const L packed = math::At<L>::load(y.data());
  math::At<L>::store(got.data(), math::root_of_increasing(f, packed, packed, L(1)));
  for (std::size_t i = 0; i + 1 < y.size(); ++i)
    CHECK(got[i] == Approx(math::root_of_increasing(f, y[i], y[i], T(1))).epsilon(1e-6));
  CHECK(std::isnan(got.back()));
  CHECK(any(L(1) < L(2)));
  CHECK_FALSE(any(L(2) < L(1)));
  CHECK(any(packed == packed));
}

TEST_CASE("duals get the implicit function's tangents, first and second") {
  using D = Dual<double>;
  using DD = Dual<D>;
  const auto f = [](auto x) {
    using N = decltype(x);
    return Graph<N>{x * x * x + x, N(3) * x * x + N(1)};
  };
  const double x = math::root_of_increasing(f, 5.0, 5.0, 1.0), s = 3 * x * x + 1;
  CHECK(math::lift_root(f, D(5, 1), D(x)).b == Approx(1 / s).epsilon(1e-14));
  const DD second = math::lift_root(f, DD(D(5, 1), D(1, 0)), DD(D(x)));
  CHECK(second.a.a == x);
  CHECK(second.a.b == Approx(1 / s).epsilon(1e-14));
  CHECK(second.b.a == Approx(1 / s).epsilon(1e-14));
  CHECK(second.b.b == Approx(-6 * x / (s * s * s)).epsilon(1e-13));
}

}  // namespace math_root
