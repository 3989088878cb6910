// SPDX-License-Identifier: MIT
#include "rheo/transformers/custom.hpp"

#include "monotone_checks.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/on.hpp"

namespace transformers_custom {
using namespace rheo_test;

namespace {
const auto bend = custom_transformer<3>([](auto x, const auto& a) {
  using std::exp, std::tanh, std::asinh;
  return exp(2 * tanh(a[0] / 2)) * (x + (1 + tanh(a[1] / 4)) * asinh(x - a[2]) - asinh(x));
});
constexpr auto doubled = [](auto x, const auto& a) { return 2 * x + a[0]; };
static_assert(std::is_default_constructible_v<Custom<1, decltype(doubled)>>, "a constexpr lambda serves by its type");
static_assert(std::is_default_constructible_v<Coupling<2, Custom<1, decltype(doubled)>, Mlp<4>>>);
}  // namespace

TEMPLATE_TEST_CASE("custom: round trips, NaN", "", float, double) {
  const auto line = custom_transformer<2>([](auto x, const auto& a) {
    using std::exp, std::tanh;
    return exp(2 * tanh(a[1] / 2)) * (x + 0.5 * tanh(x)) + a[0];
  });
  check_round_trips<TestType>(line);
  check_nan<TestType>(line);
}
TEST_CASE("custom: V is the log of the slope, decode carries duals") {
  const auto line = custom_transformer<2>([](auto x, const auto& a) {
    using std::exp, std::sin;
    return exp(a[1]) * (x + 0.5 * sin(x)) + a[0];
  });
  check_slopes(line, 1e-6);
  check_duals(line);
}

TEST_CASE("custom: the affine map written by hand, values and pulls") {
  const auto mine = custom_transformer<2>([](auto x, const auto& a) {
    using std::exp;
    return x * exp(a[1]) + a[0];
  });
  const ScaleShift<Exp> theirs{};
  const Raw<double> raw{{0.4, -0.7}};
  double mine_g[2] = {}, theirs_g[2] = {};
  for (double x : {-2.0, 0.1, 3.0}) {
    CHECK(mine.encode(x, raw).y == Approx(theirs.encode(x, raw).y).epsilon(1e-15));
    CHECK(mine.encode(x, raw).v == Approx(-0.7).epsilon(1e-14));
    CHECK(mine.decode(x, raw).y == Approx(theirs.decode(x, raw).y).epsilon(1e-14));
    CHECK(mine.encode_pull(x, 0.3, 0.9, raw, [&](Index k, double g) { mine_g[k] = g; }) ==
          Approx(theirs.encode_pull(x, 0.3, 0.9, raw, [&](Index k, double g) { theirs_g[k] = g; })).epsilon(1e-13));
    CHECK(mine_g[0] == Approx(theirs_g[0]).epsilon(1e-13));
    CHECK(mine_g[1] == Approx(theirs_g[1]).epsilon(1e-13).margin(1e-15));
    CHECK(mine.decode_pull(x, 0.3, 0.9, raw, [&](Index k, double g) { mine_g[k] = g; }) ==
          Approx(theirs.decode_pull(x, 0.3, 0.9, raw, [&](Index k, double g) { theirs_g[k] = g; })).epsilon(1e-13));
    CHECK(mine_g[0] == Approx(theirs_g[0]).epsilon(1e-13));
    CHECK(mine_g[1] == Approx(theirs_g[1]).epsilon(1e-13).margin(1e-15));
  }
}

TEST_CASE("custom: a value out of reach, and a map that is not increasing") {
  const auto bounded = custom_transformer<0>([](auto x, const auto&) {
    using std::tanh;
    return tanh(x);
  });
  const Raw<double> none;
  CHECK(bounded.decode(0.5, none).y == Approx(std::atanh(0.5)).epsilon(1e-14));
  CHECK(bounded.decode(2.0, none).y == std::numeric_limits<double>::infinity());
  CHECK(bounded.decode(-2.0, none).y == -std::numeric_limits<double>::infinity());
  const auto falling = custom_transformer<0>([](auto x, const auto&) { return -x; });
  CHECK(std::isnan(falling.encode(0.5, none).v));
}

TEST_CASE("custom: a type without captures starts from nothing, one with captures is handed over") {
  using Typed = decltype(custom_transformer<1>([](auto x, const auto& a) { return x + a[0]; }));
  STATIC_REQUIRE(std::is_default_constructible_v<Typed>);
  STATIC_REQUIRE(std::is_default_constructible_v<Coupling<2, Typed, Mlp<4>, 0, HalfMask<2>>>);
  const double strength = 0.25;
  const auto held = custom_transformer<1>([strength](auto x, const auto& a) {
    using std::tanh;
    return x + strength * (1 + tanh(a[0])) * tanh(x);
  });
  auto model = make_model<double>(
      Flow{Coupling<2, std::remove_const_t<decltype(held)>, Mlp<4>, 0, HalfMask<2>>(held), StandardNormal<2>{}},
      Noise{1});
  Batch<double> x(1, 2);
  x << 0.3, 1.1;
  const double t = std::tanh(1.1), y = 1.1 + strength * t;
  CHECK(model.log_prob(x)(0) ==
        Approx(-0.5 * (0.09 + y * y) - std::log(2 * std::acos(-1.0)) + std::log(1 + strength * (1 - t * t)))
            .epsilon(1e-13));
}

TEST_CASE("custom: elementwise from a lambda") {
  auto model = make_model<double>(
      Flow{elementwise<2, 1>([](auto z, const auto& a) { return z + a[0]; }), StandardNormal<2>{}}, Noise{1});
  CHECK(model.parameters().size() == 2);
  model.parameters() << 1.0, -2.0;
  Batch<double> x(1, 2);
  x << -1.0, 2.0;
  CHECK(model.log_prob(x)(0) == Approx(-std::log(2 * std::acos(-1.0))));
  const Raw<double> raw{{0.3, -0.2, 0.5}};
  CHECK(bend.decode(bend.encode(0.7, raw).y, raw).y == Approx(0.7).epsilon(1e-13));
}

namespace {
/// The identity down to -1/2, NaN below.
const auto halved = custom_transformer<1>([](auto x, const auto& a) {
  using std::log;
  return x + 0.0 * log(x + 0.5) + a[0];
});
using Halved = std::decay_t<decltype(halved)>;

/// Unsolved rows of a decode of 23 rows of +1; column `bad` is -1 in rows 1, 4, 7, ..., all columns are in rows 2, 5,
/// ..., and row 6 begins with a NaN.
template <bool Encode, class T, class L> long unsolved(const L& layer, Index bad) {
  const Index n = 23;
  Batch<T> in = Batch<T>::Ones(n, L::x_dim), out(n, L::x_dim), context = Batch<T>::Ones(n, L::context_dim);
  for (Index i = 0; i < n; ++i) {
    if (i % 3 == 1) in(i, bad) = T(-1);
    if (i % 3 == 2) in.row(i) = T(-1);
  }
  in(6, 0) = std::numeric_limits<T>::quiet_NaN();
  Column<T> v = Column<T>::Zero(n);
  const Column<T> theta = Column<T>::Zero(L::param_count);
  CacheOf<L, T> cache{};
  Arena scratch;
  Report report;
  Pass<T, CacheOf<L, T>> p{view(std::as_const(in)),
                           view(out),
                           ColView<T>(v.data(), n),
                           {theta.data(), theta.size()},
                           {},
                           view(std::as_const(context)),
                           Noise{},
                           cache,
                           scratch,
                           true,
                           &report};
  if constexpr (Encode) layer.encode(p);
  else layer.decode(p);
  CHECK((std::isnan(out(1, bad)) && std::isnan(v(1)) && std::isfinite(out(0, bad))));
  return report.unsolved;
}
}  // namespace

TEMPLATE_TEST_CASE("custom: rows whose root was not found are counted, each once, on the way back alone", "", float,
                   double) {
  using T = TestType;
  const Elementwise<3, Halved> elementwise(halved);
  const Conditional<2, Halved, Mlp<4>, 1> conditional(halved);
  const On<3, Mask<0, 1, 1>, Halved> on(halved);
  const Coupling<4, Halved, Mlp<4>, 0, Mask<0, 1, 0, 1>> coupling(halved);
  const Autoregressive<3, Halved, Made<6>> autoregressive(halved);
  CHECK(unsolved<false, T>(elementwise, 1) == 15);
  CHECK(unsolved<false, T>(conditional, 1) == 15);
  CHECK(unsolved<false, T>(on, 1) == 15);
  CHECK(unsolved<false, T>(coupling, 1) == 15);
  CHECK(unsolved<false, T>(autoregressive, 0) == 15);
  CHECK(unsolved<true, T>(elementwise, 1) == 0);
  CHECK(unsolved<true, T>(coupling, 1) == 0);
  CHECK(unsolved<true, T>(autoregressive, 1) == 0);
}

}  // namespace transformers_custom
