// SPDX-License-Identifier: MIT
// Metrics of a model against a known target: leaked mass, gap to the entropy, divergence on a grid; all in nats or as
// probabilities.
//   Leaks and their bounds: Cornish et al. 2020, arXiv:1909.13833; grid divergences: Stimper et al. 2022,
//     arXiv:2110.15828.
//   A target is anything with log_prob(x1, x2), sample(n, noise), distance_to_support(x1, x2) as far as the metric
//     needs them: a
//   targets::Target or one of the structs behind it.
#pragma once

#include <algorithm>
#include <cmath>
#include <concepts>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/core/fail.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/targets/toy.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// A number found by sampling, and its standard error.
struct Estimate {
  double value;  ///< the estimate
  double error;  ///< its standard error
};

/// Mean of independent numbers and the standard error of the mean; the error is NaN for a single number.
/// Throws std::invalid_argument if there are none.
template <class T> Estimate mean_and_error(const Column<T>& x) {
  if (x.size() == 0) detail::fail("mean_and_error of no numbers");
  const double n = static_cast<double>(x.size());
  const Column<double> v = x.template cast<double>();
  const double mean = v.mean();
  const double variance =
      x.size() > 1 ? (v - mean).square().sum() / (n - 1.0) : std::numeric_limits<double>::quiet_NaN();
  return {mean, std::sqrt(variance / n)};
}

/// NLL - H = KL(target || model) of a model's log-densities (nats) at draws of a target of that entropy.
/// At least -log(1 - support leak); of an ELBO, an upper bound of the divergence.
template <class T> Estimate gap_to_entropy(const Column<T>& log_prob, double entropy) {
  const Estimate e = mean_and_error(log_prob);
  return {-e.value - entropy, e.error};
}

/// Mean bits per dimension, -log_2 p(x) / dims, of log-probabilities (or elbos) in nats of whole numbers, dims to a
/// row, and its standard error. Throws std::invalid_argument if there are none or dims < 1.
template <class T> Estimate bits_per_dimension(const Column<T>& log_prob, Index dims) {
  if (dims < 1) detail::fail("bits_per_dimension wants one dimension or more");
  const Estimate e = mean_and_error(log_prob);
  const double unit = 1.0 / (0.69314718055994530942 * static_cast<double>(dims));
  return {-e.value * unit, e.error * unit};
}

/// Share of the samples (N x 2) where event(x1, x2) holds.  The error is that of a share of (count + 1) / (N + 2), so
/// it never is 0.
template <class T, class Event> Estimate mass_where(const Batch<T>& samples, Event event) {
  detail::check_width<T>(samples, 2, "the sample");
  if (samples.rows() == 0) detail::fail("mass_where of no samples");
  const double n = static_cast<double>(samples.rows());
  double count = 0.0;
  for (Index i = 0; i < samples.rows(); ++i)
    count += event(static_cast<double>(samples(i, 0)), static_cast<double>(samples(i, 1))) ? 1.0 : 0.0;
  const double smooth = (count + 1.0) / (n + 2.0);
  return {count / n, std::sqrt(smooth * (1.0 - smooth) / n)};
}

/// Share of a model's samples (N x 2) farther than delta from the target's support; NaN counts as outside.  Float
/// samples want a delta of 1e-6 or so, their rounding.  Throws std::invalid_argument if the target's support is not
/// compact.
template <class T, class Target>
Estimate support_leak(const Batch<T>& samples, const Target& target, double delta = 0.0) {
  if constexpr (std::is_class_v<decltype(target.distance_to_support)>) {
    if (!target.distance_to_support)
      detail::fail("support_leak: " + std::string(target.name) + " has no compact support; level_leak is for those");
  }
  return mass_where(samples, [&](double x1, double x2) { return !(target.distance_to_support(x1, x2) <= delta); });
}

/// KL(target || model) >= -log(1 - leak), by Jensen's inequality on the support (sharper than Pinsker's 2 leak^2);
/// infinite at leak 1.
inline double least_gap(double leak) { return -std::log1p(-leak); }

/// A level t of a target's density: the target has mass alpha where log p* < t.
struct Level {
  double log_threshold;  ///< t, in nats
  double alpha;          ///< share of the draws strictly below: less than asked for where the density is flat
  Index n;               ///< number of draws behind it
};

/// The level whose sublevel set has mass alpha, in (0, 1), from n exact draws of the target.
template <class Target> Level level_set_threshold(const Target& target, double alpha, Index n, Noise noise) {
  if (!(alpha > 0.0 && alpha < 1.0) || n < 1) detail::fail("level_set_threshold wants 0 < alpha < 1 and n > 0");
  const Batch<double> x = target.sample(n, noise);
  std::vector<double> level(static_cast<std::size_t>(n));
  for (Index i = 0; i < n; ++i) level[static_cast<std::size_t>(i)] = target.log_prob(x(i, 0), x(i, 1));
  std::sort(level.begin(), level.end());
  const double t = level[static_cast<std::size_t>(alpha * static_cast<double>(n))];
  const auto below = std::lower_bound(level.begin(), level.end(), t) - level.begin();
  return {t, static_cast<double>(below) / static_cast<double>(n), n};
}

/// Excess of a model's mass over the target's where p* is below the level: P_model(log p* < t) - alpha.  The error
/// counts both samples.
template <class T, class Target>
Estimate level_leak(const Batch<T>& samples, const Target& target, const Level& level) {
  const Estimate e =
      mass_where(samples, [&](double x1, double x2) { return !(target.log_prob(x1, x2) >= level.log_threshold); });
  return {e.value - level.alpha,
          std::hypot(e.error, std::sqrt(level.alpha * (1.0 - level.alpha) / static_cast<double>(level.n)))};
}

namespace detail {

/// Log-densities at the cell centres of a grid, normalised to sum to one over it; `f` takes a point or a batch (then
/// one call).
template <class F> Column<double> grid_log_shares(F& f, const Batch<double>& x, double floor) {
  Column<double> v(x.rows());
  if constexpr (std::invocable<F&, double, double>) {
    for (Index i = 0; i < x.rows(); ++i) v(i) = f(x(i, 0), x(i, 1));
  } else {
    v = f(x);
  }
  double top = -std::numeric_limits<double>::infinity();
  for (Index i = 0; i < v.size(); ++i) {  // comparisons keep NaN, which then reaches every share
    v(i) = v(i) < floor ? floor : v(i);
    top = v(i) > top ? v(i) : top;
  }
  if (!std::isfinite(top)) fail("grid_kl: a density vanishes on the whole grid, or is infinite on it");
  return v - top - std::log((v - top).exp().sum());
}

}  // namespace detail

/// KL(p || q) of two log-densities on a grid of cells x cells points, the centres of the cells of `box`, each
/// normalised to one over it: constants do not matter, mass outside the box is not seen.  Each is callable as f(x1, x2)
/// -> double or f(Batch<double> n x 2) -> n numbers.  Log-densities of q below `floor` are raised to it before
/// normalising: with the default, -infinity, the result is +infinity where p has mass and q none; with a floor it
/// measures how much.  NaN in, NaN out.
template <class P, class Q>
double grid_kl(P log_p, Q log_q, const targets::Box& box, Index cells = 300,
               double floor = -std::numeric_limits<double>::infinity()) {
  if (cells < 1) detail::fail("grid_kl wants one cell or more");
  Batch<double> x(cells * cells, 2);
  for (Index i = 0; i < cells; ++i) {
    for (Index j = 0; j < cells; ++j) {
      x(i * cells + j, 0) =
          box.x1_min + (box.x1_max - box.x1_min) * (static_cast<double>(i) + 0.5) / static_cast<double>(cells);
      x(i * cells + j, 1) =
          box.x2_min + (box.x2_max - box.x2_min) * (static_cast<double>(j) + 0.5) / static_cast<double>(cells);
    }
  }
  const Column<double> p = detail::grid_log_shares(log_p, x, -std::numeric_limits<double>::infinity());
  const Column<double> q = detail::grid_log_shares(log_q, x, floor);
  double kl = 0.0;
  for (Index i = 0; i < p.size(); ++i) kl += std::exp(p(i)) == 0.0 ? 0.0 : std::exp(p(i)) * (p(i) - q(i));
  return kl;
}

/// Total variation between two lists of mode masses: half the sum of absolute differences.
inline double mode_imbalance(const Column<double>& model, const Column<double>& truth) {
  if (model.size() != truth.size()) detail::fail("mode_imbalance: the lists of masses differ in length");
  return 0.5 * (model - truth).abs().sum();
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
