// SPDX-License-Identifier: MIT
// Checkpoints of fit_energy: stopped anywhere and taken up again it ends with the same bits, its replay too; another
// run's are refused.
#include "catch.hpp"
#include "kept_in_memory.hpp"
#include "draws.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/residual.hpp"
#include "rheo/targets/energies.hpp"
#include "rheo/training/fit_energy.hpp"
#include "shaken.hpp"
#include "soft_energy.hpp"

namespace training_checkpoint_energy {
using namespace rheo;
using Catch::Contains;
using rheo_test::Kept;
using rheo_test::same_bits;
using rheo_test::Soft;

namespace {

using Block = presets::RealNvpBlock<2, MlpOf<Tanh, 6>>;

template <class T> struct Ended {
  Column<T> parameters, buffers;
  EnergyFitResult result;
  Replay<T> replay;
};
template <class T> void check_same(const Ended<T>& a, const Ended<T>& b) {
  CHECK(same_bits(a.parameters, b.parameters));
  CHECK(same_bits(a.buffers, b.buffers));
  const EnergyFitResult &r = a.result, &s = b.result;
  CHECK((r.status == s.status && r.best_step == s.best_step && same_bits(r.best_loss, s.best_loss) &&
         r.steps == s.steps && r.skipped_steps == s.skipped_steps));
  CHECK((r.report.proposed == s.report.proposed && r.report.accepted == s.report.accepted &&
         r.report.invalid == s.report.invalid && r.report.evaluations == s.report.evaluations &&
         r.report.unsolved == s.report.unsolved && same_bits(r.report.worst_residual, s.report.worst_residual)));
  REQUIRE(r.history.size() == s.history.size());
  for (std::size_t k = 0; k < r.history.size(); ++k) {
    const EnergyReport &e = r.history[k], &f = s.history[k];
    CHECK((e.step == f.step && e.steps == f.steps && same_bits(e.loss, f.loss) &&
           same_bits(e.check_loss, f.check_loss) && e.check_not_finite == f.check_not_finite &&
           same_bits(e.best_loss, f.best_loss) && same_bits(e.acceptance, f.acceptance) &&
           same_bits(e.learning_rate, f.learning_rate) && e.skipped_steps == f.skipped_steps));
  }
  CHECK(same_bits(a.replay.x.reshaped(), b.replay.x.reshaped()));
  CHECK(same_bits(a.replay.log_w, b.replay.log_w));
  CHECK(a.replay.oldest == b.replay.oldest);
}
/// `fitted(model, options, replay)`.
template <class M, class Fitted> void never_stopped(const M& start, const EnergyFitOptions& options, Fitted fitted) {
  using T = typename M::Scalar;
  const auto run = [&](const EnergyFitOptions& o) {
    M model = start;
    Replay<T> replay{.size = 200, .refresh = 0.2, .every = 3};
    EnergyFitResult r = fitted(model, o, replay);
    return Ended<T>{model.parameters(), model.buffers(), std::move(r), replay};
  };
  rheo_test::never_stopped(options, run, [](const Ended<T>& a, const Ended<T>& b) { check_same(a, b); });
}
auto random_model() {
  return rheo_test::shaken(presets::snf<1, Block>(Soft{}, moves::Langevin<2, Learned::both>{0.05}), 0.1);
}
/// Its u is NaN far out.
struct Holed : Soft {
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace& w) const {
    Soft::value(x, u, w);
    for (Index i = 0; i < x.rows(); ++i) {
      if (x(i, 0) > T(1.9)) u(i) = T(std::numeric_limits<double>::quiet_NaN());
    }
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    Soft::value_and_gradient(x, u, g, w);
    value(x, u, w);
  }
};
const EnergyFitOptions options{.steps = 23,
                               .batch = 40,
                               .learning_rate = 5e-3,
                               .schedule = {Cosine{}, 3},
                               .noise = Noise{6},
                               .check_every = 5,
                               .check_rows = 100};

}  // namespace

TEST_CASE("a fit to an energy that was stopped anywhere and taken up again ends with the same bits") {
  never_stopped(random_model(), options,
                [](auto& model, const EnergyFitOptions& o, auto&) { return fit_energy(model, Soft{}, o); });
  never_stopped(random_model(), options, [](auto& model, const EnergyFitOptions& o, auto&) {
    return fit_energy(model, Soft{}, rheo_test::normals(100, 2, 3), o);
  });
  never_stopped(
      make_model<float>(Flow{Block{}, FullNormal<2>{}}, Noise{1}), options,
      [](auto& model, const EnergyFitOptions& o, auto&) { return fit_energy(model, path_gradient(Soft{}), o); });
}

TEST_CASE("a replay is kept with the state of its fit") {
  never_stopped(
      make_model<double>(Flow{Block{}, FullNormal<2>{}}, Noise{1}), options,
      [](auto& model, const EnergyFitOptions& o, auto& replay) { return fit_energy(model, Soft{}, replay, o); });
  never_stopped(make_model<float>(Flow{Block{}, FullNormal<2>{}}, Noise{1}), options,
                [](auto& model, const EnergyFitOptions& o, auto& replay) {
                  if (replay.x.rows() == 0)
                    replay.push(rheo_test::normals(20, 2, 3).template cast<float>(), Column<double>::Zero(20));
                  return fit_energy(model, Soft{}, replay, o);
                });
}

TEST_CASE("stopped fits to an energy end alike where steps are skipped, and of conditional flows") {
  EnergyFitOptions o = options;
  o.learning_rate = 0.3, o.patience_non_finite = 2, o.halvings = 50;
  long skipped = 0;
  never_stopped(make_model<double>(Flow{Block{}, FullNormal<2>{}}, Noise{1}), o,
                [&](auto& model, const EnergyFitOptions& now, auto&) {
                  auto r = fit_energy(model, Holed{}, now);
                  skipped = std::max(skipped, r.skipped_steps);
                  return r;
                });
  CHECK(skipped > 2);
  using Conditional = Flow<AffineCoupling<2, Mlp<6>, 1>, StandardNormal<2>>;
  never_stopped(make_model<double>(Conditional{}, Noise{1}), options,
                [](auto& model, const EnergyFitOptions& now, auto&) {
                  return fit_energy(model, Soft{}, rheo_test::normals(50, 1, 3), now);
                });
}

TEST_CASE("what moves and iterations met is counted over all runs, and buffers and ends of every kind come back") {
  Report met;
  const auto by = [&](const auto& energy) {
    return [&met, energy](auto& model, const EnergyFitOptions& o, auto&) {
      auto r = fit_energy(model, energy, o);
      met += r.report;
      return r;
    };
  };
  never_stopped(rheo_test::shaken(presets::snf<1, Block>(Holed{}, moves::Mala<2, Learned::none>{0.3}), 0.1), options,
                by(Holed{}));
  CHECK((met.proposed > 0 && met.accepted > 0 && met.accepted < met.proposed && met.invalid > 0));
  EnergyFitOptions o = options;
  o.learning_rate = 0.3, o.check_every = 2, o.tolerance = 0;
  never_stopped(make_model<double>(Flow{Residual<2, LipschitzMlp<6>, ExactLogDet>{}, StandardNormal<2>{}}, Noise{1}), o,
                by(Soft{}));
  CHECK(met.evaluations > 0);
  o.learning_rate = 3, o.patience_non_finite = 1, o.halvings = 9, o.steps = 60;
  FitStatus end{};
  never_stopped(make_model<double>(Flow{Block{}, FullNormal<2>{}}, Noise{1}), o,
                [&](auto& model, const EnergyFitOptions& now, auto&) {
                  auto r = fit_energy(model, Holed{}, now);
                  end = r.status;
                  return r;
                });
  CHECK(end == FitStatus::diverged);
}

TEST_CASE("an energy that throws before the first step leaves model and replay as they were, taken up or not") {
  auto store = std::make_shared<Kept>();
  bool throws = false;
  const auto energy = energy_of<2>([&throws](const auto& x) {
    if (throws) throw std::runtime_error("now");
    return 0.5 * (x[0] * x[0] + x[1] * x[1]);
  });
  const auto attempt = [&](long stop_at) {
    EnergyFitOptions o = options;
    Kept::into(o, store, stop_at);
    Replay<double> replay{.size = 50};
    auto model = make_model<double>(Flow{Block{}, FullNormal<2>{}}, Noise{1});
    const Column<double> parameters = model.parameters();
    if (!throws) return fit_energy(model, energy, replay, o).status == FitStatus::interrupted;
    CHECK_THROWS_WITH(fit_energy(model, energy, replay, o), Contains("now"));
    CHECK(same_bits(model.parameters(), parameters));
    CHECK((replay.x.rows() == 0 && replay.log_w.size() == 0));
    return false;
  };
  throws = true;
  attempt(-1);
  throws = false;
  CHECK(attempt(3));
  throws = true;
  attempt(-1);
}

TEST_CASE("the checkpoint of another run of fit_energy is refused, model and replay as they were") {
  const auto said = [](const std::string& what) {
    return Contains("rheo: memory: is the checkpoint of another run: " + what);
  };
  auto store = std::make_shared<Kept>();
  const auto attempt = [&](EnergyFitOptions o, Replay<double> replay = {.size = 50}) {
    o.checkpoint = {store, 0};
    auto model = make_model<double>(Flow{Block{}, FullNormal<2>{}}, Noise{1});
    const Column<double> parameters = model.parameters();
    const Index rows = replay.x.rows();
    try {
      fit_energy(model, Soft{}, replay, o);
    } catch (const FileError& e) {
      CHECK(same_bits(model.parameters(), parameters));
      CHECK(replay.x.rows() == rows);
      CHECK(replay.log_w.size() == rows);
      return std::string(e.what());
    }
    return std::string("not refused");
  };
  CHECK(attempt(options) == "not refused");
  const auto of = [&](auto change) {
    EnergyFitOptions o = options;
    change(o);
    return attempt(o);
  };
  CHECK_THAT(of([](auto& o) { o.steps = 24; }), said("steps is 23 there and 24 here.  Remove it"));
  CHECK_THAT(of([](auto& o) { o.batch = 41; }), said("batch is 40 there and 41 here"));
  CHECK_THAT(of([](auto& o) { o.learning_rate = 1; }), said("learning_rate is"));
  CHECK_THAT(of([](auto& o) { o.data_share = 0.4; }), said("data_share is"));
  CHECK_THAT(of([](auto& o) { o.clip_norm = 0; }), said("clip_norm is"));
  CHECK_THAT(of([](auto& o) { o.optimizer = Sgd{}; }), said("optimizer is"));
  CHECK_THAT(of([](auto& o) { o.schedule = {}; }), said("schedule is"));
  CHECK_THAT(of([](auto& o) { o.noise.stream = 1; }), said("noise is"));
  CHECK_THAT(of([](auto& o) { o.check_every = 6; }), said("check_every is"));
  CHECK_THAT(of([](auto& o) { o.check_rows = 99; }), said("check_rows is"));
  CHECK_THAT(of([](auto& o) { o.tolerance = 0; }), said("tolerance is"));
  CHECK_THAT(of([](auto& o) { o.patience_non_finite = 1; }), said("patience_non_finite is"));
  CHECK_THAT(of([](auto& o) { o.halvings = 1; }), said("halvings is"));
  CHECK_THAT(of([](auto& o) { o.standardize_context = false; }), said("standardize_context is"));
  CHECK_THAT(of([](auto& o) { o.threads = 2; }), Contains("not refused"));
  CHECK_THAT(attempt(options, {.size = 51}), said("replay's size is 50 there and 51 here"));
  CHECK_THAT(attempt(options, {.size = 50, .refresh = 0.2}), said("replay's refresh is"));
  CHECK_THAT(attempt(options, {.size = 50, .every = 2}), said("replay's every is"));
  Replay<double> begun{.size = 50};
  begun.push(rheo_test::normals(5, 2, 3), Column<double>::Zero(5));
  CHECK_THAT(attempt(options, begun), said("replay's rows is none there") || said("replay's rows is 0 x "));
  auto model = make_model<double>(Flow{Block{}, FullNormal<2>{}}, Noise{1});
  EnergyFitOptions o = options;
  o.checkpoint = {store, 0};
  CHECK_THROWS_WITH(fit_energy(model, Soft{}, o), said("objective is"));
  for (auto& a : store->state.arrays) {
    if (a.name == "replay_oldest") a.integers[0] = 50;
  }
  CHECK_THAT(attempt(options), said("'replay_oldest' is 50"));
}

}  // namespace training_checkpoint_energy
