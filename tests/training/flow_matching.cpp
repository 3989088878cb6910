// SPDX-License-Identifier: MIT
#include "rheo/training/flow_matching.hpp"

#include <algorithm>
#include <numeric>

#include "catch.hpp"
#include "count_mallocs.hpp"
#include "draws.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/training/fit.hpp"
#include "same_bits.hpp"

namespace training_flow_matching {
using namespace rheo;
using rheo_test::normals;

namespace {
template <Index D, Index C, Index... H>
using Matched =
    Flow<Standardize<D>, Continuous<D, Velocity<MlpOf<Silu, H...>>, ExactTrace, Dopri5<4>, C>, StandardNormal<D>>;
using Bare = Flow<Continuous<2, Velocity<MlpOf<Tanh, 8>>>, StandardNormal<2>>;

template <class Objective, class F>
double loss_of(Model<F, double>& model, const Batch<double>& x, Noise noise, Objective objective = {}) {
  Trainer<F, double, Objective> trainer(model, Adam{}, 1, objective);
  return trainer.value(view(x), Model<F, double>::template nothing<const double>(x.rows()), {0, x.rows()}, noise);
}
}  // namespace

TEST_CASE(
    "a field of zero has the mean squared length of the paths as its loss; pairs by transport are the best of all "
    "permutations") {
  auto model = make_model<double>(Bare{}, Noise{1});
  const Batch<double> x = normals(6, 2, 4);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const Noise noise{seed};
    Batch<double> z(6, 2);
    noise.fork(101).normals(view(z));
    CHECK(std::abs(loss_of<FlowMatching>(model, x, noise) - (z - x).square().sum() / 6) < 1e-13);
    std::array<Index, 6> p{};
    std::iota(p.begin(), p.end(), 0);
    double best = 1e300;
    do {
      double sum = 0;
      for (Index i = 0; i < 6; ++i) sum += (z.row(p[static_cast<std::size_t>(i)]) - x.row(i)).square().sum();
      best = std::min(best, sum);
    } while (std::next_permutation(p.begin(), p.end()));
    CHECK(std::abs(loss_of<OtFlowMatching>(model, x, noise) - best / 6) < 1e-12);
  }
  const Batch<double> many = normals(6400, 2, 5);
  CHECK(std::abs(loss_of<FlowMatching>(model, many, Noise{3}) - 4) < 0.15);
  CHECK(loss_of<OtFlowMatching>(model, many, Noise{3}) < 0.5);
}

TEST_CASE(
    "the blur is drawn from its own key: of a field f = x it adds the squared length of sigma e, and nothing else") {
  using Same = Flow<Continuous<2, Velocity<MlpOf<Tanh, 2>, PlainTime>>, StandardNormal<2>>;
  auto model = make_model<double>(Same{}, Noise{1});
  model.parameters().setZero();
  double scale = 1e-3;  // tanh is a line there; blind to time
  for (const ParamInfo& p : model.describe()) {
    if (p.shape.size() != 2) continue;
    for (Index k = 0; k < 2; ++k) model.parameters()(p.offset + k * p.shape[1] + k) = scale;
    scale = 1e3;
  }
  const Batch<double> x = normals(20000, 2, 4);
  const double sharp = loss_of<FlowMatching>(model, x, Noise{3});
  CHECK(sharp == Approx(2 * (7.0 / 3 + 1.0 / 3)).epsilon(0.03));  // f - (z - x) = (2 - t) x - (1 - t) z
  for (double sigma : {0.5, 1.0}) {
    CHECK(std::abs(loss_of(model, x, Noise{3}, FlowMatching{sigma}) - sharp - 2 * sigma * sigma) < 0.15 * sigma);
    CHECK(std::abs(loss_of(model, x.topRows(6400), Noise{3}, OtFlowMatching{sigma}) -
                   loss_of(model, x.topRows(6400), Noise{3}, OtFlowMatching{}) - 2 * sigma * sigma) < 0.15 * sigma);
  }
}

TEST_CASE("a source's rows stand in the place of normals; what is no source is refused") {
  auto model = make_model<double>(Bare{}, Noise{1});
  const Batch<double> x = normals(200, 2, 4), source = 3 + normals(5, 2, 6), wrong = normals(5, 3, 6), none(0, 2);
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    double sum = 0;
    for (Index s = 0; s < 200; ++s) sum += (source.row(Noise{seed}.fork(101).index(s, 0, 5)) - x.row(s)).square().sum();
    CHECK(loss_of(model, x, Noise{seed}, FlowMatching{0, &source}) == Approx(sum / 200).epsilon(1e-12));
    CHECK(loss_of(model, x, Noise{seed}, OtFlowMatching{0, &source}) < sum / 200);
  }
  CHECK_THROWS_AS(loss_of(model, x, Noise{1}, FlowMatching{0, &wrong}), std::invalid_argument);
  CHECK_THROWS_AS(loss_of(model, x, Noise{1}, FlowMatching{0, &none}), std::invalid_argument);
  CHECK_THROWS_AS(loss_of(model, x, Noise{1}, SinkhornFlowMatching{0}), std::invalid_argument);
  CHECK_THROWS_AS(loss_of(model, x, Noise{1}, BridgeMatching{-1e300}), std::invalid_argument);
}

TEST_CASE("Sinkhorn pairs lie between transport and chance") {
  auto model = make_model<double>(Bare{}, Noise{1});
  const Batch<double> x = normals(960, 2, 4);
  const double best = loss_of<OtFlowMatching>(model, x, Noise{3}), chance = loss_of<FlowMatching>(model, x, Noise{3});
  double before = best - 1e-9;
  for (double regularisation : {0.05, 0.3, 3.0, 30.0}) {
    const double here = loss_of(model, x, Noise{3}, SinkhornFlowMatching{regularisation});
    CHECK(here > before);
    before = here;
  }
  CHECK(loss_of(model, x, Noise{3}, SinkhornFlowMatching{0.05}) < best + 0.1);
  CHECK(std::abs(loss_of(model, x, Noise{3}, SinkhornFlowMatching{1e6}) - chance) < 0.5);
}

TEST_CASE("the bridge between normal laws: the losses of two fields are what its closed form says") {
  // x ~ N(0, A), z ~ N(0, 1) in one coordinate; their covariance in the bridge is C = (sqrt(4 A + s^4) - s^2) / 2.
  using Nothing = Flow<Continuous<1, Velocity<MlpOf<Tanh, 2>>>, StandardNormal<1>>;
  using Same = Flow<Continuous<1, Velocity<MlpOf<Tanh, 1>, PlainTime>>, StandardNormal<1>>;
  auto nothing = make_model<double>(Nothing{}, Noise{1});
  auto same = make_model<double>(Same{}, Noise{1});
  same.parameters().setZero();
  double scale = 1e-4;  // tanh is a line there; blind to time: f = x
  for (const ParamInfo& p : same.describe()) {
    if (p.shape.size() == 2) same.parameters()(p.offset) = scale, scale = 1e4;
  }
  const Index n = 16000;
  const double A = 2.25;
  const Batch<double> x = 1.5 * normals(n, 1, 4);
  for (double sigma : {0.7, 1.5}) {
    const double s = sigma * sigma, C = (std::sqrt(4 * A + s * s) - s) / 2;
    // Means over t of 4 t (1 - t) E (f - d)^2 and of the noise's part, d = z - x, x_t = x + t d + sigma w e, w^2 = t (1
    // - t).
    double zero = 0, line = 0, chance = 0;
    const int steps = 20000;
    for (int k = 0; k < steps; ++k) {
      const double t = (k + 0.5) / steps, w = t * (1 - t), kick = 1 - 2 * t, r = 1 - t;
      const auto length = [&](double c) { return A + 1 - 2 * c; };
      zero += (4 * w * length(C) + s * kick * kick) / steps;
      chance += (4 * w * length(0) + s * kick * kick) / steps;
      // x + (t - 1) d = (2 - t) x - (1 - t) z; e's factor in it is sigma w^(1/2)
      line +=
          (4 * w * ((1 + r) * (1 + r) * A + r * r - 2 * (1 + r) * r * C) + s * (2 * w - kick) * (2 * w - kick)) / steps;
    }
    INFO("sigma " << sigma << ": " << zero << ", " << line << "; of chance " << chance);
    // Plans of 64 rows pay for their means and variances: about twice 2 / 3 (A + 1) / 64.
    const double excess = loss_of(nothing, x, Noise{3}, BridgeMatching{sigma}) - zero;
    CHECK(excess > -0.02);
    CHECK(excess < 0.1);
    CHECK(loss_of(same, x, Noise{3}, BridgeMatching{sigma}) == Approx(line).margin(0.15));
    CHECK(std::abs(chance - zero) > 0.3);
  }
}

TEMPLATE_TEST_CASE("gradients are those of the loss; layers in front get none", "", FlowMatching, OtFlowMatching,
                   SinkhornFlowMatching, BridgeMatching) {
  using F =
      Flow<Standardize<2>, ActNorm<2>, Continuous<2, Velocity<MlpOf<Tanh, 7, 6>, FourierTime<2>>>, StandardNormal<2>>;
  auto model = make_model<double>(F{}, Noise{1});
  const Batch<double> x = 3 + 2 * normals(150, 2, 4);
  model.initialise(x);
  for (Index i = 4; i < F::param_count; ++i) model.parameters()(i) += 0.4 * Noise{2}.normal(i, 0);
  std::vector<double> weight(150);
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = 0.5 + 0.01 * static_cast<double>(i);
  const auto none = Model<F, double>::nothing<const double>(150);
  const BatchRows all{0, 150, nullptr, weight.data()};
  Trainer<F, double, TestType> trainer(model, Adam{}, 1, TestType{0.2});
  const double loss = trainer.evaluate(view(x), none, all, Noise{5});
  const Column<double> g = trainer.gradient(), theta = model.parameters();
  CHECK(std::abs(loss - trainer.value(view(x), none, all, Noise{5})) < 1e-14 * loss);
  CHECK((g.head(4) == 0).all());
  const Column<double> d = normals(F::param_count, 1, 6).col(0);
  double slope = 0;
  for (double h : {1e-5, -1e-5}) {
    model.parameters() = theta;
    model.parameters().tail(F::param_count - 4) += h * d.tail(F::param_count - 4);
    slope += trainer.value(view(x), none, all, Noise{5}) / (2 * h);
  }
  CHECK(std::abs(slope - (g * d).sum()) < 1e-8 * (g * d).abs().sum());
}

TEMPLATE_TEST_CASE("moons are learned", "", FlowMatching, OtFlowMatching) {
  using F =
      Flow<Standardize<2>, Continuous<2, Velocity<MlpOf<Silu, 64, 64, 64>, FourierTime<3>>, ExactTrace, Dopri5<4>>,
           StandardNormal<2>>;
  const auto data = targets::moons<float>(8000, Noise{1}), fresh = targets::moons<float>(2000, Noise{2});
  auto model = make_model<float>(F{}, Noise{3});
  const auto result = fit(model, data,
                          {.epochs = std::is_same_v<TestType, FlowMatching> ? 60 : 40,
                           .batch = 128,
                           .learning_rate = 5e-3,
                           .schedule = {Cosine{}, 0},
                           .noise = Noise{4}},
                          TestType{});
  CHECK(result.best_loss < result.history.front().validation_loss);
  auto work = model.workspace();
  const Column<float> lp = model.log_prob(fresh, {}, work);
  const auto gap = gap_to_entropy(lp, targets::Moons::entropy());
  INFO("gap " << gap.value << " +- " << gap.error << ", loss " << result.history.front().validation_loss << " to "
              << result.best_loss << ", " << result.seconds << " s, evaluations a row "
              << static_cast<double>(work.report().evaluations) / 2000);
  CHECK(work.report().unsolved == 0);
  CHECK(gap.value < 0.3);
  CHECK(gap.value > -3 * gap.error);
}

TEST_CASE("a conditional flow is learned") {
  using F = Matched<1, 1, 16, 16>;
  const Index n = 6000;
  Batch<float> x(n, 1), c(n, 1);
  for (Index i = 0; i < n; ++i) {
    c(i, 0) = Noise{1}.normal<float>(i, 0);
    x(i, 0) = 2 * c(i, 0) + 0.5f * Noise{1}.normal<float>(i, 1);
  }
  auto model = make_model<float>(F{}, Noise{3});
  fit(model, x, c, {.epochs = 20, .batch = 256, .learning_rate = 5e-3, .schedule = {Cosine{}, 0}, .noise = Noise{4}},
      FlowMatching{});
  const auto gap = gap_to_entropy(model.log_prob(x, c), 1.4189385332046727 + std::log(0.5));
  INFO(gap.value);
  CHECK(gap.value < 0.06);
}

TEMPLATE_TEST_CASE("the same bits for any number of threads; nothing is allocated after the first step", "",
                   FlowMatching, OtFlowMatching, BridgeMatching) {
  rheo_test::same_bits<Matched<2, 0, 16>, TestType>(targets::moons<float>(2000, Noise{1}));
}

}  // namespace training_flow_matching
