// SPDX-License-Identifier: MIT
// fit_energy: the gradient against differences, the mixture at its ends, threads, what it finds, what it refuses, and
// how it ends badly.
#include "rheo/training/fit_energy.hpp"

#include "catch.hpp"
#include "gradients.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/energies.hpp"
#include "shaken.hpp"
#include "soft_energy.hpp"

namespace training_fit_energy {
using namespace rheo;
using rheo_test::Soft;

namespace {

using Block = presets::RealNvpBlock<2, MlpOf<Tanh, 6>>;

auto random_model() {
  return rheo_test::shaken(presets::snf<1, Block>(Soft{}, moves::Langevin<2, Learned::both>{0.05}), 0.1);
}
Batch<double> data() { return rheo_test::normals(100, 2, 3); }
template <class Objective> void slope(const Objective& objective) {
  auto model = random_model();
  CHECK(rheo_test::slope_misfit(model, objective, data(), {0, 100}) < 1e-8);
}
/// Its u is NaN everywhere.
struct Nowhere : Soft {
  template <class T> void value(CView<T>, ColView<T> u, NoWorkspace&) const {
    u.setConstant(T(std::numeric_limits<double>::quiet_NaN()));
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    for (Index j = 0; j < 2; ++j) column(g, j) = u;
  }
};
/// Its u is NaN far out.
struct Holed : Soft {
  double reach;
  explicit Holed(double r) : reach(r) {}
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace& w) const {
    Soft::value(x, u, w);
    for (Index i = 0; i < x.rows(); ++i) {
      if (x(i, 0) > T(reach)) u(i) = T(std::numeric_limits<double>::quiet_NaN());
    }
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    Soft::value_and_gradient(x, u, g, w);
    value(x, u, w);
  }
};

}  // namespace

TEST_CASE("gradients by energy and by example are those of the losses, through sampling layers") {
  slope(ReverseKl<Soft>(Soft{}));
  slope(MaximumLikelihood{});
  slope(Mixed(MaximumLikelihood{}, ReverseKl<Soft>(Soft{}), 0.3));
}

TEST_CASE("a Gaussian is found from its energy alone: -log w is -log Z everywhere then") {
  Batch<double> covariance(2, 2);
  covariance << 0.5, 0.3, 0.3, 0.7;
  const targets::GaussianEnergy<2> gauss((Row<double>(2) << 1.0, -0.5).finished(), covariance);
  auto model = make_model<double>(Flow{FullNormal<2>{}}, Noise{1});
  const auto r = fit_energy(
      model, gauss, {.steps = 600, .batch = 128, .learning_rate = 0.02, .schedule = {Cosine{}}, .noise = Noise{2}});
  CHECK(r.status == FitStatus::budget_reached);
  CHECK(r.best_step == 600);
  const auto s = weighted_sample(model, gauss, 4000, Noise{3});
  const double deviation = std::sqrt((s.log_w - s.log_w.mean()).square().mean());
  CHECK(deviation < 0.05);  // 0 where the fit is perfect; steps of noisy gradients stop before
  CHECK(std::fabs(s.log_w.mean() - gauss.log_z()) <
        4 * deviation / std::sqrt(4000.0) + 0.5 * deviation * deviation);  // of the mean, and KL
  CHECK(std::fabs(r.history.back().check_loss + gauss.log_z()) < 4 * 0.05 / std::sqrt(1024.0));
  CHECK(r.best_loss > -gauss.log_z() - 0.01);
  CHECK(model.parameters()(0) == Approx(1.0).margin(1e-2));
  CHECK(model.parameters()(1) == Approx(-0.5).margin(1e-2));
}

TEST_CASE("a conditional flow is fitted to an energy of x and context, for all rows of the context") {
  const auto energy = energy_of<2>([](const auto& x) {
    return (x[0] - x[1] * x[1]) * (x[0] - x[1] * x[1]) * 2.0;
  });  // N(c^2, 1/4) given c, log Z = log(2 pi / 4) / 2
  using Base = ConditionalIndependent<1, family::Normal<SoftBound>, MlpOf<Tanh, 12>, 1>;
  auto model = make_model<double>(Flow{Base{}}, Noise{1});
  Batch<double> c(500, 1);
  for (Index i = 0; i < 500; ++i) c(i, 0) = 2 * Noise{8}.uniform(i, 0) - 1;
  const double log_z = 0.5 * std::log(6.283185307179586 / 4);
  for (const bool by_path : {false, true}) {
    auto m = model;
    const EnergyFitOptions options{
        .steps = 800, .batch = 64, .learning_rate = 0.02, .schedule = {Cosine{}}, .noise = Noise{9}};
    const auto r = by_path ? fit_energy(m, path_gradient(energy), c, options) : fit_energy(m, energy, c, options);
    INFO("loss " << r.history.back().check_loss << ", least " << -log_z);
    CHECK(std::fabs(r.history.back().check_loss + log_z) < 0.02);
    Batch<double> at(2000, 1);
    at.setConstant(0.8);
    CHECK(m.sample(2000, Noise{10}, at).mean() == Approx(0.64).margin(0.06));
  }
  CHECK_THROWS_AS(fit_energy(model, energy, Batch<double>(3, 2)), std::invalid_argument);
  CHECK_THROWS_AS(fit_energy(model, energy, Batch<double>(0, 1)), std::invalid_argument);
  c(4, 0) = std::nan("");
  CHECK_THROWS_AS(fit_energy(model, energy, c), DataError);
}

TEST_CASE("threads change no bit, and the best parameters stay") {
  const EnergyFitOptions one{
      .steps = 20, .batch = 200, .learning_rate = 1e-2, .noise = Noise{7}, .check_every = 5, .check_rows = 200};
  EnergyFitOptions two = one;
  two.threads = 2;
  auto a = random_model(), b = random_model();
  const auto ra = fit_energy(a, Soft{}, data(), one), rb = fit_energy(b, Soft{}, data(), two);
  CHECK((a.parameters() == b.parameters()).all());
  CHECK(ra.best_loss == rb.best_loss);
  REQUIRE(ra.history.size() == 4);
  for (const auto& e : ra.history) CHECK(ra.best_loss <= e.check_loss);
  CHECK(ra.history.back().step == 20);
  CHECK(ra.steps == 20);
}

TEST_CASE("reports are those of the steps and checks, whatever the number of threads") {
  auto moves_of = [](int threads) {
    auto model = rheo_test::shaken(presets::snf<1, Block>(Soft{}, moves::Metropolis<2>{0.5}), 0.1);
    return fit_energy(model, Soft{},
                      {.steps = 3, .batch = 300, .threads = threads, .check_every = 3, .check_rows = 100})
        .report;
  };
  const Report one = moves_of(1);
  CHECK(one.proposed % (3 * 300 + 2 * 100) == 0);
  CHECK(one.proposed > 0);
  for (int threads : {2, 3}) {
    CHECK(moves_of(threads).proposed == one.proposed);
    CHECK(moves_of(threads).accepted == one.accepted);
  }
}

TEST_CASE("a check looks past single rows whose energy is no number, and counts them") {
  const EnergyFitOptions options{.steps = 200,
                                 .batch = 16,
                                 .learning_rate = 5e-3,
                                 .noise = Noise{4},
                                 .check_every = 50,
                                 .check_rows = 1000,
                                 .patience_non_finite = 100};
  auto model = make_model<double>(Flow{FullNormal<2>{}}, Noise{1});
  auto far = model, near = model;
  const auto r = fit_energy(far, Holed(2.7), options);  // of N(0, 1), 3.5 in 1000
  CHECK(r.best_step > 0);
  CHECK(std::isfinite(r.best_loss));
  CHECK(r.history[0].check_not_finite > 0);
  CHECK(r.history[0].check_not_finite <= 10);
  const auto many = fit_energy(near, Holed(0.5), options);
  CHECK(many.best_step == 0);
  CHECK(many.status != FitStatus::budget_reached);
}

TEST_CASE("what an energy fit refuses, and how it ends without a number") {
  auto model = random_model();
  const Column<double> before = model.parameters();
  CHECK_THROWS_AS(fit_energy(model, Soft{}, {.learning_rate = -1}), std::invalid_argument);
  CHECK_THROWS_AS(fit_energy(model, Soft{}, {.batch = 0}), std::invalid_argument);
  CHECK_THROWS_AS(fit_energy(model, Soft{}, {.clip_norm = -1}), std::invalid_argument);
  CHECK_THROWS_AS(fit_energy(model, Soft{}, {.tolerance = std::nan("")}), std::invalid_argument);
  CHECK_THROWS_AS(fit_energy(model, Soft{}, {.patience_non_finite = 0}), std::invalid_argument);
  CHECK_THROWS_AS(fit_energy(model, Soft{}, {.halvings = -1}), std::invalid_argument);
  CHECK_THROWS_AS(fit_energy(model, Soft{}, data(), {.data_share = 1.5}), std::invalid_argument);
  Batch<double> bad = data();
  bad(3, 1) = std::nan("");
  CHECK_THROWS_AS(fit_energy(model, Soft{}, bad), DataError);
  CHECK((model.parameters() == before).all());
  const auto r = fit_energy(model, Nowhere{}, {.steps = 100, .batch = 8, .patience_non_finite = 5, .halvings = 2});
  CHECK(r.status == FitStatus::diverged);
  CHECK(r.skipped_steps == 15);
  CHECK((model.parameters() == before).all());
  int calls = 0;
  const auto stopped = fit_energy(
      model, Soft{},
      {.steps = 100, .batch = 8, .check_every = 10, .callback = [&](const EnergyReport&) { return ++calls < 2; }});
  CHECK(stopped.status == FitStatus::interrupted);
  CHECK(calls == 2);
}

}  // namespace training_fit_energy
