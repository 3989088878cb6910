// SPDX-License-Identifier: MIT
#include "rheo/training/fit.hpp"

#include "catch.hpp"
#include "count_mallocs.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/residual.hpp"
#include "rheo/layers/bijections/standardize.hpp"

namespace training_fit {
using namespace rheo;

namespace {
using Step = Chain<AffineCoupling<2, Mlp<24, 24>>, Flip<2>>;
using Small = Flow<Standardize<2>, Repeat<3, Step>, StandardNormal<2>>;

template <class T> Batch<T> banana(Index n, std::uint64_t seed) {
  Batch<T> x(n, 2);
  const Noise noise{seed};
  for (Index i = 0; i < n; ++i) {
    const double a = noise.normal(i, 0);
    x(i, 0) = T(a);
    x(i, 1) = T(0.5 * a * a + 0.5 * noise.normal(i, 1));
  }
  return x;
}
}  // namespace

TEMPLATE_TEST_CASE("the same seed gives the same parameters, bit for bit, with 1, 2 and 4 threads", "", float, double) {
  using T = TestType;
  const auto data = banana<T>(3000, 1);
  Column<T> first;
  for (int threads : {1, 2, 4}) {
    auto model = make_model<T>(Small{}, Noise{2});
    const auto result = fit(model, data, {.epochs = 3, .batch = 700, .noise = Noise{3}, .threads = threads});
    CHECK(result.history.size() == 3);
    CHECK(result.history[2].validation_loss < result.history[0].validation_loss);
    if (threads == 1) first = model.parameters();
    CHECK((model.parameters() == first).all());
  }
}

TEST_CASE("with an average the running mean of the parameters is judged and kept, and training goes on from its own") {
  const auto data = banana<double>(800, 1);
  const int epochs = 25;
  const double keep = 0.8;
  auto run = [&](double average) {
    auto model = make_model<double>(Small{}, Noise{2});
    std::vector<Column<double>> path;
    std::vector<double> losses;
    // one step an epoch
    const auto r = fit(model, data,
                       {.epochs = epochs,
                        .batch = 720,
                        .learning_rate = 2e-3,
                        .patience = 0,
                        .average = average,
                        .noise = Noise{3},
                        .callback = [&](const EpochReport& e) {
                          return path.push_back(model.parameters()), losses.push_back(e.validation_loss), true;
                        }});
    return std::tuple{model.parameters(), path, losses, r.best_epoch};
  };
  const auto [plain, own, own_losses, plain_best] = run(0);
  const auto [kept, path, losses, best] = run(keep);
  REQUIRE(own.size() == path.size());
  Column<double> start = make_model<double>(Small{}, Noise{2}).parameters(), mean = start, at_best = start;
  for (int k = 1; k <= epochs; ++k) {
    CHECK((path[static_cast<std::size_t>(k - 1)] == own[static_cast<std::size_t>(k - 1)]).all());
    const double share = std::min(keep, k / (k + 9.0));
    mean = share * mean + (1 - share) * path[static_cast<std::size_t>(k - 1)];
    if (k == best) at_best = mean;
  }
  REQUIRE(best > 5);
  CHECK((kept - at_best).abs().maxCoeff() < 1e-12);
  CHECK((kept - plain).abs().maxCoeff() > 1e-4);
  CHECK(losses.back() != own_losses.back());
  auto judged = make_model<double>(Small{}, Noise{2});
  CHECK_THROWS_AS(fit(judged, data, {.average = 1}), std::invalid_argument);
  CHECK_THROWS_AS(fit(judged, data, {.average = std::nan("")}), std::invalid_argument);
}

TEST_CASE("buffers that follow the parameters follow their mean") {
  const auto data = banana<double>(500, 1);
  auto model = make_model<double>(Flow{Residual<2, LipschitzMlp<12>, ExactLogDet>{}, StandardNormal<2>{}}, Noise{2});
  auto path = [&](double average, auto& of) {
    std::vector<Column<double>> at;
    fit(of, data,
        {.epochs = 30,
         .learning_rate = 1e-2,
         .patience = 0,
         .average = average,
         .noise = Noise{3},
         .callback = [&](const EpochReport&) { return at.push_back(of.parameters()), true; }});
    return at;
  };
  auto own = make_model<double>(model.flow(), Noise{2});
  const auto with = path(0.9, model), without = path(0, own);
  for (std::size_t k = 0; k < with.size(); ++k)
    REQUIRE((with[k] == without[k]).all());  // training has its own buffers back
  const Column<double> kept = model.log_prob(data);
  model.flow().after_step(model.theta(), model.state());
  CHECK((model.log_prob(data) - kept).abs().maxCoeff() < 1e-6);
}

TEST_CASE("no heap allocation after the first training step, none in repeated log_prob") {
  if (!rheo_test::counts_mallocs) return;
  const auto data = banana<float>(5000, 1);
  auto model = make_model<float>(Small{}, Noise{2});
  model.initialise(data);
  const auto none = Model<Small, float>::nothing<const float>(5000);
  for (int threads : {1, 2}) {
    Trainer<Small, float> trainer(model, Adam{}, threads);
    trainer.step(view(data), none, {0, 600}, Noise{}, 1e-3, 5);
    const long before = rheo_test::count();
    for (Index i = 0; i < 20; ++i) trainer.step(view(data), none, {i, 600 - 13 * i}, Noise{}, 1e-3, 5);
    CHECK(rheo_test::count() == before);
  }
  auto work = model.workspace();
  model.log_prob(data, {}, work);
  const long before = rheo_test::count();
  for (int i = 0; i < 5; ++i) model.log_prob(data, {}, work);
  CHECK(rheo_test::count() == before);
}

TEST_CASE("wide nets do not allocate either") {
  if (!rheo_test::counts_mallocs) return;
  using Wide = Flow<AffineCoupling<2, Mlp<600, 600>>, StandardNormal<2>>;
  const auto data = banana<double>(300, 1);
  auto model = make_model<double>(Wide{}, Noise{2});
  Trainer<Wide, double> trainer(model);
  const auto none = Model<Wide, double>::nothing<const double>(300);
  trainer.step(view(data), none, {0, 300}, Noise{}, 1e-3);
  const long before = rheo_test::count();
  trainer.step(view(data), none, {0, 300}, Noise{}, 1e-3);
  CHECK(rheo_test::count() == before);
}

TEST_CASE("the trainer's gradient is that of the mean loss, weighted rows included") {
  const auto data = banana<double>(300, 4);
  auto model = make_model<double>(Small{}, Noise{2});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.1 * Noise{9}.normal(i, 0);
  std::vector<double> weight(300);
  for (Index i = 0; i < 300; ++i) weight[static_cast<std::size_t>(i)] = Noise{10}.uniform(i, 0);
  Trainer<Small, double> trainer(model, Adam{}, 2);
  const auto none = Model<Small, double>::nothing<const double>(300);
  const BatchRows all{0, 300, nullptr, weight.data()};
  auto loss = [&] { return -(model.log_prob(data) * CColView<double>(weight.data(), 300)).mean(); };
  CHECK(trainer.evaluate(view(data), none, all, Noise{}) == Approx(loss()).epsilon(1e-12));
  const Column<double> g = trainer.gradient(), theta = model.parameters();
  for (std::uint64_t k = 0; k < 4; ++k) {
    Column<double> d(theta.size());
    for (Index i = 0; i < d.size(); ++i) d(i) = Noise{20}.fork(k).normal(i, 0);
    const double h = 1e-7;
    model.parameters() = theta + h * d;
    const double up = loss();
    model.parameters() = theta - h * d;
    CHECK((up - loss()) / (2 * h) == Approx((g * d).sum()).epsilon(1e-5));
  }
}

TEST_CASE("a fit recovers a Gaussian's entropy in extreme units") {
  Batch<double> x(20000, 2);
  Noise{1}.normals(view(x));
  x.col(1) = 0.6 * x.col(0) + 0.8 * x.col(1);
  x.col(0) *= 1e8;
  x.col(1) = 1e-8 * x.col(1) + 1e-7;
  auto model = make_model<double>(Flow{Standardize<2>{}, FullNormal<2>{}}, Noise{2});
  fit(model, x, {.epochs = 30, .learning_rate = 1e-2});
  const double entropy = 1 + 1.8378770664093453 + std::log(0.8);  // units cancel: 1e8 * 1e-8
  CHECK(std::abs(-model.log_prob(x).mean() - entropy) < 0.02);
}

TEST_CASE("a conditional flow recovers a known conditional within 0.02 nats") {
  const Index n = 30000;
  Batch<double> c(n, 1), x(n, 2);
  auto draw = [&](std::uint64_t seed) {
    const Noise noise{seed};
    for (Index i = 0; i < n; ++i) {
      c(i, 0) = 4 * noise.uniform(i, 0) - 2;
      x(i, 0) = std::sin(c(i, 0)) + 0.3 * noise.normal(i, 2);
      x(i, 1) = c(i, 0) + x(i, 0) + std::exp(0.5 * c(i, 0)) * noise.normal(i, 3);
    }
  };
  draw(1);
  using Conditional = Chain<AffineCoupling<2, MlpOf<Tanh, 24, 24>, 1>, Flip<2>>;
  auto model = make_model<double>(Flow{Repeat<4, Conditional>{}, StandardNormal<2>{}}, Noise{2});
  fit(model, x, c, {.epochs = 25, .batch = 500, .learning_rate = 4e-3, .schedule = {Cosine{}}, .threads = 2});
  draw(7);
  double truth = 0;
  for (Index i = 0; i < n; ++i) {
    const double a = (x(i, 0) - std::sin(c(i, 0))) / 0.3, s = std::exp(0.5 * c(i, 0)),
                 b = (x(i, 1) - c(i, 0) - x(i, 0)) / s;
    truth += -0.5 * (a * a + b * b) - std::log(0.3) - std::log(s) - 1.8378770664093453;
  }
  const double gap = truth / n - model.log_prob(x, c).mean();
  CHECK(gap > -0.005);
  CHECK(gap < 0.02);
}

TEST_CASE("a bad step is skipped, reported, and costs nothing") {
  auto data = banana<double>(400, 1);
  auto model = make_model<double>(Small{}, Noise{2});
  Trainer<Small, double> trainer(model);
  const auto none = Model<Small, double>::nothing<const double>(400);
  trainer.step(view(std::as_const(data)), none, {0, 200}, Noise{}, 1e-3);
  const Column<double> before = model.parameters();
  data(3, 1) = std::numeric_limits<double>::quiet_NaN();
  CHECK_FALSE(trainer.step(view(std::as_const(data)), none, {0, 200}, Noise{}, 1e-3).stepped);
  CHECK((model.parameters() == before).all());
  CHECK(trainer.step(view(std::as_const(data)), none, {200, 200}, Noise{}, 1e-3).stepped);
  CHECK((model.parameters() != before).any());
  CHECK(model.parameters().allFinite());
}

TEST_CASE("a fit that diverges stops with the best parameters in place") {
  using Wild = Flow<Repeat<6, Chain<AffineCoupling<2, Mlp<16>, 0, Exp>, Flip<2>>>, StandardNormal<2>>;
  const auto data = banana<float>(2000, 1);
  auto model = make_model<float>(Wild{}, Noise{2});
  const double start = -model.log_prob(data).mean();
  const auto r =
      fit(model, data,
          {.epochs = 200, .batch = 100, .learning_rate = 1e4, .patience = 0, .clip_norm = 0, .noise = Noise{3}});
  CHECK(r.skipped_steps > 0);
  CHECK(r.status == FitStatus::diverged);
  CHECK(model.parameters().allFinite());
  CHECK(-model.log_prob(data).mean() <= start + 1e-3);
}

TEST_CASE("bad data and options are refused before anything changes") {
  auto data = banana<double>(100, 1);
  auto model = make_model<double>(Small{}, Noise{2});
  const Column<double> before = model.parameters();
  CHECK_THROWS_AS(fit(model, Batch<double>(0, 2)), std::invalid_argument);
  CHECK_THROWS_AS(fit(model, data.topRows(1)), std::invalid_argument);
  CHECK_THROWS_AS(fit(model, data.leftCols(1)), std::invalid_argument);
  CHECK_THROWS_AS(fit(model, data, {.batch = 0}), std::invalid_argument);
  CHECK_THROWS_AS(fit(model, data, {.learning_rate = -1}), std::invalid_argument);
  CHECK_THROWS_AS(fit(model, data, {.validation = 1}), std::invalid_argument);
  CHECK_THROWS_AS(fit(model, data, {.weights = {1, 2}}), std::invalid_argument);
  auto nan = data;
  nan(17, 1) = std::numeric_limits<double>::infinity();
  CHECK_THROWS_WITH(fit(model, nan), Catch::Contains("row 17, column 1"));
  auto constant = data;
  constant.col(1).setConstant(3);
  CHECK_THROWS_WITH(fit(model, constant), Catch::Contains("column 1 is constant"));
  CHECK((model.parameters() == before).all());
  CHECK((model.buffers() == make_model<double>(Small{}, Noise{2}).buffers()).all());
}

TEST_CASE("stop tokens and callbacks end a fit with the best so far") {
  const auto data = banana<double>(1000, 1);
  auto model = make_model<double>(Small{}, Noise{2});
  StopSource source;
  auto r = fit(model, data,
               {.epochs = 50,
                .callback =
                    [&](const EpochReport& e) {
                      if (e.epoch == 3) source.request_stop();
                      return true;
                    },
                .stop = source.get_token()});
  CHECK(r.status == FitStatus::interrupted);
  CHECK(r.history.size() == 3);
  r = fit(model, data, {.epochs = 50, .callback = [](const EpochReport& e) { return e.epoch < 2; }});
  CHECK(r.status == FitStatus::interrupted);
  CHECK(r.history.size() == 2);
}

TEST_CASE("a fit that only makes things worse returns the beginning") {
  const auto data = banana<double>(400, 8);
  auto model = make_model<double>(Small{}, Noise{2});
  model.initialise(data);
  const Column<double> start = model.parameters();
  const auto result =
      fit(model, data, {.epochs = 5, .batch = 50, .learning_rate = 3, .clip_norm = 0, .noise = Noise{3}});
  CHECK(result.best_epoch == 0);
  CHECK((model.parameters() == start).all());
}

TEST_CASE("a row of weight 0 counts for nothing, whatever its density") {
  using OnUnit = Flow<LogMap<1>, Elementwise<1, ScaleShift<Exp>>, StandardNormal<1>>;
  Batch<double> x(40, 1);
  for (Index i = 0; i < 40; ++i) x(i, 0) = 0.5 + 0.02 * static_cast<double>(i);
  x(7, 0) = -3;
  auto model = make_model<double>(OnUnit{}, Noise{1});
  Trainer<OnUnit, double> trainer(model);
  std::vector<double> weights(40, 1.0);
  weights[7] = 0;
  const auto none = Model<OnUnit, double>::nothing<const double>(40);
  CHECK(std::isfinite(trainer.evaluate(read(view(x)), none, {0, 40, nullptr, weights.data()}, Noise{})));
  CHECK(trainer.gradient().allFinite());
  CHECK_THROWS_AS(trainer.evaluate(read(view(x)), none, {0, 0}, Noise{}), std::invalid_argument);
}

TEST_CASE("an objective that throws leaves nothing behind in the next gradient") {
  struct Throws : MaximumLikelihood {
    bool* armed;
    explicit Throws(bool* a) : armed(a) {}
    double operator()(ObjectiveCall<Small, double>& c) const {
      const double loss = MaximumLikelihood::operator()(c);
      if (*armed) throw std::runtime_error("now");
      return loss;
    }
  };
  const auto data = banana<double>(300, 4);
  auto model = make_model<double>(Small{}, Noise{2});
  bool armed = false;
  Trainer<Small, double, Throws> trainer(model, Adam{}, 1, Throws(&armed));
  const auto none = Model<Small, double>::nothing<const double>(300);
  trainer.evaluate(view(data), none, {0, 300}, Noise{});
  const Column<double> before = trainer.gradient();
  armed = true;
  CHECK_THROWS_AS(trainer.evaluate(view(data), none, {0, 300}, Noise{}), std::runtime_error);
  armed = false;
  trainer.evaluate(view(data), none, {0, 300}, Noise{});
  CHECK((trainer.gradient() == before).all());
}

}  // namespace training_fit
