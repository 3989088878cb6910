// SPDX-License-Identifier: MIT
// OpenMP's threads in the place of ours, as rheo/flows/executor.hpp says: the same bits, and nothing allocated by a
// step.
#include <omp.h>

#include "banana.hpp"
#include "catch.hpp"
#include "count_mallocs.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/permute.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/fit.hpp"

namespace {
using namespace rheo;

struct OpenMp final : Executor {
  int workers() const override { return omp_get_max_threads(); }
  void run(Index jobs, Job job) override {
#pragma omp parallel for schedule(dynamic)
    for (Index i = 0; i < jobs; ++i) job(i, omp_get_thread_num());
  }
};

using Small = Flow<Standardize<2>, Repeat<2, Chain<AffineCoupling<2, Mlp<16, 16>>, Flip<2>>>, StandardNormal<2>>;

}  // namespace

TEMPLATE_TEST_CASE("OpenMP's threads give the bits of ours", "", float, double) {
  using T = TestType;
  omp_set_num_threads(3);
  const auto data = rheo_test::banana<T>(2000, 1);
  const auto run = [&](Executor* executor) {
    auto model = make_model<T>(Small{}, Noise{2});
    fit(model, data, {.epochs = 2, .batch = 700, .noise = Noise{3}, .threads = 2, .executor = executor});
    auto ws = executor ? model.workspace(*executor) : model.workspace(2);
    const Column<T> scored = model.log_prob(data, {}, ws);
    return std::tuple{Column<T>(model.parameters()), scored, model.sample_and_log_prob(900, Noise{4}, {}, ws).x};
  };
  OpenMp omp;
  REQUIRE(omp.workers() == 3);
  const auto [theta, scored, drawn] = run(nullptr);
  const auto [theta_o, scored_o, drawn_o] = run(&omp);
  CHECK((theta == theta_o).all());
  CHECK((scored == scored_o).all());
  CHECK((drawn == drawn_o).all());
}

TEST_CASE("a step on OpenMP's threads allocates nothing after the first, and an objective's exception comes through") {
  omp_set_num_threads(3);
  OpenMp omp;
  const auto data = rheo_test::banana<double>(1000, 1);
  auto model = make_model<double>(Small{}, Noise{2});
  model.initialise(data);
  Trainer trainer(model, Adam{}, omp);
  const auto none = Model<Small, double>::nothing<const double>(data.rows());
  const BatchRows b{0, 1000};
  for (int k = 0; k < 3; ++k) trainer.step(view(data), none, b, Noise{3}, 1e-3);
  if constexpr (rheo_test::counts_mallocs) {
    const auto before = rheo_test::malloc_count();
    for (int k = 0; k < 20; ++k) trainer.step(view(data), none, b, Noise{3}, 1e-3);
    CHECK(rheo_test::malloc_count() == before);
  }
  Pool pool(omp);
  CHECK_THROWS_WITH(pool.run(50,
                             [](Index i, int) {
                               if (i == 7) throw std::runtime_error("seven");
                             }),
                    "seven");
}
