// SPDX-License-Identifier: MIT
// Stochastic layers as pairs of Markov kernels (K, R), Hagemann, Hertrich and Steidl 2022, arXiv:2109.11375, section 4:
// of a path drawn by a layer, V is log R(x | z) - log K(z | x), with both densities written out here; and a flow of all
// of them is the chain of their pairs.
#include <tuple>

#include "catch.hpp"
#include "rheo/distributions/normal.hpp"
#include "rheo/evaluation/layer_bench.hpp"
#include "rheo/flows/chain.hpp"
#include "rheo/flows/generative.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/stochastic/diff_flow.hpp"
#include "rheo/layers/stochastic/diffusion.hpp"
#include "rheo/layers/stochastic/hmc.hpp"
#include "rheo/layers/stochastic/langevin.hpp"
#include "rheo/layers/stochastic/mala.hpp"
#include "rheo/layers/stochastic/metropolis.hpp"
#include "rheo/layers/stochastic/underdamped_langevin.hpp"
#include "rheo/layers/stochastic/vae.hpp"
#include "rheo/transformers/affine.hpp"
#include "soft_energy.hpp"

namespace stochastic_markov_chains {
using namespace rheo;
using rheo_test::Soft;

namespace {

using Point = std::array<double, 2>;

/// f_j(x, t) = a sin(x_j + t) + b x_k, k the other one.
struct Wave {
  static Point at(const double* ab, Point x, double t) {
    return {ab[0] * std::sin(x[0] + t) + ab[1] * x[1], ab[0] * std::sin(x[1] + t) + ab[1] * x[0]};
  }
  template <Index D, Index C> struct field {
    static constexpr Index param_count = 2;
    static constexpr bool smooth = true;
    template <class T> using Cache = NoCache;
    template <class P> static auto unpack(P p) { return p.vector(2, "ab"); }
    template <class T> void init(Params<T> theta, Params<T>, Noise) const { theta.all().setZero(); }
    void map(FieldPass<double, NoCache> p) const {
      for (Index i = 0; i < p.x.rows(); ++i) {
        const Point f = at(p.theta.data(), {p.x(i, 0), p.x(i, 1)}, p.t(i));
        p.f(i, 0) = f[0], p.f(i, 1) = f[1];
      }
    }
  };
};
using Sde = DiffFlow<2, 3, Wave>;
using Drowned = Diffusion<2, 3, Wave>;
using Law = Given<family::Normal<>, MlpOf<Tanh>>;  // no hidden layer: means and log deviations affine in what is given
using Vae = VaeLayer<2, 2, Law, Law>;
using Block = AffineCoupling<2, MlpOf<Tanh, 4>>;
using Beside = Augment<2, 2, Fixed<StandardNormal>>;
using Away = Slice<4, 2, Fixed<StandardNormal>>;
using Bbk = UnderdampedLangevin<Soft, 1>;
using Leap = Hmc<Soft, 1, 1, false>;

double log_normal(double from_mean, double deviation) {
  return -0.5 * std::pow(from_mean / deviation, 2) - std::log(deviation) - half_log_two_pi;
}
double u(const Batch<double>& x, Index i) {
  return 0.1 * std::pow(x(i, 0), 4) + 0.7 * std::pow(x(i, 1) - x(i, 0), 2) + 0.3 * x(i, 0);
}
Point slope(const Batch<double>& x, Index i) {
  const double b = 1.4 * (x(i, 1) - x(i, 0));
  return {0.4 * std::pow(x(i, 0), 3) + 0.3 - b, b};
}

/// log R(x | z) - log K(z | x) of row i.
double ratio(detail::LayerBench<Sde, double>& b, const Batch<double>& x, const Batch<double>& z, Index i) {
  const View<double> inner = b.cache.states.view(x.rows(), 4);
  const std::array<Point, 4> path{Point{x(i, 0), x(i, 1)}, Point{inner(i, 0), inner(i, 1)},
                                  Point{inner(i, 2), inner(i, 3)}, Point{z(i, 0), z(i, 1)}};
  const double *drift = b.theta.data(), *score = b.theta.data() + 2;
  const DiffFlowTime& time = b.layer.time;
  const auto share = [&](std::size_t k) { return std::pow(static_cast<double>(k) / 3, time.exponent); };
  const auto g = [&](std::size_t k) { return time.noise * std::pow(time.last_noise / time.noise, share(k)); };
  double log_ratio = 0;
  for (std::size_t k = 0; k < 3; ++k) {
    const double dt = time.end * (share(k + 1) - share(k)), root = std::sqrt(dt);
    const Point forth = Wave::at(drift, path[k], share(k)), back = Wave::at(drift, path[k + 1], share(k + 1)),
                s = Wave::at(score, path[k + 1], share(k + 1));
    for (std::size_t j = 0; j < 2; ++j) {
      log_ratio +=
          log_normal(path[k][j] - path[k + 1][j] + (back[j] - g(k) * s[j]) * dt, std::sqrt(g(k) * g(k + 1)) * root);
      log_ratio -= log_normal(path[k + 1][j] - path[k][j] - forth[j] * dt, std::sqrt(g(k) * g(k + 1)) * root);
    }
  }
  return log_ratio;
}
/// In the letters of Ho et al. 2020, arXiv:2006.11239, whose steps keep a variance of one; the net's v makes e = sqrt(1
/// - abar) x + sqrt(abar) v.
double ratio(detail::LayerBench<Drowned, double>& b, const Batch<double>& x, const Batch<double>& z, Index i) {
  const View<double> inner = b.cache.states.view(x.rows(), 4);
  const std::array<Point, 4> path{Point{x(i, 0), x(i, 1)}, Point{inner(i, 0), inner(i, 1)},
                                  Point{inner(i, 2), inner(i, 3)}, Point{z(i, 0), z(i, 1)}};
  const auto abar = [&](std::size_t t) {
    return std::exp(2 * VariancePreserving{0.1, 4}.log_signal(static_cast<double>(t) / 3));
  };
  const auto log_snr = [&](std::size_t t) { return std::log(abar(t) / (1 - abar(t))); };
  double log_ratio = 0;
  for (std::size_t t = 1; t <= 3; ++t) {
    const double alpha = abar(t) / abar(t - 1), beta = 1 - alpha, smaller = (1 - abar(t - 1)) / (1 - abar(t)) * beta;
    const Point v = Wave::at(b.theta.data(), path[t], (log_snr(1) - log_snr(t)) / (log_snr(1) - log_snr(3)));
    for (std::size_t j = 0; j < 2; ++j) {
      const double e = std::sqrt(1 - abar(t)) * path[t][j] + std::sqrt(abar(t)) * v[j];
      log_ratio += log_normal(path[t - 1][j] - (path[t][j] - beta / std::sqrt(1 - abar(t)) * e) / std::sqrt(alpha),
                              std::sqrt(t == 1 ? beta : smaller));
      log_ratio -= log_normal(path[t][j] - std::sqrt(alpha) * path[t - 1][j], std::sqrt(beta));
    }
  }
  return log_ratio;
}
double ratio(detail::LayerBench<Vae, double>& b, const Batch<double>& x, const Batch<double>& z, Index i) {
  const auto density = [&](const double* w, const Batch<double>& given, const Batch<double>& drawn) {
    double log_p = 0;
    for (Index j = 0; j < 2; ++j) {
      const auto line = [&](Index k) { return w[2 * k] * given(i, 0) + w[2 * k + 1] * given(i, 1) + w[8 + k]; };
      log_p += log_normal(drawn(i, j) - line(2 * j), std::exp(line(2 * j + 1)));
    }
    return log_p;
  };
  return density(b.theta.data() + 12, z, x) - density(b.theta.data(), x, z);
}
/// Kernels on a graph: the determinant.
double ratio(detail::LayerBench<Block, double>& b, const Batch<double>& x, const Batch<double>&, Index i) {
  using Two = autodiff::Dual<double>;
  detail::LayerBench<Block, Two> d(b.layer);
  d.theta = b.theta.cast<Two>();
  Batch<Two> in = x.row(i).cast<Two>(), out[2];
  Column<Two> v;
  for (Index k = 0; k < 2; ++k) {
    in(0, k).b = 1;
    d.call<true>(in, Batch<Two>(1, 0), Noise{}, out[k], v);
    in(0, k).b = 0;
  }
  return std::log(std::abs(out[0](0, 0).b * out[1](0, 1).b - out[0](0, 1).b * out[1](0, 0).b));
}
double ratio(detail::LayerBench<Langevin<Soft>, double>& b, const Batch<double>& x, const Batch<double>& z, Index i) {
  const double h = b.layer.step;
  const Point at_x = slope(x, i), at_z = slope(z, i);
  double log_ratio = 0;
  for (Index j = 0; j < 2; ++j) {
    const auto k = static_cast<std::size_t>(j);
    log_ratio += log_normal(x(i, j) - z(i, j) + h * at_z[k], std::sqrt(2 * h)) -
                 log_normal(z(i, j) - x(i, j) + h * at_x[k], std::sqrt(2 * h));
  }
  return log_ratio;
}
double ratio(detail::LayerBench<Beside, double>&, const Batch<double>&, const Batch<double>& z, Index i) {
  return -log_normal(z(i, 2), 1) - log_normal(z(i, 3), 1);
}
double ratio(detail::LayerBench<Away, double>&, const Batch<double>& x, const Batch<double>&, Index i) {
  return log_normal(x(i, 2), 1) + log_normal(x(i, 3), 1);
}
double ratio(detail::LayerBench<Bbk, double>& b, const Batch<double>& x, const Batch<double>& z, Index i) {
  // the noises of a step are solved for; what is drawn is (q', v'), of which they are a map of constant determinant
  const double h = b.layer.step, friction = b.layer.friction, c = std::sqrt(4 * friction / h);
  const auto step = [&](const Batch<double>& from, const Batch<double>& to, double turn) {
    const Point force = slope(from, i), force_next = slope(to, i);
    double log_p = 0;
    for (Index j = 0; j < 2; ++j) {
      const auto k = static_cast<std::size_t>(j);
      const double half = (to(i, j) - from(i, j)) / h, v = turn * from(i, 2 + j), v_next = turn * to(i, 2 + j);
      const double e1 = ((half - v) * 2 / h + force[k] + friction * v) / c,
                   e2 = ((v_next * (1 + 0.5 * friction * h) - half) * 2 / h + force_next[k]) / c;
      log_p += log_normal(e1, 1) + log_normal(e2, 1) - std::log(0.5 * h * h * c) -
               std::log(0.5 * h * c / (1 + 0.5 * friction * h));
    }
    return log_p;
  };
  return step(z, x, 1) - step(x, z, -1);
}
double ratio(detail::LayerBench<Leap, double>& b, const Batch<double>& x, const Batch<double>& z, Index i) {
  const double h = b.layer.step;
  const auto step = [&](const Batch<double>& from, const Batch<double>& to) {
    const Point force = slope(from, i);
    double log_p = 0;
    for (Index j = 0; j < 2; ++j)
      log_p += log_normal((to(i, j) - from(i, j)) / h + 0.5 * h * force[static_cast<std::size_t>(j)], 1) - std::log(h);
    return log_p;
  };
  return step(z, x) - step(x, z);
}
/// Detailed balance with exp(-u): R = K, whose Radon-Nikodym derivative is that of exp(-u).
template <class L>
double ratio(detail::LayerBench<L, double>&, const Batch<double>& x, const Batch<double>& z, Index i) {
  return u(z, i) - u(x, i);
}

template <class... Ls> struct Chained {
  std::tuple<Ls...> layers;
  Chain<Ls...> chain;
  explicit Chained(Ls... l) : layers(l...), chain(l...) {}

  template <bool Encode> void check() {
    detail::LayerBench<Chain<Ls...>, double> whole(chain);
    for (Index i = 0; i < whole.theta.size(); ++i) whole.theta(i) = 0.4 * Noise{1}.normal(i, 0);
    const Index n = 200;
    const Batch<double> none(n, 0);
    Batch<double> state(n, 2), end;
    Noise{2}.normals(view(state));
    Column<double> v, log_ratio = Column<double>::Zero(n);
    whole.template call<Encode>(state, none, Noise{3}, end, v);
    Index at = Encode ? 0 : whole.theta.size();
    auto part = [&]<std::size_t I>() {
      using L = std::tuple_element_t<I, std::tuple<Ls...>>;
      detail::LayerBench<L, double> b(std::get<I>(layers));
      if (!Encode) at -= L::param_count;
      b.theta = whole.theta.segment(at, L::param_count);
      if (Encode) at += L::param_count;
      Batch<double> next;
      Column<double> v_part, pair(n);
      b.template call<Encode>(state, none, Noise{3}.fork(I), next, v_part);
      for (Index i = 0; i < n; ++i) pair(i) = Encode ? ratio(b, state, next, i) : ratio(b, next, state, i);
      INFO("layer " << I << (Encode ? ", encode" : ", decode"));
      CHECK((v_part - pair).abs().maxCoeff() < 1e-10 * (1 + pair.abs().maxCoeff()));
      CHECK(pair.abs().maxCoeff() > 0.01);
      log_ratio += pair;
      state = next;
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
      (part.template operator() < Encode ? I : sizeof...(I) - 1 - I > (), ...);
    }
    (std::index_sequence_for<Ls...>{});
    CHECK((end == state).all());
    CHECK((v - log_ratio).abs().maxCoeff() < 1e-10 * (1 + log_ratio.abs().maxCoeff()));
  }
};

}  // namespace

TEST_CASE(
    "DiffFlow, diffusion, vae and the layers of stochastic normalizing flows are pairs of Markov kernels, and so is "
    "their chain") {
  Chained c(Sde(DiffFlowTime{.end = 0.8, .noise = 0.4, .last_noise = 0.7}), Vae{}, Block{},
            Langevin<Soft>(Soft{}, 0.05), Beside{}, Bbk(Soft{}, 0.3, 1.4), Away{},
            Drowned(levels_of<3>(VariancePreserving{0.1, 4}), BackwardDeviation::lower), Leap(Soft{}, 0.3),
            Metropolis<Soft, 3>(Soft{}, 0.6), Mala<Soft, 2>(Soft{}, 0.1), Hmc<Soft, 1, 3>(Soft{}, 0.2));
  c.check<true>();
  c.check<false>();
}

}  // namespace stochastic_markov_chains
