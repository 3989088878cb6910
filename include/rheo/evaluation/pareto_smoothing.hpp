// SPDX-License-Identifier: MIT
// Pareto smoothing: the largest importance weights replaced by quantiles of a generalised Pareto law fitted to them,
// whose shape tells what weights can bear.
//   Vehtari, Simpson, Gelman, Yao, Gabry 2024, arXiv:1507.02646 (PSIS);  the fit: Zhang and Stephens 2009, A new and
//     efficient estimation method for
//   the generalized Pareto distribution;  of variational posteriors: Yao, Vehtari, Simpson, Gelman 2018,
//     arXiv:1802.02538.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/core/fail.hpp"
#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// A law on (0, inf), or (0, -scale / shape) where shape < 0, whose tail is P(x > t) = (1 + shape t / scale)^(-1 /
/// shape): moments below 1 / shape exist.
struct GeneralizedPareto {
  double shape = 0;  ///< k: moments below 1 / k exist
  double scale = 1;  ///< sigma > 0
  /// The p-th quantile of the excess, p in [0, 1).
  double quantile(double p) const {
    return std::fabs(shape) < 1e-12 ? -scale * std::log1p(-p) : scale * std::expm1(-shape * std::log1p(-p)) / shape;
  }
};

namespace detail {

/// A generalised Pareto law whose scale need not be a double: weights lie further apart than doubles reach.
struct LogPareto {
  double shape, log_scale;
  double log_quantile(double p) const {
    const double y = -shape * std::log1p(-p);
    return log_scale + (y > 700 ? y - std::log(shape) : std::log(GeneralizedPareto{shape, 1}.quantile(p)));
  }
};

/// The fit to 5 numbers or more, given by their logarithms, ascending: the mean of a profile likelihood under Zhang and
/// Stephens' weak prior.  theta = -shape / scale is held in units of 1 / x_n, by its sign and the logarithm of its
/// size: its reach is that of x_n over the quartile.
inline LogPareto fit_log_pareto(const std::vector<double>& log_x) {
  struct Theta {
    bool negative;
    double log_size;
  };
  const std::size_t n = log_x.size();
  const auto shape_at = [&](Theta t) {  // of the likeliest law with this theta: the mean of log(1 - theta x)
    double sum = 0;
    for (double l : log_x) {
      const double e = t.log_size + l - log_x.back();
      sum += t.negative ? math::softplus(e) : std::log1p(-std::exp(e));
    }
    return sum / static_cast<double>(n);
  };
  const auto grid = static_cast<std::size_t>(30 + std::floor(std::sqrt(static_cast<double>(n))));
  const double log_ratio =
      log_x.back() - log_x[static_cast<std::size_t>(std::floor(static_cast<double>(n) / 4 + 0.5)) - 1];
  std::vector<Theta> theta(grid);
  std::vector<double> likelihood(grid);
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < grid; ++j) {  // theta = 1 - e^s
    double s = std::log((std::sqrt(static_cast<double>(grid) / (static_cast<double>(j) + 0.5)) - 1) / 3) + log_ratio;
    if (s == 0) s = 1e-300;
    theta[j] = {s > 0, s > 0 ? s + std::log(-std::expm1(-s)) : std::log(-std::expm1(s))};
    const double k = shape_at(theta[j]);
    likelihood[j] = static_cast<double>(n) * (theta[j].log_size - std::log(std::fabs(k)) - k - 1);
    largest = std::max(largest, theta[j].log_size);
  }
  const double top = *std::max_element(likelihood.begin(), likelihood.end());
  double total = 0, mean = 0;  // of theta / e^largest
  for (std::size_t j = 0; j < grid; ++j) {
    const double w = std::exp(likelihood[j] - top);
    total += w;
    mean += w * std::exp(theta[j].log_size - largest) * (theta[j].negative ? -1 : 1);
  }
  const Theta at{mean < 0, std::log(std::fabs(mean / total)) + largest};
  const double k = shape_at(at);
  return {k, std::log(std::fabs(k)) - at.log_size + log_x.back()};
}

}  // namespace detail

/// The fit to positive numbers that ascend, without iterations; the error of the shape is about (1 + shape) / sqrt(n).
/// Throws std::invalid_argument for fewer than 5 numbers, or numbers that are not finite, positive and ascending.
inline GeneralizedPareto fit_generalized_pareto(std::vector<double> x) {
  if (x.size() < 5 || !(x.front() > 0) || !std::isfinite(x.back()) || !std::is_sorted(x.begin(), x.end()))
    detail::fail("fit_generalized_pareto wants 5 positive numbers or more, ascending");
  for (double& v : x) v = std::log(v);
  const detail::LogPareto law = detail::fit_log_pareto(x);
  return {law.shape, std::exp(law.log_scale)};
}

/// What pareto_smoothed gives.
struct SmoothedWeights {
  Column<double> log_w;  ///< for log_z, expectation, effective_sample_size, resample
  double shape;          ///< k: of the tail of the weights
  Index tail;            ///< how many weights were replaced
};

/// The largest min(n / 5, 3 sqrt(n)) weights smoothed, none beyond the largest given.  shape, shrunk to 1/2 as if by
/// ten more weights, is the verdict: below 1/2 their variance is finite; up to largest_reliable_shape(n) estimates by
/// the smoothed weights can be trusted as far as the draws have been: a mode or a tail that none of them reached is not
/// in it, so ask again with another noise, and of a fit that was just made more than once; above it neither they nor
/// their errors can, whatever n of a feasible size; above 1 the weights have no mean.  shape = -inf: the weights are
/// equal to 1e-8, those of an exact proposal.  +inf: too few weights, or too few that differ, to tell; NaN: one of them
/// is.  In the last three cases the weights stay as they are.
inline SmoothedWeights pareto_smoothed(const Column<double>& log_w) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Index n = log_w.size();
  SmoothedWeights s{log_w, infinity, 0};
  if (!(log_w == log_w).all()) return {log_w, std::numeric_limits<double>::quiet_NaN(), 0};
  const auto most =
      static_cast<Index>(std::ceil(std::min(0.2 * static_cast<double>(n), 3 * std::sqrt(static_cast<double>(n)))));
  if (most < 5) return s;
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index(0));
  std::sort(order.begin(), order.end(),
            [&](Index a, Index b) { return log_w(a) < log_w(b) || (log_w(a) == log_w(b) && a < b); });
  const double top = log_w(order.back()), cut = log_w(order[static_cast<std::size_t>(n - most - 1)]);
  if (!std::isfinite(top)) return s;
  if (top - cut < 1e-8) return {log_w, top - log_w(order.front()) < 1e-8 ? -infinity : infinity, 0};
  std::vector<double> excess;  // logarithms of exp(log_w) - exp(cut)
  for (std::size_t i = order.size() - static_cast<std::size_t>(most); i < order.size(); ++i) {
    const double l = log_w(order[i]);
    if (l > cut) excess.push_back(l + std::log(-std::expm1(cut - l)));
  }
  if (excess.size() < 5) return s;
  const auto m = static_cast<double>(excess.size());
  detail::LogPareto law = detail::fit_log_pareto(excess);
  law.shape = (m * law.shape + 5) / (m + 10);
  s.shape = law.shape;
  s.tail = static_cast<Index>(excess.size());
  for (std::size_t z = 0; z < excess.size(); ++z) {
    const double q = law.log_quantile((static_cast<double>(z) + 0.5) / m);  // w = e^cut + e^q, in logarithms
    const double w = std::isfinite(cut) ? cut + math::softplus(q - cut) : q;
    s.log_w(order[order.size() - excess.size() + z]) = std::min(w, top);
  }
  return s;
}

/// min(1 - 1 / log10 n, 0.7): above it n smoothed weights are not enough.
inline double largest_reliable_shape(Index n) { return std::min(1 - 1 / std::log10(static_cast<double>(n)), 0.7); }

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
