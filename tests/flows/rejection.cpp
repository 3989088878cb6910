// SPDX-License-Identifier: MIT
// The user's program: a flow, rejections, layers on top, rejections again; what is kept, and in files.
#include "rheo/flows/rejection.hpp"

#include <cstdio>

#include "catch.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/flows/presets/coupling_flows.hpp"
#include "rheo/io/model_file.hpp"
#include "rheo/targets/mixture_energy.hpp"
#include "rheo/targets/table.hpp"
#include "rheo/targets/target_energy.hpp"
#include "rheo/training/fit_energy.hpp"

namespace flows_rejection {
using namespace rheo;
using Step = Chain<AffineCoupling<2, Mlp<16>>, Flip<2>>;

TEST_CASE("a flow, rejections, layers on top, rejections again: exact weights nearer to even, constants in order") {
  const auto energy = targets::shifted_modes(0.05);
  const auto flow = make_model<double>(Flow{Step{}, StandardNormal<2>{}}, Noise{1});  // N(0, I), which covers them
  const auto step = rejected<4>(flow, energy, {.acceptance = 0.8, .samples = 8192, .noise = Noise{3}});
  const auto weights = weighted_sample(flow, energy, 4000, Noise{4}),
             better = weighted_sample(step, energy, 4000, Noise{4});
  const Estimate z = log_z(better.log_w);
  double known = 0;
  for (const RejectionStep& s : rejections(step)) known += s.error;
  INFO("log Z " << z.value << " +- " << z.error << ", constants +- " << known);
  CHECK(std::abs(z.value) < 4.5 * z.error + known);
  CHECK(effective_sample_size(better.log_w) > 1.4 * effective_sample_size(weights.log_w));

  auto next = on_top(step, Noise{5}, Step{}, Step{});
  const auto anew = make_model<double>(Flow{Step{}, Step{}, StandardNormal<2>{}}, Noise{5});
  CHECK((next.parameters() != 0).count() == (anew.parameters() != 0).count());  // their nets begin as any do
  const Batch<double> x = next.sample(50, Noise{6});
  CHECK((next.elbo(x, {}) - step.elbo(x, {})).abs().maxCoeff() < 1e-12);  // new layers are the identity
  const Column<double> before = next.buffers();
  const auto fitted = fit_energy(next, energy, {.steps = 100, .learning_rate = 5e-3, .noise = Noise{7}});
  CHECK((next.buffers() == before).all());
  CHECK(fitted.skipped_steps == 0);
  CHECK((next.elbo(x, {}) - step.elbo(x, {})).abs().maxCoeff() > 1e-4);

  const auto last = rejected(next, energy, {.acceptance = 0.9, .samples = 8192, .noise = Noise{8}});
  const auto all = rejections(last);
  REQUIRE(all.size() == 5);
  CHECK(all[0].acceptance == Approx(0.9).margin(0.02));
  CHECK(all[1].log_c == rejections(step)[0].log_c);
  CHECK(all[4].error == rejections(step)[3].error);
  CHECK(all[4].log_prob_error() > all[4].error);
  const auto final_weights = weighted_sample(last, energy, 4000, Noise{4});
  CHECK(std::abs(log_z(final_weights.log_w).value) < 4.5 * log_z(final_weights.log_w).error + known + all[0].error);
  CHECK(rejections(flow).empty());
}

TEST_CASE("a rejected model's file gives back the same numbers, and one with a constant beyond reason is refused") {
  const auto energy = targets::shifted_modes();
  const auto flow = make_model<double>(Flow{Step{}, StandardNormal<2>{}}, Noise{1});
  const auto step = rejected<2>(flow, energy, {.samples = 1000});
  const std::string path = "flows_rejection.safetensors";
  io::save(step, path);
  auto again = io::load<std::decay_t<decltype(step)>>(path, step.flow());
  const Batch<double> x = step.sample(20, Noise{2});
  CHECK((again.elbo(x, {}) == step.elbo(x, {})).all());
  CHECK((again.sample(20, Noise{2}) == x).all());
  again.buffers()(2) = 1.5;
  CHECK_THROWS_AS(io::save(again, path), std::invalid_argument);
  std::remove(path.c_str());
  const auto narrow = step.cast<float>();
  CHECK((narrow.elbo(x.cast<float>(), {}).cast<double>() - step.elbo(x, {})).abs().maxCoeff() < 1e-3);
}

TEST_CASE("an energy without a gradient will do, and layers on top are fitted by what has one") {
  const targets::TargetEnergy checkerboard(targets::find("checkerboard"));
  const auto wide = make_model<double>(Flow{DiagonalNormal<2>{}}, Noise{1});
  auto model = wide;
  model.parameters().tail(2) = std::log(2.0);
  CHECK_THROWS_AS(rejected(model, checkerboard), DataError);  // less than 0.8 of the draws are on the board
  const auto step = rejected<8>(model, checkerboard, {.acceptance = 0.4, .samples = 8192});
  const auto inside = [&](const Batch<double>& x) {
    double n = 0;
    for (Index i = 0; i < x.rows(); ++i) n += targets::find("checkerboard").in_support(x(i, 0), x(i, 1));
    return n / static_cast<double>(x.rows());
  };
  const double share = inside(model.sample(4000, Noise{2})), better = inside(step.sample(4000, Noise{2}));
  INFO(share << " of the draws on the board, then " << better);
  CHECK(share < 0.5);
  CHECK(better > 0.95);
  static_assert(!CanEncodePull<std::decay_t<decltype(step.flow())>, double>);
  static_assert(CanDecodePull<std::decay_t<decltype(step.flow())>, double>);
}

}  // namespace flows_rejection
