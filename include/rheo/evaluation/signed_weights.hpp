// SPDX-License-Identifier: MIT
// Integrals of what changes its sign by weighted draws, and what unweighting would keep of them.
//   Event generators by flows: Gao, Isaacson and Krause 2020, arXiv:2001.05486;  unweighting by a reduced maximum: Gao
//     et al. 2020,
//   arXiv:2001.10028;  negative weights: Frederix et al. 2020, arXiv:2002.12716.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

#include "rheo/evaluation/importance.hpp"

namespace rheo {

namespace detail {

/// The mean of w f, whose terms independent(terms) makes independent.
template <class Independent>
Estimate integral_of(const Column<double>& f, const Column<double>& log_w, Independent independent) {
  if (f.size() != log_w.size()) fail("integral: as many values as weights are wanted");
  const Column<double> w = relative_weights(log_w);
  const Estimate m = mean_and_error(Column<double>(independent(Column<double>((w > 0.0).select(w * f, w)))));
  const double top = largest(log_w), unit = std::isinf(top) && top < 0 ? 0 : std::exp(top);
  return {m.value * unit, m.error * unit};
}

}  // namespace detail

/// The integral of f exp(-u), f of either sign, by draws whose weights exp(log_w) have the mean Z: the mean of w f,
/// unbiased, and its standard error.  In linear units: infinite where exp(log_w) f overflows.  Rows of weight 0 count
/// as 0 whatever their f.
inline Estimate integral(const Column<double>& f, const Column<double>& log_w) {
  return detail::integral_of(f, log_w, [](const Column<double>& terms) { return terms; });
}
/// The same of rows that descend from others, with an error that counts families.
inline Estimate integral(const Column<double>& f, const FamilyWeights& log_w) {
  return detail::integral_of(f, log_w, [&](const Column<double>& terms) { return log_w.sums(terms); });
}

/// The mean of f under a density that may be negative, by weights sign exp(log_w): sum s w f / sum s w, and its error
/// by the delta method, which is large where the weights cancel: as if 1 / (1 - 2 r)^2 times fewer rows, r the share of
/// the negative ones.  NaN where the signed sum is 0.
inline Estimate signed_expectation(const Column<double>& f, const Column<double>& log_w, const Column<double>& sign) {
  const bool fits = f.size() == log_w.size() && sign.size() == log_w.size();
  if (!fits) detail::fail("signed_expectation: as many values and signs as weights are wanted");
  const Column<double> w = detail::relative_weights(log_w) * sign.sign();
  const double sum = w.sum(), mean = (w != 0.0).select(w * f, w).sum() / sum;
  return {mean, std::sqrt((w != 0.0).select((w * (f - mean)).square(), w).sum()) / std::fabs(sum)};
}

/// What unweighting leaves: each draw is taken with probability min(1, w / W), and those above W keep the weight w / W.
struct Unweighting {
  double efficiency;  ///< share of the draws that are kept: the mean of min(w, W) over W
  double overweight;  ///< share of the draws above W
  double excess;      ///< share of all weight that lies above W, which they carry, or who drops their weights loses
  double log_limit;   ///< log W
};
/// Unweighting by the weight W that a share `quantile` of the draws does not exceed: their largest, for 1, where those
/// kept weigh alike and the efficiency is the mean weight over the largest.  Weights w of either sign go in as
/// w.abs().log(), and who is kept keeps its sign: that costs nothing here, but in signed_expectation.  Efficiency 0
/// where all weights are 0, all four NaN where one is NaN.  Throws std::invalid_argument without weights, or for a
/// quantile outside (0, 1].
inline Unweighting unweighting(const Column<double>& log_w, double quantile = 1) {
  if (!(quantile > 0 && quantile <= 1))
    detail::fail("unweighting wants a quantile in (0, 1], got " + std::to_string(quantile));
  const Column<double> w = detail::relative_weights(log_w);
  if (w.isNaN().any()) {
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    return {unknown, unknown, unknown, unknown};
  }
  std::vector<double> order(w.data(), w.data() + w.size());
  const auto at =
      order.begin() + (static_cast<std::ptrdiff_t>(std::ceil(quantile * static_cast<double>(w.size()))) - 1);
  std::nth_element(order.begin(), at, order.end());
  const double most = *at, n = static_cast<double>(w.size()), sum = w.sum();
  double kept = 0, above = 0, excess = 0;
  for (Index i = 0; i < w.size(); ++i) {
    kept += w(i) > most ? 1 : most > 0 ? w(i) / most : 0;
    if (w(i) > most) ++above, excess += w(i) - most;
  }
  const double level = most > 0 ? detail::largest(log_w) + std::log(most) : -std::numeric_limits<double>::infinity();
  return {kept / n, above / n, sum > 0 ? excess / sum : 0, level};
}
/// Its efficiency alone.
inline double unweighting_efficiency(const Column<double>& log_w, double quantile = 1) {
  return unweighting(log_w, quantile).efficiency;
}

/// The draws that unweighting keeps, by one uniform number each.
struct Unweighted {
  std::vector<Index> rows;  ///< rising
  Column<double> weight;    ///< of each: 1, above W w / W
};
/// The same unweighting, done: sums of `weight` over the rows kept have the mean of sums of w / W over all rows.
/// Throws what unweighting throws, DataError where a weight is NaN.
inline Unweighted unweighted(const Column<double>& log_w, Noise noise, double quantile = 1) {
  const double level = unweighting(log_w, quantile).log_limit;
  if (std::isnan(level)) detail::fail<DataError>("unweighted: a weight is NaN");
  Unweighted kept;
  std::vector<double> weight;
  for (Index i = 0; i < log_w.size(); ++i) {
    const double w = log_w(i) == -std::numeric_limits<double>::infinity() ? 0 : std::exp(log_w(i) - level);
    if (w < noise.uniform(i, 0)) continue;
    kept.rows.push_back(i);
    weight.push_back(w > 1 ? w : 1);
  }
  kept.weight = Column<double>::Map(weight.data(), static_cast<Index>(weight.size()));
  return kept;
}

}  // namespace rheo
