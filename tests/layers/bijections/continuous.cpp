// SPDX-License-Identifier: MIT
#include "rheo/layers/bijections/continuous.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/certify.hpp"
#include "rheo/flows/model.hpp"
#include "shaken.hpp"

namespace bijections_continuous {
using namespace rheo;
using rheo_test::normals;

namespace {

// f = A x: z = expm(A) x, V = tr A.
struct LinearField {
  template <Index D, Index C> struct field {
    static constexpr Index param_count = D * D;
    static constexpr bool smooth = true;
    template <class T> using Cache = NoCache;
    template <class P> static auto unpack(P p) { return p.matrix(D, D, "A"); }
    template <class T> void init(Params<T> theta, Params<T>, Noise) const { theta.all().setZero(); }
    template <class T> void map(FieldPass<T, NoCache> p) const {
      const auto A = unpack(p.theta);
      p.f.matrix() = p.x.matrix().lazyProduct(A.matrix().transpose());
      p.trace.setZero();
      for (Index r = 0; r < p.along.rows(); ++r) {
        for (Index i = 0; i < D; ++i) {
          for (Index j = 0; j < D; ++j) p.trace(r % p.x.rows()) += p.along(r, i) * A(i, j) * p.along(r, j);
        }
      }
    }
    template <class T> void map_pull(FieldPull<T, NoCache> p) const {
      const auto A = unpack(p.theta);
      auto g_A = unpack(p.g_theta);
      p.g_x.matrix() = p.g_f.matrix().lazyProduct(A.matrix());
      g_A.matrix() += p.g_f.matrix().transpose().lazyProduct(p.x.matrix());
      for (Index r = 0; r < p.along.rows(); ++r) {
        for (Index i = 0; i < D; ++i) {
          for (Index j = 0; j < D; ++j) g_A(i, j) += p.g_trace(r % p.x.rows()) * p.along(r, i) * p.along(r, j);
        }
      }
    }
  };
};

// What the fields without parameters share.
template <class Self> struct GivenField {
  template <Index D, Index C> struct field {
    static constexpr Index param_count = 0;
    static constexpr bool smooth = true;
    template <class T> using Cache = NoCache;
    template <class P> static auto unpack(P p) { return p; }
    template <class T> void init(Params<T>, Params<T>, Noise) const {}
    template <class T> void map(FieldPass<T, NoCache> p) const {
      for (Index i = 0; i < p.x.rows(); ++i) {
        p.trace(i) = T(0);
        for (Index j = 0; j < D; ++j) {
          p.f(i, j) = Self::value(p.x(i, j), p.t(i));
          p.trace(i) += Self::slope(p.x(i, j), p.t(i));
        }
      }
    }
  };
};
// f = 2 cos(3 t) x: z = exp(2 sin(3) / 3) x.
struct Swing : GivenField<Swing> {
  template <class T> static T value(T x, T t) { return T(2) * std::cos(T(3) * t) * x; }
  template <class T> static T slope(T, T t) { return T(2) * std::cos(T(3) * t); }
};
// f = x^2: z = x / (1 - x) and V = -2 log(1 - x) for x < 1; from x > 1 infinity is reached on the way.
struct Burst : GivenField<Burst> {
  template <class T> static T value(T x, T) { return x * x; }
  template <class T> static T slope(T x, T) { return T(2) * x; }
};

using Net = Velocity<MlpOf<Tanh, 12, 11>>;

template <class L, class T = double> detail::LayerBench<L, T> shaken(const L& layer, double spread) {
  detail::LayerBench<L, T> b(layer);
  layer.init(Params<T>(b.theta.data(), b.theta.size()), Params<T>(b.buffers.data(), 0), Noise{1});
  for (Index i = 0; i < b.theta.size(); ++i) b.theta(i) += T(spread * Noise{2}.normal(i, 0));
  return b;
}

template <class Solver> double linear_error() {
  using L = Continuous<3, LinearField, ExactTrace, Solver>;
  L layer;
  detail::LayerBench<L, double> b(layer);
  Eigen::Matrix3d A;
  A << 0.5, -1.2, 0.3, 0.9, -0.4, 0.8, -0.6, 0.2, 0.7;
  Eigen::Map<Eigen::Matrix3d>(b.theta.data()) = A;
  Eigen::Matrix3d E = Eigen::Matrix3d::Identity(), term = E;
  for (int k = 1; k < 40; ++k) E += term = term * A / k;
  const Batch<double> x = normals(20, 3, 5), none(20, 0);
  Batch<double> z, back;
  Column<double> v, v_back;
  b.template call<true>(x, none, Noise{}, z, v);
  CHECK((v - A.trace()).abs().maxCoeff() < 1e-14);
  b.template call<false>(z, none, Noise{}, back, v_back);
  CHECK((v_back - A.trace()).abs().maxCoeff() < 1e-14);
  return (z.matrix() - x.matrix() * E.transpose()).cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("a linear field: the matrix exponential and the trace, with the orders of the methods") {
  const double r4 = linear_error<Rk4<4>>(), r8 = linear_error<Rk4<8>>(), r16 = linear_error<Rk4<16>>();
  INFO(r4 << " " << r8 << " " << r16);
  CHECK(r4 < 5e-2);
  CHECK(r4 / r8 > 12);
  CHECK(r4 / r8 < 20);
  CHECK(r8 / r16 > 14);
  CHECK(r8 / r16 < 18);
  const double d4 = linear_error<Dopri5<4>>(), d6 = linear_error<Dopri5<6>>(), d8 = linear_error<Dopri5<8>>(),
               d10 = linear_error<Dopri5<10>>();
  INFO(d4 << " " << d6 << " " << d8 << " " << d10);
  CHECK(d4 < Dopri5<4>::accuracy<double>());
  CHECK(d6 < Dopri5<6>::accuracy<double>());
  CHECK(d8 < Dopri5<8>::accuracy<double>());
  CHECK(d10 < Dopri5<10>::accuracy<double>());
  CHECK(d4 / d6 > 20);
  CHECK(d6 / d8 > 20);
  CHECK(d8 / d10 > 20);
}

TEST_CASE("time runs from 0 at the data to 1 at the latent, in both directions") {
  using L = Continuous<2, Swing, ExactTrace, Dopri5<10>>;
  L layer;
  detail::LayerBench<L, double> b(layer);
  const Batch<double> x = normals(9, 2, 6), none(9, 0);
  Batch<double> z, back;
  Column<double> v, v_back;
  b.call<true>(x, none, Noise{}, z, v);
  const double s = 2 * std::sin(3.0) / 3;
  CHECK((z - std::exp(s) * x).abs().maxCoeff() < 1e-9);
  CHECK((v - 2 * s).abs().maxCoeff() < 1e-9);
  b.call<false>(z, none, Noise{}, back, v_back);
  CHECK((back - x).abs().maxCoeff() < 1e-9);
  CHECK((v_back - 2 * s).abs().maxCoeff() < 1e-9);
}

TEST_CASE("a new flow is the identity; a fixed number of passes is counted") {
  auto model = make_model<double>(Flow{Continuous<2, Net>{}, StandardNormal<2>{}}, Noise{1});
  const Batch<double> x = normals(50, 2, 3);
  CHECK((model.encode(x) == x).all());
  CHECK((model.log_prob(x) + 0.5 * x.square().rowwise().sum() + 1.8378770664093453).abs().maxCoeff() < 1e-14);
  auto fixed = make_model<double>(Flow{Continuous<2, Net, ExactTrace, Rk4<5>>{}, StandardNormal<2>{}}, Noise{1});
  auto work = fixed.workspace();
  fixed.log_prob(x, {}, work);
  CHECK(work.report().evaluations == 50 * 5 * 4);
  CHECK(work.report().unsolved == 0);
}

TEST_CASE("the density integrates to one") {
  const auto model = rheo_test::shaken(Flow{Continuous<2, Net, ExactTrace, Dopri5<7>>{}, StandardNormal<2>{}}, 0.4);
  const Index m = 151;
  const double far = 10, h = 2 * far / static_cast<double>(m - 1);
  Batch<double> x(m * m, 2);
  for (Index i = 0; i < m * m; ++i)
    x.row(i) << -far + h * static_cast<double>(i % m), -far + h * static_cast<double>(i / m);
  auto work = model.workspace(2);
  const Column<double> density = model.log_prob(x, {}, work).exp();
  CHECK(work.report().unsolved == 0);
  INFO("evaluations a row: " << static_cast<double>(work.report().evaluations) / static_cast<double>(m * m));
  CHECK(std::abs(density.sum() * h * h - 1) < 1e-7);
  CHECK((model.encode(x) - x).abs().maxCoeff() > 0.5);
}

TEST_CASE("pulls of adaptive steps are the derivatives of the steps taken, to rounding") {
  using L = Continuous<2, Net, ExactTrace, Dopri5<4>, 1>;
  using D = Dual<double>;
  L layer;
  auto b = shaken(layer, 1.0);
  auto d = shaken<L, D>(layer, 1.0);
  const Index n = 30;
  const Batch<double> x = normals(n, 2, 11), c = normals(n, 1, 12), d_x = normals(n, 2, 13), d_c = normals(n, 1, 14),
                      d_theta = normals(L::param_count, 1, 15), g_out = normals(n, 2, 16);
  const Column<double> g_v = normals(n, 1, 17).col(0);
  auto check = [&]<bool Encode>() {
    Batch<D> x_d = x.cast<D>(), c_d = c.cast<D>(), out_d;
    for (Index i = 0; i < x.size(); ++i) x_d.data()[i].b = d_x.data()[i];
    for (Index i = 0; i < n; ++i) c_d(i, 0).b = d_c(i, 0);
    for (Index i = 0; i < L::param_count; ++i) d.theta(i).b = d_theta(i, 0);
    Column<D> v_d;
    d.template call<Encode>(x_d, c_d, Noise{}, out_d, v_d);
    Batch<double> out, g_in, g_c = Batch<double>::Zero(n, 1);
    Column<double> v;
    Column<double> g_theta = Column<double>::Zero(L::param_count);
    b.template call<Encode>(x, c, Noise{}, out, v);
    b.template pull<Encode>(x, out, c, Noise{}, g_out, g_v, g_in, g_theta, g_c);
    CHECK(d.cache.used == b.cache.used);
    CHECK(b.cache.used > 3);
    double left = 0, size = 0;
    for (Index i = 0; i < n; ++i) {
      left += g_v(i) * v_d(i).b;
      for (Index j = 0; j < 2; ++j) {
        left += g_out(i, j) * out_d(i, j).b;
        size += std::abs(g_out(i, j) * out_d(i, j).b);
      }
    }
    const double right = (g_in * d_x).sum() + (g_c * d_c).sum() + (g_theta * d_theta.col(0)).sum();
    INFO(left << " " << right);
    CHECK(std::abs(left - right) < 1e-12 * size);
    // Finite differences see the sizes of steps change too; what that moves is below the tolerance.
    double by_difference = 0;
    for (double h : {1e-4, -1e-4}) {
      auto moved = shaken(layer, 1.0);
      moved.theta += h * d_theta.col(0);
      Batch<double> out_h;
      Column<double> v_h;
      moved.template call<Encode>(Batch<double>(x + h * d_x), Batch<double>(c + h * d_c), Noise{}, out_h, v_h);
      by_difference += ((g_out * out_h).sum() + (g_v * v_h).sum()) / (2 * h);
    }
    CHECK(std::abs(by_difference - right) < 1e-2 * size);
  };
  check.operator()<true>();
  check.operator()<false>();
}

TEST_CASE("finite differences at a tight tolerance") {
  using L = Continuous<2, Net, HutchinsonTrace<Gaussian>, Dopri5<11>>;
  L layer;
  auto b = shaken(layer, 0.6);
  const Index n = 10;
  const Batch<double> x = normals(n, 2, 11), none(n, 0), d_theta = normals(L::param_count, 1, 15),
                      g_out = normals(n, 2, 16);
  const Column<double> g_v = normals(n, 1, 17).col(0);
  Batch<double> out, g_in, g_c(n, 0);
  Column<double> v;
  Column<double> g_theta = Column<double>::Zero(L::param_count);
  const Column<double> theta = b.theta;
  double by_difference = 0;
  for (double h : {1e-4, -1e-4}) {
    b.theta = theta + h * d_theta.col(0);
    b.call<true>(x, none, Noise{3}, out, v);
    by_difference += ((g_out * out).sum() + (g_v * v).sum()) / (2 * h);
  }
  b.theta = theta;
  b.call<true>(x, none, Noise{3}, out, v);
  b.pull<true>(x, out, none, Noise{3}, g_out, g_v, g_in, g_theta, g_c);
  const double by_pull = (g_theta * d_theta.col(0)).sum();
  INFO(by_difference << " " << by_pull);
  CHECK(std::abs(by_difference - by_pull) < 1e-6 * (g_theta * d_theta.col(0)).abs().sum());
}

TEST_CASE("there and back within the tolerance; a row does not depend on its neighbours") {
  const auto model = rheo_test::shaken(Flow{Continuous<3, Net, ExactTrace, Dopri5<7>>{}, StandardNormal<3>{}}, 0.5);
  const double near = Dopri5<7>::accuracy<double>();
  const Batch<double> x = normals(300, 3, 7), z = model.encode(x);
  CHECK((z - x).abs().maxCoeff() > 0.5);
  CHECK((model.decode(z) - x).abs().maxCoeff() < near);
  const auto drawn = model.sample_and_log_prob(200, Noise{8});
  CHECK((model.log_prob(drawn.x) - drawn.log_prob).abs().maxCoeff() < 5 * near);
  const Column<double> all = model.log_prob(x);
  for (Index i : {Index(0), Index(17), Index(299)}) CHECK(std::abs(model.log_prob(x.row(i))(0) - all(i)) < 1e-12);
}

TEMPLATE_TEST_CASE("Hutchinson's estimate has the exact trace as its mean", "", Rademacher, Gaussian) {
  using E = Continuous<3, Net, ExactTrace, Rk4<6>>;
  using H = Continuous<3, Net, HutchinsonTrace<TestType>, Rk4<6>>;
  E exact;
  H estimate;
  auto b = shaken(exact, 0.7);
  auto e = shaken(estimate, 0.7);
  const Index n = 200000;  // a tenth of V is some seven errors
  const Batch<double> x = normals(1, 3, 9), none(n, 0), many = x.replicate(n, 1);
  Batch<double> out, out_e;
  Column<double> v, v_e;
  b.template call<true>(x, Batch<double>(1, 0), Noise{}, out, v);
  e.template call<true>(many, none, Noise{4}, out_e, v_e);
  const double mean = v_e.mean(), error = std::sqrt((v_e - mean).square().mean() / static_cast<double>(n));
  INFO(v(0) << " " << mean << " +- " << error);
  CHECK(error > 1e-4);
  CHECK(error < 0.02 * std::abs(v(0)));
  CHECK(std::abs(mean - v(0)) < 4 * error);
  CHECK((out_e.rowwise() - out.row(0)).abs().maxCoeff() < 1e-13);
}

TEST_CASE("rows that cannot be solved are reported and leave the others alone") {
  const Model<Flow<Continuous<1, Burst>, StandardNormal<1>>, double> model{
      Flow{Continuous<1, Burst>{}, StandardNormal<1>{}}};
  Batch<double> x(5, 1);
  x << 0.5, 2, -3, 1.001, std::numeric_limits<double>::quiet_NaN();
  auto work = model.workspace();
  const Column<double> lp = model.log_prob(x, {}, work);
  auto truth = [](double u) { return -0.5 * std::pow(u / (1 - u), 2) - 0.9189385332046727 - 2 * std::log(1 - u); };
  CHECK(std::abs(lp(0) - truth(0.5)) < 1e-4);
  CHECK(std::abs(lp(2) - truth(-3)) < 1e-4);
  CHECK(std::isnan(lp(1)));
  CHECK(std::isnan(lp(3)));
  CHECK(std::isnan(lp(4)));
  CHECK(work.report().unsolved == 2);
  CHECK(work.report().worst_residual > 0.4);
  CHECK(work.report().evaluations < 5 * 1000 * 7);
}

TEST_CASE("hostile nets are solved or reported, and end") {
  using F = Flow<Continuous<2, Net>, StandardNormal<2>>;
  const Batch<double> x = normals(100, 2, 7);
  auto lost = [&](double spread, Column<double>& lp) {
    const auto model = rheo_test::shaken(F{Continuous<2, Net>{Dopri5<>{1e-5, 1e-5, 200}}, StandardNormal<2>{}}, spread);
    auto work = model.workspace();
    lp = model.log_prob(x, {}, work);
    CHECK(work.report().unsolved == lp.isNaN().count());
    CHECK(work.report().evaluations < 100 * 201 * 6);
    CHECK((lp.isNaN() || lp.isFinite()).all());
    return lp.isNaN().count();
  };
  Column<double> lp;
  CHECK(lost(40, lp) == 100);
  const auto some = lost(5, lp);
  CHECK(some > 0);
  CHECK(some < 50);
  // Those that were solved are right, at a thousandth of the tolerance.
  const auto fine =
      rheo_test::shaken(F{Continuous<2, Net>{Dopri5<>{1e-8, 1e-8, 6000}}, StandardNormal<2>{}}, 5).log_prob(x);
  CHECK(fine.isFinite().all());
  double worst = 0;
  for (Index i = 0; i < 100; ++i) {
    if (!std::isnan(lp(i))) worst = std::max(worst, std::abs(lp(i) - fine(i)) / (1 + std::abs(fine(i))));
  }
  INFO(worst);
  CHECK(worst < 1e-3);
}

TEST_CASE("wrong tolerances throw") {
  CHECK_THROWS_AS(Dopri5<5>(1e-3), std::invalid_argument);
  CHECK_THROWS_AS(Dopri5<5>(0.0), std::invalid_argument);
  CHECK_THROWS_AS(Dopri5<5>(1e-6, -1.0), std::invalid_argument);
  CHECK_THROWS_AS(Dopri5<5>(1e-6, 1e-6, 0), std::invalid_argument);
  CHECK_NOTHROW(Dopri5<5>(1e-7, 1e-6, 50));
}

}  // namespace bijections_continuous
