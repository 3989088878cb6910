// SPDX-License-Identifier: MIT
// Gradients of users' functions: any number of rows, the same bits everywhere, NaN kept in its row, and no allocation
// the second time.
#include "rheo/autodiff/gradient.hpp"

#include <array>
#include <cmath>
#include <limits>
#include <thread>

#include "catch.hpp"
#include "count_mallocs.hpp"
#include "rheo/core/noise.hpp"

namespace autodiff_gradient {
using namespace rheo;
using namespace rheo::autodiff;

namespace {

/// A loop, a sum that starts as a number, and a max.
const auto energy = [](auto x) {
  using std::exp, std::log, std::sqrt, std::tanh, std::pow, std::max;
  std::decay_t<decltype(x[0])> s(0);
  for (auto v : x) s += v * v;
  const auto y = tanh(x[0]) * s + exp(-x[1]);
  return log(1 + y * y) + sqrt(s + 1) + sigmoid(x[2]) * softplus(y) + 0.5f * pow(s, 2) + max(x[0], x[1]);
};

template <class T> Batch<T> points(Index n) {
  Batch<T> x(n, 3);
  Noise{3}.normals<T>(view(x));
  return x;
}

template <class T> struct Result {
  Column<T> value;
  Batch<T> grad;
  bool operator==(const Result& o) const { return (value == o.value).all() && (grad == o.grad).all(); }
};
template <class T, class F> Result<T> run(F f, Tape<T>& tape, const Batch<T>& x) {
  Result<T> r{Column<T>::Constant(x.rows(), NAN), Batch<T>::Constant(x.rows(), x.cols(), NAN)};
  value_and_gradient(f, tape, view(x), ColView<T>(r.value.data(), x.rows()), view(r.grad));
  return r;
}

}  // namespace

TEMPLATE_TEST_CASE("the lambda on numbers is the value, its differences are the gradient", "", float, double) {
  using T = TestType;
  const double tolerance = sizeof(T) == 4 ? 3e-5 : 1e-8;
  const Batch<T> x = points<T>(130);
  Tape<T> tape;
  const auto r = run(energy, tape, x);
  for (Index i = 0; i < x.rows(); ++i) {
    const std::array<long double, 3> p{x(i, 0), x(i, 1), x(i, 2)};
    REQUIRE(r.value(i) == Approx(double(energy(p))).epsilon(tolerance));
    for (std::size_t j = 0; j < 3; ++j) {
      auto up = p, down = p;
      up[j] += 1e-6L;
      down[j] -= 1e-6L;
      REQUIRE(r.grad(i, Index(j)) ==
              Approx(double((energy(up) - energy(down)) / 2e-6L)).epsilon(tolerance).margin(tolerance));
    }
  }
  Column<T> only(130);
  value_only(energy, tape, view(x), ColView<T>(only.data(), 130));
  CHECK((only == r.value).all());
}

TEMPLATE_TEST_CASE("a row has the same bits in a batch of any size", "", float, double) {
  using T = TestType;
  const Batch<T> x = points<T>(130);
  Tape<T> tape;
  const auto all = run(energy, tape, x);
  for (Index n : {0, 1, 7, 64, 129}) {
    const Batch<T> part = x.bottomRows(n);
    CHECK((run(energy, tape, part) == Result<T>{all.value.tail(n), all.grad.bottomRows(n)}));
  }
}

TEMPLATE_TEST_CASE("NaN and infinity stay in their row", "", float, double) {
  using T = TestType;
  Batch<T> x = points<T>(130);
  Tape<T> tape;
  auto clean = run(energy, tape, x);
  for (T bad : {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity()}) {
    x(64, 0) = bad;
    auto r = run(energy, tape, x);
    CHECK_FALSE(std::isfinite(r.value(64)));
    r.value(64) = clean.value(64);
    r.grad.row(64) = clean.grad.row(64);
    CHECK(r == clean);
  }
}

TEST_CASE("a recording no larger than one before allocates nothing") {
  Tape<double> tape;
  const Batch<double> x = points<double>(130), y = points<double>(77);
  Column<double> value(130);
  Batch<double> grad(130, 3), small(77, 3);
  const auto count = [&] {
    const long before = rheo_test::count();
    value_and_gradient(energy, tape, view(x), ColView<double>(value.data(), 130), view(grad));
    value_and_gradient(energy, tape, view(y), ColView<double>(value.data(), 77), view(small));
    return rheo_test::count() - before;
  };
  const long first = count(), second = count();
  CHECK((first > 0 || !rheo_test::counts_mallocs));  // the counter counts
  CHECK(second == 0);
}

TEST_CASE("two tapes in two threads give the bits of one after the other") {
  const Batch<double> x = points<double>(130), y = points<double>(77);
  Tape<double> a, b;
  const auto rx = run(energy, a, x), ry = run(energy, a, y);
  bool same_x = true, same_y = true;
  std::thread one([&] {
    for (int k = 0; k < 200; ++k) same_x = same_x && run(energy, a, x) == rx;
  });
  std::thread two([&] {
    for (int k = 0; k < 200; ++k) same_y = same_y && run(energy, b, y) == ry;
  });
  one.join(), two.join();
  CHECK((same_x && same_y));
}

TEST_CASE("a constant has gradient zero, wrong shapes are refused") {
  Tape<double> tape;
  const auto r = run([](auto) { return 3; }, tape, points<double>(5));
  CHECK((r.value == 3.0).all());
  CHECK((r.grad == 0.0).all());
  Batch<double> x = points<double>(5);
  Column<double> value(4);
  CHECK_THROWS_AS(value_and_gradient(energy, tape, rheo::read(view(x)), ColView<double>(value.data(), 4), view(x)),
                  std::invalid_argument);
}

}  // namespace autodiff_gradient
