// SPDX-License-Identifier: MIT
// ControlledLangevin: V against the two chains written out, the mean of its weights by quadrature over paths, drifts
// known to be right, and the pull of held paths.
#include "rheo/layers/stochastic/controlled_langevin.hpp"

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/certify.hpp"
#include "rheo/evaluation/importance.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/flows/presets/sampling_flows.hpp"
#include "rheo/targets/energies.hpp"
#include "shaken.hpp"
#include "soft_energy.hpp"

namespace stochastic_controlled_langevin {
using namespace rheo;
using rheo_test::Soft;

namespace {

/// f(x, t) = a sin(x_j + 2 t) + b x_j + c in each coordinate.
struct Bend {
  static double at(const double* abc, double x, double t) { return abc[0] * std::sin(x + 2 * t) + abc[1] * x + abc[2]; }
  template <Index D, Index C> struct field {
    static constexpr Index param_count = 3;
    static constexpr bool smooth = true;
    template <class T> using Cache = NoCache;
    template <class P> static auto unpack(P p) { return p.vector(3, "abc"); }
    template <class T> void init(Params<T> theta, Params<T>, Noise) const { theta.all().setZero(); }
    template <class T> void map(FieldPass<T, NoCache> p) const {
      using std::sin;
      const T* abc = p.theta.data();
      for (Index j = 0; j < D; ++j) {
        for (Index i = 0; i < p.x.rows(); ++i)
          p.f(i, j) = abc[0] * sin(p.x(i, j) + T(2) * p.t(i)) + abc[1] * p.x(i, j) + abc[2];
      }
    }
    template <class T> void map_pull(FieldPull<T, NoCache> p) const {
      const T* abc = p.theta.data();
      for (Index j = 0; j < D; ++j) {
        for (Index i = 0; i < p.x.rows(); ++i) {
          const T x = p.x(i, j), g = p.g_f(i, j), turn = x + T(2) * p.t(i);
          p.g_theta.data()[0] += g * std::sin(turn);
          p.g_theta.data()[1] += g * x;
          p.g_theta.data()[2] += g;
          p.g_x(i, j) = g * (abc[0] * std::cos(turn) + abc[1]);
        }
      }
    }
  };
};
/// Two wells on the line: u = (x^2 - 2)^2 / 2 + x / 2.
struct Well {
  static constexpr Index dim = 1;
  template <class T> using Workspace = NoWorkspace;
  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    for (Index i = 0; i < x.rows(); ++i) {
      const T a = x(i, 0), s = a * a - T(2);
      u(i) = s * s * T(0.5) + a * T(0.5);
    }
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g, NoWorkspace& w) const {
    value(x, u, w);
    for (Index i = 0; i < x.rows(); ++i) g(i, 0) = slope(x(i, 0));
  }
  template <class T> static T slope(const T& a) { return (a * a - T(2)) * a * T(2) + T(0.5); }
  static double u(double a) { return 0.5 * (a * a - 2) * (a * a - 2) + 0.5 * a; }
};
constexpr double limit = 10;
template <Index N, ChainBack Back, Learned Train = Learned::both>
using OnLine = ControlledLangevin<NormalEnergy<1>, Well, N, Bend, Train, Back>;

/// What the two chains do, written out from the parameters of a layer with steps and lambdas learned.
template <Index N, bool Mirrored> struct Chains {
  const double* theta;
  double drift_share_forth = 1;  // 0: a chain forth whose drift is forgotten
  double lambda(Index j) const {
    const double* shares = theta + 3 + 2 * (N + 1) + N;
    double before = 0, all = 0;
    for (Index k = 0; k < N; ++k) {
      const double w = std::exp(shares[k]);
      all += w;
      if (k < j) before += w;
    }
    return before / all;
  }
  double h(Index i) const { return std::exp(theta[3 + 2 * (N + 1) + i]); }
  double mean(double y, Index j, Index i, bool forth) const {
    const double g = Well::slope(y), g1 = g / std::sqrt(1 + g * g / (limit * limit)), n = static_cast<double>(N);
    const double b =
        (Bend::at(theta, y, static_cast<double>(j) / n) + theta[3 + j] * y + theta[3 + N + 1 + j] * g1) / n;
    return y - h(i) * ((1 - lambda(j)) * y + lambda(j) * g1) + (forth ? drift_share_forth : Mirrored ? -1 : 0) * b;
  }
  static double log_normal(double e, double variance) { return -0.5 * (e * e / variance + std::log(variance)); }
  /// log of the chain forth over the chain back, y_0 (latent) ... y_N.
  double v(const double* y) const {
    double sum = 0;
    for (Index i = 0; i < N; ++i) {
      sum += log_normal(y[i + 1] - mean(y[i], i, i, true), 2 * h(i));
      sum -= log_normal(y[i] - mean(y[i + 1], i + 1, i, false), 2 * h(i));
    }
    return sum;
  }
};
template <class L> detail::LayerBench<L, double> shaken_bench(const L& layer, double drift) {
  detail::LayerBench<L, double> b(layer);
  layer.init(Params<double>(b.theta.data(), b.theta.size()), Params<double>(), Noise{1});
  for (Index k = 0; k < b.theta.size(); ++k) b.theta(k) += (k < 3 ? drift : 0.2) * Noise{5}.normal(k, 0);
  return b;
}

template <bool Encode, ChainBack Back> void written_out() {
  constexpr Index N = 3;
  auto b = shaken_bench(OnLine<N, Back>({}, Well{}, 0.1, limit), 1.0);
  const Index n = 100;
  const Batch<double> none(n, 0);
  Batch<double> in(n, 1), out;
  Noise{2}.normals(view(in));
  Column<double> v;
  b.template call<Encode>(in, none, Noise{3}, out, v);
  const View<double> states = b.cache.states.view(n, N + 1);
  const Chains<N, Back == ChainBack::mirrored> chains{b.theta.data()};
  double worst = 0;
  for (Index i = 0; i < n; ++i) {
    double y[N + 1];
    for (Index k = 0; k <= N; ++k) y[Encode ? N - k : k] = states(i, k);
    worst = std::max(worst, std::abs(v(i) - chains.v(y)) / (1 + std::abs(v(i))));
  }
  CHECK(worst < 1e-11);
  CHECK(v.abs().maxCoeff() > 0.5);
}

/// The mean of exp(-u - log p - V) over all paths, by the trapezoidal rule in y_0 and the noises; with a drift
/// forgotten in the density of the chain forth if `forget`.
template <ChainBack Back> double mean_weight(bool forget) {
  constexpr Index N = 2, m = 100;
  auto b = shaken_bench(OnLine<N, Back>({}, Well{}, 0.15, limit), 0.6);
  const double reach = 10, dx = 2 * reach / m;
  double sum = 0;
  Batch<double> in(m * m, 1), table = Batch<double>::Zero(m * m, 2 * N), out;
  const Batch<double> none(m * m, 0);
  Column<double> v;
  const auto at = [&](Index k) { return (static_cast<double>(k) + 0.5) * dx - reach; };
  for (Index first = 0; first < m; ++first) {
    for (Index i = 0; i < m * m; ++i) in(i, 0) = at(first), table(i, 0) = at(i / m), table(i, 2) = at(i % m);
    b.template call<false>(in, none, Noise{0, 0, 0, &table}, out, v);
    const View<double> states = b.cache.states.view(m * m, N + 1);
    Chains<N, Back == ChainBack::mirrored> chains{b.theta.data(), 0};
    for (Index i = 0; i < m * m; ++i) {
      double y[N + 1];
      for (Index k = 0; k <= N; ++k) y[k] = states(i, k);
      const double noises = -0.5 * (table(i, 0) * table(i, 0) + table(i, 2) * table(i, 2)) - 1.8378770664093453;
      sum += std::exp(noises - Well::u(out(i, 0)) - (forget ? chains.v(y) : v(i))) * dx * dx * dx;
    }
  }
  return sum;
}
double well_constant() {
  double z = 0;
  for (Index k = 0; k < 4000; ++k) z += std::exp(-Well::u(0.0025 * (static_cast<double>(k) + 0.5) - 5)) * 0.0025;
  return z;
}

/// A chain of pairs that is none: encode without the drift, decode with it.
struct Unpaired : OnLine<2, ChainBack::mirrored> {
  using OnLine<2, ChainBack::mirrored>::OnLine;
  template <class T> void encode(Pass<T, Cache<T>> p) const {
    Batch<T> none = Batch<T>::Zero(param_count, 1);
    none.col(0).tail(param_count - 3) = Params<const T>(p.theta).all().tail(param_count - 3);
    p.theta = Params<const T>(none.data(), param_count);
    OnLine<2, ChainBack::mirrored>::encode(p);
  }
};

}  // namespace

TEST_CASE("V of a path is the log ratio of two chains of normal steps") {
  written_out<true, ChainBack::mirrored>();
  written_out<false, ChainBack::mirrored>();
  written_out<true, ChainBack::undriven>();
  written_out<false, ChainBack::undriven>();
}

TEST_CASE("weights have the mean Z whatever the drift, to the last digits; not where the drift is forgotten") {
  const double z = well_constant();
  CHECK(std::abs(mean_weight<ChainBack::mirrored>(false) / z - 1) < 1e-9);
  CHECK(std::abs(mean_weight<ChainBack::undriven>(false) / z - 1) < 1e-9);
  CHECK(std::abs(mean_weight<ChainBack::mirrored>(true) / z - 1) > 0.05);
}

TEST_CASE("a chain back without the drift that its V counts is no pair") {
  bool refused = false;
  for (const Finding& f : certify(Unpaired({}, Well{}, 0.1, limit)))
    refused = refused || (!f.passed() && f.law.find("path goes back") != std::string::npos);
  CHECK(refused);
}

TEST_CASE("weights of many steps and an untrained net have the mean Z within their error") {
  // Z of Soft by its line integral
  double z = 0;
  for (Index k = 0; k < 4000; ++k) {
    const double a = 0.005 * (static_cast<double>(k) + 0.5) - 10;
    z += std::exp(-0.1 * a * a * a * a - 0.3 * a) * 0.005;
  }
  z *= std::sqrt(6.283185307179586 / 1.4);
  const auto right = [&](const auto& flow) {
    const auto s = weighted_sample(rheo_test::shaken(flow, 0.1), Soft{}, 20'000, Noise{6});
    const Estimate e = log_z(s.log_w);
    INFO("log Z " << e.value << " +- " << e.error << ", exact " << std::log(z) << ", ESS "
                  << effective_sample_size(s.log_w));
    CHECK(std::abs(e.value - std::log(z)) < 4 * e.error);
    CHECK(e.error < 0.03);
  };
  right(presets::cmcd<16, Velocity<MlpOf<Tanh, 8>>>(Soft{}, 0.03));
  right(presets::dds<16, Velocity<MlpOf<Tanh, 8>>>(Soft{}));
}

TEST_CASE("a denoising sampler forgets where it began, and undriven draws its base") {
  const auto model = make_model<double>(presets::dds<16>(Soft{}, 0.25), Noise{1});
  const Batch<double> z = Batch<double>::Constant(4000, 2, 3.0);
  const Batch<double> x = model.decode(z, Noise{2});
  // steps of 0.25: 3 * 0.75^16 = 0.03 of the start is left, and a variance of 1 / (1 - 0.25 / 2)
  CHECK_THROWS_AS(presets::dds<4>(Soft{}, 2.5), std::invalid_argument);
  for (Index k = 0; k < 2; ++k) {
    CHECK(std::abs(x.col(k).mean() - 3 * std::pow(0.75, 16)) < 0.08);
    CHECK(std::abs((x.col(k) - x.col(k).mean()).square().mean() - 8.0 / 7) < 0.12);
  }
}

TEST_CASE("the drift that carries one Gaussian to another leaves weights nearly equal") {
  const targets::GaussianEnergy<1> target(Row<double>::Constant(1, 3.0), Batch<double>::Constant(1, 1, 1.0));
  using L = ControlledLangevin<NormalEnergy<1>, targets::GaussianEnergy<1>, 8, Bend>;
  auto model = make_model<double>(Flow{L({}, target, 0.02), StandardNormal<1>{}}, Noise{1});
  const auto share = [&] {
    const auto s = weighted_sample(model, target, 4000, Noise{2});
    const Estimate e = log_z(s.log_w);
    CHECK(std::abs(e.value - target.log_z()) < 4 * e.error);
    return effective_sample_size(s.log_w) / 4000;
  };
  CHECK(share() < 0.05);
  model.parameters()(2) = 3;  // the mean moves by 3 in unit time
  CHECK(share() > 0.99);
}

TEST_CASE("rows that leave the finite numbers weigh nothing, and spoil no gradient") {
  auto b = shaken_bench(OnLine<3, ChainBack::mirrored>({}, Well{}, 0.1), 1.0);  // no limit: cubes of cubes
  const Index n = 4;
  Batch<double> in(n, 1), none(n, 0), out, g_in, g_context(n, 0);
  in << 0.1, 1e200, -0.3, std::nan("");
  Column<double> v, g_theta = Column<double>::Zero(b.theta.size());
  b.call<false>(in, none, Noise{3}, out, v);
  CHECK(v(1) == std::numeric_limits<double>::infinity());
  CHECK(out(1, 0) == 1e200);
  CHECK(std::isnan(v(3)));
  CHECK((std::isfinite(v(0)) && std::isfinite(v(2))));
  b.pull<false>(in, out, none, Noise{3}, Batch<double>::Ones(n, 1), Column<double>::Ones(n), g_in, g_theta, g_context);
  CHECK(g_theta.allFinite());
  CHECK(g_in(1, 0) == 0);
  CHECK(g_in(0, 0) != 0);
}

TEST_CASE("the pull of a held path is the slope of V in the parameters alone") {
  constexpr Index N = 3;
  const auto check = [&]<ChainBack Back>() {
    auto b = shaken_bench(OnLine<N, Back>({}, Well{}, 0.1, limit), 1.0);
    const Index n = 20;
    Batch<double> in(n, 1), none(n, 0), out, unread;
    Noise{2}.normals(view(in));
    Column<double> v, g_v(n), g_theta = Column<double>::Zero(b.theta.size());
    for (Index i = 0; i < n; ++i) g_v(i) = Noise{9}.normal(i, 0);
    b.template call<false>(in, none, Noise{3}, out, v);
    View<double> nowhere = view(unread);
    b.layer.decode_held_pull(Pull<double, CacheOf<OnLine<N, Back>, double>>{
        view(std::as_const(in)), view(std::as_const(out)), read(nowhere), CColView<double>(g_v.data(), n), nowhere,
        b.params(), Params<double>(g_theta.data(), g_theta.size()), b.state(), view(std::as_const(none)), nowhere,
        Noise{3}, b.cache, b.scratch});
    const Batch<double> states = b.cache.states.view(n, N + 1);
    for (Index k = 0; k < b.theta.size(); ++k) {
      const auto f = [&](double step) {
        Column<double> theta = b.theta;
        theta(k) += step;
        double sum = 0;
        for (Index i = 0; i < n; ++i) {
          double y[N + 1];
          for (Index s = 0; s <= N; ++s) y[s] = states(i, s);
          sum += g_v(i) * Chains<N, Back == ChainBack::mirrored>{theta.data()}.v(y);
        }
        return sum;
      };
      const double slope = (8 * (f(1e-3) - f(-1e-3)) - (f(2e-3) - f(-2e-3))) / 12e-3;
      INFO("parameter " << k);
      CHECK(std::abs(slope - g_theta(k)) < 1e-8 * (1 + std::abs(slope)));
    }
  };
  check.operator()<ChainBack::mirrored>();
  check.operator()<ChainBack::undriven>();
}

}  // namespace stochastic_controlled_langevin
