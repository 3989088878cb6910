// SPDX-License-Identifier: MIT
#include "rheo/layers/stochastic/diff_flow.hpp"

#include "catch.hpp"
#include "draws.hpp"
#include "rheo/autodiff/dual.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/layers/bijections/continuous.hpp"

namespace stochastic_diff_flow {
using namespace rheo;
using rheo_test::normals;

namespace {

// c x / (1 + d t) with parameters c and d.
struct Ray {
  template <Index D, Index C> struct field {
    static constexpr Index param_count = 2;
    static constexpr bool smooth = true;
    template <class T> using Cache = NoCache;
    template <class P> static auto unpack(P p) { return p.vector(2, "c_d"); }
    template <class T> void init(Params<T> theta, Params<T>, Noise) const { theta.all().setZero(); }
    template <class T> void map(FieldPass<T, NoCache> p) const {
      const auto q = unpack(p.theta);
      for (Index i = 0; i < p.x.rows(); ++i) {
        const T a = q(0) / (T(1) + q(1) * p.t(i));
        for (Index j = 0; j < D; ++j) p.f(i, j) = a * p.x(i, j);
        if (p.along.rows() > 0) p.trace(i) = a * T(static_cast<double>(D));
      }
    }
  };
};

// The mean of V - a over rows, for the drift f = a x and no score, N steps.
template <Index N> Estimate miss(double a, double g, double start) {
  using L = DiffFlow<1, N, Ray>;
  detail::LayerBench<L, double> b(L{DiffFlowTime{.noise = g, .last_noise = g}});
  b.theta << a, 0, 0, 0;
  const Index n = 200000;
  Batch<double> z;
  Column<double> v;
  b.template call<true>(start * normals(n, 1, 1), Batch<double>(n, 0), Noise{2}, z, v);
  Estimate e = mean_and_error(v);
  e.value -= a;
  return e;
}
double expected_miss(double a, double g, double start, Index N) {
  const double dt = 1 / static_cast<double>(N), up = 1 + a * dt, down = 1 - a * dt;
  double x = start * start, v = -a;
  for (Index i = 0; i < N; ++i) {
    v += 0.5 * (1 - down * down - std::pow(a * dt, 4) * x / (g * g * dt));
    x = up * up * x + g * g * dt;
  }
  return v;
}

}  // namespace

TEST_CASE("the gradients from stored states are those of every operation, parameter by parameter and input by input") {
  using L = DiffFlow<2, 6, Velocity<MlpOf<Tanh, 4>>>;
  using Two = autodiff::Dual<double>;
  const L layer(DiffFlowTime{.end = 0.8, .noise = 0.3, .last_noise = 0.6});
  detail::LayerBench<L, double> b(layer);
  detail::LayerBench<L, Two> d(layer);
  for (Index i = 0; i < L::param_count; ++i) b.theta(i) = 0.7 * Noise{1}.normal(i, 0), d.theta(i) = Two(b.theta(i));
  const Index n = 5;
  const Batch<double> in = normals(n, 2, 2), g_out = normals(n, 2, 3), none(n, 0);
  const Column<double> g_v = normals(n, 1, 4).col(0);
  auto check = [&]<bool Encode>() {
    Batch<double> out, g_in, g_none(n, 0);
    Column<double> v;
    Column<double> g = Column<double>::Zero(L::param_count);
    b.call<Encode>(in, none, Noise{5}, out, v);
    b.pull<Encode>(in, out, none, Noise{5}, g_out, g_v, g_in, g, g_none);
    Batch<Two> in_d = in.cast<Two>(), out_d;
    Column<Two> v_d;
    auto slope = [&](Two& x) {
      x.b = 1;
      d.call<Encode>(in_d, none.cast<Two>(), Noise{5}, out_d, v_d);
      x.b = 0;
      double s = 0;
      for (Index i = 0; i < n; ++i) s += g_v(i) * v_d(i).b + g_out(i, 0) * out_d(i, 0).b + g_out(i, 1) * out_d(i, 1).b;
      return s;
    };
    for (Index i = 0; i < L::param_count; ++i) CHECK(std::abs(slope(d.theta(i)) - g(i)) < 1e-10 * (1 + std::abs(g(i))));
    for (Index i = 0; i < in.size(); ++i)
      CHECK(std::abs(slope(in_d.data()[i]) - g_in.data()[i]) < 1e-10 * (1 + std::abs(g_in.data()[i])));
  };
  check.operator()<true>();
  check.operator()<false>();
}

TEST_CASE(
    "V tends to the integral of the divergence like dt, dt before g; a small noise at a given step costs dt^3 / g^2") {
  const double a = 1, g = 0.5;
  const Estimate e[3] = {miss<4>(a, g, 1), miss<8>(a, g, 1), miss<16>(a, g, 1)};
  for (int k = 0; k < 3; ++k) {
    const double want = expected_miss(a, g, 1, Index(4) << k);
    INFO(k << ": " << e[k].value << " +- " << e[k].error << ", expected " << want);
    CHECK(std::abs(e[k].value - want) < 4 * e[k].error);
  }
  // from x = 0 the misses are a^2 dt / 2 and little more
  const double at_0[3] = {miss<8>(a, 1e-3, 0).value, miss<16>(a, 1e-3, 0).value, miss<32>(a, 1e-3, 0).value};
  CHECK(at_0[0] / at_0[1] == Approx(2).margin(0.25));
  CHECK(at_0[1] / at_0[2] == Approx(2).margin(0.4));
  CHECK(at_0[0] == Approx(-a * a / 16).margin(0.012));
  const double small = miss<8>(a, 1e-2, 1).value, smaller = miss<8>(a, 1e-3, 1).value;
  CHECK(smaller < -100);
  CHECK(smaller / small == Approx(100).margin(3));
}

TEST_CASE(
    "data N(0, I) that only get noise: the bound is closed, and the equation's density is that of N(0, 1 + g^2)") {
  const double g = 0.8;
  const DiffFlowTime time{.exponent = 0.9, .noise = g, .last_noise = g};
  using L = Continuous<2, DiffFlowOde<Ray>, ExactTrace, Dopri5<8>>;
  detail::LayerBench<L, double> ode{L{L::Net{time}}};
  ode.theta << 0, 0, -g, g * g;  // g times the score of N(0, 1 + g^2 t)
  const Batch<double> x = normals(50, 2, 1), none(50, 0);
  Batch<double> z;
  Column<double> v;
  ode.call<true>(x, none, Noise{}, z, v);
  CHECK((z - std::sqrt(1 + g * g) * x).abs().maxCoeff() < 1e-6);
  CHECK((v - std::log(1 + g * g)).abs().maxCoeff() < 1e-6);

  // a drift and a scaled score c x, g from 0.4 to 0.9 in a time of 2: the divergence 2 (a - c g / 2) over it
  detail::LayerBench<L, double> moved{L{L::Net{DiffFlowTime{.end = 2, .noise = 0.4, .last_noise = 0.9}}}};
  const double a = 0.3, c = -0.7;
  moved.theta << a, 0, c, 0;
  moved.call<true>(x, none, Noise{}, z, v);
  const double want_v = 2 * 2 * a - c * 2 * (0.9 - 0.4) / std::log(0.9 / 0.4);
  CHECK((v - want_v).abs().maxCoeff() < 1e-6);
  CHECK((z - std::exp(want_v / 2) * x).abs().maxCoeff() < 1e-6);

  // E V = sum of E[dF^2 - dB^2] / 2; with the exact score dB has variance (1 + dt^2 g^4 / (1 + g^2 t) ...): closed by
  // second moments
  using S = DiffFlow<2, 10, Ray>;
  detail::LayerBench<S, double> b((S(time)));
  b.theta << 0, 0, -g, g * g;
  const Index n = 100000;
  b.call<true>(normals(n, 2, 2), Batch<double>(n, 0), Noise{3}, z, v);
  double want = 0, m = 1;
  for (Index i = 0; i < 10; ++i) {
    const double t = b.layer.t(i + 1), dt = t - b.layer.t(i), added = g * g * dt, s = added / (1 + g * g * t);
    // x_i - b = x_i - (1 - s)(x_i + e) = s x_i - (1 - s) e
    want += 1 - (s * s * m + (1 - s) * (1 - s) * added) / added;
    m += added;
  }
  const Estimate e = mean_and_error(v);
  INFO(e.value << " +- " << e.error << ", expected " << want);
  CHECK(std::abs(e.value - want) < 4 * e.error);
  // and below the ODE's: E log p of the path's end is the same
  CHECK(e.value < std::log(1 + g * g));
}

TEST_CASE("a new layer only adds noise, from little at the data to much, and V is zero") {
  using L = DiffFlow<2, 30, Velocity<BasicMlp<Gelu, WideZeroLast, 5>, FourierTime<1>, FourierPoint<1>>>;
  detail::LayerBench<L, double> b((L()));
  b.layer.init<double>({b.theta.data(), b.theta.size()}, {nullptr, 0}, Noise{1});
  const Index n = 20000;
  const Batch<double> x = normals(n, 2, 2);
  Batch<double> z;
  Column<double> v;
  b.call<true>(x, Batch<double>(n, 0), Noise{3}, z, v);
  CHECK(v.abs().maxCoeff() < 1e-12);
  const auto added = [&](const Batch<double>& from, const Batch<double>& to) {
    return mean_and_error(Column<double>((to - from).square().rowwise().sum() / 2));
  };
  const auto g = [](double t) { return 0.01 * std::pow(100, t); };
  double all = 0;
  for (Index i = 0; i < 30; ++i) all += g(static_cast<double>(i) / 30) * g(static_cast<double>(i + 1) / 30) / 30;
  const Estimate whole = added(x, z), first = added(x, b.cache.states.view(n, 58).leftCols(2));
  CHECK(std::abs(whole.value - all) < 4 * whole.error);
  CHECK(first.value == Approx(g(0) * g(1.0 / 30) / 30).epsilon(0.04));
}

TEST_CASE(
    "on times of one's own V is the sum of its steps, and a jitter moves inner times alike for all rows, forwards, by "
    "less than a step") {
  using L = DiffFlow<1, 3, Ray>;
  const L::Times own{0, 0.1, 0.5, 0.6};
  const Index n = 7;
  const Batch<double> x = normals(n, 1, 1), none(n, 0);
  // V of the path that a call drew, on given times
  auto weigh = [&](detail::LayerBench<L, double>& b, const L::Times& t, const Batch<double>& z) {
    Column<double> v = Column<double>::Zero(n);
    const View<double> inner = b.cache.states.view(n, 2);
    for (Index i = 0; i < n; ++i) {
      const double path[] = {x(i, 0), inner(i, 0), inner(i, 1), z(i, 0)};
      for (std::size_t k = 0; k < 3; ++k) {
        const double dt = t[k + 1] - t[k], after = t[k + 1] / t[3], g = b.layer.time.g(t[k]),
                     spread = std::sqrt(g * b.layer.time.g(t[k + 1]));
        const double f = b.theta(0) / (1 + b.theta(1) * t[k] / t[3]), f_next = b.theta(0) / (1 + b.theta(1) * after),
                     s_next = b.theta(2) / (1 + b.theta(3) * after);
        const double forth = (path[k + 1] - path[k] - f * path[k] * dt) / spread,
                     back = (path[k] - path[k + 1] + (f_next - g * s_next) * path[k + 1] * dt) / spread;
        v(i) += (forth * forth - back * back) / (2 * dt);
      }
    }
    return v;
  };
  Batch<double> z;
  Column<double> v;
  detail::LayerBench<L, double> b(L(own, {.noise = 0.4, .last_noise = 0.7}));
  b.theta << 0.8, 0.5, -1.2, 0.3;
  b.call<true>(x, none, Noise{2}, z, v);
  CHECK((v - weigh(b, own, z)).abs().maxCoeff() < 1e-12);

  const DiffFlowTime jittery{.noise = 0.4, .last_noise = 0.7, .jitter = 0.9};
  detail::LayerBench<L, double> j(L(own, jittery));
  j.theta = b.theta;
  std::array<double, 2> largest{}, smallest{1, 1};
  for (std::uint64_t k = 0; k < 200; ++k) {
    j.call<true>(x, none, Noise{3}.fork(k), z, v);
    const L::Times t = L::Steps(j.layer, Noise{3}.fork(k)).t;
    REQUIRE((v - weigh(j, t, z)).abs().maxCoeff() < 1e-11);
    CHECK((t[0] == own[0] && t[3] == own[3]));
    for (std::size_t i = 0; i < 2; ++i) {
      const double share = (t[i + 1] - own[i + 1]) / (own[i + 2] - own[i + 1]);
      largest[i] = std::max(largest[i], share), smallest[i] = std::min(smallest[i], share);
    }
    CHECK(L::Steps(j.layer, Noise{3}.fork(k).from_row(5)).t == t);
  }
  for (std::size_t i = 0; i < 2; ++i)
    CHECK((smallest[i] >= 0 && smallest[i] < 0.05 && largest[i] > 0.85 && largest[i] < 0.9));
}

TEST_CASE("a time or a noise that is not positive is refused") {
  using L = DiffFlow<2, 4, Ray>;
  CHECK_THROWS_AS(L(DiffFlowTime{.end = 0}), std::invalid_argument);
  CHECK_THROWS_AS(L(DiffFlowTime{.noise = -1}), std::invalid_argument);
  CHECK_THROWS_AS(L(DiffFlowTime{.end = std::numeric_limits<double>::infinity()}), std::invalid_argument);
  CHECK_THROWS_AS(L(DiffFlowTime{.last_noise = std::nan("")}), std::invalid_argument);
  CHECK_THROWS_AS(L(DiffFlowTime{.jitter = 1.1}), std::invalid_argument);
  CHECK_THROWS_AS(L(L::Times{0, 0.2, 0.2, 0.4, 1}, {}), std::invalid_argument);
  CHECK_THROWS_AS(L(L::Times{0.1, 0.2, 0.3, 0.4, 1}, {}), std::invalid_argument);
  for (std::size_t i = 0; i < 5; ++i) {
    L::Times t{0, 0.2, 0.3, 0.4, 1};
    t[i] = std::nan("");
    CHECK_THROWS_AS(L(t, {}), std::invalid_argument);
  }
  CHECK(L(DiffFlowTime{.end = 2, .exponent = 0.5, .noise = 0.1, .last_noise = 0.4}).t(1) == 1);
  CHECK(L(DiffFlowTime{.end = 2, .exponent = 0.5, .noise = 0.1, .last_noise = 0.4}).g(1) == Approx(0.2));
}

}  // namespace stochastic_diff_flow
