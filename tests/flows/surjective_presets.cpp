// SPDX-License-Identifier: MIT
// Presets of surjective flows: what they promise of symmetry and exactness, and that what they draw they also score.
#include "rheo/flows/presets/surjective_flows.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "catch.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/training/fit.hpp"

namespace flows_surjective_presets {
using namespace rheo;

namespace {
template <class F> Model<F, double> shaken(F flow = F{}) {
  auto model = make_model<double>(std::move(flow), Noise{1});
  Batch<double> x(200, F::x_dim);
  Noise{2}.normals(view(x));
  model.initialise(x);
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.1 * Noise{3}.normal(i, 0);
  return model;
}
using Net = Mlp<8>;
}  // namespace

TEST_CASE("exact or a bound, as said") {
  using namespace presets;
  CHECK(is_exact_v<AbsFlow<3>>);
  CHECK(is_exact_v<AbsUniform<2>>);
  CHECK(is_exact_v<SortFlow<3, 2>>);
  CHECK(is_exact_v<MaxFlow<2>>);
  CHECK(is_exact_v<SliceFlow<4>>);
  CHECK(is_exact_v<MultiScale<1, 4, 4>>);
  CHECK(PermuteFlow<3, 2>::exactness == Exactness::bound);
  CHECK(AugmentedFlow<2>::exactness == Exactness::bound);
}

TEST_CASE("AbsFlow is symmetric and SortFlow exchangeable to the last bit") {
  const auto a = shaken<presets::AbsFlow<2, 2, Net>>();
  const auto s = shaken<presets::SortFlow<3, 2, 2, Net, 1>>();
  Batch<double> x(50, 2), y(50, 6), y_2(50, 6);
  Noise{4}.normals(view(x));
  Noise{5}.normals(view(y));
  Batch<double> x_2 = x;
  x_2.col(1) *= -1;
  for (Index k = 0; k < 3; ++k) y_2.middleCols(2 * k, 2) = y.middleCols(2 * ((k + 2) % 3), 2);
  CHECK((a.log_prob(x) == a.log_prob(x_2)).all());
  CHECK((s.log_prob(y) == s.log_prob(y_2)).all());
  CHECK(a.log_prob(x).isFinite().all());
  CHECK(s.log_prob(y).isFinite().all());
  CHECK((a.log_prob(x) - a.log_prob(x)(0)).abs().maxCoeff() > 0.1);
}

TEST_CASE("AbsUniform is uniform but for its signs, and refuses data off its box") {
  const auto m = shaken<presets::AbsUniform<2, 1, Net>>();
  Batch<double> x(3, 2);
  x << 1.5, -2, -1.5, -2, 4.5, 0;
  const Column<double> p = m.log_prob(x).exp();
  CHECK(p(0) + p(1) == Approx(1.0 / 32).margin(1e-15));
  CHECK(std::abs(p(0) - p(1)) > 1e-4);
  CHECK(p(2) == 0);
  CHECK_THROWS_WITH(presets::AbsUniform<2>(-1), "rheo: AbsUniform: the bound must be positive and finite");
  CHECK_THROWS_AS(presets::AbsUniform<2>(0), std::invalid_argument);
  CHECK_THROWS_AS(presets::AbsUniform<2>(std::numeric_limits<double>::infinity()), std::invalid_argument);
  auto narrow = make_model<double>(presets::AbsUniform<2, 1, Net>(1), Noise{1});
  CHECK_THROWS_AS(fit(narrow, Batch<double>(Batch<double>::Constant(50, 2, 1.25))), DataError);
}

TEST_CASE("what an exact preset draws, it scores alike") {
  auto same = [](const auto& model, double margin) {
    const auto s = model.sample_and_log_prob(300, Noise{6});
    CHECK(s.log_prob.isFinite().all());
    CHECK((model.log_prob(s.x) - s.log_prob).abs().maxCoeff() < margin);
  };
  same(shaken<presets::AbsFlow<3, 2, Net>>(), 1e-9);
  same(shaken<presets::AbsUniform<2, 1, Net>>(), 1e-12);
  same(shaken<presets::SortFlow<3, 1, 2, Net>>(), 1e-8);
  same(shaken<presets::MaxFlow<3, Net, 4>>(), 1e-8);
  same(shaken<presets::SliceFlow<4, 2, 2, Net>>(), 1e-10);
  same(shaken<presets::MultiScale<2, 4, 4, 2, 1, Net>>(), 1e-9);
}

TEST_CASE("a multi-scale flow sends a half away at each level but the last") {
  using F = presets::MultiScale<1, 8, 8, 3, 1, Net>;
  CHECK(F::x_dim == 64);
  CHECK(F::latent_dim == 16);
}

TEST_CASE("bounds: the estimate rises with the draws, in the mean") {
  auto rises = [](const auto& model, Index dim) {
    Batch<double> x(400, dim);
    Noise{7}.normals(view(x));
    const double one = model.elbo(x, Noise{8}).mean(), many = model.log_prob_estimate(x, 30, Noise{9}).value.mean();
    CHECK(std::isfinite(one));
    CHECK(many > one);
  };
  rises(shaken<presets::PermuteFlow<3, 1, 2, Net>>(), 3);
  rises(shaken<presets::AugmentedFlow<2, 2, 2, Net>>(), 2);
}

TEST_CASE("PermuteFlow does not see the order of a set, even of training rows that were sorted") {
  const auto law = make_model<double>(Flow{SoftplusInverseMap<3>{}, StandardNormal<3>{}}, Noise{1});
  Batch<double> x = law.sample(300, Noise{2});
  for (Index i = 0; i < x.rows(); ++i) std::sort(x.row(i).begin(), x.row(i).end());
  auto m = make_model<double>(presets::PermuteFlow<3, 1, 2, Net>{}, Noise{1});
  fit(m, x, {.epochs = 40, .batch = 64});
  Batch<double> set(4, 3);
  set << 0.2, 0.5, 2, 2, 0.2, 0.5, 0.5, 2, 0.2, 2, 0.5, 0.2;
  const auto e = m.log_prob_estimate(set, 4000, Noise{3});
  for (Index i = 1; i < 4; ++i)
    CHECK(std::abs(e.value(i) - e.value(0)) < 4 * std::hypot(e.standard_error(i), e.standard_error(0)));
  CHECK(e.standard_error.maxCoeff() < 0.1);

  const Index side = 48;
  const double h = 12.0 / side;
  Batch<double> box(side * side * side, 3);
  auto at = [h](Index k) { return -4 + h * (static_cast<double>(k) + 0.5); };
  for (Index i = 0; i < box.rows(); ++i) box.row(i) << at(i % side), at(i / side % side), at(i / side / side);
  CHECK(m.log_prob_estimate(box, 4, Noise{4}).value.exp().sum() * h * h * h == Approx(1).margin(0.05));
}

TEST_CASE("MaxFlow does not see the units of the data") {
  Batch<double> x(1500, 2);
  Noise{10}.normals(view(x));
  for (Index i = 0; i < x.rows(); ++i) x.row(i) << x(i, 0) + 1, 0.5 * x(i, 1) + std::sin(x(i, 0) + 1);
  auto score = [&](double unit) {
    const Batch<double> y = unit * x;
    auto m = make_model<double>(presets::MaxFlow<2, Net, 8>{}, Noise{1});
    fit(m, y, {.epochs = 6});
    return m.log_prob(y).mean() + 2 * std::log(unit);
  };
  const double one = score(1);
  CHECK(std::isfinite(one));
  CHECK(score(100) == Approx(one).margin(0.05));
  CHECK(score(0.01) == Approx(one).margin(0.05));
}

TEST_CASE("abs_flow_up_to takes the bound of its moduli, and the maps take their transformer's arguments") {
  const auto m = make_model<double>(presets::abs_flow_up_to<2, 1, Net>(4), Noise{1});
  Batch<double> x(2, 2);
  x << 3.5, -3.5, 4.5, 0.5;
  const Column<double> p = m.log_prob(x);
  CHECK(std::isfinite(p(0)));
  CHECK(p(1) == -std::numeric_limits<double>::infinity());
  CHECK(std::get<1>(m.flow().layers).transformer.right == 4);
  CHECK_THROWS_WITH((presets::abs_flow_up_to<2>(-1)), "rheo: LogitUpTo: the bound must be positive and finite");

  CHECK(LogitUpToMap<2>{4}.transformer.right == 4);
  CHECK(LogitUpToMap<2>{}.transformer.right == 1);
  CHECK(IntervalMap<2>{-1, 3}.transformer.left == -1);
  CHECK(LogitMap<2>{0.5}.transformer.temperature == 0.5);
  CHECK(On<2, Mask<1, 0>, range::LogitUpTo>{4}.transformer.right == 4);
  CHECK_FALSE(std::is_convertible_v<double, LogitUpToMap<2>>);
  CHECK_FALSE(std::is_constructible_v<LogitUpToMap<2>, const char*>);
}

}  // namespace flows_surjective_presets
