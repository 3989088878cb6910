// SPDX-License-Identifier: MIT
// DiffFlow: a learned stochastic differential equation from data to latent, and a learned one back, weighed against each other step by step.
//   Zhang and Chen 2021, arXiv:2110.07579, eqs. 5-8 and 13-15, alg. 1 and 2 (whose line 2 adds the last step's term a second time: it is added
//   once here);  time grid t_i = (i/N)^beta T: their section 3.3.
#pragma once

#include <cmath>
#include <string>

#include "rheo/core/layer.hpp"
#include "rheo/math/gaussian_path.hpp"
#include "rheo/nets/probability_flow.hpp"

namespace rheo {

/// With drift f, score s and noise g, on t_i = (i/N)^exponent end, dt_i = t_(i+1) - t_i,
///   encode  x_(i+1) = x_i + f(x_i, t_i) dt_i + g_i sqrt(dt_i) e,
///   decode  x_i = x_(i+1) - [f - g_(i+1)^2 s](x_(i+1), t_(i+1)) dt_i + g_(i+1) sqrt(dt_i) e,
///   V = sum_i (|dF_i|^2 - |dB_i|^2) / 2 + D log(g_i / g_(i+1)),
/// dF_i and dB_i the noise that either chain would need for the step: a bound, which the loss of the paper is where g is constant.
///
/// Field is a recipe of fields (Velocity<MlpOf<Gelu, 64, 64>>), used for f and s alike; both start at zero, so that V is zero and the layer adds
/// noise.  The nets see t / end.  The pulls keep the N - 1 states between and run the nets again.
/// The equation's marginals have an exact density of their own: probability_flow() of the layer is the field for a Continuous with its parameters.
/// V is not the log-determinant of a step where g is small at a step dt of finite length: its error falls with dt, and grows as dt^3 / g^2.
template <Index D, Index N, class Field, Index C = 0> struct DiffFlow {
  static_assert(N > 0, "rheo: DiffFlow wants at least one step");
  using Net = typename Field::template field<D, C>;
  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = 2 * Net::param_count, buffer_count = 0;
  static constexpr Kind kind = Kind::stochastic;
  static constexpr Exactness exactness = Exactness::bound;
  static constexpr bool smooth = Net::smooth;
  static constexpr Index encode_passes = 2 * N + 1, decode_passes = 2 * N + 1;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;

  DiffFlowTime time{};
  Net net{};

  DiffFlow() = default;
  /// Throws std::invalid_argument unless end, exponent and noise are positive and finite.
  explicit DiffFlow(DiffFlowTime t) : time(t) {
    for (double x : {t.end, t.exponent, t.noise, t.last_noise}) {
      if (!(x > 0 && std::isfinite(x))) detail::fail("DiffFlow wants a positive, finite end, exponent and noise");
    }
  }

  /// What one visit of a state keeps.
  struct Steps {
    const DiffFlow& layer;
    template <class T> struct Cache {
      typename Net::template Cache<T> drift, score;
    };
    double dt(Index i) const { return layer.t(i + 1) - layer.t(i); }
    double forth(Index i) const { return layer.g(i) * std::sqrt(dt(i)); }
    double back(Index i) const { return layer.g(i + 1) * std::sqrt(dt(i)); }

    template <class T, class Call> void means(Index j, CView<T> x, View<T> a, View<T> b, Call& p) const {
      Arena::Scope scope(p.scratch);
      const View<T> f = p.scratch.template take<T>(x.rows(), D), s = p.scratch.template take<T>(x.rows(), D);
      layer.template evaluate<T>(j, x, f, 0, p.cache.step.drift, p);
      if (j > 0) layer.template evaluate<T>(j, x, s, 1, p.cache.step.score, p);
      const double g = layer.g(j);
      for (Index c = 0; c < D; ++c) {
        if (j < N) column(a, c) = column(x, c) + T(dt(j)) * column(f, c);
        if (j > 0) column(b, c) = column(x, c) - T(dt(j - 1)) * column(f, c) + T(g * g * dt(j - 1)) * column(s, c);
      }
    }
    template <class T, class Call> void means_pull(Index j, CView<T> x, CView<T> g_a, CView<T> g_b, View<T> g_x, Call& p) const {
      Arena::Scope scope(p.scratch);
      const Index n = x.rows();
      View<T> g_f = p.scratch.template take<T>(n, D);
      const View<T> g_s = p.scratch.template take<T>(n, D), part = p.scratch.template take<T>(n, D);
      const double g = layer.g(j);
      g_f.setZero();
      for (Index c = 0; c < D; ++c) {
        if (j < N) column(g_f, c) += T(dt(j)) * column(g_a, c);
        if (j > 0) column(g_f, c) -= T(dt(j - 1)) * column(g_b, c);
        if (j > 0) column(g_s, c) = T(g * g * dt(j - 1)) * column(g_b, c);
      }
      layer.template evaluate_pull<T>(j, x, read(g_f), g_x, 0, p.cache.step.drift, p);
      if (j > 0) {
        layer.template evaluate_pull<T>(j, x, read(g_s), part, 1, p.cache.step.score, p);
        for (Index c = 0; c < D; ++c) column(g_x, c) += column(part, c) + column(g_b, c);
      }
      if (j < N) {
        for (Index c = 0; c < D; ++c) column(g_x, c) += column(g_a, c);
      }
    }
  };
  using Path = math::GaussianPath<D, N, Steps>;
  template <class T> using Cache = typename Path::template Cache<T>;

  template <class P> static auto unpack(P p) {
    auto f = p.part(Net{}, Net::param_count, "drift");
    return std::pair{f, p.part(Net{}, Net::param_count, "score")};
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    const auto [f, s] = unpack(theta);
    net.init(f, buffers, noise.fork(0));
    net.init(s, buffers, noise.fork(1));
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const { Path::encode(Steps{*this}, p); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const { Path::encode_pull(Steps{*this}, p); }
  template <class T> void decode(Pass<T, Cache<T>> p) const { Path::decode(Steps{*this}, p); }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const { Path::decode_pull(Steps{*this}, p); }

  /// t_i and g(t_i).
  double t(Index i) const { return time.end * std::pow(static_cast<double>(i) / static_cast<double>(N), time.exponent); }
  double g(Index i) const { return time.g(t(i)); }

 private:
  friend Steps;
  template <class T, class Call> void evaluate(Index j, CView<T> x, View<T> out, int which, typename Net::template Cache<T>& cache, Call& p) const {
    const Index n = x.rows();
    ColView<T> t_j = p.scratch.template column<T>(n);
    const ColView<T> ignored = p.scratch.template column<T>(n);
    t_j.setConstant(T(t(j) / time.end));
    net.map(FieldPass<T, typename Net::template Cache<T>>{x, read(t_j), nowhere<T>(), out, ignored, half<T>(p.theta, which), p.context, cache, p.scratch});
  }
  template <class T, class Call>
  void evaluate_pull(Index j, CView<T> x, CView<T> g_out, View<T> g_x, int which, typename Net::template Cache<T>& cache, Call& p) const {
    ColView<T> t_j = p.scratch.template column<T>(x.rows());
    t_j.setConstant(T(t(j) / time.end));
    net.map_pull(FieldPull<T, typename Net::template Cache<T>>{x, read(t_j), nowhere<T>(), g_out, read(t_j), g_x, half<T>(p.theta, which),
                                                               {p.g_theta.data() + which * Net::param_count, Net::param_count}, p.context, p.g_context, cache, p.scratch});
  }
  template <class T> static CView<T> nowhere() { return view_of(static_cast<const T*>(nullptr), 0, D, 0); }
  template <class T> static Params<const T> half(Params<const T> theta, int which) { return {theta.data() + which * Net::param_count, Net::param_count}; }
};

}  // namespace rheo
