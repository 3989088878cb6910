// SPDX-License-Identifier: MIT
#include "rheo/training/row_source.hpp"

#include <cstdio>
#include <fstream>
#include <map>
#include <memory>

#include "catch.hpp"
#include "listed_rows.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/constrain.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/training/fit_source.hpp"
#include "sanitized.hpp"

namespace training_row_source {
using namespace rheo;
using rheo_test::Listed;
using rheo_test::numbered;

namespace {
using Step = Chain<AffineCoupling<2, Mlp<16, 16>>, Flip<2>>;
using Small = Flow<Standardize<2>, Repeat<2, Step>, StandardNormal<2>>;
using GivenStep = Chain<AffineCoupling<2, Mlp<16, 16>, 1>, Flip<2>>;
using Given = Flow<Standardize<2>, Repeat<2, GivenStep>, StandardNormal<2>>;

/// Maximum likelihood, and which rows a gradient was asked for.
struct Watched {
  std::shared_ptr<std::vector<Index>> rows = std::make_shared<std::vector<Index>>();
  template <class Call> double operator()(Call& c) const {
    for (Index i = 0; c.pull && i < c.x.rows(); ++i) rows->push_back(static_cast<Index>(c.x(i, 1)));
    return MaximumLikelihood{}(c);
  }
};

std::map<Index, int> counted(const std::vector<Index>& rows) {
  std::map<Index, int> times;
  for (const Index i : rows) ++times[i];
  return times;
}
template <class Call> std::string message_of(Call call) {
  try {
    call();
  } catch (const std::exception& e) { return e.what(); }
  return "no error";
}
bool same_bits(const Column<double>& a, const Column<double>& b) { return a.size() == b.size() && (a == b).all(); }
}  // namespace

TEMPLATE_TEST_CASE("a source that ends within its window has the bits of an array, and is read once", "", float,
                   double) {
  using T = TestType;
  const auto x = targets::moons<T>(1000, Noise{1});
  const FitOptions options{.epochs = 4, .batch = 128, .schedule = {Cosine{0.1}}, .noise = Noise{3}};
  auto by_array = make_model<T>(Small{}, Noise{2});
  const auto wanted = fit(by_array, x, options);
  for (const Index window : {1000, 5000}) {
    Listed<T> source(x);
    auto model = make_model<T>(Small{}, Noise{2});
    const auto r = fit(model, source, options, {.window = window});
    CHECK((model.parameters() == by_array.parameters()).all());
    CHECK((model.buffers() == by_array.buffers()).all());
    REQUIRE(r.history.size() == 4);
    for (std::size_t k = 0; k < 4; ++k) CHECK(r.history[k].validation_loss == wanted.history[k].validation_loss);
    CHECK(r.best_loss == wanted.best_loss);
    CHECK(source.passes == 1);
  }
}

TEST_CASE("contexts come with their rows, and rows of the user's own judge") {
  const auto x = targets::moons<double>(600, Noise{1});
  const Batch<double> c = x.leftCols(1) * 0.5 + 1;
  const auto held = targets::moons<double>(200, Noise{4});
  const Batch<double> held_c = held.leftCols(1) * 0.5 + 1;
  const HeldOut<double> judge{.x = held, .context = held_c};
  const FitOptions options{.epochs = 3, .batch = 100, .noise = Noise{3}};
  auto by_array = make_model<double>(Given{}, Noise{2}), model = by_array;
  const auto wanted = fit(by_array, x, c, options, judge);
  const auto r = fit(model, Listed<double>(x, c), options, {}, judge);
  CHECK(same_bits(model.parameters(), by_array.parameters()));
  CHECK(r.best_loss == wanted.best_loss);
  auto windowed = make_model<double>(Given{}, Noise{2});
  Listed<double> source(x, c);
  const auto many = fit(windowed, source, options, {.window = 150}, judge);
  CHECK(many.best_loss < many.history[0].validation_loss + 1e-12);
  CHECK(source.passes == 3);
  CHECK(many.steps == 3 * 8);
}

TEST_CASE("every row is seen once an epoch, the held-out ones never, however small the window") {
  const Index n = 1000;
  for (const Index window : {2, 64, 100, 333, 999, 1000, 1001}) {
    for (const double share : {0.0, 0.1}) {
      CAPTURE(window, share);
      Listed<double> source(numbered<double>(n));
      auto model = make_model<double>(Small{}, Noise{2});
      Watched watched;
      std::vector<std::map<Index, int>> epochs;
      if (share > 0 && window < 64) continue;
      fit(model, source,
          {.epochs = 3,
           .batch = 32,
           .validation = share,
           .noise = Noise{3},
           .callback =
               [&](const EpochReport&) {
                 epochs.push_back(counted(*watched.rows));
                 watched.rows->clear();
                 return true;
               }},
          {.window = window}, watched);
      REQUIRE(epochs.size() == 3);
      const Index held = static_cast<Index>(share * static_cast<double>(std::min(window, n)));
      for (const auto& times : epochs) {
        CHECK(static_cast<Index>(times.size()) == n - held);
        CHECK(std::all_of(times.begin(), times.end(), [](const auto& row) { return row.second == 1; }));
        CHECK(times == epochs[0]);
      }
    }
  }
}

TEST_CASE("rows are shuffled within a window and windows keep their order") {
  Listed<double> source(numbered<double>(400));
  auto model = make_model<double>(Small{}, Noise{2});
  Watched watched;
  fit(model, source, {.epochs = 2, .batch = 32, .validation = 0, .noise = Noise{3}}, {.window = 100}, watched);
  const auto& rows = *watched.rows;
  REQUIRE(rows.size() == 800);
  for (std::size_t k = 0; k < 800; ++k) CHECK(rows[k] / 100 == static_cast<Index>(k % 400 / 100));
  const auto part = [&](std::size_t w) {
    return std::vector<Index>(rows.begin() + static_cast<long>(100 * w),
                              rows.begin() + static_cast<long>(100 * (w + 1)));
  };
  for (std::size_t w = 0; w < 8; ++w) {
    const auto window = part(w);
    CHECK(!std::is_sorted(window.begin(), window.end()));
    for (std::size_t other = 0; other < w; ++other) {
      auto a = part(w), b = part(other);
      for (auto& i : a) i %= 100;
      for (auto& i : b) i %= 100;
      CHECK(a != b);
    }
  }
}

TEST_CASE("an epoch of so many rows goes on where the last one ended, past the end to the beginning") {
  const Index n = 500;
  Listed<double> source(numbered<double>(n));
  auto model = make_model<double>(Small{}, Noise{2});
  Watched watched;
  const auto r = fit(model, source, {.epochs = 5, .batch = 50, .validation = 0, .patience = 0, .noise = Noise{3}},
                     {.window = 100, .rows_per_epoch = 300}, watched);
  CHECK(watched.rows->size() == 1500);
  CHECK(r.steps == 30);
  const auto times = counted(*watched.rows);
  CHECK(times.size() == static_cast<std::size_t>(n));
  CHECK(std::all_of(times.begin(), times.end(), [](const auto& row) { return row.second == 3; }));
}

TEMPLATE_TEST_CASE("windows have the same bits with 1, 2 and 3 threads and with blocks of any size", "", float,
                   double) {
  using T = TestType;
  Column<T> first;
  for (const int threads : {1, 2, 3}) {
    Listed<T> source(targets::moons<T>(1500, Noise{1}));
    source.most = threads == 2 ? 4096 : 11;
    auto model = make_model<T>(Small{}, Noise{2});
    fit(model, source, {.epochs = 2, .batch = 200, .noise = Noise{3}, .threads = threads}, {.window = 400});
    if (threads == 1) first = model.parameters();
    CHECK((model.parameters() == first).all());
  }
}

TEST_CASE("broken rows stop by name, or are counted once and left out") {
  auto x = numbered<double>(300);
  x(123, 0) = std::nan("");
  x(250, 1) = HUGE_VAL;
  const FitOptions options{.epochs = 3, .batch = 32, .validation = 0, .noise = Noise{3}};
  const auto start = make_model<double>(Small{}, Noise{2});
  auto model = start;
  CHECK(message_of([&] { fit(model, Listed<double>(x), options, {.window = 200}); }) ==
        "rheo: row 123: column 0 is not finite");
  CHECK(same_bits(model.parameters(), start.parameters()));
  CHECK_THROWS_AS(fit(model, Listed<double>(x), options, {.window = 200}), DataError);
  CHECK(message_of([&] { fit(model, Listed<double>(x), options, {.window = 100}); }) ==
        "rheo: row 123: column 0 is not finite");

  Listed<double> source(x);
  source.unreadable = {7, 299};
  Watched watched;
  auto counting = start;
  const auto r = fit(counting, source, options, {.window = 50, .on_broken = OnBroken::count}, watched);
  CHECK(r.broken_rows == 4);
  CHECK(r.first_broken == "row 7: unreadable");
  REQUIRE(!r.notes.empty());
  CHECK(r.notes.back() == "4 rows were broken and left out, the first: row 7: unreadable");
  const auto times = counted(*watched.rows);
  CHECK(times.size() == 296);
  CHECK(std::all_of(times.begin(), times.end(), [](const auto& row) { return row.second == 3; }));
  for (const Index i : {7, 123, 250, 299}) CHECK(times.count(i) == 0);
}

TEST_CASE("rows outside the sets that the support names are broken") {
  Batch<double> x = targets::moons<double>(100, Noise{1}).abs();
  x(40, 1) = -0.5;
  auto model = make_model<double>(Flow{constrain::positive<2>(), StandardNormal<2>{}}, Noise{2});
  CHECK_THAT(message_of([&] { fit(model, Listed<double>(x), {.epochs = 1}); }),
             Catch::Contains("row 40: column 1 is -0.5, it wants a number that is not negative"));
  CHECK(fit(model, Listed<double>(x), {.epochs = 1}, {.on_broken = OnBroken::count}).broken_rows == 1);
}

TEST_CASE("a simulator's row depends on its noise and the number of the row alone") {
  auto source = simulated_rows<double>(
      2, [](View<double> x, Noise noise) { x = targets::moons<double>(x.rows(), noise); }, Noise{7});
  const auto wanted = targets::moons<double>(1000, Noise{7});
  BrokenRows broken;
  Batch<double> x(1000, 2), none(1000, 0);
  for (Index at = 0, n = 1; at < 1000; at += n, n = std::min<Index>(2 * n, 1000 - at))
    CHECK(source.read(rows(view(x), at, n), rows(view(none), at, n), broken) == n);
  CHECK((x == wanted).all());
  source.rewind();
  CHECK((source.skip(300) && source.skip(45)));  // one after the other
  CHECK(source.read(rows(view(x), 0, 10), rows(view(none), 0, 10), broken) == 10);
  CHECK((x.topRows(10) == wanted.middleRows(345, 10)).all());
  CHECK(source.where(0) == "simulated row 345");

  Column<double> first;
  for (const int threads : {1, 2}) {
    auto model = make_model<double>(Small{}, Noise{2});
    const auto r = fit(model,
                       simulated_rows<double>(
                           2, [](View<double> out, Noise noise) { noise.normals(out); }, Noise{7}),
                       {.epochs = 3, .batch = 100, .threads = threads}, {.window = 300, .rows_per_epoch = 1000});
    CHECK(r.history.size() == 3);
    if (threads == 1) first = model.parameters();
    CHECK(same_bits(model.parameters(), first));
  }
  auto model = make_model<double>(Given{}, Noise{2});
  const auto simulator = [](View<double> out, View<double> c, Noise noise) {
    noise.normals(out);
    noise.fork(1).normals(c);
    column(out, 0) += 2 * column(c, 0);
  };
  fit(model, simulated_rows<double>(2, 1, simulator, Noise{7}), {.epochs = 15, .batch = 100, .learning_rate = 5e-3},
      {.window = 2000, .rows_per_epoch = 4000});
  Batch<double> fresh(10'000, 2), fresh_c(10'000, 1);
  simulator(view(fresh), view(fresh_c), Noise{8});
  CHECK(-model.log_prob(fresh, fresh_c).mean() ==
        Approx(1 + std::log(2 * 3.14159265358979)).margin(0.05));  // 0.8 more where the context tells nothing
}

TEST_CASE("what a fit from a source cannot do it says") {
  const auto x = targets::moons<double>(300, Noise{1});
  auto model = make_model<double>(Small{}, Noise{2});
  Listed<double> source(x);
  const auto says = [&](const FitOptions& o, const SourceOptions& s) {
    return message_of([&] { fit(model, source, o, s); });
  };
  using Catch::Contains;
  CHECK_THAT(says({}, {.window = 1}), Contains("window must be at least 2"));
  CHECK_THAT(says({}, {.rows_per_epoch = -1}), Contains("rows_per_epoch must not be negative"));
  CHECK_THAT(says({}, {.initial_rows = -1}), Contains("initial_rows must not be negative"));
  CHECK_THAT(says({.weights = std::vector<double>(300, 1.0)}, {}), Contains("bring theirs with them"));
  CHECK_THAT(says({.batch = 0}, {}), Contains("batch must be at least 1"));
  source.knows = false;
  CHECK_THAT(says({.schedule = {Cosine{}}}, {.window = 100}), Contains("does not know how many rows"));
  CHECK(says({.epochs = 1, .schedule = {Cosine{}}}, {}) == "no error");  // read whole
  CHECK(says({.epochs = 1, .schedule = {Cosine{}}}, {.window = 100, .rows_per_epoch = 200}) == "no error");
  CHECK_THAT(message_of([&] { fit(model, Listed<double>(x.leftCols(1))); }),
             Contains("has 1 columns of data and 0 of context, this model wants 2 and 0"));
  CHECK_THAT(message_of([&] { fit(model, Listed<double>(x.topRows(0))); }), Contains("at least 2 rows"));
  const auto endless = [](View<double> out, Noise) { out.setConstant(std::nan("")); };
  CHECK_THAT(message_of([&] { fit(model, simulated_rows<double>(2, endless, Noise{1})); }),
             Contains("rows_per_epoch says how many"));
  CHECK_THAT(message_of([&] {
               fit(model, simulated_rows<double>(2, endless, Noise{1}), {}, {.rows_per_epoch = 9, .first_pass = true});
             }),
             Contains("first_pass wants a whole pass"));
  CHECK_THAT(message_of([&] { fit(model, simulated_rows<double>(2, endless, Noise{1}), {}, {.rows_per_epoch = 100}); }),
             Contains("simulated row 0: column 0 is not finite"));
  CHECK_THAT(message_of([&] {
               fit(model, simulated_rows<double>(2, endless, Noise{1}), {},
                   {.rows_per_epoch = 100, .on_broken = OnBroken::count});
             }),
             Contains("broken too, and the source has no end"));
}

TEST_CASE("data-dependent starts see the rows that they are told") {
  auto x = targets::moons<double>(500, Noise{1});
  const auto of = [&](Index rows) {
    auto model = make_model<double>(Small{}, Noise{2});
    fit(model, Listed<double>(x), {.epochs = 0, .validation = 0}, {.initial_rows = rows});
    return Column<double>(model.buffers());
  };
  auto whole = make_model<double>(Small{}, Noise{2});
  whole.initialise(x);
  CHECK((of(0) - whole.buffers()).abs().maxCoeff() < 1e-12);
  CHECK((of(20) - whole.buffers()).abs().maxCoeff() > 1e-3);
}

TEST_CASE("a source whose later passes have other rows than its first stops the fit by name") {
  struct Fading final : Listed<double> {
    Index left;
    Fading(Batch<double> rows, Index later) : Listed<double>(std::move(rows)), left(later) {}
    Index read(View<double> to, View<double> given, BrokenRows& broken) override {
      const Index n = passes > 1 ? std::min(left - at, to.rows()) : to.rows();
      return n > 0 ? Listed<double>::read(rheo::rows(to, 0, n), rheo::rows(given, 0, n), broken) : 0;
    }
  };
  for (const Index later : {0, 100, 290}) {
    for (const Index rows_per_epoch : {0, 250}) {
      auto model = make_model<double>(Small{}, Noise{1});
      const auto message = message_of([&] {
        fit(model, Fading(targets::moons<double>(300, Noise{1}), later), {.epochs = 8, .batch = 20},
            {.window = 60, .rows_per_epoch = rows_per_epoch});
      });
      CHECK_THAT(message,
                 Catch::Contains("the source gave 300 good rows in an earlier pass and " + std::to_string(later)));
    }
  }
  auto model = make_model<double>(Small{}, Noise{1});
  Batch<double> broken = targets::moons<double>(9, Noise{1});
  broken.col(0).setConstant(std::numeric_limits<double>::quiet_NaN());
  CHECK_THAT(message_of([&] { fit(model, Listed<double>(broken), {}, {.on_broken = OnBroken::count}); }),
             Catch::Contains("has 0 rows to train on") && Catch::Contains("9 are broken, the first: row 0"));
}

#if defined(__linux__) && !defined(RHEO_SANITIZED)
TEST_CASE("memory does not grow with the rows of a source") {
  const auto peak = [](Index rows) {
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
    auto model = make_model<float>(Flow<Standardize<2>, AffineCoupling<2, Mlp<4>>, StandardNormal<2>>{}, Noise{2});
    fit(model,
        simulated_rows<float>(
            2, [](View<float> x, Noise noise) { noise.normals(x); }, Noise{7}),
        {.epochs = 1, .batch = 4096}, {.window = 50'000, .rows_per_epoch = rows});
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.rfind("VmHWM:", 0) == 0) return std::stol(line.substr(6));
    }
    return 0L;
  };
  peak(100'000);                                           // what the library allocates once
  const long few = peak(100'000), many = peak(2'000'000);  // 16 MB of rows
  std::printf("peak memory: %ld kB after 1e5 rows, %ld kB after 2e6\n", few, many);
  CHECK(std::abs(many - few) < 2000);
}
#endif

}  // namespace training_row_source
