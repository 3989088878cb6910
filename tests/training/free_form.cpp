// SPDX-License-Identifier: MIT
#include "rheo/training/free_form.hpp"

#include <Eigen/LU>
#include <algorithm>
#include <numbers>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "count_mallocs.hpp"
#include "draws.hpp"
#include "io/folder.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/free_form.hpp"
#include "rheo/io/model_file.hpp"
#include "rheo/layers/bijections/act_norm.hpp"
#include "rheo/layers/bijections/standardize.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/training/fit.hpp"
#include "same_bits.hpp"

namespace training_free_form {
using namespace rheo;
using rheo_test::normals;

namespace {
constexpr VolumeGradient exact = VolumeGradient::exact;

template <Index D, Index C = 0>
using Free =
    Flow<Standardize<D>, ActNorm<D>, FreeForm<D, MlpOf<Silu, 7, 6>, ResidualMlpOf<Tanh, 5, 1>, C>, DiagonalNormal<D>>;
template <class F> using Encoding = typename rheo::detail::Front<F>::Last;

/// Nets that do not undo one another, all with numbers of order one.
template <class F> Model<F, double> shaken(const Batch<double>& x, const Batch<double>& c, double size = 0.3) {
  auto model = make_model<double>(F{}, Noise{1});
  model.initialise(x, c);
  for (Index i = 0; i < F::param_count; ++i) model.parameters()(i) += size * Noise{2}.normal(i, 0);
  return model;
}
/// The layers in front, on a standard normal.
template <Index D, class F> auto in_front(const Model<F, double>& model) {
  using G = Flow<Standardize<D>, ActNorm<D>, StandardNormal<D>>;
  Model<G, double> front(G{});
  front.parameters() = model.parameters().head(G::param_count);
  front.buffers() = model.buffers().head(G::buffer_count);
  return front;
}
/// The gradient of the mean loss.
template <class F>
Column<double> gradient(Model<F, double>& model, const Batch<double>& x, const Batch<double>& c, Noise noise,
                        FreeFormLikelihood objective) {
  Trainer<F, double, FreeFormLikelihood> trainer(model, Adam{}, 1, objective);
  trainer.evaluate(view(x), view(c), {0, x.rows()}, noise);
  return trainer.gradient();
}
/// f, or g, of rows as they reach the layer, for its parameters `theta`.
template <bool Encode, class L>
Batch<double> through(const Batch<double>& x, const Batch<double>& c, const double* theta) {
  Arena arena;
  typename L::template NetCache<Encode, double> cache;
  Batch<double> nowhere(0, L::x_dim);
  return L::template jet<Encode>(view(x), view(std::as_const(nowhere)), {theta, L::param_count}, view(c), cache, arena);
}
/// The Jacobian of f times w by differences, fourth order.
template <bool Encode, class L>
Batch<double> along(const Batch<double>& x, const Batch<double>& w, const Batch<double>& c, const double* theta) {
  const double h = 1e-3;
  const auto at = [&](double s) { return through<Encode, L>(x + s * h * w, c, theta); };
  return (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h);
}
/// log abs det f' of rows, by differences.
template <class L> Column<double> log_det(const Batch<double>& x, const Batch<double>& c, const double* theta) {
  const Index n = x.rows(), D = L::x_dim;
  std::vector<Eigen::MatrixXd> J(static_cast<std::size_t>(n), Eigen::MatrixXd(D, D));
  for (Index k = 0; k < D; ++k) {
    Batch<double> e = Batch<double>::Zero(n, D);
    e.col(k).setOnes();
    const Batch<double> d = along<true, L>(x, e, c, theta);
    for (Index i = 0; i < n; ++i) J[static_cast<std::size_t>(i)].col(k) = d.row(i).matrix().transpose();
  }
  Column<double> v(n);
  for (Index i = 0; i < n; ++i) v(i) = std::log(std::abs(J[static_cast<std::size_t>(i)].determinant()));
  return v;
}
/// The sphere's probes of that noise.
Batch<double> probes(Index n, Index D, Noise noise) {
  Batch<double> v(n, D);
  noise.fork(104).normals(view(v));
  for (Index i = 0; i < n; ++i) v.row(i) *= std::sqrt(static_cast<double>(D) / v.row(i).square().sum());
  return v;
}
}  // namespace

TEST_CASE("the loss is reconstruction and the encoder's negative log-density, in the data's units") {
  using F = Free<2, 1>;
  const Batch<double> x = 3 + 2 * normals(130, 2, 4), c = normals(130, 1, 5);
  auto model = shaken<F>(x, c);
  const auto r = reconstruct(model, x, c);
  // by hand, with the Jacobian by differences: the data at the layer, f, g, the base
  using L = Encoding<F>;
  const auto front = in_front<2>(model);
  Arena arena;
  const Batch<double> at = front.encode(x), seen = model.seen(view(c), 0, 130, arena);
  const double* theta = model.parameters().data() + 4;
  const Batch<double> z = through<true, L>(at, seen, theta), back = through<false, L>(z, seen, theta);
  Model<Flow<DiagonalNormal<2>>, double> base(Flow<DiagonalNormal<2>>{});
  base.parameters() = model.parameters().tail(4);
  const Column<double> v = front.log_prob(x) + 0.5 * at.square().rowwise().sum() + std::log(2 * std::numbers::pi),
                       by_hand = base.log_prob(z) + log_det<L>(at, seen, theta) + v;
  CHECK((r.encoder_log_prob - by_hand).abs().maxCoeff() < 1e-8);
  CHECK((front.encode(r.x) - back).abs().maxCoeff() < 1e-12);
  Trainer<F, double, FreeFormLikelihood> trainer(model, Adam{}, 1, FreeFormLikelihood{.beta = 3});
  const double loss = trainer.value(view(x), view(c), {0, 130}, Noise{5});
  CHECK(std::abs(loss - (3 * (back - at).square().rowwise().sum() - r.encoder_log_prob).mean()) < 1e-9);
}

TEMPLATE_TEST_CASE_SIG("with the exact volume gradients are those of the loss; layers in front get none", "",
                       ((Index D), D), 1, 2, 4) {
  using F = Free<D, 2>;
  const Batch<double> x = 3 + 2 * normals(150, D, 4), c = normals(150, 2, 5);
  auto model = shaken<F>(x, c);
  std::vector<double> weight(150);
  for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = 0.5 + 0.01 * static_cast<double>(i);
  const BatchRows all{0, 150, nullptr, weight.data()};
  Trainer<F, double, FreeFormLikelihood> trainer(model, Adam{}, 1, {.beta = 3, .volume = exact});
  const double loss = trainer.evaluate(view(x), view(c), all, Noise{5});
  const Column<double> g = trainer.gradient(), theta = model.parameters();
  CHECK(std::abs(loss - trainer.value(view(x), view(c), all, Noise{5})) < 1e-13 * std::abs(loss));
  CHECK((g.head(2 * D) == 0).all());
  CHECK((g.tail(F::param_count - 2 * D) != 0).all());
  const Column<double> d = normals(F::param_count, 1, 6).col(0);
  double slope = 0;
  for (double h : {1e-5, -1e-5}) {
    model.parameters() = theta;
    model.parameters().tail(F::param_count - 2 * D) += h * d.tail(F::param_count - 2 * D);
    slope += trainer.value(view(x), view(c), all, Noise{5}) / (2 * h);
  }
  CHECK(std::abs(slope - (g * d).sum()) < 1e-8 * (g * d).abs().sum());
}

TEMPLATE_TEST_CASE_SIG("the surrogate's gradient is that of v' f'(x) w, w = g'(f(x)) v held", "", ((Index D), D), 1, 2,
                       4) {
  using F = Free<D, 1>;
  using L = Encoding<F>;
  const Index n = 40;
  const Batch<double> x = normals(n, D, 4), c = normals(n, 1, 5);
  auto model = shaken<F>(x, c);
  const Noise noise{7};
  const Column<double> g =
      gradient(model, x, c, noise, {.beta = 3}) - gradient(model, x, c, noise, {.beta = 3, .volume = exact});
  Arena arena;
  const Batch<double> at = in_front<D>(model).encode(x), seen = model.seen(view(c), 0, n, arena),
                      v = probes(n, D, noise);
  Column<double> theta = model.parameters().segment(2 * D, L::param_count);
  const Column<double> start = theta, d = normals(L::param_count, 1, 6).col(0);
  const Batch<double> w = along<false, L>(through<true, L>(at, seen, theta.data()), v, seen, theta.data());
  Trainer<F, double, FreeFormLikelihood> trainer(model, Adam{}, 1, FreeFormLikelihood{.beta = 3});
  const double by_step = trainer.evaluate(view(x), view(c), {0, n}, noise),
               judged = trainer.value(view(x), view(c), {0, n}, noise);
  const double in_its_place =
      D <= 3
          ? 0
          : (log_det<L>(at, seen, theta.data()) + D - (v * along<true, L>(at, w, seen, theta.data())).rowwise().sum())
                .mean();
  CHECK(std::abs(by_step - judged - in_its_place) < 1e-8);
  double slope = 0;
  for (double h : {1e-4, -1e-4}) {
    theta = start + h * d;
    const Column<double> s = (v * along<true, L>(at, w, seen, theta.data())).rowwise().sum();
    slope += (log_det<L>(at, seen, theta.data()) - s).mean() / (2 * h);
  }
  const Column<double> terms = g.segment(2 * D, L::param_count) * d;
  CHECK(std::abs(slope - terms.sum()) < 1e-6 * terms.abs().sum());
  CHECK((g.segment(2 * D + L::EncoderNet::param_count, L::DecoderNet::param_count) == 0).all());
  CHECK((g.tail(2 * D) == 0).all());
}

TEMPLATE_TEST_CASE_SIG("of a linear pair that is inverse its mean is the exact gradient; of another it is not", "",
                       ((Index D), D), 2, 5) {
  using F = Flow<FreeForm<D, MlpOf<Tanh>>, StandardNormal<D>>;
  const Index n = 500, rounds = 100, half = (D + 1) * D;
  auto model = make_model<double>(F{}, Noise{1});
  const Eigen::MatrixXd A = Eigen::MatrixXd::Identity(D, D) + 0.4 * normals(D, D, 3).matrix();  // f(x)' = x' A
  const auto set = [&](const Eigen::MatrixXd& g) {
    model.parameters().setZero();
    Eigen::Map<Eigen::MatrixXd>(model.parameters().data(), D, D) = A - Eigen::MatrixXd::Identity(D, D);
    Eigen::Map<Eigen::MatrixXd>(model.parameters().data() + half, D, D) = g - Eigen::MatrixXd::Identity(D, D);
  };
  const Batch<double> x = normals(n, D, 4), none(n, 0);
  const auto deviations = [&] {
    const Column<double> wanted = gradient(model, x, none, Noise{}, {.beta = 0, .volume = exact}).head(D * D);
    Batch<double> g(rounds, D * D);
    for (Index k = 0; k < rounds; ++k)
      g.row(k) = gradient(model, x, none, Noise{static_cast<std::uint64_t>(k)}, {.beta = 0}).head(D * D).transpose();
    double worst = 0;
    for (Index j = 0; j < D * D; ++j) {
      const Estimate e = mean_and_error<double>(g.col(j));
      worst = std::max(worst, std::abs(e.value - wanted(j)) / e.error);
    }
    return worst;
  };
  set(A.inverse());
  CHECK(deviations() < 4.5);
  set(Eigen::MatrixXd::Identity(D, D));
  CHECK(deviations() > 20);
}

namespace {
using Net = BasicMlp<Silu, WideZeroLast, 32, 32, 32>;
using Moons = Flow<Standardize<2>, FreeForm<2, Net>, StandardNormal<2>>;

/// The mass of a model's density on [-lo, hi]^2, and the part of it where x_0 < 0; rows without a density count 0.
std::pair<double, double> mass(const Model<Moons, float>& model, double lo, double hi, Index m) {
  const double step = (hi - lo) / static_cast<double>(m);
  Batch<float> x(m, 2);
  double all = 0, left = 0;
  for (Index j = 0; j < m; ++j) {
    for (Index i = 0; i < m; ++i) {
      x(i, 0) = static_cast<float>(lo + (static_cast<double>(i) + 0.5) * step);
      x(i, 1) = static_cast<float>(lo + (static_cast<double>(j) + 0.5) * step);
    }
    const Column<double> p = model.log_prob(x).cast<double>().exp();
    for (Index i = 0; i < m; ++i) {
      if (p(i) != p(i)) continue;
      all += p(i) * step * step;
      if (x(i, 0) < 0) left += p(i) * step * step;
    }
  }
  return {all, left};
}
}  // namespace

TEST_CASE("moons are learned: the density is one, and that of the samples") {
  const auto data = targets::moons<float>(16000, Noise{1}), fresh = targets::moons<float>(4000, Noise{2});
  auto model = make_model<float>(Moons{}, Noise{3});
  const auto result = fit(
      model, data, {.epochs = 12, .batch = 128, .learning_rate = 2e-3, .schedule = {Cosine{}, 50}, .noise = Noise{4}},
      FreeFormLikelihood{.beta = 30});
  auto work = model.workspace();
  const Column<float> lp = model.log_prob(fresh, {}, work);
  CHECK(work.report().unsolved == 0);
  const auto gap = gap_to_entropy(lp, targets::Moons::entropy());
  const auto r = reconstruct(model, fresh);
  const double error = std::sqrt((r.x - fresh).cast<double>().square().rowwise().sum().mean()),
               encoder = gap_to_entropy(r.encoder_log_prob, targets::Moons::entropy()).value;
  const auto [all, left] = mass(model, -5, 5, 250);
  const auto drawn = model.sample_and_log_prob(20000, Noise{5});
  const double share = static_cast<double>((drawn.x.col(0) < 0).count()) / 20000;
  const Column<float> again = model.log_prob(drawn.x);
  double apart = 0;
  Index other = 0;
  for (Index i = 0; i < 20000; ++i) {
    const double d = std::abs(static_cast<double>(again(i) - drawn.log_prob(i)));
    if (d > 0.01) ++other;
    else apart = std::max(apart, d);
  }
  INFO("gap " << gap.value << " +- " << gap.error << ", encoder's " << encoder << ", reconstruction " << error
              << ", mass " << all << ", left " << left << " " << share << ", samples of another z " << other << ", "
              << result.seconds << " s, evaluations a row " << static_cast<double>(work.report().evaluations) / 4000
              << ", loss " << result.history.front().validation_loss << " to " << result.best_loss);
  CHECK(gap.value < 0.25);
  CHECK(gap.value > -3 * gap.error);
  CHECK(error < 0.1);
  CHECK(std::abs(all - 1) < 0.003);
  CHECK(std::abs(left - share) < 4 * std::sqrt(share * (1 - share) / 20000) + 0.003);
  CHECK(other < 20);  // each by another z than the search's
  CHECK(apart < 0.01);

  const rheo_test::Folder folder;
  io::save(model, folder / "free_form");
  const auto back = io::load<decltype(model)>(folder / "free_form", model.flow());
  CHECK((back.log_prob(fresh) == lp).all());

  // maximum likelihood goes on from there, and trains the decoder alone
  const Column<float> before = model.parameters();
  fit(model, data, {.epochs = 1, .batch = 256, .learning_rate = 3e-4, .noise = Noise{6}});
  constexpr Index encoder_count = FreeForm<2, Net>::EncoderNet::param_count;
  CHECK((model.parameters().head(encoder_count) == before.head(encoder_count)).all());
  CHECK(gap_to_entropy(model.log_prob(fresh), targets::Moons::entropy()).value < gap.value);
}

TEST_CASE("a conditional free-form flow is learned") {
  using F =
      Flow<Standardize<1>, FreeForm<1, BasicMlp<Silu, WideZeroLast, 16, 16>, BasicMlp<Silu, WideZeroLast, 16, 16>, 1>,
           StandardNormal<1>>;
  const Index n = 6000;
  Batch<float> x(n, 1), c(n, 1);
  for (Index i = 0; i < n; ++i) {
    c(i, 0) = Noise{1}.normal<float>(i, 0);
    x(i, 0) = 2 * c(i, 0) + 0.5f * Noise{1}.normal<float>(i, 1);
  }
  auto model = make_model<float>(F{}, Noise{3});
  fit(model, x, c, {.epochs = 10, .batch = 256, .learning_rate = 5e-3, .schedule = {Cosine{}, 0}, .noise = Noise{4}},
      FreeFormLikelihood{.beta = 25});
  const auto gap = gap_to_entropy(model.log_prob(x, c), 1.4189385332046727 + std::log(0.5));
  INFO(gap.value);
  CHECK(gap.value < 0.06);
}

TEST_CASE("a free-form fit: the same bits for any number of threads; nothing is allocated after the first step") {
  using F = Flow<Standardize<2>, FreeForm<2, MlpOf<Silu, 16>, ResidualMlpOf<Silu, 8, 1>>, StandardNormal<2>>;
  rheo_test::same_bits<F, FreeFormLikelihood>(targets::moons<float>(2000, Noise{1}));
}

}  // namespace training_free_form
