// SPDX-License-Identifier: MIT
// How well a score tells signal from background: the receiver operating characteristic and the area under it.
//   Hanley and McNeil 1982; the error: DeLong, DeLong and Clarke-Pearson 1988.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "rheo/evaluation/metrics.hpp"

namespace rheo {

namespace detail {

/// Both scores in rising order; false where one of them is NaN.
inline bool sorted_scores(const Column<double>& background, const Column<double>& signal, std::vector<double>& b,
                          std::vector<double>& s) {
  if (background.size() == 0 || signal.size() == 0)
    fail("roc: " + std::to_string(background.size()) + " scores of background and " + std::to_string(signal.size()) +
         " of signal; it wants one or more of each");
  b.assign(background.data(), background.data() + background.size());
  s.assign(signal.data(), signal.data() + signal.size());
  if (background.isNaN().any() || signal.isNaN().any()) return false;
  std::sort(b.begin(), b.end());
  std::sort(s.begin(), s.end());
  return true;
}
/// The share of `sorted` below each number of x, and half of those that equal it.
inline Column<double> shares_below(const std::vector<double>& sorted, const Column<double>& x) {
  Column<double> out(x.size());
  for (Index i = 0; i < x.size(); ++i) {
    const auto [from, to] = std::equal_range(sorted.begin(), sorted.end(), x(i));
    out(i) =
        0.5 * static_cast<double>((from - sorted.begin()) + (to - sorted.begin())) / static_cast<double>(sorted.size());
  }
  return out;
}

}  // namespace detail

/// The probability that a row of signal scores above one of background, equal scores counting half: 1/2 where the score
/// tells nothing, 1 where it parts them; and its standard error.  Scores may be infinite.  NaN where one is NaN; the
/// error is NaN where either has a single row.  Throws std::invalid_argument where either has none.
inline Estimate roc_area(const Column<double>& background, const Column<double>& signal) {
  std::vector<double> b, s;
  if (!detail::sorted_scores(background, signal, b, s)) {
    constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
    return {unknown, unknown};
  }
  const Estimate of_signal = mean_and_error(detail::shares_below(b, signal)),
                 of_background = mean_and_error(detail::shares_below(s, background));
  return {of_signal.value, std::hypot(of_signal.error, of_background.error)};
}

/// The curve, a point (false positives, true positives) for each score that occurs as a threshold, from (0, 0) to
/// (1, 1); straight lines between them enclose roc_area.  Throws std::invalid_argument where either has no rows,
/// DataError where a score is NaN.
inline Batch<double> roc_curve(const Column<double>& background, const Column<double>& signal) {
  std::vector<double> b, s;
  if (!detail::sorted_scores(background, signal, b, s)) detail::fail<DataError>("roc_curve: a score is NaN");
  std::vector<double> thresholds(b);
  thresholds.insert(thresholds.end(), s.begin(), s.end());
  std::sort(thresholds.begin(), thresholds.end());
  thresholds.erase(std::unique(thresholds.begin(), thresholds.end()), thresholds.end());
  const auto points = static_cast<Index>(thresholds.size());
  Batch<double> out = Batch<double>::Zero(points + 1, 2);
  const auto at_least = [](const std::vector<double>& sorted, double t) {
    return static_cast<double>(sorted.end() - std::lower_bound(sorted.begin(), sorted.end(), t)) /
           static_cast<double>(sorted.size());
  };
  for (Index i = 0; i < points; ++i) {
    const double t = thresholds[static_cast<std::size_t>(points - 1 - i)];
    out(i + 1, 0) = at_least(b, t), out(i + 1, 1) = at_least(s, t);
  }
  return out;
}

}  // namespace rheo
