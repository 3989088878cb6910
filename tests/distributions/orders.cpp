// SPDX-License-Identifier: MIT
// FairOrder and Plackett and Luce's law by hand, rows that are no order, and sorts whose orders have odds.
#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/orders.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/ordered.hpp"
#include "rheo/layers/surjections/sort.hpp"
#include "rheo/training/fit.hpp"

namespace distributions_orders {

namespace {
using namespace rheo;
constexpr double inf = std::numeric_limits<double>::infinity(), not_a_number = std::numeric_limits<double>::quiet_NaN();
using Scores = MlpOf<Tanh>;  // scores affine in what they see: weights, then biases
template <class L>
Column<double> scored(const L& law, const Column<double>& theta, const Batch<double>& x, const Batch<double>& context) {
  detail::LayerBench<L, double> b(law);
  b.theta = theta;
  Batch<double> out;
  Column<double> v;
  b.template call<true>(x, context, {}, out, v);
  return v;
}
}  // namespace

TEST_CASE("laws of orders: by hand, and rows that are none") {
  Batch<double> x(7, 3);
  x << 2, 0, 1, 0, 1, 2, 0, 0, 2, 0, 1, 3, -1, 0, 1, 0.5, 1, 2, 0, not_a_number, 1;
  Column<double> theta(6);
  theta << 0, 0, 0, 0.3, -0.7, 1.1;
  const auto fair = scored(FairOrder<3>{}, Column<double>(0), x, Batch<double>(7, 0));
  const auto luce = scored(ConditionalPlackettLuce<3, Scores, 1>{}, theta, x, Batch<double>::Ones(7, 1));
  const double a = std::exp(0.3), b = std::exp(-0.7), c = std::exp(1.1);
  CHECK(luce(0) == Approx(std::log(c / (a + b + c) * a / (a + b))).margin(1e-14));
  CHECK(luce(1) == Approx(std::log(a / (a + b + c) * b / (b + c))).margin(1e-14));
  for (Index i = 0; i < 2; ++i) CHECK(fair(i) == Approx(-std::log(6)).margin(1e-15));
  for (Index i = 2; i < 6; ++i) CHECK((fair(i) == -inf && luce(i) == -inf));
  CHECK((std::isnan(fair(6)) && std::isnan(luce(6))));
  theta << 0, 0, 0, 1000, -1000, 0;  // odds beyond the range of numbers
  const auto sure = scored(ConditionalPlackettLuce<3, Scores, 1>{}, theta, x, Batch<double>::Ones(7, 1));
  CHECK(sure(0) == -1000);
  CHECK(sure(1) == -1000);
}

TEST_CASE("a sort draws the orders with the odds that it scores") {
  using L = Sort<3, PlackettLuce<Scores>>;
  static_assert(L::exactness == Exactness::exact && L::param_count == 12);
  static_assert(CanEncodePull<L, double> && !CanDecodePull<L, double> && CanDecodePull<Sort<3>, double>);
  detail::LayerBench<L, double> b(L{});
  for (Index k = 0; k < 12; ++k) b.theta(k) = 3 * Noise{1}.normal(k, 0);
  const Index n = 400000;
  Batch<double> z(n, 3), none(n, 0), x, back;
  z.col(0) = -0.4, z.col(1) = 0.1, z.col(2) = 0.9;
  Column<double> v, w;
  b.call<false>(z, none, Noise{2}, x, v);
  b.call<true>(x, none, {}, back, w);
  CHECK((back == z).all());
  CHECK((v - w).abs().maxCoeff() < 1e-14);
  std::map<std::array<double, 3>, std::pair<double, double>> seen;  // share, odds
  for (Index i = 0; i < n; ++i) {
    auto& s = seen[{x(i, 0), x(i, 1), x(i, 2)}];
    s.first += 1 / static_cast<double>(n), s.second = std::exp(v(i));
  }
  REQUIRE(seen.size() == 6);
  double total = 0, least = 1, most = 0;
  for (const auto& [order, s] : seen) {
    CHECK(s.first == Approx(s.second).margin(4.5 * std::sqrt(s.second / static_cast<double>(n))));
    total += s.second, least = std::min(least, s.second), most = std::max(most, s.second);
  }
  CHECK(total == Approx(1).margin(1e-13));
  CHECK(most > 2 * least);
  Batch<double> falls(1, 3);
  falls << 0.2, 0.1, 0.9;
  b.call<false>(falls, Batch<double>(1, 0), Noise{3}, x, v);
  CHECK(v(0) == -inf);
}

TEST_CASE("a new sort with odds is the fair one, and learns which order is the likelier") {
  // x1 ~ N(-1, 1), x2 ~ N(1, 1): log p(x1, x2) - log p(x2, x1) = 2 (x2 - x1), which scores affine in z can say.
  Flow flow{Sort<2, PlackettLuce<Scores>>{}, Ordered<2>{}, AffineCoupling<2, MlpOf<Tanh, 8>>{}, StandardNormal<2>{}};
  Flow fair{Sort<2>{}, Ordered<2>{}, AffineCoupling<2, MlpOf<Tanh, 8>>{}, StandardNormal<2>{}};
  auto model = make_model<double>(flow, Noise{1});
  Batch<double> x(12000, 2), points(4, 2);
  Noise{2}.normals(view(x));
  x.col(0) -= 1, x.col(1) += 1;
  points << 0, 1, -0.5, -0.2, 1.5, 1, 0.2, 0.9;
  const Batch<double> swapped = points.rowwise().reverse();
  CHECK((model.log_prob(points) - make_model<double>(fair, Noise{1}).log_prob(points)).abs().maxCoeff() < 1e-14);
  fit(model, x, {.epochs = 25, .batch = 200, .learning_rate = 2e-2, .schedule = {Cosine{}, 0}, .noise = Noise{3}});
  const Column<double> ratio = model.log_prob(points) - model.log_prob(swapped);
  for (Index i = 0; i < 4; ++i) CHECK(ratio(i) == Approx(2 * (points(i, 1) - points(i, 0))).margin(0.15));
}

}  // namespace distributions_orders
