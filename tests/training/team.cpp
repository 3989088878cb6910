// SPDX-License-Identifier: MIT
// Teams, of threads here: each rank holds one process's parameters up to rounding, a step that one rank cannot make is
// made by none, what one rank throws all throw, and checkpoints go from any number of ranks to any other.
#include "rheo/training/team.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "banana.hpp"
#include "catch.hpp"
#include "kept_in_memory.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"
#include "team_of_threads.hpp"

namespace training_team {
using namespace rheo;
using rheo_test::silence;
using rheo_test::Thread;
using rheo_test::together;

namespace {

using Small = Flow<Standardize<2>, Repeat<3, Chain<AffineCoupling<2, Mlp<16, 16>>, Flip<2>>>, StandardNormal<2>>;

/// Maximum likelihood that throws at one row.
struct Throws {
  Index row = 0;
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    if (c.noise.row0 <= row && row < c.noise.row0 + c.x.rows()) throw std::runtime_error("this row");
    return MaximumLikelihood{}(c);
  }
};

constexpr Index rows_of_data = 900;
Model<Small, double> started() {
  auto model = make_model<double>(Small{}, Noise{2});
  model.initialise(rheo_test::banana<double>(rows_of_data, 1));
  return model;
}

}  // namespace

TEST_CASE("after each step every rank holds one process's parameters to 1e-12, whatever the shares") {
  const auto data = rheo_test::banana<double>(rows_of_data, 1);
  std::vector<double> weights;
  for (Index i = 0; i < rows_of_data; ++i) weights.push_back(0.5 + Noise{9}.uniform(i, 0));
  const auto none = Model<Small, double>::nothing<const double>(rows_of_data);
  for (const Index rows : {Index(700), Index(70), Index(1)}) {  // 11 shards, 2, 1
    const auto run = [&](Thread* team, int threads) {
      auto model = started();
      Trainer trainer(model, Adam{}, threads);
      trainer.join(team);
      std::vector<Column<double>> path;
      for (int k = 0; k < 12; ++k) {
        const auto r = trainer.step(view(data), none, {k, rows, nullptr, weights.data()},
                                    Noise{3}.fork(static_cast<std::uint64_t>(k)), 1e-3, 5);
        Column<double> all(model.parameters().size() + 2);
        all << model.parameters(), r.loss, r.gradient_norm;
        path.push_back(all);
      }
      return path;
    };
    const auto alone = run(nullptr, 1);
    for (const int ranks : {2, 3, 5}) {
      std::vector<std::vector<Column<double>>> path(static_cast<std::size_t>(ranks));
      CHECK(together(ranks, [&](Thread& team) {
              path[static_cast<std::size_t>(team.rank())] = run(&team, 1 + team.rank() % 2);
              if (team.sums != 12) throw std::runtime_error("a step is not one sum");
            }) == silence(ranks));
      double worst = 0;
      for (std::size_t k = 0; k < alone.size(); ++k) {
        for (const auto& own : path) {
          worst = std::max(worst, (own[k] - alone[k]).abs().maxCoeff());
          CHECK((own[k] == path[0][k]).all());
        }
      }
      INFO(rows << " rows at " << ranks << " ranks: " << worst);
      CHECK(worst < 1e-12);
    }
  }
}

TEST_CASE("a step that is not finite at one rank is made by none") {
  auto data = rheo_test::banana<double>(rows_of_data, 1);
  data(650, 1) = std::nan("");
  const auto none = Model<Small, double>::nothing<const double>(rows_of_data);
  CHECK(together(3, [&](Thread& team) {
          auto model = started();
          const Column<double> before = model.parameters();
          Trainer trainer(model);
          trainer.join(&team);
          if (trainer.step(view(std::as_const(data)), none, {0, 700}, Noise{3}, 1e-3).stepped ||
              (model.parameters() != before).any())
            throw std::runtime_error("stepped");
          if (!trainer.step(view(std::as_const(data)), none, {0, 600}, Noise{3}, 1e-3).stepped)
            throw std::runtime_error("did not step");
        }) == silence(3));
}

TEST_CASE("a fit of a team is one process's: history, status, best epoch, rows set aside") {
  const auto data = rheo_test::banana<double>(2000, 1);
  const FitOptions options{.epochs = 6, .batch = 500, .learning_rate = 3e-3, .average = 0.9, .noise = Noise{3}};
  auto alone = make_model<double>(Small{}, Noise{2});
  const auto r = fit(alone, data, options);
  for (const int ranks : {2, 3}) {
    std::vector<FitResult> results(static_cast<std::size_t>(ranks));
    std::vector<Column<double>> theta(results.size());
    std::atomic<int> called{0};
    CHECK(together(ranks, [&](Thread& team) {
            auto o = options;
            o.team = &team;
            o.callback = [&](const EpochReport&) {
              if (team.rank() != 0) called += 1000;
              return ++called, true;
            };
            auto model = make_model<double>(Small{}, Noise{2});
            results[static_cast<std::size_t>(team.rank())] = fit(model, data, o);
            theta[static_cast<std::size_t>(team.rank())] = model.parameters();
          }) == silence(ranks));
    CHECK(called == 6);
    for (std::size_t k = 0; k < results.size(); ++k) {
      CHECK((theta[k] == theta[0]).all());
      CHECK((theta[k] - alone.parameters()).abs().maxCoeff() < 1e-10);
      CHECK(results[k].best_epoch == r.best_epoch);
      CHECK(results[k].status == r.status);
      REQUIRE(results[k].history.size() == r.history.size());
      CHECK(std::abs(results[k].history.back().validation_loss - r.history.back().validation_loss) < 1e-10);
      CHECK(std::abs(results[k].history.back().train_loss - r.history.back().train_loss) < 1e-10);
    }
  }
}

TEST_CASE("what one rank throws or asks for, all do") {
  const auto data = rheo_test::banana<double>(600, 1);
  const FitOptions options{.epochs = 3, .batch = 300, .noise = Noise{3}};
  const auto run = [&](const std::function<void(Thread&, FitOptions&, Batch<double>&)>& change, auto objective,
                       int faulty = -1) {
    std::vector<std::string> status(3);
    auto thrown = together(
        3,
        [&](Thread& team) {
          auto o = options;
          auto own = data;
          o.team = &team;
          change(team, o, own);
          auto model = make_model<double>(Small{}, Noise{2});
          status[static_cast<std::size_t>(team.rank())] = to_string(fit(model, own, o, objective).status);
        },
        faulty);
    for (std::size_t k = 0; k < 3; ++k) {
      INFO(k << ": " << thrown[k] << status[k]);
      CHECK(thrown[k].empty() == thrown[0].empty());
      CHECK(status[k] == status[0]);
    }
    return thrown[0].empty() ? status : thrown;
  };
  const auto same = [](Thread&, FitOptions&, Batch<double>&) {};
  const MaximumLikelihood likelihood;
  const auto objective = run(same, Throws{130});  // of the shards of 300 rows the third, which is rank 1's
  CHECK(objective[1] == "this row");
  CHECK_THAT(objective[0], Catch::Contains("another rank"));
  const auto rate =
      run([](Thread& t, FitOptions& o, Batch<double>&) { o.learning_rate *= 1 + t.rank() / 2; }, likelihood);
  CHECK_THAT(rate[0], Catch::Contains("rank 2 of 3") && Catch::Contains("learning_rate"));
  CHECK(rate[1] == rate[0]);
  CHECK_THAT(run([](Thread& t, FitOptions&, Batch<double>& x) { x(5, 0) += t.rank() == 1; }, likelihood)[2],
             Catch::Contains("rank 1 of 3") && Catch::Contains("data"));
  CHECK_THAT(run([](Thread& t, FitOptions&, Batch<double>& x) { x(5, 0) /= t.rank() != 1; }, likelihood)[0],
             Catch::Contains("rank 1 of the team refused"));
  const auto callback =
      run([](Thread&, FitOptions& o,
             Batch<double>&) { o.callback = [](const EpochReport&) -> bool { throw std::runtime_error("enough"); }; },
          likelihood);
  CHECK(callback[0] == "enough");
  CHECK_THAT(callback[2], Catch::Contains("the callback threw at rank 0"));
  CHECK(run([](Thread&, FitOptions& o, Batch<double>&) { o.callback = [](const EpochReport&) { return false; }; },
            likelihood)[2] == "interrupted");
  StopSource source;
  source.request_stop();
  CHECK(run(
            [&](Thread& t, FitOptions& o, Batch<double>&) {
              if (t.rank() == 2) o.stop = source.get_token();
            },
            likelihood)[0] == "interrupted");
  CHECK_THAT(run(same, likelihood, 1)[0], Catch::Contains("rank 1 are no longer those of rank 0"));
}

TEST_CASE("a checkpoint of two ranks is taken up by one, two and three; rank 0 alone reads and writes") {
  const auto data = rheo_test::banana<double>(1000, 1);
  const FitOptions options{.epochs = 5, .batch = 300, .noise = Noise{3}};
  auto alone = make_model<double>(Small{}, Noise{2});
  fit(alone, data, options);
  const auto run = [&](int ranks, const std::shared_ptr<rheo_test::Kept>& store, long stop_at) {
    std::vector<FitStatus> status(static_cast<std::size_t>(ranks));
    std::vector<Column<double>> theta(status.size());
    CHECK(together(ranks, [&](Thread& team) {
            auto o = options;
            auto unused = std::make_shared<rheo_test::Kept>();
            rheo_test::Kept::into(o, team.rank() == 0 ? store : unused, stop_at);
            o.team = &team;
            auto model = make_model<double>(Small{}, Noise{2});
            status[static_cast<std::size_t>(team.rank())] = fit(model, data, o).status;
            theta[static_cast<std::size_t>(team.rank())] = model.parameters();
            if (team.rank() != 0 && unused->there) throw std::runtime_error("another rank wrote");
          }) == silence(ranks));
    for (std::size_t k = 0; k < theta.size(); ++k) {
      CHECK(status[k] == status[0]);
      CHECK((theta[k] == theta[0]).all());
    }
    return std::pair{status[0], theta[0]};
  };
  const auto whole = run(2, std::make_shared<rheo_test::Kept>(), -1).second;
  CHECK((whole - alone.parameters()).abs().maxCoeff() < 1e-10);
  for (const int ranks : {1, 2, 3}) {
    auto store = std::make_shared<rheo_test::Kept>();
    CHECK(run(2, store, 7).first == FitStatus::interrupted);
    REQUIRE(store->there);
    const auto [status, theta] = run(ranks, store, -1);
    CHECK(status == FitStatus::budget_reached);
    if (ranks == 2) CHECK((theta == whole).all());
    CHECK((theta - whole).abs().maxCoeff() < 1e-10);
    auto again = store;
    CHECK((run(3, again, -1).second == theta).all());
    CHECK(store->saves == 0);
  }
}

}  // namespace training_team
