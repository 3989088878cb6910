// SPDX-License-Identifier: MIT
// Fits from sources of rows that were stopped anywhere and taken up again, that are weighted, whose starts see a whole
// pass, and that a team makes.
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "kept_in_memory.hpp"
#include "listed_rows.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit_source.hpp"
#include "team_of_threads.hpp"

namespace training_row_source_resumed {
using namespace rheo;
using Catch::Contains;
using rheo_test::Kept;
using rheo_test::Listed;
using rheo_test::numbered;
using rheo_test::same_bits;
using rheo_test::silence;
using rheo_test::Thread;
using rheo_test::together;

namespace {
template <Index C> using StepOf = Chain<AffineCoupling<2, Mlp<8>, C>, Flip<2>>;
template <Index C> using SmallOf = Flow<Standardize<2>, Repeat<2, StepOf<C>>, StandardNormal<2>>;
using Small = SmallOf<0>;
using Normal = Flow<Standardize<2>, StandardNormal<2>>;

template <class T> struct Ended {
  Column<T> parameters, buffers;
  FitResult result;
};
template <class T> void check_same(const Ended<T>& a, const Ended<T>& b, double most = 0) {
  const auto alike = [&](double x, double y) { return same_bits(x, y) || std::abs(x - y) <= most; };
  CHECK((a.parameters - b.parameters).abs().maxCoeff() <= T(most));
  CHECK((a.buffers - b.buffers).abs().maxCoeff() <= T(most));
  const FitResult &r = a.result, &s = b.result;
  CHECK((r.status == s.status && r.best_epoch == s.best_epoch && r.steps == s.steps &&
         r.skipped_steps == s.skipped_steps && r.set_aside == s.set_aside));
  CHECK(alike(r.best_loss, s.best_loss));
  CHECK(r.broken_rows == s.broken_rows);
  CHECK(r.first_broken == s.first_broken);
  REQUIRE(r.history.size() == s.history.size());
  for (std::size_t k = 0; k < r.history.size(); ++k) {
    CHECK(alike(r.history[k].train_loss, s.history[k].train_loss));
    CHECK(alike(r.history[k].validation_loss, s.history[k].validation_loss));
    CHECK(same_bits(r.history[k].learning_rate, s.history[k].learning_rate));
  }
}
/// `fitted(model, options)` makes a new source each time.
template <class F = Small, class T = double, class Fitted>
void never_stopped(const FitOptions& options, Fitted fitted) {
  const auto run = [&](const FitOptions& o) {
    auto model = make_model<T>(F{}, Noise{2});
    FitResult r = fitted(model, o);
    return Ended<T>{model.parameters(), model.buffers(), std::move(r)};
  };
  rheo_test::never_stopped(options, run, [](const auto& a, const auto& b) { check_same(a, b); });
}
/// Maximum likelihood, and the sums of the shards' weights.
struct Seen {
  std::shared_ptr<std::vector<double>> sums = std::make_shared<std::vector<double>>();
  template <class Call> double operator()(Call& call) const {
    if (call.pull) sums->push_back(0);
    for (Index i = 0; call.pull && i < call.x.rows(); ++i) sums->back() += call.weight[i];
    return MaximumLikelihood{}(call);
  }
};
template <class Call> std::string message_of(Call call) {
  try {
    call();
  } catch (const std::exception& e) { return e.what(); }
  return "no error";
}
const FitOptions plain{.epochs = 3, .batch = 30, .patience = 0, .average = 0.9, .noise = Noise{3}};
Batch<double> moons(Index n) { return targets::moons<double>(n, Noise{1}); }

}  // namespace

TEMPLATE_TEST_CASE("a fit from a source that was stopped anywhere and taken up again ends with the same bits", "",
                   float, double) {
  using T = TestType;
  const auto x = targets::moons<T>(300, Noise{1});
  for (const Index window : {70, 500}) {
    never_stopped<Small, T>(
        plain, [&](auto& model, const FitOptions& o) { return fit(model, Listed<T>(x), o, {.window = window}); });
  }
  never_stopped<Small, T>(plain, [&](auto& model, const FitOptions& o) {
    return fit(model, Listed<T>(x), o, {.window = 80, .rows_per_epoch = 130});
  });
  const auto simulator = [](View<T> out, Noise noise) { noise.normals(out); };
  never_stopped<Small, T>(plain, [&](auto& model, const FitOptions& o) {
    return fit(model, simulated_rows<T>(2, simulator, Noise{7}), o, {.window = 60, .rows_per_epoch = 150});
  });
}

TEST_CASE("sources that are stopped end alike with contexts, weights, held-out rows, a first pass and an early end") {
  const auto x = moons(300), test = targets::moons<double>(60, Noise{9});
  Batch<double> c(300, 2);
  for (Index i = 0; i < 300; ++i) c.row(i) << 0.5 * x(i, 0), Noise{8}.uniform(i, 0) - 0.05;
  never_stopped<SmallOf<1>>(plain, [&](auto& model, const FitOptions& o) {
    Listed<double> source(x, c);
    source.weights = true;
    return fit(model, source, o, {.window = 70});
  });
  never_stopped(plain, [&](auto& model, const FitOptions& o) {
    return fit(model, Listed<double>(x), o, {.window = 70, .initial_rows = 40, .first_pass = true},
               HeldOut<double>{.x = test});
  });
  FitOptions early = plain;
  early.epochs = 40, early.patience = 2, early.learning_rate = 0.1;
  never_stopped(early,
                [&](auto& model, const FitOptions& o) { return fit(model, Listed<double>(x), o, {.window = 120}); });
}

TEST_CASE("broken rows are counted once, however often a fit from a source is stopped, and the first is remembered") {
  auto x = moons(303);
  for (const Index i : {50, 75, 76, 130, 131, 299}) x(i, 1) = std::nan("");
  auto o_once = plain;
  o_once.epochs = 1;
  for (const Index epoch : {0, 100}) {
    for (const Index most : {7, 4096, 1}) {
      std::vector<Index> counts;
      never_stopped(epoch == 0 && most == 7 ? o_once : plain, [&](auto& model, const FitOptions& o) {
        Listed<double> source(x);
        source.unreadable = {60, 70, 77, 140, 141, 142, 298, 301, 302};
        source.most = most;
        auto r = fit(model, source, o, {.window = 40, .rows_per_epoch = epoch, .on_broken = OnBroken::count});
        if (r.status != FitStatus::interrupted) counts.push_back(r.broken_rows);
        return r;
      });
      for (const Index count : counts) CHECK(count == (epoch == 0 ? 15 : counts[0]));
      CHECK(counts[0] > 5);
    }
  }
}

TEST_CASE("the checkpoint of a fit from other rows is refused, and the model is as it was") {
  const auto x = moons(300);
  auto store = std::make_shared<Kept>();
  const auto attempt = [&](Batch<double> rows, const SourceOptions& s, long stop_at = -1) {
    auto o = plain;
    Kept::into(o, store, stop_at);
    auto model = make_model<double>(Small{}, Noise{2});
    const Column<double> parameters = model.parameters(), buffers = model.buffers();
    const std::string said = message_of([&] {
      Listed<double> source(std::move(rows));
      fit(model, source, o, s);
    });
    if (said == "no error") return said;
    CHECK(same_bits(model.parameters(), parameters));
    CHECK(same_bits(model.buffers(), buffers));
    return said;
  };
  const SourceOptions options{.window = 70};
  CHECK(attempt(x, options, 8) == "no error");  // in the third window
  CHECK(store->state.find("window")->integers[0] == 2);
  CHECK_THAT(attempt(x, {.window = 71}), Contains("window is 70 there and 71 here"));
  CHECK_THAT(attempt(x, {.window = 70, .rows_per_epoch = 300}), Contains("rows_per_epoch is 0 there and 300 here"));
  CHECK_THAT(attempt(x, {.window = 70, .initial_rows = 9}), Contains("initial_rows is 0 there and 9 here"));
  CHECK_THAT(attempt(x, {.window = 70, .first_pass = true}), Contains("first_pass is false there and true here"));
  CHECK_THAT(attempt(x, {.window = 70, .on_broken = OnBroken::count}), Contains("on_broken is stop there and count"));
  auto other = x;
  other(20, 0) += 1e-9;
  CHECK_THAT(attempt(other, options), Contains("data is 70 x 2 numbers of hash "));
  other = x;
  other(160, 0) += 1e-9;
  CHECK_THAT(attempt(other, options),
             Contains("is the checkpoint of another run: the rows that follow those of the first window are others"));
  CHECK_THAT(attempt(x.topRows(90), options), Contains("the source has fewer rows than it had") ||
                                                  Contains("the rows that follow those of the first window"));
  const TrainerState good = store->state;
  for (auto& array : store->state.arrays) {
    if (array.name == "rows_seen") array.integers[0] = std::numeric_limits<std::int64_t>::max();
  }
  CHECK_THAT(attempt(x, options), Contains("'rows_seen' is 9223372036854775807"));
  store->state = good;
  CHECK(attempt(x, options) == "no error");
  auto whole = make_model<double>(Small{}, Noise{2}), model = whole;
  fit(whole, Listed<double>(x), plain, options);
  auto o = plain;
  Kept::into(o, store, -1);
  fit(model, Listed<double>(x), o, options);
  CHECK(same_bits(model.parameters(), whole.parameters()));
  CHECK(store->saves == 0);
  struct Named final : Listed<double> {
    using Listed::Listed;
    std::string told_by() const override { return "named"; }
  };
  CHECK_THAT(message_of([&] { fit(model = make_model<double>(Small{}, Noise{2}), Named(x), o, options); }),
             Contains("source is rows there and named here"));
}

TEST_CASE("weights come with the rows of a source: an array's bits in one window, one factor in all") {
  const auto x = moons(400);
  std::vector<double> weights;
  Batch<double> c(400, 1);
  for (Index i = 0; i < 400; ++i) c(i, 0) = Noise{8}.uniform(i, 0) * 7 - 0.3, weights.push_back(c(i, 0));
  Listed<double> source(x, c);
  source.weights = true;
  auto o = plain;
  o.weights = weights;
  auto by_array = make_model<double>(Small{}, Noise{2}), model = by_array, windowed = by_array;
  const auto wanted = fit(by_array, x, o), r = fit(model, source, plain);
  CHECK(same_bits(model.parameters(), by_array.parameters()));
  CHECK(r.best_loss == wanted.best_loss);
  CHECK((r.negative_weights == wanted.negative_weights && r.negative_weights > 0));

  // The second window's rows weigh a thousandth of the first's.
  c.setOnes();
  c.bottomRows(200) *= 1e-3;
  Listed<double> unequal(x, c);
  unequal.weights = true;
  const Seen seen;
  fit(windowed, unequal, {.epochs = 2, .batch = 50, .validation = 0, .noise = Noise{3}}, {.window = 200}, seen);
  REQUIRE(seen.sums->size() == 16);
  for (std::size_t k = 0; k < 16; ++k) CHECK((*seen.sums)[k] == Approx(k % 8 < 4 ? 50 : 0.05));

  c(250, 0) = std::nan("");
  Listed<double> broken(x, c);
  broken.weights = true;
  CHECK_THAT(message_of([&] { fit(windowed, broken, plain, {.window = 200}); }),
             Contains("row 250: the weight is not finite"));
  broken.weights = false;
  CHECK_THAT(message_of([&] { fit(windowed, broken, plain); }), Contains("has 2 columns of data and 1 of context"));
  const auto simulator = [](View<double> out, View<double> w, Noise noise) {
    noise.normals(out);
    column(w, 0) = (column(out, 0) > 0).cast<double>();
  };
  auto halved = make_model<double>(Flow{FullNormal<2>{}}, Noise{2});
  fit(halved, simulated_rows<double>(2, 1, simulator, Noise{7}, true),
      {.epochs = 20, .batch = 500, .learning_rate = 0.05, .noise = Noise{3}}, {.window = 2000, .rows_per_epoch = 4000});
  CHECK(halved.sample(100'000, Noise{4}).col(0).mean() == Approx(std::sqrt(2 / 3.14159265358979)).margin(0.03));
}

TEST_CASE("a start from a first pass sees rows of the whole source, each as likely as any, and no held-out one") {
  const Index n = 2000;
  const auto x = numbered<double>(n);  // sorted: the first window tells nothing of the others
  const auto means = [&](const SourceOptions& s, double share) {
    auto model = make_model<double>(Normal{}, Noise{2});
    Listed<double> source(x);
    fit(model, source, {.epochs = 0, .validation = share, .noise = Noise{3}}, s);
    const Batch<double> at_0 = model.sample(200'000, Noise{4});
    return std::pair{at_0.col(1).mean(), source.passes};
  };
  CHECK(means({.window = 200}, 0).first == Approx(99.5).margin(1));
  const auto [all, passes] = means({.window = 200, .initial_rows = n, .first_pass = true}, 0);
  CHECK(all == Approx((n - 1) / 2.0).margin(6));
  CHECK(passes > 1);
  CHECK(means({.window = 200, .initial_rows = 500, .first_pass = true}, 0).first == Approx(999.5).margin(100));
  CHECK(means({.window = 200, .first_pass = true}, 0).first == Approx(999.5).margin(150));

  auto model = make_model<double>(Normal{}, Noise{2});
  const FitOptions o{.epochs = 0, .validation = 0.5, .noise = Noise{3}};
  fit(model, Listed<double>(x), o, {.window = 200, .initial_rows = n, .first_pass = true});
  const auto order = o.noise.fork(0).permutation(200);
  Batch<double> trained(n - 100, 2);
  for (Index i = 0; i < 100; ++i) trained.row(i) = x.row(order[static_cast<std::size_t>(i)]);
  trained.bottomRows(n - 200) = x.bottomRows(n - 200);
  auto wanted = make_model<double>(Normal{}, Noise{2});
  wanted.initialise(trained);
  CHECK((model.buffers() - wanted.buffers()).abs().maxCoeff() < 1e-9 * wanted.buffers().abs().maxCoeff());

  std::vector<int> times(static_cast<std::size_t>(n));  // over many noises each row is drawn as often as any
  const auto support = std::array<Support, 2>{};
  const auto categories = std::array<Index, 2>{};
  for (std::uint64_t seed = 0; seed < 400; ++seed) {
    Listed<double> source(x);
    rheo::detail::RowWindows<double> windows(source, {.window = 200}, support, categories);
    Batch<double> sampled, none;
    std::vector<double> weights;
    windows.first(sampled, none, weights);
    windows.sample(100, Noise{seed}, sampled, none);
    REQUIRE(sampled.rows() == 100);
    for (Index i = 0; i < 100; ++i) ++times[static_cast<std::size_t>(sampled(i, 1))];
  }
  for (Index part = 0; part < 10; ++part) {  // 4000 draws of each tenth, deviation 60
    int sum = 0;
    for (Index i = 200 * part; i < 200 * (part + 1); ++i) sum += times[static_cast<std::size_t>(i)];
    CHECK(sum == Approx(4000).margin(300));
  }
  auto bad = x;
  bad(1500, 0) = std::nan("");
  CHECK(message_of([&] { fit(model, Listed<double>(bad), {.epochs = 0}, {.window = 200, .first_pass = true}); }) ==
        "rheo: row 1500: column 0 is not finite");
  const auto r = fit(model, Listed<double>(bad), {.epochs = 2, .batch = 100},
                     {.window = 200, .first_pass = true, .on_broken = OnBroken::count});
  CHECK(r.broken_rows == 1);
}

TEST_CASE("a team's fit from sources is one process's, and sources that differ or fail at one rank end it at all") {
  const auto x = moons(600);
  const SourceOptions options{.window = 150};
  auto alone = make_model<double>(Small{}, Noise{2});
  auto o = plain;
  o.batch = 140;
  const auto r = fit(alone, Listed<double>(x), o, options);
  const auto run = [&](int ranks, std::shared_ptr<Kept> store, long stop_at, auto rows_of, const SourceOptions& s) {
    std::vector<Ended<double>> ends(static_cast<std::size_t>(ranks));
    auto thrown = together(ranks, [&](Thread& team) {
      auto own = o;
      if (store) Kept::into(own, team.rank() == 0 ? store : std::make_shared<Kept>(), stop_at);
      own.team = &team;
      auto model = make_model<double>(Small{}, Noise{2});
      Listed<double> source(rows_of(team.rank()));
      if (team.rank() == 1 && source.x.rows() == 599) source.unreadable = {400};
      FitResult result = fit(model, source, own, s);
      ends[static_cast<std::size_t>(team.rank())] = {model.parameters(), model.buffers(), std::move(result)};
    });
    return std::pair{ends, thrown};
  };
  const auto same = [&](int) { return x; };
  for (const int ranks : {2, 3}) {
    const auto [ends, thrown] = run(ranks, nullptr, -1, same, options);
    CHECK(thrown == silence(ranks));
    for (const auto& end : ends) {
      check_same(end, {alone.parameters(), alone.buffers(), r}, 1e-10);
      CHECK(same_bits(end.parameters, ends[0].parameters));
    }
  }
  const auto whole = run(2, nullptr, -1, same, options).first[0];
  for (const int ranks : {1, 2, 3}) {
    auto store = std::make_shared<Kept>();
    CHECK(run(2, store, 6, same, options).first[0].result.status == FitStatus::interrupted);
    const auto [ends, thrown] = run(ranks, store, -1, same, options);
    CHECK(thrown == silence(ranks));
    check_same(ends[0], whole, ranks == 2 ? 0 : 1e-10);
  }
  const auto other = [&](int rank) {
    auto mine = x;
    mine(300, 0) += rank == 2;
    return mine;
  };
  for (const auto& said : run(3, nullptr, -1, other, options).second)
    CHECK_THAT(said, Contains("rank 2 of the team read other rows than rank 0"));
  const auto shorter = [&](int) { return Batch<double>(x.topRows(599)); };
  for (const bool first_pass : {false, true}) {
    const auto said = run(3, nullptr, -1, shorter, {.window = 150, .first_pass = first_pass}).second;
    CHECK_THAT(said[1], Contains("row 400: unreadable"));
    CHECK_THAT(said[0], Contains("rank 1 of the team refused"));
  }
  const auto wide = run(
      3, nullptr, -1, [&](int rank) { return Batch<double>(x.leftCols(rank == 0 ? 1 : 2)); }, options);
  CHECK_THAT(wide.second[0], Contains("has 1 columns of data"));
  CHECK_THAT(wide.second[2], Contains("rank 0 of the team refused"));
}

}  // namespace training_row_source_resumed
