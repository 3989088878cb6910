// SPDX-License-Identifier: MIT
#include "rheo/layers/stochastic/diffusion.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/diffusion_samplers.hpp"
#include "rheo/layers/bijections/continuous.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/training/denoising.hpp"
#include "rheo/training/trainer.hpp"

namespace stochastic_diffusion {
using namespace rheo;

namespace {

// Data N(mean, v I), mean = (0.7, 0.7, ...): the net that makes the Denoiser tell E[e | x].  The level comes from the
// clock, which runs from `first` to `last` in log signal-to-noise; `a` and `b` are the signal and the noise in units of
// sqrt(m).
template <class Self> struct NormalData {
  static constexpr double mean = 0.7, v = 0.3;
  template <Index D, Index C> struct field {
    static constexpr Index param_count = 0;
    static constexpr bool smooth = true;
    template <class T> using Cache = NoCache;
    template <class P> static auto unpack(P p) { return p; }
    template <class T> void init(Params<T>, Params<T>, Noise) const {}
    template <class T> void map(FieldPass<T, NoCache> p) const {
      for (Index i = 0; i < p.x.rows(); ++i) {
        const auto [first, last] = Self::range();
        const double ratio = std::exp(first + static_cast<double>(p.t(i)) * (last - first));  // signal / noise
        const double a = ratio / std::hypot(1.0, ratio), b = 1 / std::hypot(1.0, ratio), w = b / (a * a * v + b * b);
        // told: w (u - a mean) with u = x / sqrt(m), of which b u passes by and the rest is a times the net
        const double slope = (w - b) / a;
        for (Index j = 0; j < D; ++j) p.f(i, j) = T(slope) * p.x(i, j) - T(w * mean);
        if (p.along.rows() > 0) p.trace(i) = T(slope * static_cast<double>(D));
      }
    }
    template <class T> void map_pull(FieldPull<T, NoCache> p) const { p.g_x.setZero(); }  // nobody asks for it
  };
};
constexpr Index N = 20;
template <class Sde> struct SteppedBy : NormalData<SteppedBy<Sde>> {
  static auto range() {
    const auto l = levels_of<N>(Sde{});
    return std::pair{l[1].log_snr(), l[N].log_snr()};
  }
};
using Stepped = SteppedBy<VariancePreserving>;
template <class Sde> struct Timed : NormalData<Timed<Sde>> {
  static auto range() { return std::pair{Sde{}.level(Sde{}.start).log_snr(), Sde{}.level(1).log_snr()}; }
};

Batch<double> data(Index n, Index D, std::uint64_t seed) {
  return Stepped::mean + std::sqrt(Stepped::v) * rheo_test::normals(n, D, seed);
}
double total(const NoiseLevel& l) { return l.signal * l.signal * Stepped::v + l.noise * l.noise; }
double kl(double ratio) { return 0.5 * (ratio - 1 - std::log(ratio)); }
// The mean of -elbo of N(mean, v) data with the exact denoiser: every step's normal has the right mean, and r^2 for its
// variance; the base is N(0, m).
template <class L> double expected_loss(const L& layer, double m = 1) {
  double loss = half_log_two_pi + 0.5 + 0.5 * std::log(Stepped::v);
  for (Index i = 0; i < N; ++i) {
    const NoiseStep s(layer.at(i), layer.at(i + 1));
    const double variance = total(layer.at(i)) * s.added * s.added / total(layer.at(i + 1));
    loss += kl(variance / (layer.back(i) * layer.back(i)));
  }
  return loss + kl(total(layer.at(N)) / m) + 0.5 * std::pow(layer.at(N).signal * Stepped::mean, 2) / m;
}
template <class Objective, class F> double loss_of(Model<F, double>& model, const Batch<double>& x, Noise noise) {
  Trainer<F, double, Objective> trainer(model, Adam{}, 1, Objective{});
  return trainer.value(view(x), Model<F, double>::template nothing<const double>(x.rows()), {0, x.rows()}, noise);
}

}  // namespace

TEST_CASE("levels") {
  const auto l = linear_betas<1000>();
  CHECK(l[1].noise == Approx(0.01));
  CHECK(l[2].signal == Approx(std::sqrt((1 - 1e-4) * (1 - 1e-4 - (0.02 - 1e-4) / 999))));
  CHECK(l[1000].signal == Approx(0.0063531).epsilon(1e-4));  // sqrt(4.036e-5)
  const auto c = cosine_levels<4>(0.0);
  CHECK(c[2].signal == Approx(std::sqrt(0.5)));
  CHECK(c[4].signal > 0);
  for (const auto& x : {l[500], c[1], c[3]}) CHECK(x.variance() == Approx(1));
  CHECK_THROWS_AS(linear_betas<10>(0.0), std::invalid_argument);
  CHECK_THROWS_AS(cosine_levels<10>(-1), std::invalid_argument);
  // each equation's level solves it: d signal = drift signal dt, d noise^2 = 2 drift noise^2 dt + g^2 dt
  auto solves = [](auto sde) {
    const double t = 0.4, h = 1e-5, drift = sde.drift(t);
    const NoiseLevel a = sde.level(t - h), b = sde.level(t + h), at = sde.level(t);
    CHECK((b.signal - a.signal) / (2 * h) == Approx(drift * at.signal).margin(1e-8));
    CHECK((b.noise * b.noise - a.noise * a.noise) / (2 * h) ==
          Approx(2 * drift * at.noise * at.noise + sde.squared_diffusion(t)).epsilon(1e-6));
  };
  solves(VariancePreserving{});
  solves(VarianceExploding{});
  solves(SubVariancePreserving{});
  using L = Diffusion<1, 2, Stepped>;
  CHECK_THROWS_AS(L({NoiseLevel{0.9, 0.1}, NoiseLevel{0.5, 0.5}, NoiseLevel{0.1, 1}}), std::invalid_argument);
  CHECK_THROWS_AS(L({NoiseLevel{1, 0}, NoiseLevel{0.5, 0.5}, NoiseLevel{0.5, 0.4}}), std::invalid_argument);
}

TEST_CASE("equations that start without noise, or end without signal, are refused") {
  auto field = [](auto sde) {
    return typename ProbabilityFlow<Velocity<MlpOf<Tanh, 3>>, decltype(sde)>::template field<1, 0>(sde);
  };
  CHECK_NOTHROW(field(SubVariancePreserving{}));
  CHECK_THROWS_AS(field(VariancePreserving{.start = 0}), std::invalid_argument);
  CHECK_THROWS_AS(field(VariancePreserving{.beta_min = -1, .beta_max = -2}), std::invalid_argument);
  CHECK_THROWS_AS(field(VariancePreserving{.beta_max = 4000}), std::invalid_argument);
  CHECK_THROWS_AS(field(VarianceExploding{.sigma_min = 3, .sigma_max = 2}), std::invalid_argument);
  CHECK_THROWS_AS(field(VarianceExploding{.sigma_min = 0}), std::invalid_argument);
  CHECK_THROWS_AS(field(VarianceExploding{.start = 1}), std::invalid_argument);
}

TEST_CASE("a new Diffusion is that of N(0, I) data, exactly") {
  using F = Flow<Diffusion<2, 10, Velocity<MlpOf<Tanh, 5>>>, StandardNormal<2>>;
  const auto model = make_model<double>(F{}, Noise{1});
  const Batch<double> x = 2 * data(40, 2, 3);
  const Column<double> want = -0.5 * x.square().rowwise().sum() - 2 * half_log_two_pi;
  CHECK((model.elbo(x, Noise{4}) - want).abs().maxCoeff() < 1e-10);
}

TEST_CASE("normal data and the exact denoiser: bound, losses and samples are closed") {
  using L = Diffusion<2, N, Stepped>;
  using F = Flow<L, StandardNormal<2>>;
  for (auto deviation : {BackwardDeviation::upper, BackwardDeviation::lower}) {
    const L layer(levels_of<N>(VariancePreserving{}), deviation);
    auto model = make_model<double>(F(layer, StandardNormal<2>{}), Noise{1});
    const Index n = 100000;
    const Batch<double> x = data(n, 2, 3);
    const Estimate bound = mean_and_error(model.elbo(x, Noise{4}));
    const double want = 2 * expected_loss(layer);
    INFO("-elbo " << -bound.value << " +- " << bound.error << ", expected " << want);
    CHECK(std::abs(bound.value + want) < 4 * bound.error);
    double sum = 0, square = 0;  // one step a row: unbiased
    for (int k = 0; k < 20; ++k) {
      const double l = loss_of<Variational>(model, x.middleRows(5000 * k, 5000), Noise{std::uint64_t(50 + k)});
      sum += l / 20;
      square += l * l / 20;
    }
    const double error = std::sqrt((square - sum * sum) / 19);
    INFO("variational " << sum << " +- " << error);
    CHECK(std::abs(sum - want) < 4 * error);
    CHECK(error < 0.05);

    double mean = 0, v = 1;  // of the samples, from the noisy end
    for (Index j = N; j > 0; --j) {
      const double share = NoiseStep(layer.at(j - 1), layer.at(j)).keep * total(layer.at(j - 1)) / total(layer.at(j));
      mean = layer.at(j - 1).signal * Stepped::mean + share * (mean - layer.at(j).signal * Stepped::mean);
      v = share * share * v + layer.back(j - 1) * layer.back(j - 1);
    }
    const Batch<double> s = model.sample(n, Noise{5});
    CHECK(std::abs(s.mean() - mean) < 4 * std::sqrt(v / (2 * n)));
    CHECK((s - mean).square().mean() == Approx(v).epsilon(4 / std::sqrt(static_cast<double>(n))));
  }
}

TEMPLATE_TEST_CASE(
    "normal data and the exact denoiser: the bound is closed at the levels of other equations too, from the base where "
    "they end",
    "", VarianceExploding, SubVariancePreserving) {
  using L = Diffusion<2, N, SteppedBy<TestType>>;
  using F = Flow<L, DiffusionPrior<2, TestType>>;
  for (auto deviation : {BackwardDeviation::upper, BackwardDeviation::lower}) {
    const L layer(levels_of<N>(TestType{}), deviation);
    auto model = make_model<double>(F(layer, DiffusionPrior<2, TestType>{}), Noise{1});
    const Batch<double> x = data(100000, 2, 3);
    const Estimate bound = mean_and_error(model.elbo(x, Noise{4}));
    const double want = 2 * expected_loss(layer, TestType{}.level(1).variance());
    INFO("-elbo " << -bound.value << " +- " << bound.error << ", expected " << want);
    CHECK(std::abs(bound.value + want) < 4 * bound.error);
    CHECK(bound.error < 0.01 * want);
    Column<double> one_step(50);
    for (Index k = 0; k < 50; ++k)
      one_step(k) = loss_of<Variational>(model, x.middleRows(2000 * k, 2000), Noise{std::uint64_t(50 + k)});
    const Estimate variational = mean_and_error(one_step);
    INFO("variational " << variational.value << " +- " << variational.error);
    CHECK(std::abs(variational.value - want) < 4 * variational.error);
    CHECK(variational.error < 0.02 * want);
  }
}

TEMPLATE_TEST_CASE(
    "normal data and the exact denoiser: losses by noise are the variance of the noise given the point, weighed", "",
    VariancePreserving, VarianceExploding, SubVariancePreserving) {
  auto check = [](auto model, auto level_of, Index levels) {  // level_of(k): equally likely
    using F = typename decltype(model)::FlowType;
    double simple = 0, velocity = 0;
    for (Index k = 0; k < levels; ++k) {
      const NoiseLevel l = level_of(k);
      const double left = l.signal * l.signal * Stepped::v / total(l) / static_cast<double>(levels);
      simple += left, velocity += left * l.variance() / (l.signal * l.signal);
    }
    const Batch<double> x = data(100000, 1, 3);
    Column<double> by_simple(50), by_velocity(50);
    for (Index k = 0; k < 50; ++k) {
      by_simple(k) = loss_of<Denoising, F>(model, x.middleRows(2000 * k, 2000), Noise{std::uint64_t(k)});
      by_velocity(k) = loss_of<VelocityDenoising, F>(model, x.middleRows(2000 * k, 2000), Noise{std::uint64_t(k)});
    }
    const Estimate s = mean_and_error(by_simple), v = mean_and_error(by_velocity);
    INFO("simple " << s.value << " +- " << s.error << ", expected " << simple << "; velocity " << v.value << " +- "
                   << v.error << ", expected " << velocity);
    CHECK(std::abs(s.value - simple) < 4 * s.error);
    CHECK(s.error < 0.01 * simple);
    CHECK(std::abs(v.value - velocity) < 4 * v.error);
    CHECK(v.error < 0.01 * velocity);
  };
  const TestType sde{};
  const auto steps = levels_of<N>(sde);
  check(
      make_model<double>(Flow{Diffusion<1, N, SteppedBy<TestType>>(steps), DiffusionPrior<1, TestType>{}}, Noise{1}),
      [&](Index k) { return steps[static_cast<std::size_t>(k + 1)]; }, N);
  using Field = typename ProbabilityFlow<Timed<TestType>, TestType>::template field<1, 0>;
  check(
      make_model<double>(Flow<Continuous<1, ProbabilityFlow<Timed<TestType>, TestType>, ExactTrace, Dopri5<>>,
                              DiffusionPrior<1, TestType>>{},
                         Noise{1}),
      [&](Index k) { return sde.level(Field{}.time((static_cast<double>(k) + 0.5) / 10000)); }, 10000);
}

TEST_CASE("DDIM is the probability flow where its steps are many, and ancestral sampling with eta one") {
  using F = Flow<Diffusion<1, N, Stepped>, StandardNormal<1>>;
  const auto model = make_model<double>(F{}, Noise{1});
  const auto& layer = std::get<0>(model.flow().layers);
  auto step = [&](double x, Index j) {
    const NoiseLevel &t = layer.at(j), &s = layer.at(j - 1);
    const double e = t.noise * (x - t.signal * Stepped::mean) / total(t);
    return s.signal * (x - t.noise * e) / t.signal + s.noise * e;
  };
  const Batch<double> z = sample_diffusion(model, 500, Noise{2}, {.steps = N, .undone = N});
  const Batch<double> x = ddim(model, 500, N, Noise{2});
  for (Index i = 0; i < 500; i += 50) {
    double want = z(i, 0);
    for (Index j = N; j > 0; --j) want = step(want, j);
    CHECK(x(i, 0) == Approx(want).epsilon(1e-9));
  }
  const Batch<double> s = sample_diffusion(model, 100000, Noise{3}, {.steps = N, .eta = 1});
  double v = 1;
  const typename F::At<0> small(levels_of<N>(VariancePreserving{}), BackwardDeviation::lower);
  for (Index j = N; j > 0; --j) {
    const double share = NoiseStep(layer.at(j - 1), layer.at(j)).keep * total(layer.at(j - 1)) / total(layer.at(j));
    v = share * share * v + (j > 1 ? std::pow(small.back(j - 1), 2) : 0);  // the last step of the sampler draws nothing
  }
  CHECK((s - s.mean()).square().mean() == Approx(v).epsilon(0.02));
  CHECK_THROWS_AS(ddim(model, 5, N + 1, Noise{}), std::invalid_argument);
  CHECK_THROWS_AS(sample_diffusion(model, 5, Noise{}, {.steps = 5, .eta = 2}), std::invalid_argument);
  CHECK(ddim(model, 0, 5, Noise{}).rows() == 0);
}

TEMPLATE_TEST_CASE(
    "normal data: the probability flow's density is closed, and the corrected samples have the data's moments", "",
    VariancePreserving, VarianceExploding, SubVariancePreserving) {
  {
    using F = Flow<Continuous<2, ProbabilityFlow<Timed<TestType>, TestType>, ExactTrace, Dopri5<8>>,
                   DiffusionPrior<2, TestType>>;
    const auto model = make_model<double>(F{}, Noise{1});
    const TestType sde{};
    const NoiseLevel first = sde.level(sde.start), last = sde.level(1);
    const double shrink = std::sqrt(total(first) / total(last)),
                 mean = first.signal * Stepped::mean - shrink * last.signal * Stepped::mean,
                 v = shrink * shrink * last.variance();
    const Batch<double> x = data(60, 2, 3);
    const Column<double> want = -0.5 * (x - mean).square().rowwise().sum() / v - std::log(v) - 2 * half_log_two_pi;
    const double miss = (model.log_prob(x) - want).abs().maxCoeff();
    INFO("off by " << miss);
    CHECK(miss < 1e-5);
    const Batch<double> s = predictor_corrector(model, 20000, 300, Noise{4});
    CHECK(s.mean() == Approx(Stepped::mean).margin(0.03));
    CHECK((s - s.mean()).square().mean() == Approx(Stepped::v).margin(0.015));

    // few steps, whose moments are known: with the exact e every one is affine
    const auto& layer = std::get<0>(model.flow().layers);
    const DiffusionSampling few{.steps = 12, .eta = 0.7, .corrections = 2, .snr = 0.2};
    double mean_now = 0, v_now = std::pow(std::get<1>(model.flow().layers).deviation(), 2);
    auto move = [&](const NoiseLevel& at, double by, double by_e,
                    double added) {  // x -> by x + by_e e(x) + N(0, added)
      const double slope = at.noise / total(at);
      mean_now = by * mean_now + by_e * slope * (mean_now - at.signal * Stepped::mean);
      v_now = std::pow(by + by_e * slope, 2) * v_now + added;
    };
    for (Index k = few.steps; k > 0; --k) {
      const NoiseLevel t = detail::sampling_level(layer, k, few.steps).level,
                       to = detail::sampling_level(layer, k - 1, few.steps).level;
      const double ratio = t.signal / to.signal, posterior = (t.noise * t.noise - ratio * ratio * to.noise * to.noise) *
                                                             to.noise * to.noise / (t.noise * t.noise);
      const double d2 = few.eta * few.eta * posterior;
      move(t, 1 / ratio, std::sqrt(to.noise * to.noise - d2) - t.noise / ratio, d2);
      const double length = 2 * few.snr * few.snr * to.noise * to.noise;
      for (Index r = 0; r < few.corrections && to.noise > 0; ++r) move(to, 1, -length / to.noise, 2 * length);
    }
    const Batch<double> rough = sample_diffusion(model, 200000, Noise{5}, few);
    INFO(rough.mean() << " for " << mean_now << ", " << (rough - rough.mean()).square().mean() << " for " << v_now);
    CHECK(std::abs(rough.mean() - mean_now) < 4.5 * std::sqrt(v_now / 400000));
    CHECK(std::abs((rough - rough.mean()).square().mean() - v_now) < 4.5 * v_now * std::sqrt(2.0 / 400000));
    CHECK_THROWS_AS(predictor_corrector(model, 5, 10, Noise{}, 1, 0.0), std::invalid_argument);
    CHECK_THROWS_AS(predictor_corrector(model, 5, 10, Noise{}, 1, std::nan("")), std::invalid_argument);
  }
  // a new one is that of N(0, I), through all of the equation
  using F = Flow<Continuous<2, ProbabilityFlow<Velocity<MlpOf<Tanh, 5>>, TestType>, ExactTrace, Dopri5<8>>,
                 DiffusionPrior<2, TestType>>;
  const auto model = make_model<double>(F{}, Noise{1});
  const double m = TestType{}.level(TestType{}.start).variance();
  const Batch<double> x = 2 * data(20, 2, 3);
  CHECK(
      (model.log_prob(x) + 0.5 * x.square().rowwise().sum() / m + std::log(m) + 2 * half_log_two_pi).abs().maxCoeff() <
      1e-6);
}

}  // namespace stochastic_diffusion
