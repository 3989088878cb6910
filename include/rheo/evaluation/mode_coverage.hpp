// SPDX-License-Identifier: MIT
// Entropic mode coverage: whether a sampler has found all modes of a target of equal ones, given which mode each draw
// is of.
//   Blessing et al. 2024, arXiv:2406.07423.
#pragma once

#include <cmath>
#include <vector>

#include "rheo/evaluation/metrics.hpp"

namespace rheo {

/// Entropy, in units of log(modes), of the shares of the modes among draws, mode[i] in [0, modes): 1 where all are
/// drawn alike, 0 where one alone is.  By plain shares, so too low by about (modes - 1) / (2 n log modes), which the
/// error counts beside the spread.  Where the target's masses differ: mode_imbalance.  Throws std::invalid_argument for
/// no draws, fewer than two modes, and others than those.
inline Estimate mode_coverage(const std::vector<Index>& mode, Index modes) {
  if (mode.empty() || modes < 2) detail::fail("mode_coverage wants a draw or more and two modes or more");
  const double n = static_cast<double>(mode.size()), unit = std::log(static_cast<double>(modes));
  Column<double> share = Column<double>::Zero(modes);
  for (Index k : mode) {
    if (k < 0 || k >= modes)
      detail::fail("mode_coverage: mode " + std::to_string(k) + " is none of " + std::to_string(modes));
    share(k) += 1 / n;
  }
  double entropy = 0, square = 0;
  for (const double p : share) {
    const double l = p > 0 ? std::log(p) : 0;
    entropy -= p * l, square += p * l * l;
  }
  const double spread = std::sqrt(std::fdim(square, entropy * entropy) / n),
               second = static_cast<double>(modes - 1) / (2 * n);
  return {entropy / unit, std::hypot(spread, second) / unit};
}

}  // namespace rheo
