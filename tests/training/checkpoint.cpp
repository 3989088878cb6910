// SPDX-License-Identifier: MIT
// Checkpoints of fit: stopped anywhere and taken up again, it ends with the bits of a fit that was never stopped;
// another run's are refused.
#include "rheo/training/checkpoint.hpp"

#include "banana.hpp"
#include "catch.hpp"
#include "count_mallocs.hpp"
#include "kept_in_memory.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/flows/presets/diffusions.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/residual.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/denoising.hpp"
#include "rheo/training/fit.hpp"
#include "rheo/training/flow_matching.hpp"

namespace training_checkpoint {
using namespace rheo;
using Catch::Contains;
using rheo_test::banana;
using rheo_test::Kept;
using rheo_test::same_bits;

namespace {
using Small = Flow<Standardize<2>, Repeat<2, Chain<AffineCoupling<2, Mlp<8>>, Flip<2>>>, StandardNormal<2>>;
using Wild = Flow<Repeat<6, Chain<AffineCoupling<2, Mlp<16>, 0, Exp>, Flip<2>>>, StandardNormal<2>>;

template <class T> struct Ended {
  Column<T> parameters, buffers;
  FitResult result;
};
template <class T> void check_same(const Ended<T>& a, const Ended<T>& b) {
  CHECK(same_bits(a.parameters, b.parameters));
  CHECK(same_bits(a.buffers, b.buffers));
  const FitResult &r = a.result, &s = b.result;
  CHECK(r.status == s.status);
  CHECK((r.best_epoch == s.best_epoch && same_bits(r.best_loss, s.best_loss) && r.steps == s.steps &&
         r.skipped_steps == s.skipped_steps && r.set_aside == s.set_aside));
  REQUIRE(r.history.size() == s.history.size());
  for (std::size_t k = 0; k < r.history.size(); ++k) {
    const EpochReport &e = r.history[k], &f = s.history[k];
    CHECK((e.epoch == f.epoch && e.epochs == f.epochs && same_bits(e.train_loss, f.train_loss) &&
           same_bits(e.validation_loss, f.validation_loss) && same_bits(e.best_loss, f.best_loss) &&
           same_bits(e.learning_rate, f.learning_rate) && e.skipped_steps == f.skipped_steps));
  }
}
/// `fitted(model, options)`.
template <class F, class T = double, class Fitted>
void never_stopped(const F& flow, const FitOptions& options, Fitted fitted) {
  const auto run = [&](const FitOptions& o) {
    auto model = make_model<T>(flow, Noise{2});
    FitResult r = fitted(model, o);
    return Ended<T>{model.parameters(), model.buffers(), std::move(r)};
  };
  rheo_test::never_stopped(options, run, [](const Ended<T>& a, const Ended<T>& b) { check_same(a, b); });
}
template <class F, class T = double>
void never_stopped(const F& flow, const FitOptions& options, const Batch<T>& data) {
  never_stopped<F, T>(flow, options, [&](auto& model, const FitOptions& o) { return fit(model, data, o); });
}

template <class Change> std::string refusal(Change change) {
  const auto data = banana<double>(90, 1);
  auto store = std::make_shared<Kept>();
  const FitOptions options{.epochs = 3, .batch = 30, .patience = 0, .noise = Noise{3}, .checkpoint = {store, 0}};
  auto first = make_model<double>(Small{}, Noise{2});
  fit(first, data, options);
  try {
    change(data, options);
  } catch (const FileError& e) { return e.what(); }
  return "not refused";
}
/// What is said of a fit of the same flow, whose data and options may be changed.
template <class Change> std::string refusal_of(Change change) {
  return refusal([&](Batch<double> data, FitOptions o) {
    auto model = make_model<double>(Small{}, Noise{2});
    change(model, data, o);
    const Column<double> parameters = model.parameters(), buffers = model.buffers();
    try {
      fit(model, data, o);
    } catch (const FileError&) {
      CHECK(same_bits(model.parameters(), parameters));
      CHECK(same_bits(model.buffers(), buffers));
      throw;
    }
  });
}
}  // namespace

TEMPLATE_TEST_CASE("a fit that was stopped anywhere and taken up again ends with the same bits", "", float, double) {
  using T = TestType;
  const auto data = banana<T>(200, 1);
  never_stopped<Small, T>({}, {.epochs = 4, .batch = 50, .noise = Noise{3}}, data);
  never_stopped<Small, T>(
      {}, {.epochs = 4, .batch = 50, .schedule = {Cosine{}, 3}, .average = 0.9, .noise = Noise{3}, .threads = 2}, data);
  never_stopped<Small, T>({}, {.epochs = 5, .batch = 60, .validation = 0, .optimizer = Sgd{}}, data);
}

TEST_CASE(
    "stopped fits end alike with weights, held-out rows, contexts, an early end, and buffers that follow the "
    "parameters") {
  const auto data = banana<double>(200, 1), test = banana<double>(60, 9);
  std::vector<double> weights(200);
  for (Index i = 0; i < 200; ++i) weights[static_cast<std::size_t>(i)] = Noise{8}.uniform(i, 0) - 0.05;
  never_stopped(Small{}, {.epochs = 3, .batch = 70, .weights = weights}, data);
  never_stopped(Small{}, {.epochs = 3, .batch = 70},
                [&](auto& model, const FitOptions& o) { return fit(model, data, o, HeldOut<double>{.x = test}); });
  never_stopped(Small{}, {.epochs = 60, .batch = 180, .learning_rate = 0.1, .patience = 3, .noise = Noise{4}}, data);
  never_stopped(Small{}, {.epochs = 60, .batch = 180, .learning_rate = 0.01, .patience = 6, .tolerance = 0.05}, data);
  never_stopped(Flow{Residual<2, LipschitzMlp<6>, ExactLogDet>{}, StandardNormal<2>{}},
                {.epochs = 3, .batch = 70, .average = 0.9}, data);
  using Conditional = Flow<AffineCoupling<2, Mlp<6>, 1>, StandardNormal<2>>;
  never_stopped(Conditional{}, {.epochs = 3, .batch = 70}, [&](auto& model, const FitOptions& o) {
    return fit(model, data, test.col(0).replicate(4, 1).topRows(200), o);
  });
}

TEST_CASE("stopped fits end alike where steps are skipped, rates halved and held-out rows set aside") {
  never_stopped<Wild, float>({},
                             {.epochs = 20,
                              .batch = 100,
                              .learning_rate = 1e4,
                              .patience = 0,
                              .clip_norm = 0,
                              .noise = Noise{3},
                              .patience_non_finite = 4,
                              .halvings = 6},
                             banana<float>(400, 1));
  auto data = banana<float>(200, 1);
  data(7, 1) = 9.97e36f;
  Noise noise{0};
  const auto held = [&] {
    const auto order = noise.fork(0).permutation(200);
    return std::find(order.end() - 20, order.end(), 7) != order.end();
  };
  while (!held()) ++noise.seed;
  never_stopped<Small, float>({}, {.epochs = 3, .batch = 90, .noise = noise}, data);
}

TEST_CASE("rows that were set aside on the way stay so, and the best epoch's buffers come back") {
  using Normal = Flow<Standardize<1>, FullNormal<1>>;
  struct Falls : MaximumLikelihood {  // two rows lose their densities when the first parameter has fallen
    double operator()(ObjectiveCall<Normal, double>& c) const {
      const double theta = c.model.theta().data()[0];
      if (c.g_theta.size() > 0) c.g_theta.data()[0] += 1;
      double sum = 0;
      for (Index i = 0; i < c.x.rows(); ++i) {
        const double w = c.weight ? c.weight[i] : 1;
        if (w != 0)
          sum += c.x(i, 0) < 2 && theta < -0.025 ? std::numeric_limits<double>::infinity() : w * (theta + c.x(i, 0));
      }
      return sum;
    }
  };
  Batch<double> x(300, 1), test(200, 1);
  for (Index i = 0; i < 300; ++i) x(i, 0) = static_cast<double>(i + 2);
  for (Index i = 0; i < 200; ++i) test(i, 0) = static_cast<double>(i);
  std::vector<Index> aside;
  never_stopped(Normal{}, {.epochs = 7, .batch = 300, .learning_rate = 0.01, .patience = 0},
                [&](auto& model, const FitOptions& o) {
                  auto r = fit(model, x, o, HeldOut<double>{.x = test}, Falls{});
                  aside = r.set_aside;
                  return r;
                });
  CHECK(aside == std::vector<Index>{0, 1});
  int best = 0;
  never_stopped(Flow{Residual<2, LipschitzMlp<6>, ExactLogDet>{}, StandardNormal<2>{}},
                {.epochs = 6, .batch = 70, .learning_rate = 5e-3, .patience = 0, .schedule = {StepDecay{1e4, 0.5}}},
                [&](auto& model, const FitOptions& o) {
                  auto r = fit(model, banana<double>(200, 1), o);
                  best = r.best_epoch;
                  return r;
                });
  CHECK((best > 0 && best < 4));
}

TEST_CASE("denoising and flow matching are stopped and taken up again as any other objective") {
  using Stepped = presets::Ddpm<2, 7, Velocity<MlpOf<Tanh, 7, 6>, FourierTime<2>>>;
  using Timed = presets::ScoreSde<2, VarianceExploding, Velocity<MlpOf<Tanh, 7, 6>, FourierTime<2>>>;
  using Matched =
      Flow<Standardize<2>, Continuous<2, Velocity<MlpOf<Silu, 8>>, ExactTrace, Dopri5<4>>, StandardNormal<2>>;
  const auto data = banana<double>(200, 1);
  const FitOptions options{.epochs = 3, .batch = 70, .average = 0.9};
  const auto by = [&](auto objective) {
    return [&data, objective](auto& model, const FitOptions& o) { return fit(model, data, o, objective); };
  };
  never_stopped(Stepped{}, options, by(Denoising{}));
  never_stopped(Stepped{}, options, by(Variational{}));
  never_stopped(Timed{}, options, by(VelocityDenoising{}));
  never_stopped(Matched{}, options, by(FlowMatching{0.1}));
  never_stopped(Matched{}, options, by(OtFlowMatching{}));
}

TEST_CASE("a callback that ends a fit, or throws in it, costs nothing that was kept, and the model holds the best") {
  const auto data = banana<double>(300, 1);
  const FitOptions plain{.epochs = 9, .batch = 60, .learning_rate = 0.05, .patience = 2, .noise = Noise{5}};
  auto whole = make_model<double>(Small{}, Noise{2});
  const FitResult r = fit(whole, data, plain);
  for (const bool throws : {false, true}) {
    auto store = std::make_shared<Kept>();
    std::size_t told = 0;
    int runs = 0;
    for (bool again = true; again; ++runs) {
      FitOptions o = plain;
      o.checkpoint = {store, 0};
      o.callback = [&](const EpochReport&) {
        return ++told, throws && runs < 3 ? throw std::runtime_error("now") : throws;
      };
      auto model = make_model<double>(Small{}, Noise{2});
      try {
        const FitResult s = fit(model, data, o);
        again = s.status == FitStatus::interrupted;
        if (!again)
          check_same<double>({model.parameters(), model.buffers(), s}, {whole.parameters(), whole.buffers(), r});
      } catch (const std::runtime_error&) { CHECK(store->state.find("epoch")->integers[0] == 1); }
    }
    CHECK(runs == (throws ? 4 : static_cast<int>(r.history.size()) + 1));
    CHECK(told == r.history.size() + (throws ? 3 : 0));
  }
  auto model = make_model<double>(Small{}, Noise{2});
  FitOptions o = plain;
  o.callback = [](const EpochReport& e) -> bool { return e.epoch < 8 ? true : throw std::runtime_error("now"); };
  o.patience = 0;
  CHECK_THROWS_AS(fit(model, data, o), std::runtime_error);
  auto until = make_model<double>(Small{}, Noise{2});
  o.callback = [](const EpochReport& e) { return e.epoch < 8; };
  fit(until, data, o);
  CHECK(same_bits(model.parameters(), until.parameters()));
}

TEST_CASE("the end of a fit is kept: the same call returns at once with the same result") {
  struct Counted : MaximumLikelihood {
    long* calls;
    explicit Counted(long* c) : calls(c) {}
    double operator()(ObjectiveCall<Small, double>& c) const { return ++*calls, MaximumLikelihood::operator()(c); }
  };
  const auto data = banana<double>(300, 1);
  auto store = std::make_shared<Kept>();
  long calls = 0;
  std::vector<long> by;
  std::vector<double> seconds, kept;
  for (int run = 0; run < 2; ++run) {
    calls = 0;
    auto model = make_model<double>(Small{}, Noise{2});
    seconds.push_back(
        fit(model, data, {.epochs = 30, .batch = 60, .checkpoint = {store, 1e9}}, Counted(&calls)).seconds);
    by.push_back(calls);
    kept.push_back(store->state.find("seconds")->numbers[0]);
  }
  CHECK(by[0] > 150);
  CHECK(by[1] == 1);  // the loss at the start, by which the flow is known
  CHECK((kept[0] > 0 && kept[1] == kept[0] && seconds[1] >= kept[0]));  // those of the run that did the work
  CHECK(store->saves == 0);
}

TEST_CASE("the checkpoint of another run is refused, and the difference is named") {
  using M = Model<Small, double>;
  const auto said = [](const std::string& what) {
    return Contains("rheo: memory: is the checkpoint of another run: " + what);
  };
  const auto of = [](auto change) { return refusal_of([change](M&, Batch<double>&, FitOptions& o) { change(o); }); };
  CHECK_THAT(of([](FitOptions& o) { o.epochs = 4; }),
             said("epochs is 3 there and 4 here.  Remove it, or name another, to begin anew"));
  CHECK_THAT(of([](FitOptions& o) { o.batch = 31; }), said("batch is 30 there and 31 here"));
  CHECK_THAT(of([](FitOptions& o) { o.learning_rate = 0.1 + 0.2; }),
             said("learning_rate is 0.001 there and 0.30000000000000004 here"));
  CHECK_THAT(of([](FitOptions& o) { o.validation = 0.5; }), said("validation is"));
  CHECK_THAT(of([](FitOptions& o) { o.patience = 2; }), said("patience is 0 there and 2 here"));
  CHECK_THAT(of([](FitOptions& o) { o.tolerance = 1; }), said("tolerance is"));
  CHECK_THAT(of([](FitOptions& o) { o.clip_norm = 1; }), said("clip_norm is 5 there and 1 here"));
  CHECK_THAT(of([](FitOptions& o) { o.optimizer = Sgd{}; }), said("optimizer is Adam"));
  CHECK_THAT(of([](FitOptions& o) { o.optimizer = Adam{.beta2 = 0.99}; }), said("optimizer is Adam"));
  CHECK_THAT(of([](FitOptions& o) { o.schedule = {Cosine{}}; }),
             said("schedule is Constant, warm_up 0 there and Cosine {0}, warm_up 0 here"));
  CHECK_THAT(of([](FitOptions& o) { o.average = 0.5; }), said("average is 0 there and 0.5 here"));
  CHECK_THAT(of([](FitOptions& o) { o.noise.seed = 4; }),
             said("noise is seed 3, stream 0, row 0 there and seed 4, stream 0, row 0 here"));
  CHECK_THAT(of([](FitOptions& o) { o.weights.assign(90, 1.0); }),
             said("weights is none there and 90 x 1 numbers of hash "));
  CHECK_THAT(of([](FitOptions& o) { o.standardize_context = false; }), said("standardize_context is"));
  CHECK_THAT(of([](FitOptions& o) { o.restandardize = true; }), said("restandardize is"));
  CHECK_THAT(of([](FitOptions& o) { o.patience_non_finite = 2; }), said("patience_non_finite is"));
  CHECK_THAT(of([](FitOptions& o) { o.halvings = 2; }), said("halvings is"));
  CHECK_THAT(of([](FitOptions& o) {
               o.epochs = 4, o.batch = 1, o.average = 0.1, o.halvings = 1, o.clip_norm = 0, o.patience = 1;
             }),
             Contains("epochs is") && Contains("; and 2 more."));
  CHECK_THAT(of([](FitOptions& o) {
               o.threads = 2, o.callback = [](const EpochReport&) { return true; }, o.checkpoint.every_seconds = 7;
             }),
             Contains("not refused"));

  CHECK_THAT(refusal_of([](M&, Batch<double>& x, FitOptions&) { x(60, 1) = std::nextafter(x(60, 1), 9); }),
             said("data is 90 x 2 numbers of hash "));
  CHECK_THAT(refusal_of([](M&, Batch<double>& x, FitOptions&) { x.conservativeResize(89, 2); }),
             said("data is 90 x 2 numbers") && Contains("and 89 x 2 numbers"));
  CHECK_THAT(
      refusal_of([](M& m, Batch<double>&, FitOptions&) { m.parameters()(3) = std::nextafter(m.parameters()(3), 9.0); }),
      said("parameters at the start is"));
  CHECK_THAT(refusal([](const Batch<double>& x, FitOptions o) {
               auto model = make_model<double>(
                   Flow<Standardize<2>, Repeat<2, Chain<AffineCoupling<2, Mlp<9>>, Flip<2>>>, StandardNormal<2>>{},
                   Noise{2});
               fit(model, x, o);
             }),
             said("flow is ") && Contains("ZeroLast,8>") && Contains("ZeroLast,9>") && Contains("parameters is "));
  CHECK_THAT(refusal([](const Batch<double>& x, FitOptions o) {
               auto model = make_model<float>(Small{}, Noise{2});
               fit(model, x.cast<float>(), o);
             }),
             said("scalar is double there and float here"));
  CHECK_THAT(refusal([](const Batch<double>& x, FitOptions o) {
               struct Twice : MaximumLikelihood {
                 double operator()(ObjectiveCall<Small, double>& c) const { return MaximumLikelihood::operator()(c); }
               };
               auto model = make_model<double>(Small{}, Noise{2});
               fit(model, x, o, Twice{});
             }),
             said("objective is ") && Contains("MaximumLikelihood there") && Contains("Twice"));
  CHECK_THAT(refusal([](const Batch<double>& x, FitOptions o) {
               auto model = make_model<double>(Small{}, Noise{2});
               fit(model, x, o, HeldOut<double>{.x = x});
             }),
             said("held-out rows is a share there and 90 x 2 numbers"));
  auto model = make_model<double>(Small{}, Noise{2});
  CHECK_THROWS_AS(fit(model, banana<double>(90, 1), {.checkpoint = {nullptr, -1}}), std::invalid_argument);
}

TEST_CASE("types are compared where one compiler spelled both") {
  using rheo::detail::differences;
  const auto facts = [](const char* compiler, const char* flow, const char* objective) {
    return RunFacts{{"compiler", compiler}, {"flow", flow}, {"objective", objective}, {"epochs", "3"}};
  };
  const auto here = facts("one", "Flow<Standardize<2l>>", "Likelihood");
  CHECK(differences(facts("other", "Flow<Standardize<2>>", "struct Likelihood"), here).empty());
  CHECK(differences(here, facts("other", "Flow<Standardize<2>>", "struct Likelihood")).empty());
  CHECK(differences({{"flow", "Flow<>"}, {"epochs", "3"}}, here).find("flow") == std::string::npos);
  CHECK(differences(facts("one", "Flow<>", "Likelihood"), here) ==
        "flow is Flow<> there and Flow<Standardize<2l>> here");
  CHECK(differences({{"compiler", "other"}, {"flow", "Flow<>"}, {"epochs", "4"}}, here) ==
        "epochs is 4 there and 3 here");
}

TEST_CASE("a long difference is cut between words") {
  std::string one, other;
  for (int k = 0; k < 40; ++k) one += "rheo::Coupling<Mlp_" + std::to_string(1000 + k) + ", 0.25> ";
  other = one;
  for (const std::size_t at : {std::size_t(0), one.size() / 2, one.size() - 2}) {
    other = one;
    other[at] = '#';
    const std::string text = rheo::detail::around(one, other);
    CHECK(text.size() < 240);
    const auto first = one.find(text.substr(text.substr(0, 3) == "..." ? 3 : 0, 40));
    const bool to_the_end = text.substr(text.size() - 3) != "...";
    const auto last = to_the_end ? one.size() : one.find(text.substr(text.size() - 43, 40)) + 40;
    const auto word = [](char c) { return c != '<' && c != '>' && c != ',' && c != ' '; };
    REQUIRE((first < last && last <= one.size()));
    CHECK((first == 0 || !(word(one[first - 1]) && word(one[first]))));
    CHECK((last == one.size() || !(word(one[last - 1]) && word(one[last]))));
    CHECK((first <= at && at < last));
  }
}

TEST_CASE("what only values of the objective tell is told by the loss at the start") {
  using Matched =
      Flow<Standardize<2>, Continuous<2, Velocity<MlpOf<Silu, 8>>, ExactTrace, Dopri5<4>>, StandardNormal<2>>;
  const auto data = banana<double>(200, 1);
  auto store = std::make_shared<Kept>();
  const auto with = [&](double sigma) {
    auto model = make_model<double>(Matched{}, Noise{2});
    for (Index i = 0; i < model.parameters().size(); ++i) model.parameters()(i) += 0.3 * Noise{4}.normal(i, 0);
    const Column<double> buffers = model.buffers();
    try {
      fit(model, data, {.epochs = 2, .checkpoint = {store, 0}}, FlowMatching{sigma});
    } catch (const FileError& e) {
      CHECK(same_bits(model.buffers(), buffers));
      return std::string(e.what());
    }
    return std::string("not refused");
  };
  CHECK(with(0.1) == "not refused");
  CHECK(with(0.1) == "not refused");
  CHECK_THAT(with(0.2), Contains("the loss at the start is") && Contains("the flow or the objective has other values"));
}

TEST_CASE("a state that is not whole, or holds what no run does, is refused, and the model is as it was") {
  const auto data = banana<double>(90, 1);
  auto store = std::make_shared<Kept>();
  const FitOptions options{.epochs = 3, .batch = 30, .patience = 0, .average = 0.5, .checkpoint = {store, 0}};
  auto first = make_model<double>(Small{}, Noise{2});
  FitOptions some = options;
  Kept::into(some, store, 5);
  fit(first, data, some);
  const TrainerState good = store->state;
  const auto refuse = [&](const TrainerState& bad, const std::string& name) {
    INFO(name);
    store->state = bad;
    auto model = make_model<double>(Small{}, Noise{2});
    const Column<double> parameters = model.parameters(), buffers = model.buffers();
    CHECK_THROWS_WITH(fit(model, data, options),
                      Contains("memory: is the checkpoint of another run") && Contains(name));
    CHECK(same_bits(model.parameters(), parameters));
    CHECK(same_bits(model.buffers(), buffers));
  };
  for (std::size_t k = 0; k < good.arrays.size(); ++k) {
    const std::string name = good.arrays[k].name;
    TrainerState bad = good;
    bad.arrays.erase(bad.arrays.begin() + static_cast<std::ptrdiff_t>(k));
    refuse(bad, "'" + name + "' is missing (kept by another version of rheo, or damaged)");
    bad = good;
    bad.arrays[k].bytes = 4;
    refuse(bad, "'" + name + "' holds numbers of another type");
    if (name == "set_aside") continue;
    bad = good;
    auto& a = bad.arrays[k];
    a.integer ? a.integers.push_back(0) : a.numbers.push_back(0);
    refuse(bad, name);
  }
  TrainerState more = good;
  more.arrays.push_back({"more", true});
  refuse(more, "arrays, not");
  const auto put = [&](const std::string& name, std::int64_t value) {
    TrainerState bad = good;
    for (auto& a : bad.arrays) {
      if (a.name == name) a.integers.assign(1, value);
    }
    refuse(bad, name);
  };
  for (const char* name : {"epoch", "first", "planned", "made", "finished", "status", "best_epoch", "steps",
                           "skipped_steps", "set_aside", "optimizer_steps", "average_steps"})
    put(name, -1);
  put("epoch", 5), put("first", 81), put("status", 6), put("finished", 2), put("best_epoch", 4), put("set_aside", 9);
  TrainerState broken = good;
  for (auto& a : broken.arrays) {
    if (a.name == "buffers") a.numbers[0] = std::nan("");
  }
  refuse(broken, "'buffers' holds numbers that the flow cannot use");
}

TEST_CASE("where nothing can be kept any more, nothing trained is lost, and the result says why") {
  const auto data = banana<double>(200, 1);
  const FitOptions plain{.epochs = 4, .batch = 50, .noise = Noise{3}};
  auto whole = make_model<double>(Small{}, Noise{2});
  const FitResult r = fit(whole, data, plain);
  for (const int kind : {0, 1, 2, 3}) {
    auto store = std::make_shared<Kept>();
    store->refuses = [&, k = store.get()]() -> std::string {
      if (k->saves < 3 || (kind == 2 && k->saves > 9)) return "";
      if (kind == 1) throw std::bad_alloc();
      if (kind == 3) throw 7;
      return "memory: the disk is full";
    };
    FitOptions o = plain;
    o.checkpoint = {store, 0};
    auto model = make_model<double>(Small{}, Noise{2});
    const FitResult s = fit(model, data, o);
    check_same<double>({model.parameters(), model.buffers(), s}, {whole.parameters(), whole.buffers(), r});
    if (kind == 2) CHECK(s.checkpoint_error.empty());
    if (kind == 2) continue;
    CHECK_THAT(s.checkpoint_error, Catch::StartsWith("memory: "));
    CHECK_THAT(s.notes.back(), Contains("the last checkpoint was not kept: memory: "));
    store->refuses = {};
    auto again = make_model<double>(Small{}, Noise{2});
    const FitResult t = fit(again, data, o);  // from the last one that was kept
    check_same<double>({again.parameters(), again.buffers(), t}, {whole.parameters(), whole.buffers(), r});
  }
}

TEST_CASE("steps between two checkpoints allocate nothing more") {
  if (!rheo_test::counts_mallocs) return;
  const auto data = banana<double>(2000, 1);
  const auto count = [&](const Checkpoint& checkpoint) {
    std::vector<long> at;
    at.reserve(10);
    auto model = make_model<double>(Small{}, Noise{2});
    fit(model, data,
        {.epochs = 4,
         .batch = 10,
         .callback = [&](const EpochReport&) { return at.push_back(rheo_test::count()), true; },
         .checkpoint = checkpoint});
    return at[3] - at[2];
  };
  CHECK(count({}) == count({std::make_shared<Kept>(), 1e9}));
  CHECK(count({}) < 10);
}

}  // namespace training_checkpoint
