// SPDX-License-Identifier: MIT
// Rejected bases beyond the laws: constants and mass against quadrature within the stated errors, draws against the
// density, what steps cost and gain, energies that are not finite.
#include "rheo/distributions/rejected.hpp"

#include "catch.hpp"
#include "density.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/evaluation/quadrature.hpp"

namespace distributions_rejected {

namespace {
using namespace rheo;

// Two peaks at +-1.5, the right one three times the left, and a constant that nobody knows.
struct Peaks {
  static constexpr Index dim = 1;
  template <class T> using Workspace = NoWorkspace;
  static double log_p(double x) {
    return std::log(0.25 * std::exp(-0.5 * std::pow((x + 1.5) / 0.4, 2)) +
                    0.75 * std::exp(-0.5 * std::pow((x - 1.5) / 0.4, 2))) -
           std::log(0.4) - half_log_two_pi;
  }
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    for (Index i = 0; i < x.rows(); ++i) u(i) = T(7 - log_p(static_cast<double>(x(i, 0))));
  }
};
// Finite on the right alone, NaN beyond 1.5.
struct HalfLine {
  static constexpr Index dim = 1;
  template <class T> using Workspace = NoWorkspace;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    for (Index i = 0; i < x.rows(); ++i)
      u(i) = x(i, 0) < T(0) ? std::numeric_limits<T>::infinity()
                            : (x(i, 0) > T(1.5) ? std::numeric_limits<T>::quiet_NaN() : T(0));
  }
};
template <class E, Index Steps> using Normals = Rejected<StandardNormal<1>, E, Steps>;

template <class B> detail::LayerBench<B, double> started(const B& base, Noise noise = Noise{4}) {
  detail::LayerBench<B, double> b(base);
  base.init(Params<double>(b.theta.data(), 0), Params<double>(b.buffers.data(), b.buffers.size()), noise);
  return b;
}
using rheo_test::density;
template <class B> Report draw(detail::LayerBench<B, double>& b, Batch<double>& x, Column<double>& v, Noise noise) {
  Report report;
  const Batch<double> none(x.rows(), 0);
  v.setZero(x.rows());
  b.layer.decode(Pass<double, CacheOf<B, double>>{view(none), view(x), ColView<double>(v.data(), v.size()), b.params(),
                                                  b.state(), view(none), noise, b.cache, b.scratch, true, &report});
  return report;
}

// Of every step, on a fine grid: the true A of the very draws, and KL(law of the draws || target).
struct Truth {
  std::vector<double> acceptance, kl;
  double mass;  ///< of the density that the base says
};
template <Index Steps> Truth truth(const Column<double>& buffers) {
  const Index m = 24001;
  Truth t{{}, {}, 0};
  Column<double> x(m), said(m), drawn(m);
  const double h = 24.0 / static_cast<double>(m - 1);
  for (Index i = 0; i < m; ++i) {
    x(i) = -12 + h * static_cast<double>(i);
    said(i) = drawn(i) = std::exp(-0.5 * x(i) * x(i) - half_log_two_pi);
  }
  for (Index s = 0; s < Steps; ++s) {
    Column<double> a(m);
    for (Index i = 0; i < m; ++i)
      a(i) = std::min(1.0, std::exp(Peaks::log_p(x(i)) - 7 - buffers(s) - std::log(said(i))));
    t.acceptance.push_back(h * (drawn * a).sum());
    drawn *= a + 1 - t.acceptance.back();
    said *= a + 1 - buffers(Steps + s);
    double kl = 0;
    for (Index i = 0; i < m; ++i) kl += h * drawn(i) * (std::log(drawn(i)) - Peaks::log_p(x(i)));
    t.kl.push_back(kl);
  }
  t.mass = h * said.sum();
  return t;
}
}  // namespace

TEST_CASE("the constants are those of the draws, and the mass is one, within the errors stated") {
  double off = 0;
  const int runs = 20;
  for (std::uint64_t r = 0; r < runs; ++r) {
    const auto b = started(Normals<Peaks, 4>{{}, {}, 0.7, 4000}, Noise{r});
    const Truth t = truth<4>(b.buffers);
    double error = 0;
    for (Index s = 0; s < 4; ++s) {
      const double stated = b.buffers(8 + s),
                   z = (b.buffers(4 + s) - t.acceptance[static_cast<std::size_t>(s)]) / stated;
      CHECK(std::abs(z) < 4.5);
      CHECK(std::abs(b.buffers(4 + s) - 0.7) < 4.5 * std::sqrt(2.0) * stated);  // c is from other draws
      CHECK(stated < 0.5 / std::sqrt(4000.0));
      off += z * z / (4 * runs);
      error += stated;
    }
    CHECK(std::abs(t.mass - 1) < 3 * error);
  }
  INFO("square of deviation over stated error, mean " << off);
  CHECK(std::abs(off - 1) < 4.5 * std::sqrt(2.0 / (4 * runs)));
}

TEST_CASE("the density is the one that the constants say, and draws follow it; without the constant they do not") {
  using B = Normals<Peaks, 4>;
  auto b = started(B{{}, {}, 0.7});
  const Truth t = truth<4>(b.buffers);
  const auto one = [&] { return detail::integral<B>([&](const Batch<double>& x) { return density(b, x); }); };
  CHECK(std::abs(one() - t.mass) < 1e-4);
  CHECK(std::abs(one() - 1) < 0.02);

  Batch<double> x(50000, 1);
  Column<double> v;
  const Report report = draw(b, x, v, Noise{12});
  CHECK((v.exp() - density(b, x)).abs().maxCoeff() < 1e-12);
  CHECK(detail::chi_square(x, [&](const Batch<double>& at) { return density(b, at); }) < 3.72);
  double draws = 1;  // a step asks for 2 - A draws of those before it
  for (const double a : t.acceptance) draws *= 2 - a;
  CHECK(static_cast<double>(report.evaluations) / 50000 == Approx(draws).epsilon(0.02));
  CHECK(report.proposed - report.accepted == report.evaluations - 50000);

  const Column<double> own = b.buffers;
  b.buffers.segment(4, 4).setOnes();  // q a alone, which would be rejection until accepted
  const double scale = one();
  CHECK(detail::chi_square(x, [&](const Batch<double>& at) { return Column<double>(density(b, at) / scale); }) > 10);
  b.buffers.segment(4, 4).setZero();  // q (1 + a)
  CHECK(one() > 2);
  b.buffers = own;
}

TEST_CASE("every step is nearer to the target, and ten make up for a peak that was five times too thin") {
  const Truth t = truth<10>(started(Normals<Peaks, 10>{{}, {}, 0.8, 20000}).buffers);
  for (std::size_t s = 1; s < 10; ++s) CHECK(t.kl[s] < t.kl[s - 1]);
  INFO(t.kl.front() << " to " << t.kl.back());
  CHECK(t.kl.front() > 0.2);
  CHECK(t.kl.back() < 0.02);
}

TEST_CASE("a row draws the same alone as in company, whoever else is refused") {
  auto b = started(Normals<Peaks, 6>{{}, {}, 0.5, 4000});
  Batch<double> x(200, 1), alone(1, 1);
  Column<double> v, v_alone;
  draw(b, x, v, Noise{3});
  for (Index i = 0; i < 200; ++i) {
    draw(b, alone, v_alone, Noise{3}.from_row(i));
    CHECK(alone(0, 0) == Approx(x(i, 0)).epsilon(1e-12));
    CHECK(v_alone(0) == Approx(v(i)).epsilon(1e-12));
  }
}

TEST_CASE("where u is infinite or undefined nothing is kept; too little of the rest is an error") {
  auto b = started(Normals<HalfLine, 1>{{}, {}, 0.3, 20000});
  Batch<double> x(3, 1);
  x << -0.5, 0.5, 2;
  const Column<double> p = density(b, x);
  const double mean = b.buffers(1);
  for (const Index i : {0, 2}) CHECK(p(i) == Approx((1 - mean) * std::exp(-0.5 * x(i, 0) * x(i, 0) - half_log_two_pi)));
  CHECK(p(1) > std::exp(-0.125 - half_log_two_pi));
  Batch<double> y(4000, 1);
  Column<double> v;
  const Report report = draw(b, y, v, Noise{5});
  CHECK(std::abs(static_cast<double>(report.invalid) / static_cast<double>(report.evaluations) - 0.0668) < 0.02);
  CHECK_THROWS_AS((started(Normals<HalfLine, 1>{{}, {}, 0.5, 2000})), DataError);  // 43 % are finite
  CHECK_THROWS_AS((Normals<Peaks, 1>{{}, {}, 1.0}), std::invalid_argument);
  CHECK_THROWS_AS((Normals<Peaks, 1>{{}, {}, 0.0}), std::invalid_argument);
  CHECK_THROWS_AS((Normals<Peaks, 1>{{}, {}, 0.8, 1}), std::invalid_argument);
}

}  // namespace distributions_rejected
