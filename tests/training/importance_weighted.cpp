// SPDX-License-Identifier: MIT
// ImportanceWeighted: its value against the model's own estimate, its gradient against duals and finite differences at
// frozen noise.
#include "rheo/training/importance_weighted.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/autodiff/dual.hpp"
#include "rheo/distributions/discrete.hpp"
#include "rheo/distributions/fibre.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/stochastic/indexed.hpp"
#include "rheo/layers/stochastic/vae.hpp"
#include "rheo/training/fit.hpp"
#include "shaken.hpp"

namespace training_importance_weighted {

namespace {
using namespace rheo;
using rheo_test::normals;
using Net = MlpOf<Tanh, 5>;
using Law = Given<family::Normal<SoftBound>, Net>;
using F = Flow<VaeLayer<3, 2, Law, Law>, Repeat<2, Indexed<Chain<AffineCoupling<2, Net>, Flip<2>>, 1, Law, Law, Net>>,
               StandardNormal<2>>;

Model<F, double> started() { return rheo_test::shaken(F{}, 0.4); }
}  // namespace

TEST_CASE("the importance-weighted bound is the model's estimate, and its gradient that of the same number") {
  auto model = started();
  const Index n = 150, P = F::param_count;  // more than one shard
  const Batch<double> x = normals(n, 3, 3), none(n, 0);
  std::vector<double> weights;
  for (Index i = 0; i < n; ++i) weights.push_back(i % 3 == 0 ? 0 : 1 + 0.01 * static_cast<double>(i));
  const Noise noise{4};
  for (Index K : {1, 4}) {
    Trainer<F, double, ImportanceWeighted> trainer(model, Adam{}, 1, ImportanceWeighted(K));
    const BatchRows rows{0, n, nullptr, weights.data()};
    auto value = [&] {
      const Column<double> e = model.log_prob_estimate(x, K, noise).value;
      double total = 0;
      for (Index i = 0; i < n; ++i) total -= weights[static_cast<std::size_t>(i)] * e(i);
      return total / static_cast<double>(n);
    };
    const double loss = trainer.evaluate(view(x), view(none), rows, noise);
    CHECK(loss == Approx(value()).margin(1e-12));
    CHECK(trainer.value(view(x), view(none), rows, noise) == Approx(loss).margin(1e-12));
    const Column<double> g = trainer.gradient();

    Column<double> direction(P);
    for (Index i = 0; i < P; ++i) direction(i) = Noise{5}.normal(i, 0);
    const double by_pull = (g * direction).sum(), size = (g * direction).abs().sum();
    auto dual = model.cast<Dual<double>>();
    for (Index i = 0; i < P; ++i) dual.parameters()(i).b = direction(i);
    const Batch<Dual<double>> x_d = x.cast<Dual<double>>();
    std::vector<Column<Dual<double>>> v;
    for (Index k = 0; k < K; ++k) v.push_back(dual.elbo(x_d, noise.fork(static_cast<std::uint64_t>(k))));
    double by_duals = 0;
    for (Index i = 0; i < n; ++i) {
      Dual<double> total(0.0);
      for (const auto& v_k : v) total += exp(v_k(i) - v[0](i).a);
      by_duals -= weights[static_cast<std::size_t>(i)] * log(total).b / static_cast<double>(n);
    }
    CHECK(std::abs(by_pull - by_duals) < 1e-11 * size);

    const Column<double> theta = model.parameters();
    auto at = [&](double h) {
      model.parameters() = theta + h * direction;
      return value();
    };
    const double h = 1e-4, slope = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    model.parameters() = theta;
    CHECK(std::abs(slope - by_pull) < 1e-7 * size);
  }
}

TEST_CASE("more draws give a tighter bound, one draw the elbo") {
  auto model = started();
  const Index n = 2000;
  const Batch<double> x = normals(n, 3, 3), none(n, 0);
  double last = 1e300;
  for (Index K : {1, 5, 50}) {
    Trainer<F, double, ImportanceWeighted> trainer(model, Adam{}, 1, ImportanceWeighted(K));
    const double loss = trainer.value(view(x), view(none), {0, n, nullptr, nullptr}, Noise{4});
    CHECK(loss < last);
    if (K == 1) CHECK(loss == Approx(-model.elbo(x, Noise{4}.fork(0)).mean()).margin(1e-12));
    last = loss;
  }
  CHECK_THROWS_AS(ImportanceWeighted(0), std::invalid_argument);
}

TEST_CASE("rows off the support make the loss infinite, and no gradient NaN") {
  using B =
      Flow<VaeLayer<2, 1, Given<family::Normal<SoftBound>, Net>, Given<family::Bernoulli, Net>>, StandardNormal<1>>;
  auto model = make_model<double>(B{}, Noise{1});
  Batch<double> x(3, 2);
  x << 0, 1, 1, 0.5, 1, 1;
  const Batch<double> none(3, 0);
  const Batch<double>& rows = x;
  Trainer<B, double, ImportanceWeighted> trainer(model, Adam{}, 1, ImportanceWeighted(3));
  CHECK(trainer.evaluate(view(rows), view(none), {0, 3, nullptr, nullptr}, Noise{4}) ==
        std::numeric_limits<double>::infinity());
  CHECK(trainer.gradient().isFinite().all());
}

TEST_CASE("fit takes the importance-weighted bound") {
  auto model = make_model<double>(F{}, Noise{1});
  const Batch<double> x = normals(2000, 3, 3) * 0.5 + 1;
  const auto fitted = fit(model, x, {.epochs = 5, .batch = 128, .learning_rate = 5e-3}, ImportanceWeighted(5));
  CHECK(fitted.best_loss < fitted.history.front().train_loss);
  const double before = -make_model<double>(F{}, Noise{1}).log_prob_estimate(x, 5, Noise{6}).value.mean(),
               after = -model.log_prob_estimate(x, 5, Noise{6}).value.mean();
  CHECK(after < before - 0.5);
}

}  // namespace training_importance_weighted
