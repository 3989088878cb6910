// SPDX-License-Identifier: MIT
#include "rheo/training/denoising.hpp"

#include <type_traits>

#include "catch.hpp"
#include "count_mallocs.hpp"
#include "draws.hpp"
#include "rheo/flows/presets/diffusions.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/targets/table.hpp"
#include "rheo/training/fit.hpp"

namespace training_denoising {
using namespace rheo;
using rheo_test::normals;

namespace {
using Stepped = presets::Ddpm<2, 7, Velocity<MlpOf<Tanh, 7, 6>, FourierTime<2>>>;
using Timed = presets::ScoreSde<2, VarianceExploding, Velocity<MlpOf<Tanh, 7, 6>, FourierTime<2>>>;

}  // namespace

TEMPLATE_TEST_CASE(
    "gradients of the losses are their differences; bits do not depend on threads; nothing is allocated after the "
    "first step",
    "", (std::pair<Stepped, Denoising>), (std::pair<Stepped, Variational>), (std::pair<Timed, Denoising>),
    (std::pair<Timed, VelocityDenoising>)) {
  using F = typename TestType::first_type;
  using Objective = typename TestType::second_type;
  auto model = make_model<double>(F{}, Noise{1});
  const Batch<double> x = 3 + 2 * normals(150, 2, 4);
  model.initialise(x);
  for (Index i = 0; i < F::param_count; ++i) model.parameters()(i) += 0.3 * Noise{2}.normal(i, 0);
  const auto none = Model<F, double>::template nothing<const double>(150);
  Trainer<F, double, Objective> trainer(model, Adam{}, 1, Objective{}), two(model, Adam{}, 2, Objective{});
  const BatchRows rows{0, 150};
  const double loss = trainer.evaluate(view(x), none, rows, Noise{9});
  const Column<double> g = trainer.gradient();
  CHECK(two.evaluate(view(x), none, rows, Noise{9}) == loss);
  CHECK((two.gradient() == g).all());
  CHECK(trainer.value(view(x), none, rows, Noise{9}) == Approx(loss).epsilon(1e-13));
  const Column<double> theta = model.parameters();
  for (std::uint64_t k = 0; k < 3; ++k) {
    Column<double> d(F::param_count);
    for (Index i = 0; i < d.size(); ++i) d(i) = Noise{20 + k}.normal(i, 0);
    auto f = [&](double h) {
      model.parameters() = theta + h * d;
      return trainer.value(view(x), none, rows, Noise{9});
    };
    const double h = 1e-4, slope = (8 * (f(h) - f(-h)) - (f(2 * h) - f(-2 * h))) / (12 * h);
    CHECK(std::abs(slope - (g * d).sum()) < 1e-7 * (g.abs() * d.abs()).sum());
  }
  model.parameters() = theta;
  trainer.step(view(x), none, rows, Noise{9}, 1e-3);
  const long before = rheo_test::count();
  trainer.step(view(x), none, rows, Noise{10}, 1e-3);
  if (rheo_test::counts_mallocs) CHECK(rheo_test::count() == before);
}

TEST_CASE("the variational loss is the negative elbo in the mean, in units of the data") {
  auto model = make_model<double>(Stepped{}, Noise{1});
  const Batch<double> x = 3 + 2 * normals(40000, 2, 4);
  model.initialise(x);
  for (Index i = 0; i < Stepped::param_count; ++i) model.parameters()(i) += 0.1 * Noise{2}.normal(i, 0);
  const auto none = Model<Stepped, double>::nothing<const double>(x.rows());
  Trainer<Stepped, double, Variational> trainer(model);
  Trainer<Stepped, double> whole(model);
  double gap = 0, square = 0;
  for (Index k = 0; k < 40; ++k) {
    const BatchRows rows{1000 * k, 1000};
    const double d = trainer.value(view(x), none, rows, Noise{9}.fork(std::uint64_t(k))) -
                     whole.value(view(x), none, rows, Noise{10});
    gap += d / 40;
    square += d * d / 40;
  }
  const double error = std::sqrt((square - gap * gap) / 39);
  INFO(gap << " +- " << error);
  CHECK(std::abs(gap) < 4 * error);
  CHECK(error < 0.05);
}

TEST_CASE("a fitted score: the probability flow's density integrates to one and is that of the data") {
  using F =
      presets::ScoreSde<1, VariancePreserving, Velocity<MlpOf<Silu, 32, 32>, FourierTime<4>>, ExactTrace, Dopri5<6>>;
  const Index n = 20000;
  Batch<double> x = 0.5 * normals(n, 1, 1);
  for (Index i = 0; i < n; ++i) x(i, 0) += i % 3 ? 2 : -2;
  auto model = make_model<double>(F{}, Noise{2});
  fit(model, x,
      {.epochs = 50,
       .batch = 256,
       .learning_rate = 5e-3,
       .validation = 0.3,
       .patience = 0,
       .schedule = {Cosine{0.01}, 20},
       .noise = Noise{3}},
      Denoising{});
  Batch<double> grid(1200, 1);
  const double h = 12.0 / 1200;
  for (Index i = 0; i < 1200; ++i) grid(i, 0) = -6 + h * (static_cast<double>(i) + 0.5);
  const Column<double> p = model.log_prob(grid).exp();
  INFO("integral " << p.sum() * h);
  CHECK(std::abs(p.sum() * h - 1) < 1e-4);
  auto bump = [](double u) { return std::exp(-2 * u * u) / std::sqrt(0.5 * 3.14159265358979); };
  double kl = 0;
  for (Index i = 0; i < 1200; ++i) {
    const double q = bump(grid(i, 0) - 2) * 2 / 3 + bump(grid(i, 0) + 2) / 3;
    if (q > 1e-12) kl += h * q * (std::log(q) - std::log(p(i)));
  }
  INFO("KL " << kl);
  CHECK(kl > 0);
  CHECK(kl < 0.05);
}

TEST_CASE("a fitted score on two coordinates: the probability flow's density integrates to one") {
  using F =
      presets::ScoreSde<2, VariancePreserving, Velocity<MlpOf<Silu, 32, 32>, FourierTime<4>>, ExactTrace, Dopri5<6>>;
  auto model = make_model<double>(F{}, Noise{2});
  const auto fitted = fit(model, targets::Moons::sample<double>(8000, Noise{1}),
                          {.epochs = 60,
                           .batch = 256,
                           .learning_rate = 1e-2,
                           .validation = 0.3,
                           .patience = 0,
                           .schedule = {Cosine{0.01}, 20},
                           .noise = Noise{3}},
                          VelocityDenoising{});
  CHECK(fitted.best_loss < 0.99 * fitted.history.front().validation_loss);
  const Index k = 130;
  const double h = 0.1, x1 = -6.5, x2 = -6.5;
  Batch<double> grid(k * k, 2);
  for (Index i = 0; i < k * k; ++i)
    grid.row(i) << x1 + h * static_cast<double>(i % k), x2 + h * static_cast<double>(i / k);
  const Column<double> p = model.log_prob(grid).exp();
  INFO("integral " << p.sum() * h * h << ", largest " << p.maxCoeff());
  CHECK(p.maxCoeff() > 0.11);  // the normal of the same moments has 0.08, the moons 0.16
  CHECK(std::abs(p.sum() * h * h - 1) < 1e-4);
}

TEST_CASE(
    "eight modes on a ring are learned from the first steps by nets that start wide, later by nets that start all but "
    "linear") {
  // Standardised, its second moments are those of N(0, I), and the net has nothing to learn from lines and planes.
  const Batch<float> x = targets::find("eight_gaussians").sample(20000, Noise{1}).cast<float>();
  auto loss_after = [&]<class Net>(std::type_identity<Net>) {
    auto model = make_model<float>(presets::Ddpm<2, 20, Velocity<Net, FourierTime<4>>>{}, Noise{2});
    const auto r = fit(model, x, {.epochs = 6, .batch = 1000, .learning_rate = 3e-3, .patience = 0, .noise = Noise{3}},
                       VelocityDenoising{});
    return r.best_loss;
  };
  const double wide = loss_after(std::type_identity<BasicMlp<Silu, WideZeroLast, 64, 64, 64>>{}),
               narrow = loss_after(std::type_identity<MlpOf<Silu, 64, 64, 64>>{});
  INFO("the loss is " << wide << " and " << narrow);
  CHECK(wide < narrow - 0.03);
}

}  // namespace training_denoising
