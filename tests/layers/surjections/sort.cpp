// SPDX-License-Identifier: MIT
// Sort, SortPoints, StochasticPermutation by hand: values, invariance to the last bit, ties, NaN, edges; whole flows.
#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "checks.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/ordered.hpp"
#include "rheo/layers/surjections/sort.hpp"
#include "rheo/layers/surjections/stochastic_permutation.hpp"

namespace surjections_sort {
using namespace rheo_test;

TEST_CASE("sort ascends, and pays log D!") {
  const auto e = call<true>(Sort<4>{}, batch({{3, -1, 2, 0.5}}));
  CHECK((e.out == batch({{-1, 0.5, 2, 3}})).all());
  CHECK(e.v(0) == Approx(-std::log(24)).margin(1e-15));
}

TEST_CASE("the gradient of a sorted place goes to the coordinate that stood there") {
  rheo::detail::LayerBench<Sort<3>, double> b{Sort<3>{}};
  const Batch<double> x = batch({{5, -2, 1}});
  Batch<double> out, g_in, none(1, 0);
  Column<double> v;
  Column<double> g_theta(0);
  b.call<true>(x, none, {}, out, v);
  b.pull<true>(x, out, none, {}, batch({{10, 20, 30}}), Column<double>::Ones(1), g_in, g_theta, none);
  CHECK((g_in == batch({{30, 10, 20}})).all());
}

TEST_CASE("every order of the points gives the same z, to the last bit, ties and zeros too") {
  const std::vector<std::array<double, 2>> points{{0.5, 1}, {0.25, 1}, {-0.0, 3}, {0.0, 3}, {0.5, -2}};
  std::vector<int> order{0, 1, 2, 3, 4};
  Batch<double> first;
  do {
    Batch<double> x(1, 10);
    for (Index k = 0; k < 5; ++k) {
      for (Index c = 0; c < 2; ++c)
        x(0, 2 * k + c) =
            points[static_cast<std::size_t>(order[static_cast<std::size_t>(k)])][static_cast<std::size_t>(c)];
    }
    const Batch<double> z = call<true>(SortPoints<5, 2, 1>{}, x).out;
    if (first.size() == 0) first = z;
    CHECK((z == first).all());
    for (Index j = 0; j < 10; ++j) CHECK_FALSE((z(0, j) == 0 && std::signbit(z(0, j))));
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK((first == batch({{0.5, -2, 0.25, 1, 0.5, 1, 0, 3, 0, 3}})).all());
}

TEST_CASE("a flow behind a sort is invariant to the last bit") {
  const auto sorted =
      make_model<double>(Flow{Sort<3>{}, Ordered<3>{}, AffineCoupling<3, Mlp<8>>{}, StandardNormal<3>{}}, Noise{2});
  const auto points = make_model<double>(
      Flow{SortPoints<3, 2, 1>{}, OrderedPoints<3, 2, 1>{}, AffineCoupling<6, Mlp<8>>{}, StandardNormal<6>{}},
      Noise{2});
  auto noisy = [](auto model) {
    for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{4}.normal(i, 0);
    return model;
  };
  const auto a = noisy(sorted);
  const auto b = noisy(points);
  Batch<double> x(20, 3), y(20, 6), x_2(20, 3), y_2(20, 6);
  Noise{5}.normals(view(x));
  Noise{6}.normals(view(y));
  for (Index k = 0; k < 3; ++k) {
    x_2.col(k) = x.col((k + 1) % 3);
    y_2.middleCols(2 * k, 2) = y.middleCols(2 * ((k + 1) % 3), 2);
  }
  CHECK((a.log_prob(x) == a.log_prob(x_2)).all());
  CHECK((b.log_prob(y) == b.log_prob(y_2)).all());
  CHECK(a.log_prob(x).isFinite().all());
}

TEST_CASE("equal keys are stable, NaN is the largest and stays in its row") {
  const auto e = call<true>(Sort<3>{}, batch({{not_a_number, 2, 1}, {2, 2, 1}}));
  CHECK(e.out(0, 0) == 1);
  CHECK(e.out(0, 1) == 2);
  CHECK(std::isnan(e.out(0, 2)));
  CHECK((e.out.row(1) == batch({{1, 2, 2}})).all());
  rheo::detail::LayerBench<Sort<3>, double> b{Sort<3>{}};  // who is who among equals, the cotangents tell
  const Batch<double> x = batch({{2, 2, 1}, {3, 3, 3}});
  Batch<double> out, g_in, none(2, 0);
  Column<double> v;
  Column<double> g_theta(0);
  b.call<true>(x, none, {}, out, v);
  b.pull<true>(x, out, none, {}, batch({{10, 20, 30}, {10, 20, 30}}), Column<double>::Ones(2), g_in, g_theta, none);
  CHECK((g_in == batch({{20, 30, 10}, {10, 20, 30}})).all());
}

TEST_CASE("decode of what does not ascend is off the support, and so are data of the generative form") {
  const Batch<double> z = batch({{1, 2, 3}, {1, 3, 2}, {1, 1, 1}});
  const auto d = call<false>(Sort<3>{}, z, Noise{1});
  CHECK(d.v(0) == Approx(-std::log(6)).margin(1e-15));
  CHECK(d.v(1) == -inf);
  CHECK((d.g_in.row(1) == 0).all());
  CHECK(d.v(2) == d.v(0));
  const auto g = call<true>(Unsort<3>{}, z, Noise{1});
  CHECK(g.v(0) == -d.v(0));
  CHECK(g.v(1) == -inf);
}

TEST_CASE("every order is drawn equally often") {
  const Index n = 60000;
  const Batch<double> z = batch({{1, 2, 3}}).replicate(n, 1);
  std::map<int, double> count;
  const Batch<double> x = call<false>(Sort<3>{}, z, Noise{9}).out,
                      y = call<true>(StochasticPermutation<3>{}, z, Noise{10}).out;
  for (const Batch<double>* draws : {&x, &y}) {
    count.clear();
    for (Index i = 0; i < n; ++i)
      count[static_cast<int>((*draws)(i, 0) * 100 + (*draws)(i, 1) * 10 + (*draws)(i, 2))] += 1;
    REQUIRE(count.size() == 6);
    double chi = 0;
    for (auto [order, c] : count) chi += (c - n / 6.0) * (c - n / 6.0) / (n / 6.0);
    CHECK(chi < 25.7);  // 1e-4 of a chi-square with 5 degrees of freedom
  }
}

TEST_CASE("a stochastic permutation moves whole points, V is 0, and decode with the same noise undoes it") {
  Batch<double> x(50, 6);
  Noise{3}.normals(view(x));
  const auto e = call<true>(StochasticPermutation<3, 2>{}, x, Noise{7});
  CHECK((e.v == 0).all());
  CHECK_FALSE((e.out == x).all());
  for (Index i = 0; i < 50; ++i) {
    std::set<std::pair<double, double>> before, after;
    for (Index k = 0; k < 3; ++k)
      before.insert({x(i, 2 * k), x(i, 2 * k + 1)}), after.insert({e.out(i, 2 * k), e.out(i, 2 * k + 1)});
    CHECK(before == after);
  }
  CHECK((call<false>(StochasticPermutation<3, 2>{}, e.out, Noise{7}).out == x).all());
}

}  // namespace surjections_sort
