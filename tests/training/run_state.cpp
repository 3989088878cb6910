// SPDX-License-Identifier: MIT
// What a fit keeps while it runs: the best epoch's buffers with its parameters, and non-finite steps counted in a row.
#include "rheo/training/run_state.hpp"

#include <limits>

#include "banana.hpp"
#include "catch.hpp"
#include "kept_in_memory.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/residual.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

namespace training_run_state {
using namespace rheo;

namespace {
/// Maximum likelihood, and NaN at every second step.
struct Sometimes {
  long* steps;
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    const double loss = MaximumLikelihood{}(c);
    return c.pull && ++*steps % 2 == 0 ? std::numeric_limits<double>::quiet_NaN() : loss;
  }
};
}  // namespace

TEST_CASE("a fit ends with the buffers of its best epoch, which follow its parameters") {
  auto model = make_model<double>(Flow{Residual<2, LipschitzMlp<6>, ExactLogDet>{}, StandardNormal<2>{}}, Noise{2});
  auto best = model;
  FitOptions o{.epochs = 6, .batch = 70, .learning_rate = 5e-3, .patience = 0, .schedule = {StepDecay{1e4, 0.5}}};
  o.callback = [&](const EpochReport& e) {
    if (e.validation_loss == e.best_loss) best = model;
    return true;
  };
  const auto r = fit(model, rheo_test::banana<double>(200, 1), o);
  REQUIRE((r.best_epoch > 0 && r.best_epoch < 6));
  best.flow().after_step(best.theta(), best.state());  // as the end of a fit does
  CHECK(rheo_test::same_bits(model.parameters(), best.parameters()));
  CHECK(rheo_test::same_bits(model.buffers(), best.buffers()));
}

TEST_CASE("steps that are not finite count in a row: those between others halve no rate") {
  auto model = make_model<double>(Flow{Standardize<2>{}, FullNormal<2>{}}, Noise{2});
  long steps = 0;
  const auto r =
      fit(model, rheo_test::banana<double>(200, 1),
          {.epochs = 4, .batch = 50, .validation = 0, .patience_non_finite = 2, .halvings = 0}, Sometimes{&steps});
  CHECK(r.status == FitStatus::budget_reached);
  CHECK(r.skipped_steps == 8);
  CHECK(r.history.back().learning_rate == 1e-3);
}

}  // namespace training_run_state
