// SPDX-License-Identifier: MIT
// Denoising: a diffusion's net learned by telling noise, at one level a row, without running its steps or its equation.
//   Denoising score matching: Vincent 2011;  Ho et al. 2020, arXiv:2006.11239, eq. 14 (simple) and eqs. 5, 8 and 12
//     (variational);  Song et al. 2021,
//   arXiv:2011.13456, eq. 7 with weight noise^2;  restoration without noise: Bansal et al. 2022, arXiv:2208.09392, eq.
//     1;  levels spread evenly over a batch: Kingma et al. 2021, arXiv:2107.00630, appendix I.1.
#pragma once

#include <cmath>
#include <type_traits>

#include "rheo/distributions/diffusion_prior.hpp"
#include "rheo/flows/front.hpp"
#include "rheo/nets/probability_flow.hpp"
#include "rheo/training/objectives.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {
namespace detail {

/// Whose net tells noise: a Diffusion's, or a Continuous's whose field is a ProbabilityFlow.
template <class L> inline constexpr bool denoises_in_steps = requires(const L& l) { l.seen(1), l.denoiser, L::steps; };
template <class L> inline constexpr bool denoises_in_time = requires(const L& l) { l.net.at(0.5), l.net.denoiser; };

/// u, u + 0.618..., ... modulo one: even over a batch, each number uniform.
inline double even_uniform(Noise noise, Index row) {
  const Noise first{noise.seed, noise.stream, 0};
  const double u = first.uniform(0, 0) + static_cast<double>(noise.row(row)) * 0.61803398874989484820;
  return u - std::floor(u);
}

/// How the square error of a row is weighed.
enum class Weighing { simple, velocity, bound, restored };

/// The other ends of the paths: draws of N(0, I), or what a map makes of the data.
struct DrawnEnds {};

template <Weighing How, class F, class T, class Ends = DrawnEnds>
double denoise(ObjectiveCall<F, T>& c, const Ends& degrade = {}) {
  using Front = detail::Front<F>;
  using Last = typename Front::Last;
  constexpr Index D = Last::x_dim;
  constexpr bool Bound = How == Weighing::bound;
  static_assert(
      denoises_in_steps<Last> || denoises_in_time<Last>,
      "rheo: Denoising wants a Diffusion, or a Continuous of a ProbabilityFlow, as the last layer before the base");
  static_assert(!Bound || denoises_in_steps<Last>,
                "rheo: Variational wants a Diffusion as the last layer before the base");
  Arena& scratch = c.worker.scratch;
  Arena::Scope scope(scratch);
  const Index n = c.x.rows();
  const Last& layer = Front::last(c.model.flow());
  const Noise ends = c.noise.fork(101), times = c.noise.fork(102);

  ColView<T> v = scratch.template column<T>(n);
  v.setZero();
  const CView<T> x = Front::encode(c.model, c.worker, c.x, v, c.context, c.noise);
  View<T> at = scratch.template take<T>(n, D);
  const View<T> e = scratch.template take<T>(n, D), told = scratch.template take<T>(n, D);
  ColView<DenoiserLevel> levels = scratch.template column<DenoiserLevel>(n);
  ColView<double> factor = scratch.template column<double>(n), constant = scratch.template column<double>(n);
  if constexpr (std::is_same_v<Ends, DrawnEnds>) ends.normals(e);
  else degrade(x, e);
  for (Index i = 0; i < n; ++i) {
    const double u = even_uniform(times, i);
    factor(i) = 1;
    constant(i) = 0;
    if constexpr (denoises_in_steps<Last>) {
      const Index j = 1 + std::min(Last::steps - 1, static_cast<Index>(u * static_cast<double>(Last::steps)));
      levels(i) = layer.seen(j);
      if constexpr (Bound) {
        const NoiseStep step(layer.at(j - 1), layer.at(j));
        const double r = layer.back(j - 1), by = step.added * step.added / (layer.at(j).noise * step.keep);
        const double ratio = std::pow(step.added * layer.at(j - 1).noise / (layer.at(j).noise * r), 2),
                     steps = static_cast<double>(Last::steps);
        factor(i) = steps * by * by / (2 * r * r);
        constant(i) = steps * static_cast<double>(D) *
                          (j == 1 ? half_log_two_pi + std::log(r) : 0.5 * (ratio - 1 - std::log(ratio))) -
                      static_cast<double>(v(i));
      }
    } else {
      levels(i) = layer.net.at(layer.net.time(u));
    }
    if constexpr (How == Weighing::velocity)
      factor(i) = levels(i).level.variance() / (levels(i).level.signal * levels(i).level.signal);
    if constexpr (How == Weighing::restored) factor(i) = std::pow(levels(i).level.noise / levels(i).level.signal, 2);
    for (Index k = 0; k < D; ++k) at(i, k) = T(levels(i).level.signal) * x(i, k) + T(levels(i).level.noise) * e(i, k);
  }
  if constexpr (Bound) {  // KL(q(x_N | x_0) || base)
    const NoiseLevel last = layer.at(Last::steps);
    double m = 1;
    if constexpr (requires { std::get<Front::at + 1>(c.model.flow().layers).sde; })
      m = std::pow(std::get<Front::at + 1>(c.model.flow().layers).deviation(), 2);
    else
      static_assert(std::is_same_v<typename F::Base, StandardNormal<D>>,
                    "rheo: Variational: the base must be StandardNormal or DiffusionPrior");
    for (Index k = 0; k < D; ++k) {
      for (Index i = 0; i < n; ++i) {
        const double mean = last.signal * static_cast<double>(x(i, k)), s = last.noise * last.noise / m;
        constant(i) += 0.5 * (mean * mean / m + s - 1 - std::log(s));
      }
    }
  }

  auto& kept = [&]() -> auto& {
    if constexpr (denoises_in_steps<Last>) return Front::template cache<T>(c.worker).step;
    else return Front::template cache<T>(c.worker).stages[0];
  }
  ();
  const auto& denoiser = [&]() -> const auto& {
    if constexpr (denoises_in_steps<Last>) return layer.denoiser;
    else return layer.net.denoiser;
  }
  ();
  using Kept = std::remove_reference_t<decltype(kept)>;
  const CView<T> context = columns(c.context, 0, Last::context_dim),
                 nowhere = view_of(static_cast<const T*>(nullptr), 0, D, 0);
  denoiser.map(
      DenoiserPass<T, Kept>{read(at), levels, nowhere, told, v, Front::theta(c.model), context, kept, scratch});
  double loss = 0;
  for (Index i = 0; i < n; ++i) {
    const double w = c.weight ? c.weight[i] : 1;
    if (w != 0) loss += w * constant(i);
  }
  for (Index k = 0; k < D; ++k) {
    View<T> g = told;
    for (Index i = 0; i < n; ++i) {
      const double w = (c.weight ? c.weight[i] : 1) * factor(i);
      const T gap = w == 0 ? T(0) : told(i, k) - e(i, k);  // a row of weight 0 may be anything
      loss += w * static_cast<double>(gap) * static_cast<double>(gap);
      g(i, k) = T(2 * w * c.scale) * gap;
    }
  }
  if (!c.pull) return loss;
  const View<T> g_x = scratch.template take<T>(n, D);
  View<T> g_context = scratch.template take<T>(n, Last::context_dim);
  g_context.setZero();
  denoiser.map_pull(DenoiserPull<T, Kept>{read(at), levels, nowhere, read(told), read(v), g_x, Front::theta(c.model),
                                          Front::gradient(c.g_theta), context, g_context, kept, scratch});
  return loss;
}

}  // namespace detail

/// |e(x_t) - e|^2 per row, summed over coordinates, at x_t = signal x + noise e with a uniform time (a Diffusion: a
/// uniform step 1 ... N): the simple loss of diffusion models, and score matching with weight noise^2.  For flows of
/// any bijections, then a Diffusion or a Continuous of a ProbabilityFlow, then a base; x is the data behind the
/// bijections in front, which are held as they are and get no gradient.  Not a density: its least value is the mean
/// variance of e given x_t.
struct Denoising {
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    return detail::denoise<detail::Weighing::simple>(c);
  }
};

/// The same with weight (signal^2 + noise^2) / signal^2: the square error of what the net itself gives, v = (signal e -
/// noise x) where signal^2 + noise^2 = 1 (Salimans and Ho 2022, arXiv:2202.00512).  Levels of much noise, where the
/// shares of modes are decided, count as much as the others. With the simple loss their part of the score is learned
/// last, and samples by the stochastic equation, which adds the score twice as strongly as the probability flow does,
/// put the modes' shares and means wrong by a few hundredths of the data's deviation.
struct VelocityDenoising {
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    return detail::denoise<detail::Weighing::velocity>(c);
  }
};

/// Cold diffusion: no noise at all.  Data are degraded to x_t = signal x + noise z(x), z a map of the points that Ends
/// computes,
///   template <class T> void operator()(CView<T> x, View<T> z) const        row by row, behind the bijections in front,
/// and the net learns to restore them: the loss is |(x_t - noise e(x_t)) / signal - x|^2.  restore() runs the way back
/// from degraded points; the model's own decode, elbo and log_prob mean nothing then.
template <class Ends> struct Restoration {
  Ends ends{};  ///< the degradation z(x)
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    return detail::denoise<detail::Weighing::restored>(c, ends);
  }
};

/// An unbiased estimate, at one step a row, of the negative elbo that a Diffusion's steps give, in nats and in units of
/// the data.
struct Variational {
  template <class F, class T> double operator()(ObjectiveCall<F, T>& c) const {
    return detail::denoise<detail::Weighing::bound>(c);
  }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
