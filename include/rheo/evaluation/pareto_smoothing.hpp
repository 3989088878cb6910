// SPDX-License-Identifier: MIT
// Pareto smoothing: the largest importance weights replaced by quantiles of a generalised Pareto law fitted to them, whose shape tells what weights can bear.
//   Vehtari, Simpson, Gelman, Yao, Gabry 2024, arXiv:1507.02646 (PSIS);  the fit: Zhang and Stephens 2009, A new and efficient estimation method for
//   the generalized Pareto distribution;  of variational posteriors: Yao, Vehtari, Simpson, Gelman 2018, arXiv:1802.02538.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/core/fail.hpp"

#include "rheo/core/macros_off.hpp"

namespace rheo {

/// A law on (0, inf), or (0, -scale / shape) where shape < 0, whose tail is P(x > t) = (1 + shape t / scale)^(-1 / shape): moments below 1 / shape exist.
struct GeneralizedPareto {
  double shape = 0, scale = 1;
  double quantile(double p) const { return std::fabs(shape) < 1e-12 ? -scale * std::log1p(-p) : scale * std::expm1(-shape * std::log1p(-p)) / shape; }
};

/// The fit to positive numbers that ascend: the mean of a profile likelihood under Zhang and Stephens' weak prior, without iterations; the error of the shape is
/// about (1 + shape) / sqrt(n).  Throws std::invalid_argument for fewer than 5 numbers, or numbers that are not finite, positive and ascending.
inline GeneralizedPareto fit_generalized_pareto(const std::vector<double>& x) {
  const std::size_t n = x.size();
  if (n < 5 || !(x.front() > 0) || !std::isfinite(x.back()) || !std::is_sorted(x.begin(), x.end()))
    detail::fail("fit_generalized_pareto wants 5 positive numbers or more, ascending");
  const auto shape_at = [&](double theta) {  // of the likeliest law with -shape / scale = theta
    double sum = 0;
    for (double v : x) sum += std::log1p(-theta * v);
    return sum / static_cast<double>(n);
  };
  const auto grid = static_cast<std::size_t>(30 + std::floor(std::sqrt(static_cast<double>(n))));
  const double quartile = x[static_cast<std::size_t>(std::floor(static_cast<double>(n) / 4 + 0.5)) - 1];
  std::vector<double> theta(grid), likelihood(grid);
  for (std::size_t j = 0; j < grid; ++j) {
    theta[j] = 1 / x.back() + (1 - std::sqrt(static_cast<double>(grid) / (static_cast<double>(j) + 0.5))) / (3 * quartile);
    if (theta[j] == 0) theta[j] = -1e-300;
    const double k = shape_at(theta[j]);
    likelihood[j] = static_cast<double>(n) * (std::log(-theta[j] / k) - k - 1);
  }
  const double top = *std::max_element(likelihood.begin(), likelihood.end());
  double total = 0, mean = 0;
  for (std::size_t j = 0; j < grid; ++j) {
    const double w = std::exp(likelihood[j] - top);
    total += w;
    mean += w * theta[j];
  }
  mean /= total;
  const double k = shape_at(mean);
  return {k, -k / mean};
}

struct SmoothedWeights {
  Column<double> log_w;  ///< for log_z, expectation, effective_sample_size, resample
  double shape;          ///< k: of the tail of the weights
  Index tail;            ///< how many weights were replaced
};

/// The largest min(n / 5, 3 sqrt(n)) weights smoothed, none beyond the largest given.  shape, shrunk to 1/2 as if by ten more weights, is the verdict:
/// below 1/2 their variance is finite; up to largest_reliable_shape(n) estimates by the smoothed weights can be trusted; above it neither they nor their errors can,
/// whatever n of a feasible size; above 1 the weights have no mean.  shape = -inf: the weights are equal to 1e-8, those of an exact proposal.  +inf: too few weights,
/// or too few that differ, to tell; NaN: one of them is.  In the last three cases the weights stay as they are.
inline SmoothedWeights pareto_smoothed(const Column<double>& log_w) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const Index n = log_w.size();
  SmoothedWeights s{log_w, infinity, 0};
  if (!(log_w == log_w).all()) return {log_w, std::numeric_limits<double>::quiet_NaN(), 0};
  const auto most = static_cast<Index>(std::ceil(std::min(0.2 * static_cast<double>(n), 3 * std::sqrt(static_cast<double>(n)))));
  if (most < 5) return s;
  std::vector<Index> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), Index(0));
  std::sort(order.begin(), order.end(), [&](Index a, Index b) { return log_w(a) < log_w(b) || (log_w(a) == log_w(b) && a < b); });
  const double top = log_w(order.back()), cut = log_w(order[static_cast<std::size_t>(n - most - 1)]);
  if (!std::isfinite(top)) return s;
  if (top - cut < 1e-8) return {log_w, top - log_w(order.front()) < 1e-8 ? -infinity : infinity, 0};
  const double floor = std::exp(cut - top);
  std::vector<double> excess;
  for (Index i = n - most; i < n; ++i) {
    const double e = std::exp(log_w(order[static_cast<std::size_t>(i)]) - top) - floor;
    if (e > 0) excess.push_back(e);
  }
  if (excess.size() < 5) return s;
  const auto m = static_cast<double>(excess.size());
  GeneralizedPareto law = fit_generalized_pareto(excess);
  law.shape = (m * law.shape + 5) / (m + 10);
  s.shape = law.shape;
  s.tail = static_cast<Index>(excess.size());
  for (std::size_t z = 0; z < excess.size(); ++z) {
    const double w = floor + law.quantile((static_cast<double>(z) + 0.5) / m);
    s.log_w(order[order.size() - excess.size() + z]) = top + std::min(0.0, std::log(w));
  }
  return s;
}

/// min(1 - 1 / log10 n, 0.7): above it n smoothed weights are not enough.
inline double largest_reliable_shape(Index n) { return std::min(1 - 1 / std::log10(static_cast<double>(n)), 0.7); }

}  // namespace rheo

#include "rheo/core/macros_on.hpp"
