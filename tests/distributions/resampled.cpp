// SPDX-License-Identifier: MIT
// The resampled base beyond the laws: mass within Z's error, the truncation, the gradient of Z, what its report says.
#include "rheo/distributions/resampled.hpp"

#include <numbers>

#include "catch.hpp"
#include "density.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/evaluation/quadrature.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/training/fit.hpp"

namespace distributions_resampled {

namespace {
using namespace rheo;
using Net = MlpOf<Tanh, 6>;

// A base whose acceptance varies much: steep in x.
template <class B> detail::LayerBench<B, double> steep(const B& base) {
  detail::LayerBench<B, double> b(base);
  const Params<double> theta(b.theta.data(), b.theta.size()), buffers(b.buffers.data(), b.buffers.size());
  base.init(theta, buffers, Noise{4});
  for (Index k = 0; k < b.theta.size(); ++k) b.theta(k) += 1.5 * Noise{8}.normal(k, 0);
  base.after_step(theta, buffers);
  return b;
}
using rheo_test::density;
// Z by a fine grid, and the deviation of a under N(0, 1), from the density of one try's complement: p = N for Tries
// = 1.
template <class B> std::pair<double, double> exact_z(const B& base, const detail::LayerBench<B, double>& b) {
  const Index m = 4001;
  Batch<double> x(m, 1), l(m, 1);
  for (Index i = 0; i < m; ++i) x(i, 0) = -10 + 20 * static_cast<double>(i) / static_cast<double>(m - 1);
  typename B::template NetCache<double> cache;
  Arena scratch;
  Batch<double> none(m, 0);
  base.net.map(NetPass<double, typename B::template NetCache<double>>{view(std::as_const(x)), view(l), b.params(),
                                                                      view(std::as_const(none)), cache, scratch});
  double z = 0, square = 0;
  for (Index i = 0; i < m; ++i) {
    const double w = 20.0 / static_cast<double>(m - 1) * std::exp(-0.5 * x(i, 0) * x(i, 0) - half_log_two_pi),
                 a = math::sigmoid(l(i, 0));
    z += w * a, square += w * a * a;
  }
  return {z, std::sqrt(square - z * z)};
}
}  // namespace

TEST_CASE("the resampled base has mass one within the error of Z") {
  using B = ResampledBase<1, Net>;
  const B base{20000};
  auto b = steep(base);
  const auto [z, deviation] = exact_z(base, b);
  const double error = deviation / std::sqrt(20000.0);
  INFO("Z " << z << ", deviation " << deviation << ", estimate " << b.buffers(0));
  CHECK(deviation > 0.1);
  CHECK(b.buffers(0) == Approx(z).margin(0.1 * error));  // an even sequence: far nearer than independent draws
  const double mass = detail::integral<B>([&](const Batch<double>& x) { return density(b, x); });
  CHECK(mass == Approx(1).margin(0.12 * error / z));
  b.buffers(0) = z;  // with the true Z, to quadrature
  CHECK(detail::integral<B>([&](const Batch<double>& x) { return density(b, x); }) == Approx(1).margin(1e-8));
  b.buffers(0) = 1.2 * z;  // a wrong one is seen
  CHECK(std::abs(detail::integral<B>([&](const Batch<double>& x) { return density(b, x); }) - 1) > 0.05);
}

TEST_CASE(
    "Z is drawn anew after every step, without bias, by an even sequence or, of many dimensions, by independent "
    "draws") {
  auto estimates = [](const auto& base, auto& b, Index repeats) {
    Column<double> z(repeats);
    for (Index k = 0; k < repeats; ++k) {
      base.after_step(Params<double>(b.theta.data(), b.theta.size()),
                      Params<double>(b.buffers.data(), b.buffers.size()));
      z(k) = b.buffers(0);
    }
    return z;
  };
  const ResampledBase<1, Net> line{64};
  auto b = steep(line);
  const auto [exact, deviation] = exact_z(line, b);
  const Column<double> z = estimates(line, b, 400);
  const double spread = std::sqrt((z - z.mean()).square().mean());
  CHECK(spread > 1e-6);
  CHECK(spread < 0.3 * deviation / 8);
  CHECK(std::abs(z.mean() - exact) < 4 * spread / 20);

  const ResampledBase<7, Net> wide{64}, wide_exact{400000};
  auto w = steep(wide);
  const Column<double> many = estimates(wide, w, 400);
  const double error = std::sqrt((many - many.mean()).square().mean()) / 20, truth = estimates(wide_exact, w, 1)(0);
  CHECK(error > 1e-3);
  CHECK(std::abs(many.mean() - truth) < 4.2 * error);
}

TEST_CASE("training does not learn the draws behind Z") {
  using B = ResampledBase<2, MlpOf<Relu, 48, 48>>;
  auto model = make_model<double>(Flow{B{256}}, Noise{1});
  Batch<double> x(4000, 2);
  for (Index i = 0; i < x.rows(); ++i) {  // a thin ring, which the draws hit here and there
    const double r = 1.5 + 0.02 * Noise{2}.normal(i, 0), t = 2 * std::numbers::pi * Noise{2}.uniform(i, 2);
    x.row(i) << r * std::cos(t), r * std::sin(t);
  }
  fit(model, x, {.epochs = 200, .learning_rate = 1e-2, .validation = 0, .schedule = {Cosine{}}, .noise = Noise{3}});
  const double z = model.buffers()(0);
  B{20000}.after_step(model.theta(), model.state());
  INFO("Z " << z << " behind the density, " << model.buffers()(0) << " of many draws");
  CHECK(z == Approx(model.buffers()(0)).epsilon(0.03));
  CHECK(model.buffers()(0) < 0.4);
}

TEST_CASE("draws follow the density where the last try is often forced") {
  using B = ResampledBase<1, Net, 3>;
  const B base{200000};
  auto b = steep(base);
  b.buffers(0) = exact_z(base, b).first;  // 50000 draws would see the estimate's error
  Batch<double> x, none(50000, 0);
  Column<double> v;
  Report report;
  x.resize(50000, 1);
  v.setZero(50000);
  CacheOf<B, double> cache;
  Arena scratch;
  base.decode(Pass<double, CacheOf<B, double>>{view(std::as_const(none)), view(x), ColView<double>(v.data(), v.size()),
                                               b.params(), b.state(), view(std::as_const(none)), Noise{12}, cache,
                                               scratch, true, &report});
  CHECK(report.accepted == 50000);
  CHECK(report.proposed > 55000);
  CHECK(report.proposed <= 150000);
  CHECK(detail::chi_square(x, [&](const Batch<double>& at) { return density(b, at); }) < 3.72);
  CHECK((v.exp() - density(b, x)).abs().maxCoeff() < 1e-12);
}

TEST_CASE("one try is the normal itself, and so is a new base") {
  detail::LayerBench<ResampledBase<1, Net, 1>, double> one = steep(ResampledBase<1, Net, 1>{100});
  const ResampledBase<1, Net> fresh{100};
  detail::LayerBench<ResampledBase<1, Net>, double> start(fresh);
  fresh.init(Params<double>(start.theta.data(), start.theta.size()),
             Params<double>(start.buffers.data(), start.buffers.size()), Noise{1});
  Batch<double> x(4, 1);
  x << -2, 0, 0.5, 30;
  const Column<double> normal = (-0.5 * x.col(0).square() - half_log_two_pi).exp();
  CHECK((density(one, x) - normal).abs().maxCoeff() < 1e-15);
  CHECK((density(start, x) - normal).abs().maxCoeff() < 1e-15);
  CHECK(start.buffers(0) == 0.5);
  CHECK_THROWS_AS((ResampledBase<1, Net>{1}), std::invalid_argument);
}

TEST_CASE("the gradient includes that of Z") {
  using B = ResampledBase<1, Net>;
  const B base{512};
  auto b = steep(base);
  const Index n = 50;
  Batch<double> x(n, 1), out, g_in, none(n, 0), g_none(n, 0);
  Noise{3}.normals(view(x));
  Column<double> v, ones = Column<double>::Ones(n);
  const Column<double> before = b.buffers;
  auto loss = [&] {
    b.buffers = before;  // the same draws
    base.after_step(Params<double>(b.theta.data(), b.theta.size()), Params<double>(b.buffers.data(), b.buffers.size()));
    b.call<true>(x, none, Noise{}, out, v);
    return v.sum();
  };
  loss();
  Column<double> g = Column<double>::Zero(b.theta.size()), without = g;
  b.pull<true>(x, out, none, Noise{}, none, ones, g_in, g, g_none);
  const Column<double> state = b.buffers;
  b.buffers.segment(1, b.theta.size()).setZero();
  b.pull<true>(x, out, none, Noise{}, none, ones, g_in, without, g_none);
  double worst = 0, moved = 0;
  for (Index k = 0; k < g.size(); ++k) {
    const double at = b.theta(k), h = 1e-5;
    b.theta(k) = at + h;
    const double up = loss();
    b.theta(k) = at - h;
    const double down = loss();
    b.theta(k) = at;
    worst = std::max(worst, std::abs((up - down) / (2 * h) - g(k)));
    moved = std::max(moved, std::abs(g(k) - without(k)));
  }
  CHECK(worst < 1e-6);
  CHECK(moved > 0.5);
}

}  // namespace distributions_resampled
