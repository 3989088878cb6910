// SPDX-License-Identifier: MIT
// LogVariance: its gradient is that of reverse KL in the mean where the chain back is fixed, also of a base that is
// learned beside; and what a learned drift is worth on two wells, by each of the three losses.
#include "rheo/training/log_variance.hpp"

#include "catch.hpp"
#include "gradients.hpp"
#include "rheo/distributions/location_scale.hpp"
#include "rheo/distributions/mixture.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/wells.hpp"
#include "rheo/training/fit_energy.hpp"
#include "shaken.hpp"
#include "soft_energy.hpp"

namespace training_log_variance {
using namespace rheo;
using rheo_test::Soft;

namespace {

using Field = Velocity<MlpOf<Tanh, 4>>;
using Steps = ControlledLangevin<NormalEnergy<2>, Soft, 3, Field, Learned::none, ChainBack::undriven>;

/// The largest distance of two means of gradients, in standard errors.
template <class F, class A, class B> double apart(Model<F, double> model, const A& a, const B& b, Index repeats) {
  const Batch<double> x(64, 0), none(64, 0);
  const auto g = rheo_test::gradients(model, a, x, none, repeats, Noise{7}),
             k = rheo_test::gradients(model, b, x, none, repeats, Noise{8});
  double worst = 0;
  for (Index j = 0; j < F::param_count; ++j) {
    const double error = std::hypot(rheo_test::error(g, j), rheo_test::error(k, j));
    worst = std::max(worst, std::abs(g.col(j).mean() - k.col(j).mean()) / (error + 1e-12));
  }
  return worst;
}

struct Half : LogVariance<Soft> {
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c, Room<F, T>& room) const {
    c.scale *= 0.5;
    return LogVariance<Soft>::operator()(c, room);
  }
};

}  // namespace

TEST_CASE("the gradient of the variance, paths held, is that of reverse KL in the mean where the chain back is fixed") {
  const auto model = rheo_test::shaken(Flow{Steps({}, Soft{}, 0.1, 5.0), DiagonalNormal<2>{}}, 0.2);
  CHECK(apart(model, LogVariance<Soft>(Soft{}), ReverseKl<Soft>(Soft{}), 600) < 4.5);
  // and that of a halved variance is not
  CHECK(apart(model, Half{LogVariance<Soft>(Soft{})}, ReverseKl<Soft>(Soft{}), 600) > 8);
}

TEST_CASE("a learned drift is worth more than the same steps without one, by each loss") {
  const targets::DoubleWell well;
  constexpr Index N = 8, n = 4000;
  const auto share = [&](const auto& model) {
    const auto s = weighted_sample(model, well, n, Noise{4});
    const Estimate z = log_z(s.log_w);
    CHECK(std::abs(z.value - 10.293480) < 4 * z.error);
    return effective_sample_size(s.log_w) / static_cast<double>(n);
  };
  double undriven = 0;
  for (double step : {0.005, 0.01, 0.02, 0.03, 0.04}) {
    const auto model = make_model<double>(presets::cmcd<N, Field, Learned::none>(well, step), Noise{1});
    undriven = std::max(undriven, share(model));
  }
  const auto start = make_model<double>(presets::cmcd<N, Velocity<MlpOf<Tanh, 16, 16>>>(well, 0.02), Noise{1});
  const EnergyFitOptions options{.steps = 300,
                                 .batch = 128,
                                 .learning_rate = 1e-2,
                                 .data_share = 1,
                                 .clip_norm = 1,
                                 .schedule = {Cosine{}},
                                 .noise = Noise{2},
                                 .check_rows = 512};
  auto reverse = start, variance = start, forward = start;
  fit_energy(reverse, well, options);
  fit_energy(variance, log_variance(well), options);
  fit_energy(forward, well, well.sample(4000, Noise{3}), options);
  const double by_kl = share(reverse), by_variance = share(variance), by_data = share(forward);
  INFO("undriven " << undriven << ", reverse KL " << by_kl << ", log variance " << by_variance << ", forward KL "
                   << by_data);
  CHECK(by_kl > 2 * undriven);
  CHECK(by_variance > 2 * undriven);
  CHECK(by_data > 2 * undriven);
  auto denoising = make_model<double>(presets::dds<16, Velocity<MlpOf<Tanh, 16, 16>>>(well), Noise{1});
  const double before = share(denoising);
  fit_energy(denoising, well, well.sample(4000, Noise{3}), options);
  const double after = share(denoising);
  INFO("a denoising sampler: " << before << ", then " << after);
  CHECK(after > 3 * before);
}

}  // namespace training_log_variance
