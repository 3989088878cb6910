// SPDX-License-Identifier: MIT
#include "rheo/flows/diffusion_samplers.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/flows/presets/diffusions.hpp"
#include "rheo/training/denoising.hpp"
#include "rheo/training/fit.hpp"

namespace flows_diffusion_samplers {
using namespace rheo;
using rheo_test::normals;

namespace {
constexpr Index N = 12;

// Points are degraded to their halves.
struct Halved {
  template <class T> void operator()(CView<T> x, View<T> z) const {
    for (Index j = 0; j < x.cols(); ++j) column(z, j) = T(0.5) * column(x, j);
  }
};
// Points are degraded to their directions: a circle.
struct Circle {
  template <class T> void operator()(CView<T> x, View<T> z) const {
    for (Index i = 0; i < x.rows(); ++i) {
      const T u = T(1) / std::hypot(x(i, 0), x(i, 1));
      z(i, 0) = u * x(i, 0);
      z(i, 1) = u * x(i, 1);
    }
  }
};
// The field that restores the halved exactly: e = x_0 / 2 = x / (2 signal + noise).
struct Restorer {
  template <Index D, Index C> struct field {
    static constexpr Index param_count = 0;
    static constexpr bool smooth = true;
    template <class T> using Cache = NoCache;
    template <class P> static auto unpack(P p) { return p; }
    template <class T> void init(Params<T>, Params<T>, Noise) const {}
    template <class T> void map(FieldPass<T, NoCache> p) const {
      const auto l = levels_of<N>(VariancePreserving{});
      for (Index i = 0; i < p.x.rows(); ++i) {
        const double ratio = std::exp(l[1].log_snr() + static_cast<double>(p.t(i)) * (l[N].log_snr() - l[1].log_snr()));
        const double a = ratio / std::hypot(1.0, ratio), b = 1 / std::hypot(1.0, ratio);
        for (Index j = 0; j < D; ++j) p.f(i, j) = T((1 / (2 * a + b) - b) / a) * p.x(i, j);
      }
    }
    template <class T> void map_pull(FieldPull<T, NoCache> p) const { p.g_x.setZero(); }
  };
};
}  // namespace

TEST_CASE("cold diffusion: the exact restorer has no loss and brings every point back") {
  using F = Flow<Diffusion<2, N, Restorer>, StandardNormal<2>>;
  auto model = make_model<double>(F{}, Noise{1});
  const Batch<double> x = normals(200, 2, 2);
  Trainer<F, double, Restoration<Halved>> trainer(model);
  CHECK(trainer.value(view(x), Model<F, double>::nothing<const double>(200), {0, 200}, Noise{3}) < 1e-20);
  const auto& last = std::get<0>(model.flow().layers).at(N);
  const Batch<double> back = restore(model, (last.signal + 0.5 * last.noise) * x, Halved{});
  CHECK((back - x).abs().maxCoeff() < 1e-9);
}

TEST_CASE("cold diffusion learns to bring rings of one radius back from directions") {
  using F = presets::Ddpm<2, 20, Velocity<MlpOf<Silu, 32, 32>, FourierTime<4>>>;
  const Index n = 4000;
  Batch<double> x = normals(n, 2, 1);
  x.col(0) /= (x.col(0).square() + x.col(1).square()).sqrt() /
              2;  // uneven on purpose: the radius is a function of the direction
  auto model = make_model<double>(F{}, Noise{2});
  const auto fitted =
      fit(model, x,
          {.epochs = 15, .batch = 256, .learning_rate = 5e-3, .validation = 0.25, .patience = 0, .noise = Noise{3}},
          Restoration<Circle>{});
  CHECK(fitted.best_loss < fitted.history.front().validation_loss);
  Batch<double> start(100, 2);
  Circle{}.operator()<double>(view(normals(100, 2, 9)), view(start));
  const Batch<double> y = restore(model, start, Circle{});
  CHECK(y.allFinite());
  CHECK((restore(model, start, Circle{}, 2) == y).all());
}

TEST_CASE("samples do not depend on threads; steps undone are states on the way of the same samples") {
  const auto model =
      make_model<float>(presets::ScoreSde<2, VarianceExploding, Velocity<MlpOf<Tanh, 5>, FourierTime<4>>>{}, Noise{1});
  const DiffusionSampling o{.steps = 30, .eta = 0.7, .corrections = 1};
  const Batch<float> x = sample_diffusion(model, 300, Noise{2}, o);
  auto two = o;
  two.threads = 2;
  CHECK((sample_diffusion(model, 300, Noise{2}, two) == x).all());
  two.undone = 30;
  const Batch<float> start = sample_diffusion(model, 300, Noise{2}, two);
  CHECK(std::sqrt(start.square().mean()) == Approx(20).epsilon(0.1));  // the noise of the last level
  CHECK(std::sqrt(x.square().mean()) == Approx(1).epsilon(0.1));       // a new model is that of N(0, I)
}

TEST_CASE("probability_flow is the density of a DiffFlow's equation, with the layer's own time and noise") {
  using F = presets::DiffFlow<2, 3, Velocity<MlpOf<Tanh>>>;  // f = W'(x, t) + b
  auto model = make_model<double>(
      F(Standardize<2>{}, F::At<1>(DiffFlowTime{.end = 2, .noise = 0.4, .last_noise = 0.9}), StandardNormal<2>{}),
      Noise{1});
  const double a = 0.3, c = -0.7;
  model.parameters().setZero();
  for (Index j : {0, 4}) model.parameters()(j) = a, model.parameters()(8 + j) = c;
  const Batch<double> x = normals(40, 2, 2);
  const double v = 4 * a - c * 2 * (0.9 - 0.4) / std::log(0.9 / 0.4);
  const Column<double> want = v - std::log(2 * std::numbers::pi) - 0.5 * std::exp(v) * x.square().rowwise().sum();
  CHECK((probability_flow(model).log_prob(x) - want).abs().maxCoeff() < 1e-4);
}

}  // namespace flows_diffusion_samplers
