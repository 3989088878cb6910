// SPDX-License-Identifier: MIT
// Samplers of diffusions beside their own decode: any number of steps, with as much noise as wanted, with corrections.
//   Bansal et al. 2022, arXiv:2208.09392, alg. 2 (cold diffusion);
//   Song, Meng and Ermon 2021, arXiv:2010.02502, eqs. 12 and 16 (DDIM);  Song et al. 2021, arXiv:2011.13456, algs. 2-5
//     (predictor and corrector).
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <type_traits>

#include "rheo/flows/front.hpp"
#include "rheo/nets/denoiser.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// How sample_diffusion goes from noise to data.
struct DiffusionSampling {
  Index steps = 50;  ///< of a Diffusion, at most its own number
  double eta =
      0;  ///< share of the posterior's deviation that a step draws: 0 is DDIM (deterministic), 1 ancestral sampling
  Index corrections = 0;  ///< Langevin moves at each level, behind its step
  double snr = 0.16;  ///< their length: 2 snr^2 noise^2; not corrected, they widen a level's law by about snr^2 of its
                      ///< noise's variance
  Index undone = 0;   ///< steps left undone: states on the way
  int threads = 1;    ///< ours
  Executor* executor = nullptr;  ///< in the place of threads
};

namespace detail {

/// The S + 1 levels that a sampler goes through, noisiest last.  A Diffusion ends at the data; an equation at its
/// start, whose noise is taken off.
template <class L> DenoiserLevel sampling_level(const L& layer, Index k, Index S) {
  if constexpr (requires { layer.seen(1); }) {
    const Index j = (k * L::steps + S / 2) / S;
    return j == 0 ? DenoiserLevel{{1, 0}, 0} : layer.seen(j);
  } else {
    return k == 0 ? DenoiserLevel{{1, 0}, 0}
                  : layer.net.at(layer.net.time(S > 1 ? static_cast<double>(k - 1) / static_cast<double>(S - 1) : 1.0));
  }
}

}  // namespace detail

/// n samples of a flow whose last layer before the base is a Diffusion or a Continuous of a ProbabilityFlow, from a
/// draw of the base by
///   x_s = signal_s x_0 + sqrt(noise_s^2 - d^2) e + d N(0, I),   x_0 = (x_t - noise_t e) / signal_t,   e = e(x_t) the
///     net's guess,
/// d = eta times the deviation of x_s given x_t and x_0.  Throws std::invalid_argument for steps, eta, undone or snr
/// that will not do.
template <class F, class T>
Batch<T> sample_diffusion(const Model<F, T>& model, Index n, Noise noise, const DiffusionSampling& o = {},
                          const Input<T>& context = {}) {
  using Front = detail::Front<F>;
  using L = typename Front::Last;
  constexpr Index D = L::x_dim;
  constexpr bool in_steps = requires(const L& l) { l.seen(1); };
  static_assert(
      in_steps || requires(const L& l) { l.net.at(0.5), l.net.denoiser; },
      "rheo: sample_diffusion wants a Diffusion, or a Continuous of a ProbabilityFlow, as the last layer before the "
      "base");
  Index most = std::numeric_limits<Index>::max();
  if constexpr (in_steps) most = L::steps;
  if (n < 0) detail::fail("cannot draw " + std::to_string(n) + " samples");
  if (o.steps < 1 || o.steps > most)
    detail::fail("sample_diffusion: steps is at least 1" +
                 (in_steps ? ", at most the layer's " + std::to_string(most) : std::string()) + ", got " +
                 std::to_string(o.steps));
  if (!(o.eta >= 0 && o.eta <= 1) || o.corrections < 0 || o.undone < 0 || o.undone > o.steps)
    detail::fail("sample_diffusion wants eta in [0, 1], corrections >= 0, 0 <= undone <= steps");
  if (!(o.snr > 0 && std::isfinite(o.snr))) detail::fail("sample_diffusion wants a positive, finite snr");
  if (context.cols() != F::context_dim || (F::context_dim > 0 && context.rows() != n && context.rows() != 1)) {
    detail::fail("sample_diffusion: the context has the wrong shape");
  }

  Batch<T> out(n, F::x_dim);
  Workspace<F, T> ws(Threads(o.threads, o.executor));
  const L& layer = Front::last(model.flow());
  ws.shards(n, [&](auto& worker, Index first, Index m) {
    Arena& scratch = worker.scratch;
    Arena::Scope scope(scratch);
    const Noise key = noise.from_row(first);
    View<T> x = scratch.template take<T>(m, D), e = scratch.template take<T>(m, D), z = scratch.template take<T>(m, D);
    ColView<T> ignored = scratch.template column<T>(m);
    ignored.setZero();
    ColView<DenoiserLevel> levels = scratch.template column<DenoiserLevel>(m);
    const CView<T> given = model.seen(context.view(), first, m, scratch), c = columns(given, 0, L::context_dim);
    const CView<T> nowhere = view_of(static_cast<const T*>(nullptr), 0, D, 0);
    const auto& base = std::get<Front::at + 1>(model.flow().layers);
    using Base = std::remove_cvref_t<decltype(base)>;
    base.decode(Pass<T, CacheOf<Base, T>>{
        Model<F, T>::template nothing<const T>(m),
        x,
        ignored,
        {model.theta().data() + Front::template params_before<Front::at + 1>(), Base::param_count},
        {model.state().data() + Front::template buffers_before<Front::at + 1>(), Base::buffer_count},
        columns(given, 0, Base::context_dim),
        key.fork(Front::at + 1),
        std::get<Front::at + 1>(worker.cache.parts),
        scratch,
        false,
        &worker.report});
    auto guess = [&](const DenoiserLevel& at) {
      for (Index i = 0; i < m; ++i) levels(i) = at;
      auto run = [&](const auto& denoiser, auto& cache) {
        denoiser.map(DenoiserPass<T, std::remove_reference_t<decltype(cache)>>{read(x), levels, nowhere, e, ignored,
                                                                               Front::theta(model), c, cache, scratch});
      };
      if constexpr (in_steps) run(layer.denoiser, Front::template cache<T>(worker).step);
      else run(layer.net.denoiser, Front::template cache<T>(worker).stages[0]);
    };
    for (Index k = o.steps; k > o.undone; --k) {
      const DenoiserLevel t = detail::sampling_level(layer, k, o.steps),
                          s = detail::sampling_level(layer, k - 1, o.steps);
      const Noise draws = key.fork(1000 + static_cast<std::uint64_t>(k));
      const double d = o.eta * NoiseStep(s.level, t.level).added * s.level.noise / t.level.noise;
      const T by = T(s.level.signal / t.level.signal);
      const T by_e = T(std::sqrt(std::max(0.0, s.level.noise * s.level.noise - d * d)) -
                       t.level.noise * s.level.signal / t.level.signal);
      guess(t);
      if (d > 0) draws.normals(z);
      for (Index j = 0; j < D; ++j) {
        column(x, j) = by * column(x, j) + by_e * column(e, j);
        if (d > 0) column(x, j) += T(d) * column(z, j);
      }
      for (Index r = 0; r < o.corrections && s.level.noise > 0; ++r) {
        const double length = 2 * o.snr * o.snr * s.level.noise * s.level.noise;
        guess(s);
        draws.fork(static_cast<std::uint64_t>(r)).normals(z);
        for (Index j = 0; j < D; ++j)
          column(x, j) += T(std::sqrt(2 * length)) * column(z, j) - T(length / s.level.noise) * column(e, j);
      }
    }
    copy(Front::decode(model, worker, read(x), given, key), rows(view(out), first, m));
  });
  return out;
}

/// Cold diffusion: back from degraded points z (n x D), the last level's, to data, without noise: x_s = x_t - D_t(r) +
/// D_s(r) with the restored r = (x_t - noise_t e(x_t)) / signal_t and D_t(r) = signal_t r + noise_t ends(r).  Like
/// `ends` (see Restoration) z is in the coordinates behind the bijections in front of the Diffusion.
template <class F, class T, class Ends>
Batch<T> restore(const Model<F, T>& model, const std::type_identity_t<Input<T>>& z, const Ends& ends,
                 Threads threads = 1) {
  using Front = detail::Front<F>;
  using L = typename Front::Last;
  constexpr Index D = L::x_dim;
  static_assert(
      requires(const L& l) { l.seen(1); } && F::context_dim == 0,
      "rheo: restore wants a Diffusion without context as the last layer before the base");
  detail::check_width(z, D, "z");
  Batch<T> out(z.rows(), F::x_dim);
  Workspace<F, T> ws(threads);
  const L& layer = Front::last(model.flow());
  ws.shards(z.rows(), [&](auto& worker, Index first, Index m) {
    Arena::Scope scope(worker.scratch);
    const View<T> x = worker.scratch.template take<T>(m, D), r = worker.scratch.template take<T>(m, D),
                  end = worker.scratch.template take<T>(m, D);
    const auto none = Model<F, T>::template nothing<const T>(m);
    copy(rows(z.view(), first, m), x);
    const struct {
      Params<const T> theta;
      CView<T> context;
      Arena& scratch;
    } call{Front::theta(model), none, worker.scratch};
    for (Index j = L::steps; j > 0; --j) {
      const NoiseLevel &t = layer.at(j), &s = layer.at(j - 1);
      layer.template guess<T>(j, read(x), r, Front::template cache<T>(worker).step, call);
      for (Index c = 0; c < D; ++c) column(r, c) = (column(x, c) - T(t.noise) * column(r, c)) * T(1 / t.signal);
      ends(read(r), end);
      for (Index c = 0; c < D; ++c)
        column(x, c) += T(s.signal - t.signal) * column(r, c) + T(s.noise - t.noise) * column(end, c);
    }
    copy(Front::decode(model, worker, read(x), none, Noise{}), rows(view(out), first, m));
  });
  return out;
}

/// Deterministic from the base's draw on.
template <class F, class T>
Batch<T> ddim(const Model<F, T>& model, Index n, Index steps, Noise noise, const Input<T>& context = {}) {
  return sample_diffusion(model, n, noise, DiffusionSampling{.steps = steps}, context);
}
/// Steps back along the stochastic equation, each with `corrections` Langevin moves behind it.  Both forget the start
/// and follow the score alone, so that errors of a fitted score show more than in the probability flow's samples;
/// sample_diffusion with eta = 0 and corrections > 0 lies between the two.
template <class F, class T>
Batch<T> predictor_corrector(const Model<F, T>& model, Index n, Index steps, Noise noise, Index corrections = 1,
                             double snr = 0.16, const Input<T>& context = {}) {
  return sample_diffusion(model, n, noise,
                          DiffusionSampling{.steps = steps, .eta = 1, .corrections = corrections, .snr = snr}, context);
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
