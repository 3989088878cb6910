// SPDX-License-Identifier: MIT
// Residual beyond the laws: the roulette's mean and gradient, the inverse's error bound, nets that are no contraction,
// proven spectral norms.
#include "rheo/layers/bijections/residual.hpp"

#include "algebra.hpp"
#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/training/trainer.hpp"

namespace bijections_residual {
using namespace rheo;
using rheo_test::form, rheo_test::top_singular_value;

namespace {
using Recipe = BasicLipschitzMlp<LipSwish, UniformLast, 16, 16>;

/// A layer with large weights, so that every norm sits at its bound.
template <class L> rheo::detail::LayerBench<L, double> strong(const L& layer, double size = 1, double sign = 1) {
  rheo::detail::LayerBench<L, double> b(layer);
  Params<double> theta(b.theta.data(), b.theta.size()), buffers(b.buffers.data(), b.buffers.size());
  layer.init(theta, buffers, Noise{1});
  for (Index i = 0; i < b.theta.size(); ++i) b.theta(i) = sign * (b.theta(i) + size * Noise{2}.normal(i, 0));
  layer.after_step(theta, buffers);
  return b;
}
/// At the one of 400 points where V is largest.
template <class Net> void roulette_agrees(double kappa, double sign = 1) {
  using Exact = Residual<2, Net>;
  using Estimate = Residual<2, Net, Roulette>;
  const Exact exact(kappa);
  const Estimate estimate(kappa);
  auto a = strong(exact, 1, sign);
  auto b = strong(estimate, 1, sign);
  REQUIRE((a.theta == b.theta).all());
  const Index n = 200000;
  Batch<double> x(n, 2), none(n, 0), z, z_b, g_in, g_none(n, 0);
  Noise{6}.normals(view(x));
  Column<double> v, v_b;
  a.template call<true>(x.topRows(400), none.topRows(400), Noise{}, z, v);
  Index most = 0;
  v.abs().maxCoeff(&most);
  for (Index j = 0; j < 2; ++j) x.col(j).setConstant(x(most, j));
  a.template call<true>(x.topRows(1), none.topRows(1), Noise{}, z, v);
  b.template call<true>(x, none, Noise{3}, z_b, v_b);
  const double mean = v_b.mean(), error = std::sqrt((v_b - mean).square().sum() / double(n - 1) / double(n));
  INFO("kappa " << kappa << ", exact " << v(0) << ", mean " << mean << ", standard error " << error);
  CHECK(std::abs(v(0)) > 20 * error);
  CHECK(std::abs(mean - v(0)) < 4 * error);
  CHECK(error < 0.02);

  // In x row by row; in one direction of the parameters by groups of rows.
  Column<double> g_theta = Column<double>::Zero(Exact::param_count);
  Batch<double> one(1, 2), g_exact, g_out = Batch<double>::Zero(n, 2);
  a.template pull<true>(x.topRows(1), z, none.topRows(1), Noise{}, g_out.topRows(1), Column<double>::Ones(1), g_exact,
                        g_theta, g_none);
  Column<double> unused = Column<double>::Zero(Exact::param_count);
  b.template pull<true>(x, z_b, none, Noise{3}, g_out, Column<double>::Ones(n), g_in, unused, g_none);
  for (Index j = 0; j < 2; ++j) {
    const double m = g_in.col(j).mean(), e = std::sqrt((g_in.col(j) - m).square().sum() / double(n - 1) / double(n));
    INFO("gradient in x_" << j << ": exact " << g_exact(0, j) << ", mean " << m << ", standard error " << e);
    CHECK(std::abs(m - g_exact(0, j)) <= 4 * e);
  }
  Column<double> direction(Exact::param_count);
  for (Index i = 0; i < direction.size(); ++i) direction(i) = Noise{4}.normal(i, 0);
  const Index groups = 200, size = 1000;
  Column<double> along(groups);
  for (Index k = 0; k < groups; ++k) {
    unused.setZero();
    const Noise noise = Noise{5}.from_row(k * size);
    b.template call<true>(x.topRows(size), none.topRows(size), noise, z_b, v_b);
    b.template pull<true>(x.topRows(size), z_b, none.topRows(size), noise, g_out.topRows(size),
                          Column<double>::Ones(size), g_in, unused, g_none);
    along(k) = (unused * direction).sum() / double(size);
  }
  const double m = along.mean(), e = std::sqrt((along - m).square().sum() / double(groups - 1) / double(groups)),
               wanted = (g_theta * direction).sum();
  INFO("gradient in theta: exact " << wanted << ", mean " << m << ", standard error " << e);
  CHECK(std::abs(m - wanted) < 4 * e);
  CHECK(e < 0.1 * (g_theta * direction).abs().sum());
}
}  // namespace

TEST_CASE("the roulette's mean is log det, and its gradient's mean the gradient") {
  const double kappa = GENERATE(0.5, 0.9, 0.97);
  SECTION("of a net") { roulette_agrees<Recipe>(kappa); }
  using Linear = BasicLipschitzMlp<LipSwish, UniformLast>;
  SECTION("of a linear map whose norm is kappa") { roulette_agrees<Linear>(kappa); }
  SECTION("of its opposite, all of whose terms have one sign") { roulette_agrees<Linear>(kappa, -1); }
}

TEST_CASE("a roulette of infinite variance is refused") {
  CHECK_THROWS_AS((Residual<2, Recipe, Roulette>{0.9, Roulette{2, 0.8}}), std::invalid_argument);
  CHECK_NOTHROW((Residual<2, Recipe, Roulette>{0.9, Roulette{2, 0.82}}));
  CHECK_THROWS_AS((Residual<2, Recipe>{1.0}), std::invalid_argument);
}

TEST_CASE("the inverse's error is within its bound") {
  const double kappa = GENERATE(0.5, 0.9, 0.97);
  const Residual<2, Recipe> layer(kappa);
  auto b = strong(layer);
  Batch<double> x(500, 2), none(500, 0), z, back;
  Noise{6}.normals(view(x));
  x *= 3;
  Column<double> v;
  b.call<true>(x, none, Noise{}, z, v);
  b.call<false>(z, none, Noise{}, back, v);
  for (Index i = 0; i < 500; ++i) {
    const double size = std::sqrt(z.row(i).square().sum());
    CHECK(std::sqrt((back.row(i) - x.row(i)).square().sum()) <=
          math::contraction_tolerance<double> * (1 + size) / (1 - kappa));
  }
  // Banach's a posteriori bound along plain steps.
  Batch<double> at = z, moved;
  for (int k = 0; k < 10; ++k) {
    b.call<true>(at, none, Noise{}, moved, v);
    const Batch<double> next = z - (moved - at);
    for (Index i = 0; i < 500; ++i) {
      const double step = std::sqrt((next.row(i) - at.row(i)).square().sum()),
                   error = std::sqrt((next.row(i) - x.row(i)).square().sum());
      CHECK(error <= kappa / (1 - kappa) * step + 1e-12);
    }
    at = next;
  }
}

TEST_CASE("a net that is no contraction is detected, not inverted wrongly") {
  const auto all_failed = [](auto& b, const auto& layer) {
    using L = std::decay_t<decltype(layer)>;
    Batch<double> z(20, 2), none(20, 0), x(20, 2);
    Noise{7}.normals(view(z));
    Column<double> v = Column<double>::Zero(20);
    Report report;
    layer.decode(Pass<double, CacheOf<L, double>>{view(std::as_const(z)), view(x), ColView<double>(v.data(), 20),
                                                  b.params(), b.state(), view(std::as_const(none)), Noise{}, b.cache,
                                                  b.scratch, true, &report});
    return report.unsolved == 20 && x.isNaN().all() && v.isNaN().all() && report.worst_residual > 0;
  };
  SECTION("plain weights") {
    const Residual<2, Recipe> plain(std::numeric_limits<double>::infinity());
    auto b = strong(plain);
    CHECK(all_failed(b, plain));
  }
  SECTION("plain weights that happen to contract are inverted") {
    const Residual<2, Recipe> plain(std::numeric_limits<double>::infinity());
    auto b = strong(plain, 0.0);
    b.theta *= 0.3;
    plain.after_step(Params<double>(b.theta.data(), b.theta.size()),
                     Params<double>(b.buffers.data(), b.buffers.size()));
    CHECK(plain.net.lipschitz<double>(b.params(), b.state()) < 1);
    CHECK_FALSE(all_failed(b, plain));
  }
  SECTION("weights changed behind the buffers' back") {
    const Residual<2, Recipe> layer(0.9);
    auto b = strong(layer);
    for (Index i = 0; i < b.theta.size(); ++i) b.theta(i) += 5 * Noise{8}.normal(i, 0);
    CHECK(all_failed(b, layer));
    layer.after_step(Params<double>(b.theta.data(), b.theta.size()),
                     Params<double>(b.buffers.data(), b.buffers.size()));
    CHECK_FALSE(all_failed(b, layer));
  }
  SECTION("a folded point has no V") {
    const Residual<1, Recipe> plain(std::numeric_limits<double>::infinity());
    rheo::detail::LayerBench<Residual<1, Recipe>, double> b(plain);
    plain.init(Params<double>(b.theta.data(), b.theta.size()), Params<double>(b.buffers.data(), b.buffers.size()),
               Noise{1});
    for (Index i = 0; i < b.theta.size(); ++i) b.theta(i) += 2 * Noise{9}.normal(i, 0);
    Batch<double> x(200, 1), none(200, 0), z, up, down;
    for (Index i = 0; i < 200; ++i) x(i, 0) = 0.05 * double(i - 100);
    Column<double> v, unused;
    b.call<true>(x, none, Noise{}, z, v);
    CHECK(v.isNaN().any());
  }
}

TEST_CASE("spectral norms stay proven along training") {
  using L = Residual<2, BasicLipschitzMlp<LipSwish, UniformLast, 64, 64>>;
  using F = Flow<L, StandardNormal<2>>;
  auto model = make_model<double>(F{}, Noise{1});
  Trainer<F, double> trainer(model, Adam{});
  Batch<double> x(1024, 2), none(1024, 0);
  Noise{2}.normals(view(x));
  x.col(1) = x.col(0).square() - 1 + 0.1 * x.col(1);
  for (int step = 0; step < 200; ++step) {
    REQUIRE(trainer.step(view(std::as_const(x)), view(std::as_const(none)), {0, 1024}, Noise{}, 1e-2).stepped);
    const auto layers = L::Conditioner::unpack(model.theta());
    const auto spectra = L::Conditioner::unpack_buffers(model.state());
    for (std::size_t l = 0; l < layers.size(); ++l) {
      const Eigen::MatrixXd W = layers[l].W.matrix();
      const double top = top_singular_value(W), sigma = form(spectra[l].u, W, spectra[l].v);
      CHECK(top <= spectra[l].proof(0) * sigma * (1 + 1e-12));
      CHECK(spectra[l].proof(0) <= 1 + math::spectral_margin);
    }
  }
  const double bound =
      std::get<0>(model.flow().layers)
          .net.lipschitz<double>(model.theta().part(0, L::param_count), model.state().part(0, L::buffer_count));
  CHECK(bound <= 0.9 * (1 + 1e-9));
  CHECK(bound > 0.8);
}

TEST_CASE("matrices of every shape, equal singular values, zero and none finite") {
  const auto check = [](const Batch<double>& W) {
    Column<double> u = Column<double>::Zero(W.rows()), v = Column<double>::Zero(W.cols());
    const double r = math::leading_pair<double>(view(W), ColView<double>(u.data(), u.size()),
                                                ColView<double>(v.data(), v.size()), 5);
    const double sigma = form(u, W, v), top = top_singular_value(W);
    CHECK(top <= r * sigma * (1 + 1e-12));
    CHECK(r * sigma <= top * (1 + 1.01 * math::spectral_margin));
  };
  for (auto [k, h] : {std::pair{1, 1}, {3, 50}, {50, 3}, {40, 40}, {33, 90}, {128, 64}}) {
    Batch<double> W(k, h);
    Noise{3}.normals(view(W));
    check(W);
  }
  check(Batch<double>(Eigen::MatrixXd::Identity(48, 48).array()));
  check(Batch<double>::Zero(48, 48));
  Batch<double> one = Batch<double>::Zero(48, 48);
  one(17, 5) = 1e-3;
  check(one);
  one(0, 0) = std::numeric_limits<double>::quiet_NaN();
  Column<double> u = Column<double>::Zero(48), v = u;
  CHECK(std::isinf(math::leading_pair<double>(view(std::as_const(one)), ColView<double>(u.data(), 48),
                                              ColView<double>(v.data(), 48), 5)));
}

TEMPLATE_TEST_CASE("a large last bias is inverted to the tolerance that it allows", "", float, double) {
  using T = TestType;
  const double kappa = GENERATE(0.5, 0.9), bias = GENERATE(300., 3000., 1e6);
  using L = Residual<2, Recipe>;
  const L layer(kappa);
  const auto started = strong(layer);
  rheo::detail::LayerBench<L, T> b(layer);
  b.theta = started.theta.template cast<T>();
  auto last = L::unpack(Params<T>(b.theta.data(), b.theta.size())).back().b;
  last(0) = T(bias), last(1) = T(-0.7 * bias);
  layer.after_step(Params<T>(b.theta.data(), b.theta.size()), Params<T>(b.buffers.data(), b.buffers.size()));
  Batch<T> z(500, 2), none(500, 0), x(500, 2), again;
  Noise{6}.normals(view(z));
  z *= T(3);
  Column<T> v = Column<T>::Zero(500);
  Report report;
  layer.decode(Pass<T, CacheOf<L, T>>{view(std::as_const(z)), view(x), ColView<T>(v.data(), 500), b.params(), b.state(),
                                      view(std::as_const(none)), Noise{}, b.cache, b.scratch, true, &report});
  INFO("kappa " << kappa << ", bias " << bias);
  CHECK(report.unsolved == 0);
  REQUIRE((x.allFinite() && v.allFinite()));
  b.template call<true>(x, none, Noise{}, again, v);
  double worst = 0;
  for (Index i = 0; i < 500; ++i) {
    const auto norm = [&](const Batch<T>& a) { return std::hypot(double(a(i, 0)), double(a(i, 1))); };
    const Batch<T> r = again - z;
    worst = std::max(worst, norm(r) / (math::contraction_tolerance<T> * (1 + norm(z) + norm(x))));
  }
  CHECK(worst <= 1.1);  // encode rounds once more
}

TEST_CASE("stale buffers are noticed whatever changed: signs, places, one number") {
  using L = Residual<2, Recipe>;
  const L layer(0.9);
  const auto l = static_cast<std::size_t>(GENERATE(0, 1, 2));
  const int change = GENERATE(0, 1, 2, 3);
  auto b = strong(layer);
  auto W = L::unpack(Params<double>(b.theta.data(), b.theta.size()))[l].W;
  if (change == 0) W = -W;
  if (change == 1) W.col(0).swap(W.col(1));
  if (change == 2) W(0, 0) = -W(0, 0);
  if (change == 3) W.row(0) += 1e-6 * W.abs().sum();
  double truth = 1;  // what the net does with these weights and buffers
  const auto layers = L::Conditioner::unpack(b.params());
  const auto spectra = L::unpack_buffers(b.state());
  const double c = layer.net.bound_per_layer();
  for (std::size_t k = 0; k < layers.size(); ++k) {
    const Eigen::MatrixXd M = layers[k].W.matrix();
    const double full = spectra[k].proof(0) * std::abs(form(spectra[k].u, M, spectra[k].v));
    truth *= top_singular_value(M) * (full > c ? c / full : 1);
  }
  const double bound = layer.net.lipschitz<double>(b.params(), b.state());
  INFO("layer " << l << ", change " << change);
  CHECK(bound >= truth * (1 - 1e-12));
  CHECK(bound <= truth * (1 + 4 * math::spectral_margin));
}

TEST_CASE("a net cast to float keeps its proof, until a weight changes") {
  using L = Residual<2, Recipe>;
  const L layer(std::numeric_limits<double>::infinity());
  const auto b = strong(layer);
  Column<float> theta = b.theta.cast<float>(), buffers = b.buffers.cast<float>();
  const auto bound = [&] {
    return layer.net.lipschitz<float>({theta.data(), theta.size()}, {buffers.data(), buffers.size()});
  };
  const double before = bound();
  L::unpack_buffers(Params<float>(buffers.data(), buffers.size()))[1].proof(0) *=
      2;  // shows whether the factor is read or found anew
  CHECK(bound() == Approx(2 * before).epsilon(1e-4));
  L::unpack(Params<float>(theta.data(), theta.size()))[1].W(3, 5) += 1e-4f;
  CHECK(bound() == Approx(before).epsilon(1e-3));
}

}  // namespace bijections_residual
