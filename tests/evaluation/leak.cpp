// SPDX-License-Identifier: MIT
// Leaked mass has its price: KL(target || model) >= -log(1 - leak), reached by a model that is the target's inside.
#include "catch.hpp"
#include "rheo/distributions/box.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/flows/presets/surjective_flows.hpp"
#include "rheo/targets/compact.hpp"
#include "rheo/training/fit.hpp"

namespace evaluation_leak {
using namespace rheo;

namespace {
struct Price {
  Estimate gap, leak;
  double error() const { return std::hypot(gap.error, leak.error / (1 - leak.value)); }
};
template <class F> Price price_of(F flow) {
  using Target = targets::TwoUniforms;
  auto model = make_model<float>(std::move(flow), Noise{1});
  fit(model, Target::sample<float>(6000, Noise{2}),
      {.epochs = 6, .batch = 128, .learning_rate = 4e-3, .validation = 0, .noise = Noise{3}});
  return {gap_to_entropy(model.log_prob(Target::sample<float>(20000, Noise{4})), Target::entropy()),
          support_leak(model.sample(20000, Noise{5}), Target{}, 1e-6)};
}
}  // namespace

TEST_CASE("a uniform box around the target pays exactly what it leaks") {
  const auto wide = make_model<double>(Flow{UniformBox<2>{-1.0, 1.0}}, Noise{1});
  const Batch<double> test = targets::OneUniform::sample(1000, Noise{2});
  const Estimate leak = support_leak(wide.sample(40000, Noise{3}), targets::OneUniform{});
  CHECK(gap_to_entropy(wide.log_prob(test), targets::OneUniform::entropy()).value ==
        Approx(least_gap(0.75)).margin(1e-12));
  CHECK(leak.value == Approx(0.75).margin(4 * leak.error));
}

TEST_CASE("fitted flows pay at least what they leak; a fold leaks less than a bijection") {
  const Price plain = price_of(presets::RealNvp<2, 4, Mlp<32>>{}), folded = price_of(presets::AbsFlow<2, 4, Mlp<32>>{});
  for (const Price& p : {plain, folded}) {
    INFO("gap " << p.gap.value << ", leak " << p.leak.value << ", least gap " << least_gap(p.leak.value) << ", error "
                << p.error());
    CHECK(p.leak.value > 0.001);
    CHECK(p.gap.value >= least_gap(p.leak.value) - 4 * p.error());
    CHECK(p.gap.value < 1);
  }
  CHECK(folded.leak.value < plain.leak.value);
}

}  // namespace evaluation_leak
