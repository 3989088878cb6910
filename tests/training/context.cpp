// SPDX-License-Identifier: MIT
// Contexts in the user's units, and one context for many rows.
#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/autodiff/gradient.hpp"
#include "rheo/training/fit_energy.hpp"

namespace training_context {
using namespace rheo;

namespace {
using Step = Chain<AffineCoupling<2, Mlp<24, 24>, 1>, Flip<2>>;
using Conditional = Flow<Standardize<2>, Repeat<3, Step>, StandardNormal<2>>;

/// t in [0, 1] in the user's units, x = (sin 6 t + .1 n, t^2 + .1 n').
template <class T> struct Rows {
  Batch<T> x, c;
  Rows(Index n, std::uint64_t seed, double scale, double offset) : x(n, 2), c(n, 1) {
    const Noise noise{seed};
    for (Index i = 0; i < n; ++i) {
      const double t = noise.uniform(i, 0);
      c(i, 0) = T(offset + scale * t);
      x(i, 0) = T(std::sin(6 * t) + 0.1 * noise.normal(i, 2));
      x(i, 1) = T(t * t + 0.1 * noise.normal(i, 3));
    }
  }
};

/// Mean over seeds of the held-out log p after a short fit.
template <class T> double learned(double scale, double offset, bool standardize) {
  double sum = 0;
  const Rows<T> fresh(4000, 99, scale, offset);
  for (std::uint64_t seed : {1u, 2u, 3u}) {
    const Rows<T> data(3000, seed, scale, offset);
    auto model = make_model<T>(Conditional{}, Noise{seed});
    fit(model, data.x, data.c,
        {.epochs = 15, .batch = 100, .learning_rate = 3e-3, .noise = Noise{seed}, .standardize_context = standardize});
    sum += static_cast<double>(model.log_prob(fresh.x, fresh.c).mean()) / 3;
  }
  return sum;
}
}  // namespace

TEMPLATE_TEST_CASE("a context teaches the same in any units", "", float, double) {
  using T = TestType;
  const double plain = learned<T>(1, 0, true);
  CHECK(plain > 1.2);  // the law's own: 2 (2.303 - 1.419) = 1.77
  CHECK(std::abs(learned<T>(1e6, 0, true) - plain) < 0.05);
  CHECK(std::abs(learned<T>(1, 1000, true) - plain) < 0.05);
  CHECK(learned<T>(1e6, 0, false) < plain - 1);
  CHECK(learned<T>(1, 1000, false) < plain - 0.2);
}

TEST_CASE("a model's densities are those of its flow at standardised contexts, by every way to them") {
  const Rows<double> data(300, 1, 1e6, 5e6);
  auto model = make_model<double>(Conditional{}, Noise{2});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{3}.normal(i, 0);
  auto plain = model;
  CHECK(model.initialise(data.x, data.c).constant_context.empty());
  plain.initialise(data.x, data.c, {.standardize_context = false});
  const double mean = data.c.mean(), deviation = std::sqrt((data.c - mean).square().sum() / 299);
  const Batch<double> z = (data.c - mean) / deviation;
  CHECK((model.log_prob(data.x, data.c) - plain.log_prob(data.x, z)).abs().maxCoeff() < 1e-9);
  CHECK((model.score(data.x, data.c) - plain.score(data.x, z)).abs().maxCoeff() < 1e-9);
  CHECK((model.sample(300, Noise{4}, data.c) - plain.sample(300, Noise{4}, z)).abs().maxCoeff() < 1e-9);
  CHECK((model.encode(data.x, {}, data.c) - plain.encode(data.x, {}, z)).abs().maxCoeff() < 1e-9);
  CHECK((model.decode(data.x, {}, data.c) - plain.decode(data.x, {}, z)).abs().maxCoeff() < 1e-9);
  Trainer<Conditional, double> trainer(model), by_hand(plain);
  CHECK(trainer.evaluate(view(data.x), view(data.c), {0, 300}, Noise{}) ==
        Approx(by_hand.evaluate(view(data.x), view(z), {0, 300}, Noise{})).epsilon(1e-12));
  CHECK((trainer.gradient() - by_hand.gradient()).abs().maxCoeff() < 1e-9);
  const auto single = model.template cast<float>();  // the buffers go with it
  CHECK(std::abs(single.log_prob(data.x.cast<float>(), data.c.cast<float>()).mean() -
                 static_cast<float>(model.log_prob(data.x, data.c).mean())) < 1e-3f);
  const Column<double> kept = model.buffers();
  model.initialise(data.x, 3 * data.c);  // a second start changes nothing
  CHECK((model.buffers() == kept).all());
}

TEST_CASE("one row of context serves all rows") {
  const Rows<double> data(200, 1, 3, 2);
  auto model = make_model<double>(Conditional{}, Noise{2});
  for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{3}.normal(i, 0);
  const Batch<double> one = Batch<double>::Constant(1, 1, 2.7), all = one.replicate(200, 1);
  for (bool standardised : {false, true}) {
    if (standardised) model.initialise(data.x, data.c);
    CHECK((model.sample(200, Noise{4}, one) == model.sample(200, Noise{4}, all)).all());
    CHECK((model.log_prob(data.x, one) == model.log_prob(data.x, all)).all());
    CHECK((model.elbo(data.x, Noise{5}, one) == model.elbo(data.x, Noise{5}, all)).all());
    CHECK((model.score(data.x, one) == model.score(data.x, all)).all());
    CHECK((model.encode(data.x, {}, one) == model.encode(data.x, {}, all)).all());
    CHECK((model.decode(data.x, {}, one) == model.decode(data.x, {}, all)).all());
  }
  CHECK(model.sample(0, Noise{4}, one).rows() == 0);
  CHECK_THROWS_WITH(model.sample(200, Noise{4}, all.topRows(2)),
                    Catch::Contains("context has 2 rows for a batch of 200"));
  CHECK_THROWS_WITH(fit(model, data.x, one), Catch::Contains("the context has one row, the data 200"));
  CHECK_THROWS_WITH(fit(model, data.x, Batch<double>(data.c.topRows(20))),
                    Catch::Contains("the context has 20 rows, the data 200: a fit wants one for each"));
}

TEST_CASE("a constant column of the context is no error, and is named") {
  using Two = Flow<Standardize<2>, Repeat<2, Chain<AffineCoupling<2, Mlp<16>, 2>, Flip<2>>>, StandardNormal<2>>;
  const Rows<double> data(500, 1, 1, 0);
  Batch<double> c(500, 2);
  c.col(0) = data.c.col(0);
  c.col(1).setConstant(1e7);
  auto model = make_model<double>(Two{}, Noise{2});
  const auto r = fit(model, data.x, c, {.epochs = 3, .learning_rate = 1e-2});
  CHECK(r.start.constant_context == std::vector<Index>{1});
  REQUIRE(r.notes.size() == 1);
  CHECK_THAT(r.notes[0], Catch::Contains("column 1 of the context is constant"));
  CHECK(r.best_epoch > 0);
}

TEST_CASE("a context of one row tells nothing of units: it changes nothing until there are more rows") {
  const auto energy =
      energy_of<3>([](const auto& v) { return (v[0] - v[2]) * (v[0] - v[2]) * 2.0 + v[1] * v[1] * 2.0; });
  using Sampler = Flow<Repeat<2, Chain<AffineCoupling<2, MlpOf<Tanh, 8>, 1>, Flip<2>>>, StandardNormal<2>>;
  auto model = make_model<double>(Sampler{}, Noise{2});
  const Column<double> before = model.buffers();
  const Batch<double> one = Batch<double>::Constant(1, 1, 3.5);
  fit_energy(model, energy, one, {.steps = 3});
  CHECK((model.buffers() == before).all());
  CHECK(model.initialise(Batch<double>::Zero(1, 2), one).constant_context.empty());
  CHECK((model.buffers() == before).all());
  const Rows<double> data(50, 1, 3, 2);
  model.initialise(data.x, data.c);
  CHECK((model.buffers() != before).any());
}

TEST_CASE("contexts of an energy fit are standardised for the flow, not for the energy") {
  const auto energy = energy_of<3>([](const auto& v) {
    return (v[0] - v[2] * 1e-3) * (v[0] - v[2] * 1e-3) * 2.0 + v[1] * v[1] * 2.0;
  });  // N((c / 1000, 0), 1/4)
  using Sampler = Flow<Repeat<2, Chain<AffineCoupling<2, MlpOf<Tanh, 16>, 1>, Flip<2>>>, StandardNormal<2>>;
  Batch<double> c(512, 1);
  for (Index i = 0; i < 512; ++i) c(i, 0) = 2000 * Noise{1}.uniform(i, 0);
  auto model = make_model<double>(Sampler{}, Noise{2});
  const auto r = fit_energy(model, energy, c, {.steps = 600, .learning_rate = 1e-2});
  CHECK(r.best_loss < std::log(2 / std::numbers::pi) + 0.03);  // -log Z
}

}  // namespace training_context
