// SPDX-License-Identifier: MIT
// Optimizers and schedules by hand: decay of both kinds, the decay's steps, and what a fit that goes back forgets.
#include "rheo/training/optimizer.hpp"

#include <memory>

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/targets/energies.hpp"
#include "rheo/training/fit_energy.hpp"

namespace training_optimizer {
using namespace rheo;

namespace {
template <class T, class O>
std::pair<Column<T>, OptimizerState<T>> one_step_at_gradient_0(const O& o, const Column<T>& theta, double rate) {
  Column<T> moved = theta;
  const Column<T> g = Column<T>::Zero(theta.size());
  OptimizerState<T> state;
  state.reset(theta.size());
  state.steps = 1;
  detail::apply<T>(o, state, moved.data(), g.data(), 0, theta.size(), rate, 1);
  return {moved, state};
}

using Two = Flow<FullNormal<2>>;
/// theta_0 times the sign of the step: 1 for four steps, none for two, then -1.  Values without a pull are theta_0.
struct Turns {
  std::shared_ptr<int> step = std::make_shared<int>(0);
  double operator()(ObjectiveCall<Two, double>& c) const {
    const double n = static_cast<double>(std::max<Index>(1, c.x.rows())), theta = c.model.parameters()(0);
    if (!c.pull) return n * theta;
    const int k = ++*step;
    if (k == 5 || k == 6) return std::numeric_limits<double>::quiet_NaN();
    c.g_theta.data()[0] += c.scale * n * (k < 5 ? 1 : -1);
    return n * theta;
  }
};
}  // namespace

TEMPLATE_TEST_CASE("at gradient 0, decoupled decay takes rate times decay, and L2 decay is the gradient", "", float,
                   double) {
  using T = TestType;
  Column<T> theta(19);  // a block and a tail of every width
  for (Index i = 0; i < 19; ++i) theta(i) = T(0.5 + static_cast<double>(i)) * T(i % 2 ? -1 : 1);
  const T eps = 4 * std::numeric_limits<T>::epsilon();
  const auto [shrunk, none] = one_step_at_gradient_0<T>(adam_w(0.1), theta, 0.01);
  CHECK(((shrunk - T(0.999) * theta).abs() <= eps * theta.abs()).all());
  CHECK((none.first == T(0)).all());
  const auto [stepped, state] = one_step_at_gradient_0<T>(Adam{.weight_decay = 0.1}, theta, 0.01);
  CHECK(
      ((stepped - (theta - T(0.01) * T(0.1) * theta / (T(0.1) * theta.abs() + T(1e-8)))).abs() <= 2 * eps * theta.abs())
          .all());                                                                // Adam's first step
  CHECK(((state.first - T(0.01) * theta).abs() <= 8 * eps * theta.abs()).all());  // (1 - beta1) decay theta
  const auto [slid, momentum] = one_step_at_gradient_0<T>(Sgd{.weight_decay = 0.1}, theta, 0.01);
  CHECK(((slid - T(0.999) * theta).abs() <= eps * theta.abs()).all());
  CHECK((one_step_at_gradient_0<T>(Adam{}, theta, 0.01).first == theta).all());
}

TEST_CASE("a decay in steps comes at the very step") {
  const Schedule tenths{StepDecay{0.5, 0.1}};
  for (long steps : {10L, 20L, 30L, 100L, 700L, 1000L, 4321L}) {
    for (long step = 0; step < steps; ++step)
      CHECK(tenths(step, steps) == std::pow(0.5, static_cast<double>(10 * step / steps)));
  }
  CHECK(Schedule{StepDecay{0.1, 0.5}}(49, 100) == 1);
  CHECK(Schedule{StepDecay{0.1, 0.5}}(50, 100) == 0.1);
  CHECK(detail::held_rows(0.29, 100) == 29);
  CHECK(detail::held_rows(0.001, 100) == 1);
  CHECK(detail::held_rows(0, 100) == 0);
}

TEST_CASE("a fit that goes back to its best forgets the steps that led away") {
  Batch<double> x(40, 2);
  Noise{1}.normals(view(x));
  const double rate = 0.01;
  double at_8 = 0;
  auto model = make_model<double>(Two{}, Noise{2});
  const auto note = [&](int step) { return step == 7 ? (at_8 = model.parameters()(0), true) : true; };
  fit(model, x,
      {.epochs = 8,
       .batch = 40,
       .learning_rate = rate,
       .validation = 0,
       .patience_non_finite = 2,
       .callback = [&](const EpochReport& e) { return note(e.epoch); }},
      Turns{});
  CHECK(at_8 == Approx(-4 * rate + rate / 2).epsilon(1e-6));  // Adam's first step again, at half the rate
  model = make_model<double>(Two{}, Noise{2});
  fit_energy(model, Turns{},
             {.steps = 8,
              .batch = 40,
              .learning_rate = rate,
              .check_every = 1,
              .check_rows = 40,
              .tolerance = 0,
              .patience_non_finite = 2,
              .callback = [&](const EnergyReport& e) { return note(e.step); }});
  CHECK(at_8 == Approx(-4 * rate + rate / 2).epsilon(1e-6));
}

TEST_CASE("an energy fit keeps its start against steps that are worse by less than the tolerance") {
  struct Climbs {
    double operator()(ObjectiveCall<Two, double>& c) const {
      if (c.pull) c.g_theta.data()[0] -= c.scale * static_cast<double>(c.x.rows());
      return static_cast<double>(c.x.rows()) * c.model.parameters()(0);
    }
  };
  auto model = make_model<double>(Two{}, Noise{2});
  const auto r =
      fit_energy(model, Climbs{}, {.steps = 5, .batch = 40, .check_every = 1, .check_rows = 40, .tolerance = 0.1});
  CHECK(r.best_step == 0);
  CHECK(r.status == FitStatus::no_better_than_start);
  CHECK(model.parameters()(0) == 0);
}

}  // namespace training_optimizer
