// SPDX-License-Identifier: MIT
// Noise levels: how much signal and how much noise a diffusion has left at each of its times, in steps or as a linear
// stochastic equation.
//   Steps: Ho et al. 2020, arXiv:2006.11239, eq. 4; Nichol and Dhariwal 2021, arXiv:2102.09672, eq. 17 (cosine).
//     Equations: Song et al. 2021,
//   arXiv:2011.13456, eqs. 9, 11, 13 and 29.  Log signal-to-noise as a clock: Kingma et al. 2021, arXiv:2107.00630.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <string>

#include "rheo/core/batch.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// x_t = signal x_0 + noise e, e ~ N(0, I): the law of x_t given x_0.
struct NoiseLevel {
  double signal = 1, noise = 0;
  /// The variance of x_t where x_0 has variance one.
  double variance() const { return signal * signal + noise * noise; }
  double log_snr() const { return std::log(signal) - std::log(noise); }
  bool operator==(const NoiseLevel&) const = default;
};

/// Levels of the N + 1 states of N steps; the first is the data.
template <Index N> using NoiseLevels = std::array<NoiseLevel, static_cast<std::size_t>(N + 1)>;

namespace detail {

/// From the variances b_1 .. b_N of the single steps, x_i = sqrt(1 - b_i) x_(i-1) + sqrt(b_i) e.
template <Index N, class Beta> NoiseLevels<N> levels_from(Beta beta) {
  NoiseLevels<N> levels{};
  double kept = 0;  // log of the product of 1 - b_i
  for (Index i = 1; i <= N; ++i) {
    kept += std::log1p(-beta(i));
    levels[static_cast<std::size_t>(i)] = {std::exp(0.5 * kept), std::sqrt(-std::expm1(kept))};
  }
  return levels;
}

}  // namespace detail

/// Step variances that rise linearly from `first` to `last`, which are meant for a thousand steps (Ho et al.) and
/// scaled to N, at most 0.999. Throws std::invalid_argument unless 0 < first <= last < 1.
template <Index N> NoiseLevels<N> linear_betas(double first = 1e-4, double last = 0.02) {
  if (!(first > 0 && first <= last && last < 1))
    detail::fail("linear_betas wants 0 < first <= last < 1, got " + std::to_string(first) + " and " +
                 std::to_string(last));
  return detail::levels_from<N>([=](Index i) {
    const double way = N > 1 ? static_cast<double>(i - 1) / static_cast<double>(N - 1) : 1;
    return std::min(0.999, (first + way * (last - first)) * 1000 / static_cast<double>(N));
  });
}

/// signal^2 = cos^2 of an angle that runs evenly to a right one, from a little above zero (offset, not negative); step
/// variances at most 0.999.
template <Index N> NoiseLevels<N> cosine_levels(double offset = 0.008) {
  if (!(offset >= 0)) detail::fail("cosine_levels wants an offset that is not negative, got " + std::to_string(offset));
  const auto kept = [=](Index i) {
    const double c =
        std::cos((static_cast<double>(i) / static_cast<double>(N) + offset) / (1 + offset) * std::numbers::pi / 2);
    return c * c;
  };
  return detail::levels_from<N>([=](Index i) { return std::min(0.999, 1 - kept(i) / kept(i - 1)); });
}

/// dx = -b(t) x / 2 dt + sqrt(b(t)) dw with b from beta_min to beta_max: data of variance one keep it.  An equation
/// owes what this one has; t runs from `start` (where learning and integration begin; at 0 the score of the noise would
/// be infinite) to 1.
struct VariancePreserving {
  double beta_min = 0.1, beta_max = 20, start = 1e-3;
  double beta(double t) const { return beta_min + t * (beta_max - beta_min); }
  double log_signal(double t) const { return -0.25 * t * t * (beta_max - beta_min) - 0.5 * t * beta_min; }
  NoiseLevel level(double t) const { return {std::exp(log_signal(t)), std::sqrt(-std::expm1(2 * log_signal(t)))}; }
  double drift(double t) const { return -0.5 * beta(t); }  ///< dx = drift(t) x dt + ...
  double squared_diffusion(double t) const { return beta(t); }
};

/// dx = sqrt(d sigma^2 / dt) dw with sigma = sigma_min (sigma_max / sigma_min)^t: noise is added, nothing is shrunk.
struct VarianceExploding {
  double sigma_min = 0.01, sigma_max = 20, start = 0;
  NoiseLevel level(double t) const { return {1, sigma_min * std::pow(sigma_max / sigma_min, t)}; }
  double drift(double) const { return 0; }
  double squared_diffusion(double t) const {
    const double s = level(t).noise;
    return 2 * s * s * std::log(sigma_max / sigma_min);
  }
};

/// The drift of VariancePreserving with a diffusion that starts at zero: noise = 1 - signal^2.
struct SubVariancePreserving : VariancePreserving {
  NoiseLevel level(double t) const { return {std::exp(log_signal(t)), -std::expm1(2 * log_signal(t))}; }
  double squared_diffusion(double t) const { return -beta(t) * std::expm1(4 * log_signal(t)); }
};

/// The levels of an equation at N even steps from 0 to 1; the first is the data.
template <Index N, class Sde> NoiseLevels<N> levels_of(const Sde& sde) {
  NoiseLevels<N> levels{};
  for (Index i = 1; i <= N; ++i)
    levels[static_cast<std::size_t>(i)] = sde.level(static_cast<double>(i) / static_cast<double>(N));
  return levels;
}

/// Where a level stands between two others on the scale of log(signal / noise): 0 at `first`, 1 at `last`.
inline double clock_of(const NoiseLevel& at, const NoiseLevel& first, const NoiseLevel& last) {
  const double whole = first.log_snr() - last.log_snr();
  return whole > 0 ? (first.log_snr() - at.log_snr()) / whole : 0;
}

/// The step from a level to a noisier one: the law of x_t given x_s is N(keep x_s, added^2 I).
struct NoiseStep {
  double keep, added;
  NoiseStep(const NoiseLevel& s, const NoiseLevel& t)
      : keep(t.signal / s.signal),
        added(std::sqrt(std::max(0.0, t.noise * t.noise - keep * keep * s.noise * s.noise))) {}
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
