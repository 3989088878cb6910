// SPDX-License-Identifier: MIT
// Diffusion: N steps that drown the data in noise, fixed, and N learned steps back: a denoising diffusion model as one
// stochastic layer.
//   Sohl-Dickstein et al. 2015, arXiv:1503.03585;  Ho et al. 2020, arXiv:2006.11239, eqs. 2, 5, 7 and 11;  any levels:
//     Kingma et al. 2021,
//   arXiv:2107.00630, eqs. 25 and 32.
#pragma once

#include <cmath>
#include <string>

#include "rheo/core/layer.hpp"
#include "rheo/math/gaussian_path.hpp"
#include "rheo/nets/denoiser.hpp"

namespace rheo {

/// The deviation of a step back, from level t to s: `large` is that of the step forth, exact for N(0, I) data; `small`
/// that of the step back when x_0 is known, exact for data that are one point (the last step, to the data, has the
/// large one all the same).
enum class BackwardDeviation { upper, lower };

/// encode: x_(i+1) = keep_i x_i + added_i e, by the levels of the N + 1 states;  decode: x_i = (x_(i+1) - added_i^2 /
/// noise_(i+1) e(x_(i+1))) / keep_i
/// + deviation e, with the net's guess e() of the noise;  V = sum_i log p(x_i | x_(i+1)) - log q(x_(i+1) | x_i), a
/// bound: its mean is the negative variational loss without the base's term.  decode is ancestral sampling.  With the
/// net at zero, as it starts, and large deviations both chains are those of N(0, I) data (if all levels have variance
/// one) and V = (|z|^2 - |x|^2) / 2. Field is the Denoiser's recipe (Velocity<MlpOf<Silu, 64, 64>, FourierTime<4>>).
/// The pulls keep the states and run the net again.
template <Index D, Index N, class Field, Index C = 0> struct Diffusion {
  static_assert(N > 0, "rheo: Diffusion wants at least one step");
  using Predictor = Denoiser<D, Field, C>;
  static constexpr Index steps = N;
  static constexpr Index x_dim = D, z_dim = D, context_dim = C, param_count = Predictor::param_count, buffer_count = 0;
  static constexpr Kind kind = Kind::stochastic;
  static constexpr Exactness exactness = Exactness::bound;
  static constexpr bool smooth = true;
  static constexpr Index encode_passes = N, decode_passes = N;
  static constexpr bool parallel_encode = true, parallel_decode = true;
  static constexpr Supports<D> x_support = all_of<D>(Support::real), z_support = x_support;

  NoiseLevels<N> levels =
      levels_of<N>(VariancePreserving{});  ///< the limit of linear_betas: step variances that rise linearly
  BackwardDeviation deviation = BackwardDeviation::upper;
  Predictor denoiser{};

  Diffusion() = default;
  /// Throws std::invalid_argument unless the first level is the data, the signal is positive and every step adds noise.
  explicit Diffusion(const NoiseLevels<N>& given, BackwardDeviation d = BackwardDeviation::upper)
      : levels(given), deviation(d) {
    bool good = at(0).signal == 1 && at(0).noise == 0;
    for (Index i = 0; i < N; ++i) good = good && at(i + 1).signal > 0 && NoiseStep(at(i), at(i + 1)).added > 0;
    if (!good)
      detail::fail(
          "Diffusion wants levels that begin with the data (signal 1, noise 0), keep some signal and add noise in "
          "every step");
  }

  const NoiseLevel& at(Index j) const { return levels[static_cast<std::size_t>(j)]; }
  /// State j as the net sees it, j > 0.
  DenoiserLevel seen(Index j) const { return {at(j), clock_of(at(j), at(1), at(N))}; }
  double forth(Index i) const { return NoiseStep(at(i), at(i + 1)).added; }
  double back(Index i) const {
    return deviation == BackwardDeviation::upper || i == 0 ? forth(i) : forth(i) * at(i).noise / at(i + 1).noise;
  }

  struct Steps {
    const Diffusion& layer;
    template <class T> using Cache = typename Predictor::template Cache<T>;
    double forth(Index i) const { return layer.forth(i); }
    double back(Index i) const { return layer.back(i); }

    template <class T, class Call> void means(Index j, CView<T> x, View<T> a, View<T> b, Call& p) const {
      if (j < N) {
        const T keep = T(NoiseStep(layer.at(j), layer.at(j + 1)).keep);
        for (Index c = 0; c < D; ++c) column(a, c) = keep * column(x, c);
      }
      if (j == 0) return;
      layer.template guess<T>(j, x, b, p.cache.step, p);
      const auto [by, e] = backward(j);
      for (Index c = 0; c < D; ++c) column(b, c) = T(by) * column(x, c) + T(e) * column(b, c);
    }
    template <class T, class Call>
    void means_pull(Index j, CView<T> x, CView<T> g_a, CView<T> g_b, View<T> g_x, Call& p) const {
      Arena::Scope scope(p.scratch);
      g_x.setZero();
      if (j > 0) {
        const auto [by, e] = backward(j);
        const View<T> g_e = p.scratch.template take<T>(x.rows(), D);
        for (Index c = 0; c < D; ++c) column(g_e, c) = T(e) * column(g_b, c);
        const auto at = layer.template columns_of<T>(j, x.rows(), p.scratch);
        const ColView<T> none = p.scratch.template column<T>(x.rows());
        layer.denoiser.map_pull(DenoiserPull<T, Cache<T>>{x, at, nowhere<T>(), read(g_e), read(none), g_x, p.theta,
                                                          p.g_theta, p.context, p.g_context, p.cache.step, p.scratch});
        for (Index c = 0; c < D; ++c) column(g_x, c) += T(by) * column(g_b, c);
      }
      if (j < N) {
        const T keep = T(NoiseStep(layer.at(j), layer.at(j + 1)).keep);
        for (Index c = 0; c < D; ++c) column(g_x, c) += keep * column(g_a, c);
      }
    }

   private:
    /// b_(j-1)(x) = first x + second e(x).
    std::pair<double, double> backward(Index j) const {
      const NoiseStep s(layer.at(j - 1), layer.at(j));
      return {1 / s.keep, -s.added * s.added / (layer.at(j).noise * s.keep)};
    }
  };
  using Path = math::GaussianPath<D, N, Steps>;
  template <class T> using Cache = typename Path::template Cache<T>;

  template <class P> static auto unpack(P p) { return p.part(Predictor{}, param_count, "denoiser"); }
  template <class T> void init(Params<T> theta, Params<T> buffers, Noise noise) const {
    denoiser.init(theta, buffers, noise);
  }

  template <class T> void encode(Pass<T, Cache<T>> p) const { Path::encode(Steps{*this}, p); }
  template <class T> void encode_pull(Pull<T, Cache<T>> p) const { Path::encode_pull(Steps{*this}, p); }
  template <class T> void decode(Pass<T, Cache<T>> p) const { Path::decode(Steps{*this}, p); }
  template <class T> void decode_pull(Pull<T, Cache<T>> p) const { Path::decode_pull(Steps{*this}, p); }

  /// The net's guess of the noise in state j of all rows.
  template <class T, class Call>
  void guess(Index j, CView<T> x, View<T> e, typename Predictor::template Cache<T>& cache, Call& p) const {
    Arena::Scope scope(p.scratch);
    const auto at = columns_of<T>(j, x.rows(), p.scratch);
    const ColView<T> none = p.scratch.template column<T>(x.rows());
    denoiser.map(DenoiserPass<T, typename Predictor::template Cache<T>>{x, at, nowhere<T>(), e, none, p.theta,
                                                                        p.context, cache, p.scratch});
  }

 private:
  friend Steps;
  template <class T> ColView<DenoiserLevel> columns_of(Index j, Index n, Arena& scratch) const {
    ColView<DenoiserLevel> c = scratch.template column<DenoiserLevel>(n);
    const DenoiserLevel l = seen(j);
    for (Index i = 0; i < n; ++i) c(i) = l;
    return c;
  }
  template <class T> static CView<T> nowhere() { return view_of(static_cast<const T*>(nullptr), 0, D, 0); }
};

}  // namespace rheo
