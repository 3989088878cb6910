// SPDX-License-Identifier: MIT
// DiffFlow: a learned stochastic differential equation from data to latent, and a learned one back, weighed against
// each other step by step.
//   Zhang and Chen 2021, arXiv:2110.07579, eqs. 5-8 and 13-15, alg. 1 and 2 (whose line 2 adds the last step's term a
//     second time: it is added
//   once here);  time grid t_i = (i/N)^beta T, or with random shares of a step added: their section 3.3.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <string>
#include <utility>

#include "rheo/core/layer.hpp"
#include "rheo/math/gaussian_path.hpp"
#include "rheo/nets/probability_flow.hpp"

namespace rheo {

/// With drift f, score s and noise g, on any times t_0 = 0 < t_1 < ... < t_N (DiffFlowTime: (i/N)^exponent end), dt_i =
/// t_(i+1) - t_i, g_i = g(t_i), and one deviation r_i = sqrt(g_i g_(i+1) dt_i) for the step's both ways,
///   encode  x_(i+1) = x_i + f(x_i, t_i) dt_i + r_i e,
///   decode  x_i = x_(i+1) - [f - g_i g_(i+1) s](x_(i+1), t_(i+1)) dt_i + r_i e,
///   V = sum_i (|dF_i|^2 - |dB_i|^2) / 2,
/// dF_i and dB_i the noise that either chain would need for the step: the paper's bound where g is constant.  (With g_i
/// forth and g_(i+1) back, as one may read it where g varies, each step loses D (log(h) + h^-2 / 2 - 1 / 2), h =
/// g_(i+1) / g_i: 1.3 nats in two dimensions for a hundredfold g in 30 steps.)
///
/// Field is a recipe of fields (Velocity<MlpOf<Gelu, 64, 64>>), used for f and for g s, which however sharp the data
/// are need not exceed a few times 1 / sqrt(dt); both start at zero, so that V is zero and the layer adds noise.  The
/// nets see t / end.  The pulls keep the N - 1 states between and run the nets again. With a jitter the inner times
/// move ahead, drawn from the call's noise, the same for all its rows: V is a bound for the mixture over times.  For
/// samples and scores at the times themselves copy the parameters to a model whose layer has none. The equation's
/// marginals have an exact density of their own: Continuous with DiffFlowOde<Field> and the layer's parameters, which
/// probability_flow() makes of a fitted presets::DiffFlow. V is not the log-determinant of a step where g is small at a
/// step dt of finite length: its error falls with dt, and grows as dt^3 / g^2; nor is float enough for a g below 1e-3
/// (an error of 1e-3 in V there, of 1e-4 at 1e-2, of points of order one).  exp(V) has mean one over paths, but where g
/// rises much in few steps its tail is heavy.
template <Index D, Index N, class Field, Index C = 0> struct DiffFlow {
  static_assert(N > 0, "rheo: DiffFlow wants at least one step");
  using Net = detail::FieldOf<Field, D, C>;
  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = 2 * Net::param_count, buffer_count = 0;
  static constexpr Kind kind = Kind::stochastic;
  static constexpr Exactness exactness = Exactness::bound;
  static constexpr bool smooth = Net::smooth;
  static constexpr Index encode_passes = 2 * N + 1, decode_passes = 2 * N + 1;
  static constexpr bool parallel_encode = true, parallel_decode = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;

  using Times = std::array<double, N + 1>;

  DiffFlowTime time{};  // its end and exponent have made `times`
  Times times{};
  Net net{};

  DiffFlow() : DiffFlow(DiffFlowTime{}) {}
  /// Throws std::invalid_argument unless end, exponent and noise are positive and finite and the jitter is in [0, 1].
  explicit DiffFlow(DiffFlowTime t) : DiffFlow(powers(t), t) {}
  /// Any times; time.end is the last of them, the exponent unused.  Throws std::invalid_argument unless they rise from
  /// 0.
  DiffFlow(const Times& at, DiffFlowTime t) : time(t), times(at) {
    time.end = times[N];
    for (const auto& [name, x] :
         {std::pair{"end", time.end}, {"exponent", t.exponent}, {"noise", t.noise}, {"last_noise", t.last_noise}}) {
      if (!(x > 0 && std::isfinite(x)))
        detail::fail("DiffFlow wants a positive, finite " + std::string(name) + ", got " + std::to_string(x));
    }
    if (times[0] != 0 || std::adjacent_find(times.begin(), times.end(), std::not_fn(std::less<>())) != times.end())
      detail::fail("DiffFlow wants times that rise from 0");
    if (!(t.jitter >= 0 && t.jitter <= 1)) detail::fail("DiffFlow wants a jitter in [0, 1]");
  }

  /// The steps of one call, and what one visit of a state keeps.
  struct Steps {
    const DiffFlow& layer;
    Times t;

    Steps(const DiffFlow& l, Noise noise) : layer(l), t(l.times) {
      const Noise draws = Noise{noise.seed, noise.stream}.fork(N);
      for (Index i = 1; i < N && l.time.jitter > 0; ++i)
        t[static_cast<std::size_t>(i)] += l.time.jitter * draws.uniform(0, i) * (l.t(i + 1) - l.t(i));
    }
    template <class T> struct Cache { typename Net::template Cache<T> drift, score; };
    double at(Index i) const { return t[static_cast<std::size_t>(i)]; }
    double dt(Index i) const { return at(i + 1) - at(i); }
    double g(Index i) const { return layer.time.g(at(i)); }
    double forth(Index i) const { return std::sqrt(g(i) * g(i + 1) * dt(i)); }
    double back(Index i) const { return forth(i); }
    /// What g s counts in step i back.
    double scored(Index i) const { return g(i) * dt(i); }

    template <class T, class Call> void means(Index j, CView<T> x, View<T> a, View<T> b, Call& p) const {
      Arena::Scope scope(p.scratch);
      const View<T> f = p.scratch.template take<T>(x.rows(), D), s = p.scratch.template take<T>(x.rows(), D);
      layer.template evaluate<T>(at(j), x, f, 0, p.cache.step.drift, p);
      if (j > 0) layer.template evaluate<T>(at(j), x, s, 1, p.cache.step.score, p);
      for (Index c = 0; c < D; ++c) {
        if (j < N) column(a, c) = column(x, c) + T(dt(j)) * column(f, c);
        if (j > 0) column(b, c) = column(x, c) - T(dt(j - 1)) * column(f, c) + T(scored(j - 1)) * column(s, c);
      }
    }
    template <class T, class Call>
    void means_pull(Index j, CView<T> x, CView<T> g_a, CView<T> g_b, View<T> g_x, Call& p) const {
      Arena::Scope scope(p.scratch);
      const Index n = x.rows();
      View<T> g_f = p.scratch.template take<T>(n, D);
      const View<T> g_s = p.scratch.template take<T>(n, D), part = p.scratch.template take<T>(n, D);
      g_f.setZero();
      for (Index c = 0; c < D; ++c) {
        if (j < N) column(g_f, c) += T(dt(j)) * column(g_a, c);
        if (j > 0) column(g_f, c) -= T(dt(j - 1)) * column(g_b, c);
        if (j > 0) column(g_s, c) = T(scored(j - 1)) * column(g_b, c);
      }
      layer.template evaluate_pull<T>(at(j), x, read(g_f), g_x, 0, p.cache.step.drift, p);
      if (j > 0) {
        layer.template evaluate_pull<T>(at(j), x, read(g_s), part, 1, p.cache.step.score, p);
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
    return std::pair{f, p.part(Net{}, Net::param_count, "scaled score")};
  }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    const auto [f, s] = unpack(theta);
    net.init(f, buffers, noise.fork(0));
    net.init(s, buffers, noise.fork(1));
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const { Path::encode(Steps(*this, p.noise), p); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const { Path::encode_pull(Steps(*this, p.noise), p); }
  template <class T> void decode(Pass<T, Cache<T>> p) const { Path::decode(Steps(*this, p.noise), p); }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const { Path::decode_pull(Steps(*this, p.noise), p); }

  /// t_i and g(t_i), without jitter.
  double t(Index i) const { return times[static_cast<std::size_t>(i)]; }
  double g(Index i) const { return time.g(t(i)); }

 private:
  friend Steps;
  static Times powers(const DiffFlowTime& t) {
    Times at{};
    for (Index i = 1; i <= N; ++i)
      at[static_cast<std::size_t>(i)] = t.end * std::pow(static_cast<double>(i) / static_cast<double>(N), t.exponent);
    return at;
  }
  template <class T, class Call>
  void evaluate(double at, CView<T> x, View<T> out, int which, typename Net::template Cache<T>& cache, Call& p) const {
    const Index n = x.rows();
    ColView<T> t_j = p.scratch.template column<T>(n);
    const ColView<T> ignored = p.scratch.template column<T>(n);
    t_j.setConstant(T(at / time.end));
    net.map(FieldPass<T, typename Net::template Cache<T>>{x, read(t_j), nowhere<T>(), out, ignored,
                                                          half<T>(p.theta, which), p.context, cache, p.scratch});
  }
  template <class T, class Call>
  void evaluate_pull(double at, CView<T> x, CView<T> g_out, View<T> g_x, int which,
                     typename Net::template Cache<T>& cache, Call& p) const {
    ColView<T> t_j = p.scratch.template column<T>(x.rows());
    t_j.setConstant(T(at / time.end));
    net.map_pull(
        FieldPull<T, typename Net::template Cache<T>>{x,
                                                      read(t_j),
                                                      nowhere<T>(),
                                                      g_out,
                                                      read(t_j),
                                                      g_x,
                                                      half<T>(p.theta, which),
                                                      {p.g_theta.data() + which * Net::param_count, Net::param_count},
                                                      p.context,
                                                      p.g_context,
                                                      cache,
                                                      p.scratch});
  }
  template <class T> static CView<T> nowhere() { return view_of(static_cast<const T*>(nullptr), 0, D, 0); }
  template <class T> static Params<const T> half(Params<const T> theta, int which) {
    return {theta.data() + which * Net::param_count, Net::param_count};
  }
};

}  // namespace rheo
