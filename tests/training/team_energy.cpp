// SPDX-License-Identifier: MIT
// Teams of fit_energy: each rank holds one process's parameters, checks, counts and replay up to rounding; what one
// rank throws or asks for all do, and checkpoints go from any number of ranks to any other.
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "catch.hpp"
#include "draws.hpp"
#include "kept_in_memory.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/training/fit_energy.hpp"
#include "shaken.hpp"
#include "soft_energy.hpp"
#include "team_of_threads.hpp"

namespace training_team_energy {
using namespace rheo;
using Catch::Contains;
using rheo_test::Kept;
using rheo_test::silence;
using rheo_test::Soft;
using rheo_test::Thread;
using rheo_test::together;

namespace {

using Block = presets::RealNvpBlock<2, MlpOf<Tanh, 6>>;
const EnergyFitOptions plain{.steps = 24,
                             .batch = 300,
                             .learning_rate = 5e-3,
                             .schedule = {Cosine{}, 3},
                             .noise = Noise{6},
                             .check_every = 5,
                             .check_rows = 2000};

/// Its u is NaN far out, and it throws where it is told to.
struct Holed : Soft {
  const bool* throws = nullptr;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace& w) const {
    Soft::value(x, u, w);
    for (Index i = 0; i < x.rows(); ++i) {
      if (x(i, 0) > T(3.2)) u(i) = T(std::numeric_limits<double>::quiet_NaN());
    }
    if (throws && *throws) throw std::runtime_error("this energy");
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    Soft::value_and_gradient(x, u, g, w);
    value(x, u, w);
  }
};

template <class T> struct Ended {
  Column<T> parameters;
  EnergyFitResult result;
  Replay<T> replay{.size = 200, .refresh = 0.45, .every = 3};
};
bool near_by(double a, double b, double most) { return std::abs(a - b) <= most || rheo_test::same_bits(a, b); }
template <class T> void check_alike(const Ended<T>& a, const Ended<T>& b, double most) {
  CHECK((a.parameters - b.parameters).abs().maxCoeff() <= T(most));
  const EnergyFitResult &r = a.result, &s = b.result;
  CHECK(
      (r.status == s.status && r.best_step == s.best_step && r.steps == s.steps && r.skipped_steps == s.skipped_steps));
  CHECK((r.report.proposed == s.report.proposed && r.report.accepted == s.report.accepted &&
         r.report.invalid == s.report.invalid && r.report.evaluations == s.report.evaluations));
  REQUIRE(r.history.size() == s.history.size());
  for (std::size_t k = 0; k < r.history.size(); ++k) {
    const EnergyReport &e = r.history[k], &f = s.history[k];
    CHECK(near_by(e.loss, f.loss, 10 * most));
    CHECK(near_by(e.check_loss, f.check_loss, 10 * most));
    CHECK((e.check_not_finite == f.check_not_finite && rheo_test::same_bits(e.acceptance, f.acceptance)));
  }
  REQUIRE(a.replay.x.rows() == b.replay.x.rows());
  if (a.replay.x.rows() > 0) CHECK((a.replay.x - b.replay.x).abs().maxCoeff() <= T(10 * most));
  CHECK(a.replay.oldest == b.replay.oldest);
}
/// `fitted(model, options, replay)` alone, at two ranks and at three.
template <class M, class Fitted> Ended<typename M::Scalar> of_ranks(const M& start, Fitted fitted, double most) {
  using T = typename M::Scalar;
  const auto run = [&](Thread* team, int threads) {
    Ended<T> e;
    M model = start;
    EnergyFitOptions o = plain;
    o.team = team, o.threads = threads;
    e.result = fitted(model, o, e.replay);
    e.parameters = model.parameters();
    return e;
  };
  const auto alone = run(nullptr, 1);
  for (const int ranks : {2, 3}) {
    CAPTURE(ranks);
    std::vector<Ended<T>> ends(static_cast<std::size_t>(ranks));
    CHECK(together(ranks, [&](Thread& team) {
            ends[static_cast<std::size_t>(team.rank())] = run(&team, 1 + team.rank() % 2);
          }) == silence(ranks));
    for (const auto& end : ends) {
      check_alike(end, alone, most);
      CHECK((end.parameters == ends[0].parameters).all());
      CHECK((end.replay.x == ends[0].replay.x).all());
    }
  }
  return alone;
}
auto random_model() {
  return rheo_test::shaken(presets::snf<1, Block>(Holed{}, moves::Mala<2, Learned::none>{0.3}), 0.1);
}
auto exact_model() { return make_model<double>(Flow{Block{}, FullNormal<2>{}}, Noise{1}); }

}  // namespace

TEST_CASE("a team's fit to an energy is one process's: parameters, checks, and what the moves met") {
  const auto alone = of_ranks(
      random_model(), [](auto& model, const EnergyFitOptions& o, auto&) { return fit_energy(model, Holed{}, o); },
      1e-10);
  const Report& met = alone.result.report;
  CHECK((met.proposed > 0 && met.accepted > 0 && met.accepted < met.proposed && met.invalid > 0));
  of_ranks(
      random_model(),
      [](auto& model, const EnergyFitOptions& o, auto&) {
        return fit_energy(model, Soft{}, rheo_test::normals(100, 2, 3), o);
      },
      1e-10);
  of_ranks(
      exact_model(),
      [](auto& model, const EnergyFitOptions& o, auto&) { return fit_energy(model, alpha_divergence(Soft{}, 2.0), o); },
      1e-10);
  of_ranks(
      make_model<float>(Flow{Block{}, FullNormal<2>{}}, Noise{1}),
      [](auto& model, const EnergyFitOptions& o, auto&) { return fit_energy(model, path_gradient(Soft{}), o); }, 1e-4);
  using Conditional = Flow<AffineCoupling<2, Mlp<6>, 1>, StandardNormal<2>>;
  of_ranks(
      make_model<double>(Conditional{}, Noise{1}),
      [](auto& model, const EnergyFitOptions& o, auto&) {
        return fit_energy(model, Soft{}, rheo_test::normals(50, 1, 3), o);
      },
      1e-10);
}

TEST_CASE("a team shares out a replay's draws and holds all of them") {
  of_ranks(
      exact_model(),
      [](auto& model, const EnergyFitOptions& o, auto& replay) { return fit_energy(model, Holed{}, replay, o); },
      1e-10);
}

TEST_CASE("what one rank of a fit to an energy throws or asks for, all do") {
  const auto run = [&](const std::function<void(Thread&, EnergyFitOptions&, Replay<double>&)>& change,
                       const bool* throws = nullptr, int throwing = -1) {
    std::vector<std::string> status(3);
    auto thrown = together(3, [&](Thread& team) {
      auto o = plain;
      Replay<double> replay{.size = 200};
      o.team = &team;
      change(team, o, replay);
      auto model = exact_model();
      Holed energy;
      if (team.rank() == throwing) energy.throws = throws;
      status[static_cast<std::size_t>(team.rank())] = to_string(fit_energy(model, energy, replay, o).status);
    });
    for (std::size_t k = 0; k < 3; ++k) {
      INFO(k << ": " << thrown[k] << status[k]);
      CHECK(thrown[k].empty() == thrown[0].empty());
      CHECK(status[k] == status[0]);
    }
    return thrown[0].empty() ? status : thrown;
  };
  const bool yes = true;
  const auto as_it_is = [](Thread&, EnergyFitOptions&, Replay<double>&) {};
  CHECK(run(as_it_is)[0] == "budget_reached");
  const auto drawn = run(as_it_is, &yes, 1);
  CHECK(drawn[1] == "this energy");
  CHECK_THAT(drawn[0], Contains("rank 1 of the team refused"));
  CHECK_THAT(run([](Thread& t, EnergyFitOptions& o, Replay<double>&) { o.clip_norm += t.rank() / 2; })[1],
             Contains("rank 2 of 3") && Contains("clip_norm"));
  CHECK_THAT(run([](Thread& t, EnergyFitOptions&, Replay<double>& r) { r.every += t.rank() / 2; })[0],
             Contains("rank 2 of 3") && Contains("replay's every"));
  CHECK_THAT(run([](Thread& t, EnergyFitOptions&, Replay<double>& r) { r.every = t.rank() == 1 ? 0 : 10; })[0],
             Contains("rank 1 of the team refused"));
  StopSource source;
  source.request_stop();
  CHECK(run([&](Thread& t, EnergyFitOptions& o, Replay<double>&) {
          if (t.rank() == 2) o.stop = source.get_token();
        })[0] == "interrupted");
  const auto callback = run([](Thread& t, EnergyFitOptions& o, Replay<double>&) {
    o.callback = [&t](const EnergyReport&) -> bool { throw std::runtime_error(t.rank() == 0 ? "enough" : "never"); };
  });
  CHECK(callback[0] == "enough");
  CHECK_THAT(callback[2], Contains("the callback threw at rank 0"));
}

TEST_CASE("a checkpoint of a fit to an energy is taken up by any number of ranks, counts and replay with it") {
  const auto run = [&](int ranks, const std::shared_ptr<Kept>& store, long stop_at, const auto& start, auto fitted) {
    std::vector<Ended<double>> ends(static_cast<std::size_t>(ranks));
    CHECK(together(ranks, [&](Thread& team) {
            auto& end = ends[static_cast<std::size_t>(team.rank())];
            auto o = plain;
            auto unused = std::make_shared<Kept>();
            Kept::into(o, team.rank() == 0 ? store : unused, stop_at);
            o.team = &team;
            auto model = start;
            end.result = fitted(model, o, end.replay);
            end.parameters = model.parameters();
            if (team.rank() != 0 && unused->there) throw std::runtime_error("another rank wrote");
          }) == silence(ranks));
    for (const auto& end : ends) check_alike(end, ends[0], 0);
    return ends[0];
  };
  const auto all = [&](const auto& start, auto fitted) {
    const auto whole = run(2, std::make_shared<Kept>(), -1, start, fitted);
    for (const int ranks : {1, 2, 3}) {
      auto store = std::make_shared<Kept>();
      CHECK(run(2, store, 9, start, fitted).result.status == FitStatus::interrupted);
      REQUIRE(store->there);
      check_alike(run(ranks, store, -1, start, fitted), whole, ranks == 2 ? 0 : 1e-10);
      run(3, store, -1, start, fitted);
      CHECK(store->saves == 0);
    }
  };
  all(random_model(), [](auto& model, const EnergyFitOptions& o, auto&) { return fit_energy(model, Holed{}, o); });
  all(exact_model(), [](auto& model, const EnergyFitOptions& o, auto& r) { return fit_energy(model, Soft{}, r, o); });
}

}  // namespace training_team_energy
