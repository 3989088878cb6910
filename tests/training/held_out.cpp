// SPDX-License-Identifier: MIT
// What chooses the best epoch: held-out rows, their weights, rows without a finite loss.
#include "rheo/training/held_out.hpp"

#include "banana.hpp"
#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

namespace training_held_out {
using namespace rheo;
using Catch::Contains;
using rheo_test::banana;

namespace {
using Small = Flow<Standardize<2>, Repeat<2, Chain<AffineCoupling<2, Mlp<16>>, Flip<2>>>, StandardNormal<2>>;
using Normal = Flow<Standardize<1>, FullNormal<1>>;

/// Where row `row` of n ends up when a fit with this noise shuffles: the held-out rows are the last.
bool is_held(Noise noise, Index n, Index held, Index row) {
  const auto order = noise.fork(0).permutation(n);
  return std::find(order.end() - held, order.end(), row) != order.end();
}
}  // namespace

TEST_CASE("a held-out row without a finite loss is set aside and named, and the others choose") {
  auto data = banana<float>(400, 1);
  data(7, 1) = 9.97e36f;
  Noise noise{0};
  while (!is_held(noise, 400, 40, 7)) ++noise.seed;
  auto model = make_model<float>(Small{}, Noise{2});
  const auto r = fit(model, data, {.epochs = 20, .batch = 90, .learning_rate = 5e-3, .noise = noise});
  CHECK(r.best_epoch > 0);
  CHECK(std::isfinite(r.best_loss));
  CHECK(r.best_loss < 2.6);
  CHECK(r.set_aside == std::vector<Index>{7});
  CHECK_THAT(r.notes.at(0), Contains("1 held-out rows had no finite loss") && Contains("row 7"));
}

TEST_CASE(
    "a row that loses its density in a later epoch is set aside for all epochs; where many do, the epoch is lost") {
  // The loss of row i is theta_0 and its gradient pushes theta_0 down a step an epoch; from the third on the first
  // `lost` held-out rows have none.
  struct Falls {
    Index lost;
    double operator()(ObjectiveCall<Normal, double>& c) const {
      const double theta = c.model.parameters()(0);
      if (c.pull)
        return c.g_theta.data()[0] += c.scale * static_cast<double>(c.x.rows()),
               theta * static_cast<double>(c.x.rows());
      double sum = 0;
      for (Index i = 0; i < c.x.rows(); ++i) {
        const double w = c.weight ? c.weight[i] : 1;
        if (w != 0)
          sum += c.x(i, 0) < static_cast<double>(lost) && theta < -0.025 ? std::numeric_limits<double>::infinity()
                                                                         : w * (theta + c.x(i, 0));
      }
      return sum;
    }
  };
  Batch<double> x(300, 1), test(200, 1);
  for (Index i = 0; i < 300; ++i) x(i, 0) = static_cast<double>(i);
  for (Index i = 0; i < 200; ++i) test(i, 0) = static_cast<double>(i);
  for (Index lost : {2, 3}) {
    auto model = make_model<double>(Normal{}, Noise{1});
    const auto r = fit(model, x, {.epochs = 6, .batch = 300, .learning_rate = 0.01, .patience = 0},
                       HeldOut<double>{.x = test}, Falls{lost});
    CHECK(r.best_epoch == (lost == 2 ? 6 : 2));
    CHECK(r.set_aside == (lost == 2 ? std::vector<Index>{0, 1} : std::vector<Index>{}));
    const double theta = lost == 2 ? -0.06 : -0.02, mean = lost == 2 ? (199.0 * 100 - 1) / 198 : 99.5;
    CHECK(r.best_loss == Approx(theta + mean).epsilon(1e-6));
  }
}

TEST_CASE("a fit in which no epoch beats the start says so") {
  const auto data = banana<double>(400, 8);
  auto model = make_model<double>(Small{}, Noise{2});
  model.initialise(data);
  const auto r = fit(model, data, {.epochs = 5, .batch = 50, .learning_rate = 3, .clip_norm = 0, .noise = Noise{3}});
  CHECK(r.best_epoch == 0);
  CHECK(r.status == FitStatus::no_better_than_start);
  CHECK(std::string(to_string(r.status)) == "no_better_than_start");
  CHECK(fit(model, data, {.epochs = 0}).status == FitStatus::budget_reached);
  CHECK(fit(model, data,
            {.epochs = 5, .learning_rate = 3, .clip_norm = 0, .callback = [](const EpochReport&) { return false; }})
            .status == FitStatus::interrupted);
}

TEST_CASE("weights whose sum is not positive, and weights that are no numbers, are refused by name") {
  const auto data = banana<double>(20, 1);
  auto model = make_model<double>(Small{}, Noise{2});
  const Column<double> before = model.buffers();
  std::vector<double> every_second(20, 0.0);
  Noise noise{0};
  for (Index i = 0; i < 20; i += 2) every_second[static_cast<std::size_t>(i)] = 1;
  while (!is_held(noise, 20, 2, 3) || !is_held(noise, 20, 2, 5)) ++noise.seed;
  CHECK_THROWS_WITH(fit(model, data, {.noise = noise, .weights = every_second}),
                    Contains("the weights of the 2 held-out rows sum to 0") && Contains("HeldOut"));
  CHECK_THROWS_WITH(fit(model, data, {.weights = std::vector<double>(20, -1.0)}),
                    Contains("the weights of the 20 rows sum to -20"));
  std::vector<double> one_held(20, -0.1);
  one_held[3] = 100;
  CHECK_THROWS_WITH(fit(model, data, {.noise = noise, .weights = one_held}),
                    Contains("the weights of the 18 training rows sum to -1.8,"));
  every_second[13] = std::nan("");
  CHECK_THROWS_WITH(fit(model, data, {.weights = every_second}),
                    Contains("the weight of row 13 of the rows is not finite"));
  CHECK_THROWS_WITH(fit(model, data, {}, HeldOut<double>{.x = data, .weights = {1, 2}}),
                    Contains("2 weights for 20 held-out rows"));
  CHECK_THROWS_WITH(fit(model, data, {}, HeldOut<double>{.x = data.leftCols(1)}), Contains("this model wants 2"));
  CHECK_THROWS_WITH(fit(model, data, {}, HeldOut<double>{.x = Batch<double>(0, 2)}), Contains("has no rows"));
  auto bounded = make_model<double>(Flow{Uniform<2>{}}, Noise{1});
  Batch<double> inside = Batch<double>::Constant(20, 2, 0.5), beyond = inside;
  beyond(7, 1) = 1.5;
  CHECK_THROWS_WITH(fit(bounded, inside, {}, HeldOut<double>{.x = beyond}),
                    Contains("1 row of the held-out rows lies off the flow's support, the first is row 7"));
  CHECK((model.buffers() == before).all());
}

TEST_CASE("held-out rows of one's own choose the epoch, by their own weights, and all other rows are trained on") {
  Batch<double> x(400, 1), test(2, 1);
  Noise{1}.normals(view(x));
  test << 0, 3;
  auto run = [&](std::vector<double> weights) {
    auto model = make_model<double>(Normal{}, Noise{2});
    const auto r =
        fit(model, x, {.epochs = 3, .batch = 400, .noise = Noise{3}}, HeldOut<double>{.x = test, .weights = weights});
    const Column<double> standard = model.buffers().head(2);
    CHECK(standard(0) == Approx(x.mean()).epsilon(1e-12));  // of all 400
    return r;
  };
  const auto equal = run({}), first = run({1, 0});
  const double d = std::sqrt((x - x.mean()).square().sum() / 399);
  auto loss = [&](double at) {
    return 0.5 * std::pow((at - x.mean()) / d, 2) + std::log(d) + 0.5 * std::log(2 * std::numbers::pi);
  };
  CHECK(equal.history.size() == 3);
  CHECK(std::abs(first.history[0].validation_loss - loss(0)) < 0.01);  // a step or two from the start
  CHECK(std::abs(equal.history[0].validation_loss - 0.5 * (loss(0) + loss(3))) < 0.01);
}

TEST_CASE("negative weights take away what other rows gave too much") {
  const Index n = 12000;  // N(2, 1), beside a third of the rows from N(-2, 1) that as many rows of weight -1 cancel
  Batch<double> x(n, 1);
  std::vector<double> weights(static_cast<std::size_t>(n), 1.0);
  for (Index i = 0; i < n; ++i) {
    const bool good = i % 3 == 0;
    x(i, 0) = (good ? 2 : -2) + Noise{1}.normal(i, 0);
    if (i % 3 == 2) weights[static_cast<std::size_t>(i)] = -1;
  }
  auto model = make_model<double>(Flow{FullNormal<1>{}}, Noise{2});
  const auto r =
      fit(model, x, {.epochs = 60, .batch = 2000, .learning_rate = 0.02, .schedule = {Cosine{}}, .weights = weights});
  CHECK(r.best_epoch > 0);
  const auto s = model.sample(20000, Noise{5});
  CHECK(std::abs(s.mean() - 2) < 0.15);
  CHECK(std::abs(std::sqrt((s - s.mean()).square().mean()) - 1) < 0.15);
}

TEST_CASE("negative weights are named with what they leave, and a fit that could not make a step has diverged") {
  const auto data = banana<double>(400, 1);
  std::vector<double> weights(400, 1.0);
  for (std::size_t i = 0; i < 400; i += 4) weights[i] = -1;
  auto model = make_model<double>(Small{}, Noise{2});
  const auto r = fit(model, data, {.epochs = 1, .weights = weights});
  CHECK(r.negative_weights == 100);
  CHECK(r.effective_rows == Approx(100));
  CHECK_THAT(r.notes.at(0), Contains("100 weights are negative, and the rows tell as much as 100 of equal weight"));
  CHECK(fit(model, data, {.epochs = 1}).notes.empty());
  FitResult many;
  many.negative_weights = 1234567;
  many.effective_rows = 2345678.9;
  CHECK_THAT(detail::notes_of(many).at(0),
             Contains("1234567 weights are negative, and the rows tell as much as 2345678 of equal weight"));

  model.parameters().setConstant(std::numeric_limits<double>::quiet_NaN());
  const auto none = fit(model, data, {.epochs = 2});
  CHECK(none.steps == 0);
  CHECK(none.skipped_steps > 0);
  CHECK(none.status == FitStatus::diverged);
}

TEST_CASE("HeldOut takes its scalar from its rows; too few rows to hold any out are told what to do") {
  const auto data = banana<double>(40, 1);
  auto model = make_model<double>(Small{}, Noise{2});
  CHECK(fit(model, data, {.epochs = 1}, HeldOut{data}).steps > 0);
  CHECK_THROWS_WITH(fit(model, data.topRows(2), {.epochs = 1}),
                    Contains("of 2 rows 1 were held out") && Contains("FitOptions::validation = 0"));
}

}  // namespace training_held_out
