// SPDX-License-Identifier: MIT
// AlphaDivergence: its three estimators in the mean against closed forms, against differences where draws are frozen,
// without variance at the optimum where they promise it, in one another's company on a flow, and off the support.
#include "rheo/training/alpha_divergence.hpp"

#include "catch.hpp"
#include "count_mallocs.hpp"
#include "gradients.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/energies.hpp"
#include "rheo/training/fit_energy.hpp"
#include "shaken.hpp"
#include "soft_energy.hpp"

namespace training_alpha_divergence {
using namespace rheo;
using rheo_test::error, rheo_test::shaken, rheo_test::slope_misfit, rheo_test::Soft;

namespace {

using Block = presets::RealNvpBlock<2, MlpOf<Tanh, 6>>;
constexpr auto reparameterised = Estimator::reparameterised, path = Estimator::path, weights = Estimator::weights;

/// Of batches of draws alone.
template <class F, class Objective>
Batch<double> gradients(Model<F, double>& model, const Objective& objective, Index batch, Index repeats, Noise noise) {
  const Batch<double> none(batch, 0);
  return rheo_test::gradients(model, objective, none, none, repeats, noise);
}
/// D_alpha, but for alpha = 0: KL(q || p), 1: KL(p || q), of p = N(0, 1) and q = N(m, e^2s).
double exact(double a, double m, double s) {
  const double v = std::exp(2 * s);
  if (a == 0) return -s + 0.5 * (v + m * m - 1);
  if (a == 1) return s + 0.5 * ((1 + m * m) / v - 1);
  const double precision = a + (1 - a) / v;
  return (std::exp(-(1 - a) * s - 0.5 * std::log(precision) - 0.5 * a * (1 - a) * m * m / (precision * v)) - 1) /
         (a * (a - 1));
}
template <Estimator How> void means(double a) {
  const targets::GaussianEnergy<1> normal;
  auto model = make_model<double>(Flow{DiagonalNormal<1>{}}, Noise{1});
  const double m = 0.25, s = 0.1, log_z = normal.log_z(), h = 1e-4;
  model.parameters() << m, s;
  for (double off : {0.0, 0.3}) {
    const Batch<double> g = gradients(model, alpha_divergence<How>(normal, a, log_z - off), 256, 1000, Noise{3});
    const double scale = std::exp(a * off);
    const double loss = a == 0   ? exact(0, m, s) - off
                        : a == 1 ? scale * (exact(1, m, s) + off - 1) + 1
                                 : scale * exact(a, m, s) + (scale - 1) / (a * (a - 1));
    const double slope[] = {scale * (exact(a, m + h, s) - exact(a, m - h, s)) / (2 * h),
                            scale * (exact(a, m, s + h) - exact(a, m, s - h)) / (2 * h)};
    INFO("alpha " << a << ", off " << off << ": " << g.col(0).mean() << " +- " << error(g, 0) << " for " << slope[0]
                  << ", " << g.col(1).mean() << " +- " << error(g, 1) << " for " << slope[1]);
    for (Index j = 0; j < 2; ++j) {
      CHECK(std::fabs(g.col(j).mean() - slope[j]) < 4 * error(g, j));
      CHECK(error(g, j) < 0.05 * std::fabs(slope[j]));
    }
    CHECK(std::fabs(g.col(2).mean() - loss) < 4 * error(g, 2));
  }
}

/// exp(-x) on (0, inf): +inf, and a gradient of NaN, below.
struct HalfLine {
  static constexpr Index dim = 1;
  template <class T> using Workspace = NoWorkspace;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    for (Index i = 0; i < x.rows(); ++i) u(i) = x(i, 0) < T(0) ? T(std::numeric_limits<double>::infinity()) : x(i, 0);
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    for (Index i = 0; i < x.rows(); ++i) g(i, 0) = x(i, 0) < T(0) ? T(std::nan("")) : T(1);
  }
};
/// The same without a gradient.
struct Values {
  static constexpr Index dim = 2;
  targets::GaussianEnergy<2> energy;
  template <class T> using Workspace = targets::GaussianEnergy<2>::Workspace<T>;
  template <class T> void value(CView<T> x, ColView<T> u, Workspace<T>& w) const { energy.value(x, u, w); }
};
targets::GaussianEnergy<2> gauss() {
  Batch<double> covariance(2, 2);
  covariance << 0.5, 0.3, 0.3, 0.7;
  return targets::GaussianEnergy<2>((Row<double>(2) << 1.0, -0.5).finished(), covariance);
}
/// The base, behind couplings that are about the identity, set to gauss().
template <class F> void set_to_gauss(Model<F, double>& model) {
  model.parameters().tail(5) << 1.0, -0.5, 0.5 * std::log(0.5), 0.5 * std::log(0.52), 0.3 / std::sqrt(0.5);
}

}  // namespace

TEST_CASE("alpha-divergences and their gradients have the exact mean, by every estimator") {
  for (double a : {0.0, 0.5, 1.0, 2.0, -0.5}) {
    means<reparameterised>(a);
    means<path>(a);
    means<weights>(a);
  }
}

TEST_CASE("reparameterised, the gradient is that of the very loss, through sampling layers, with and without a level") {
  auto model = shaken(presets::snf<1, Block>(Soft{}, moves::Langevin<2, Learned::both>{0.05}), 0.1);
  const Batch<double> none(100, 0);
  std::vector<double> weight(100, 1.0);
  weight[3] = 0, weight[50] = 2.5;
  const BatchRows rows{0, 100, nullptr, weight.data()};
  for (double a : {0.0, 0.5, 1.0, 2.0}) {
    CHECK(slope_misfit(model, alpha_divergence(Soft{}, a), none, rows) < 1e-8);
    CHECK(slope_misfit(model, alpha_divergence(Soft{}, a, 1.0), none, rows) < 1e-8);
  }
  const Batch<double> zero = gradients(model, alpha_divergence(Soft{}, 0.0), 200, 1, Noise{6}),
                      kl = gradients(model, ReverseKl<Soft>(Soft{}), 200, 1, Noise{6});
  CHECK((zero - kl).abs().maxCoeff() < 1e-12);
}

TEST_CASE("on a flow the estimators agree in the mean, and that of the path varies least near the optimum") {
  const auto energy = gauss();
  auto model = shaken(Flow{Repeat<2, Block>{}, FullNormal<2>{}}, 0.02);
  set_to_gauss(model);
  for (double a : {0.0, 1.0, 2.0}) {
    const double level = energy.log_z();
    const Batch<double> r = gradients(model, alpha_divergence<reparameterised>(energy, a, level), 256, 100, Noise{7}),
                        p = gradients(model, alpha_divergence<path>(energy, a, level), 256, 100, Noise{8}),
                        w = gradients(model, alpha_divergence<weights>(energy, a, level), 256, 100, Noise{9});
    double variance_r = 0, variance_p = 0;
    for (Index j = 0; j < r.cols() - 1; ++j) {
      CHECK(std::fabs(r.col(j).mean() - p.col(j).mean()) <
            4.5 * std::hypot(error(r, j), error(p, j)) + 1e-15);  // over a hundred numbers
      CHECK(std::fabs(w.col(j).mean() - p.col(j).mean()) < 4.5 * std::hypot(error(w, j), error(p, j)) + 1e-15);
      variance_r += error(r, j) * error(r, j), variance_p += error(p, j) * error(p, j);
    }
    INFO("alpha " << a << ": variance " << variance_p << " by the path, " << variance_r << " without");
    CHECK(variance_p < 0.2 * variance_r);
  }
}

TEST_CASE("at the optimum path and weights have no variance") {
  const auto energy = gauss();
  auto model =
      make_model<double>(Flow{Repeat<2, Block>{}, FullNormal<2>{}}, Noise{1});  // couplings start as the identity
  set_to_gauss(model);
  for (double a : {0.0, 1.0, 2.0}) {
    for (std::optional<double> level : {std::optional<double>{}, std::optional<double>{energy.log_z()}}) {
      CHECK(gradients(model, alpha_divergence<path>(energy, a, level), 200, 1, Noise{6})
                .leftCols(model.param_count)
                .abs()
                .maxCoeff() < 1e-12);
      CHECK(gradients(model, alpha_divergence<weights>(energy, a, level), 200, 1, Noise{6})
                .leftCols(model.param_count)
                .abs()
                .maxCoeff() < 1e-12);
    }
  }
  CHECK(gradients(model, ReverseKl(energy), 200, 1, Noise{6}).leftCols(model.param_count).abs().maxCoeff() > 1e-3);
}

TEST_CASE("without a level only relative weights count") {
  const auto energy = gauss();
  auto model = shaken(Flow{Block{}, FullNormal<2>{}}, 0.1);
  const auto here = energy_of<2>([&](const auto& x) { return energy(x); });
  const auto up = energy_of<2>([&](const auto& x) { return energy(x) + 1e3; });
  for (double a : {0.5, 1.0, 2.0}) {
    const Batch<double> g = gradients(model, alpha_divergence<path>(here, a), 200, 1, Noise{10}),
                        h = gradients(model, alpha_divergence<path>(up, a), 200, 1, Noise{10});
    CHECK((g - h).leftCols(g.cols() - 1).abs().maxCoeff() < 1e-10);
    const double moved = a == 1 ? 0 : -1e3 / (a - 1);
    CHECK(h(0, h.cols() - 1) - g(0, g.cols() - 1) == Approx(moved).margin(1e-9));
  }
}

TEST_CASE(
    "left to itself the estimator is that of the path, of bounds the reparameterised one, and without a gradient that "
    "of the weights") {
  const auto energy = gauss();
  auto flow = shaken(Flow{Block{}, FullNormal<2>{}}, 0.1);
  auto bound = shaken(presets::snf<1, Block>(Soft{}, moves::Langevin<2, Learned::both>{0.05}), 0.1);
  for (double a : {0.5, 2.0}) {
    const auto same = [&](auto& model, const auto& one, const auto& other) {
      CHECK((gradients(model, one, 200, 1, Noise{15}) == gradients(model, other, 200, 1, Noise{15})).all());
    };
    same(flow, alpha_divergence(energy, a), alpha_divergence<path>(energy, a));
    same(bound, alpha_divergence(Soft{}, a), alpha_divergence<reparameterised>(Soft{}, a));
    same(flow, alpha_divergence(Values{energy}, a), alpha_divergence<weights>(energy, a));
  }
}

TEST_CASE("draws off the support weigh nothing, whatever the energy's gradient is there") {
  auto model = make_model<double>(Flow{DiagonalNormal<1>{}}, Noise{1});
  model.parameters() << 0.5, 0.0;
  for (double a : {0.5, 1.0, 2.0}) {
    for (std::optional<double> level : {std::optional<double>{}, std::optional<double>{0.0}}) {
      CHECK(gradients(model, alpha_divergence<reparameterised>(HalfLine{}, a, level), 100, 1, Noise{11})
                .isFinite()
                .all());
      CHECK(gradients(model, alpha_divergence<path>(HalfLine{}, a, level), 100, 1, Noise{11}).isFinite().all());
      CHECK(gradients(model, alpha_divergence<weights>(HalfLine{}, a, level), 100, 1, Noise{11}).isFinite().all());
    }
  }
  CHECK(gradients(model, alpha_divergence(HalfLine{}, 0.0), 100, 1, Noise{11})(0, 2) ==
        std::numeric_limits<double>::infinity());
  CHECK_THROWS_AS(alpha_divergence(HalfLine{}, std::nan("")), std::invalid_argument);
}

TEST_CASE("nothing is allocated after the first steps") {
  if (!rheo_test::counts_mallocs) return;
  auto quiet = [](const auto& objective) {
    auto model = shaken(Flow{Repeat<2, Block>{}, FullNormal<2>{}}, 0.02);
    const Batch<double> none(200, 0);
    Trainer<typename decltype(model)::FlowType, double, std::decay_t<decltype(objective)>> trainer(model, Adam{}, 1,
                                                                                                   objective);
    for (std::uint64_t k = 0; k < 2; ++k) trainer.step(view(none), view(none), {0, 200}, Noise{12}.fork(k), 1e-3);
    trainer.value(view(none), view(none), {0, 200}, Noise{14});
    const long before = rheo_test::count();
    trainer.step(view(none), view(none), {0, 200}, Noise{13}, 1e-3);
    trainer.value(view(none), view(none), {0, 150}, Noise{14});
    return rheo_test::count() - before;
  };
  const auto energy = gauss();
  CHECK(quiet(path_gradient(energy)) == 0);
  CHECK(quiet(alpha_divergence(energy, 2.0)) == 0);
  CHECK(quiet(Mixed(alpha_divergence<weights>(energy, 1.0, 1.0), ReverseKl(energy), 0.5)) == 0);
}

TEST_CASE("fit_energy takes an objective in the energy's place") {
  const auto energy = gauss();
  const EnergyFitOptions options{
      .steps = 600, .batch = 128, .learning_rate = 0.02, .schedule = {Cosine{}}, .noise = Noise{2}};
  auto fits = [&](const auto& objective, double most) {
    auto model = make_model<double>(Flow{FullNormal<2>{}}, Noise{1});
    const auto r = fit_energy(model, objective, options);
    CHECK(r.skipped_steps == 0);
    const auto s = model.sample_and_log_prob(4000, Noise{3});
    typename targets::GaussianEnergy<2>::Workspace<double> room;
    Column<double> u(4000);
    energy.value(view(std::as_const(s.x)), ColView<double>(u.data(), 4000), room);
    const Column<double> log_w = -u - s.log_prob;
    INFO("deviation " << std::sqrt((log_w - log_w.mean()).square().mean()));
    CHECK(std::sqrt((log_w - log_w.mean()).square().mean()) < most);
  };
  fits(path_gradient(energy), 1e-3);
  fits(alpha_divergence(energy, 2.0), 1e-3);
  fits(alpha_divergence<reparameterised>(energy, 2.0), 0.1);
  fits(alpha_divergence<path>(energy, 1.0), 1e-3);
  fits(alpha_divergence<weights>(Values{energy}, 1.0), 0.1);
}

TEST_CASE("at alpha of 1 and 2 both wells are found, with default options") {
  const auto well =
      energy_of<2>([](const auto& x) { return square(square(x[0]) - 4.0) / 4.0 + 0.5 * x[0] + 0.5 * square(x[1]); });
  for (double a : {1.0, 2.0}) {
    auto model = make_model<double>(presets::RealNvp<2, 4, Mlp<32, 32>>{}, Noise{1});
    const auto r = fit_energy(model, alpha_divergence(well, a));
    const auto s = weighted_sample(model, well, 10000, Noise{2});
    double right = 0;
    for (Index i = 0; i < 10000; ++i) right += s.x(i, 0) > 0 ? 1e-4 : 0;
    INFO("alpha " << a << ": " << right << " of the draws on the right, ESS " << effective_sample_size(s.log_w) / 10000
                  << ", log Z " << log_z(s.log_w).value << ", best step " << r.best_step);
    CHECK(right > 0.05);
    CHECK(right < 0.35);
    CHECK(effective_sample_size(s.log_w) > 3000);
  }
}

TEST_CASE("one draw that outweighs all others is not taken for none, however far all are: KL is log n at least") {
  auto model = make_model<double>(Flow{FullNormal<2>{}}, Noise{1});
  const auto steep = energy_of<2>([](const auto& x) { return 1e40 * (square(x[0]) + square(x[1])); });
  const Batch<double> none(50, 0);
  for (double a : {1.0, 2.0}) {
    const auto objective = alpha_divergence(steep, a).judge();
    Trainer<Flow<FullNormal<2>>, double, std::decay_t<decltype(objective)>> trainer(model, Adam{}, 1, objective);
    CHECK(trainer.value(view(none), view(none), {0, 50}, Noise{4}) == Approx(std::log(50.0)));
  }
}

TEST_CASE("a fit that begins far from the target ends at it: at alpha of 2 the loss is lowest where no draw is near") {
  Batch<double> covariance(2, 2);
  covariance << 0.25, 0, 0, 0.25;
  const targets::GaussianEnergy<2> far((Row<double>(2) << 4.0, 0.0).finished(), covariance);
  auto check = [&](const auto& objective) {
    auto model = make_model<double>(presets::RealNvp<2, 2, Mlp<16, 16>>{}, Noise{1});
    const auto r =
        fit_energy(model, objective, {.steps = 800, .learning_rate = 1e-2, .schedule = {Cosine{}}, .noise = Noise{2}});
    const auto s = weighted_sample(model, far, 10000, Noise{3});
    INFO("best step " << r.best_step << ", loss " << r.best_loss << ", ESS " << effective_sample_size(s.log_w));
    CHECK(r.best_step > 300);
    CHECK(effective_sample_size(s.log_w) > 9000);
    CHECK(std::abs(log_z(s.log_w).value - far.log_z()) < 0.05);
  };
  check(alpha_divergence(far, 2.0));
  check(alpha_divergence<weights>(far, 1.5));
  check(Mixed(alpha_divergence(far, 2.0), ReverseKl(far), 0.5));
}

}  // namespace training_alpha_divergence
