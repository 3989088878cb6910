// SPDX-License-Identifier: MIT
// Knot policies: how the raw numbers of a conditioner become the bins and slopes of a spline.
//   least<K>()          no bin is smaller than this fraction of the interval
//   bounded             exp of a logit is harmless as it is
//   logit, logit_pull   raw number to logit of the softmax, and the cotangent back
//   slope, slope_pull   raw number to slope at a knot, and the cotangent back
//   unit                the raw number whose slope is 1
//   least_density()     quadratic splines: the density at a vertex is at least this
//   end, end_pull       cubic splines: raw number to logit of an end slope, and the cotangent back
#pragma once

#include <algorithm>
#include <cmath>
#include <string>

#include "rheo/core/fail.hpp"
#include "rheo/math/soft_clip.hpp"
#include "rheo/math/softplus.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// The default.  Every bin is at least a fiftieth of the mean bin and a 500th of the interval (a quarter of the mean
/// bin beyond 125 bins), so that a softmax that has made up its mind still leaves logs and inverses sound in float;
/// slopes lie between 1/100 and 100, softly.  All raw numbers zero give the identity.  Takes raw numbers of any finite
/// size.
struct SafeKnots {
  static constexpr bool bounded = false;
  double least_bin = 0.02, log_slope_bound = 4.605170185988092;
  double unit = 0;

  SafeKnots() = default;
  /// least: smallest bin over mean bin, from 1e-4 to below 1 (a softmax empties bins that have no floor);  slope:
  /// largest slope, above 1 and at most 1e12 (squares of slopes must fit into a float).  Throws std::invalid_argument
  /// for others.
  explicit SafeKnots(double least, double slope = 100) : least_bin(least), log_slope_bound(std::log(slope)) {
    if (!(least >= 1e-4 && least < 1))
      detail::fail("SafeKnots: the smallest bin is a fraction of the mean bin, in [1e-4, 1), got " +
                   std::to_string(least));
    if (!(slope > 1 && slope <= 1e12))
      detail::fail("SafeKnots: the largest slope must lie in (1, 1e12], got " + std::to_string(slope));
  }
  template <Index K> double least() const {
    const double mean = 1 / static_cast<double>(K);
    return std::max(least_bin * mean, std::min(0.1 * least_bin, 0.25 * mean));
  }
  double least_density() const { return least_bin; }
  template <class L> L end(L a) const { return math::soft_clip(a, log_slope_bound); }
  template <class L> L end_pull(L a, L g) const { return math::soft_clip_pull(a, log_slope_bound, g); }
  template <class L> L logit(L a) const { return a; }
  template <class L> L logit_pull(L, L g) const { return g; }
  template <class L> L slope(L a) const {
    using std::exp;
    return exp(math::soft_clip(a, log_slope_bound));
  }
  template <class L> L slope_pull(L a, L d, L g) const { return math::soft_clip_pull(a, log_slope_bound, g * d); }
};

/// SafeKnots of raw numbers divided, those of the bins by Bins, those of the slopes by Slopes: knots that move that
/// much slower in training.  Better where many coordinates hang together smoothly, worse for sharp densities of the
/// plane.
template <Index Bins = 4, Index Slopes = 2> struct DampedKnots : SafeKnots {
  static_assert(Bins > 0 && Slopes > 0, "rheo: raw numbers are divided by positive numbers");
  static constexpr double of_bins = 1 / static_cast<double>(Bins), of_slopes = 1 / static_cast<double>(Slopes);
  using SafeKnots::SafeKnots;
  template <class L> L end(L a) const { return SafeKnots::end(a * L(of_slopes)); }
  template <class L> L end_pull(L a, L g) const { return SafeKnots::end_pull(a * L(of_slopes), g) * L(of_slopes); }
  template <class L> L logit(L a) const { return a * L(of_bins); }
  template <class L> L logit_pull(L, L g) const { return g * L(of_bins); }
  template <class L> L slope(L a) const { return SafeKnots::slope(a * L(of_slopes)); }
  template <class L> L slope_pull(L a, L d, L g) const {
    return SafeKnots::slope_pull(a * L(of_slopes), d, g) * L(of_slopes);
  }
};

/// nflows': softmax with a floor, slopes softplus with a floor; its conditioners hand over logits to be divided by
/// sqrt(hidden features).  All raw numbers zero are not the identity.  Slopes are unbounded: raw numbers above 1e6
/// count as 1e6.
struct NflowsKnots {
  static constexpr bool bounded = false;
  double least_bin = 1e-3, least_slope = 1e-3, factor = 1;
  double unit = std::log(std::expm1(1 - 1e-3));

  NflowsKnots() = default;
  /// least: smallest bin over the interval;  slope: smallest slope, below 1;  hidden: divide logits by its root. Throws
  /// std::invalid_argument.
  explicit NflowsKnots(double least, double slope = 1e-3, double hidden = 1)
      : least_bin(least), least_slope(slope), factor(1 / std::sqrt(hidden)), unit(std::log(std::expm1(1 - slope))) {
    if (!(least >= 0))
      detail::fail("NflowsKnots: the smallest bin is a fraction of the interval, got " + std::to_string(least));
    if (!(slope >= 0 && slope < 1))
      detail::fail("NflowsKnots: the smallest slope must lie in [0, 1), got " + std::to_string(slope));
    if (!(hidden > 0))
      detail::fail("NflowsKnots: the number of hidden features must be positive, got " + std::to_string(hidden));
  }
  template <Index K> double least() const { return least_bin; }
  double least_density() const { return least_bin; }
  template <class L> L end(L a) const { return a; }
  template <class L> L end_pull(L, L g) const { return g; }
  template <class L> L logit(L a) const { return a * L(factor); }
  template <class L> L logit_pull(L, L g) const { return g * L(factor); }
  template <class L> L slope(L a) const {
    using std::min;
    return L(least_slope) + math::softplus(min(a, L(1e6)));
  }
  template <class L> L slope_pull(L a, L, L g) const {
    using math::select;
    return select(a <= L(1e6), g * math::sigmoid(a), L(0));
  }
};

/// zuko's: logits clipped softly at log(1e-3) / 2, slopes exp of raw numbers clipped softly at log 1e-3, no floor.  All
/// zero give the identity.
struct ZukoKnots {
  static constexpr bool bounded = true;
  double clip = 6.907755278982137;
  double unit = 0;

  ZukoKnots() = default;
  /// slope: the smallest slope at a knot, from 1e-4 to below 1: it bounds the bins too, and in float smaller ones would
  /// vanish beside their knots. Throws std::invalid_argument.
  explicit ZukoKnots(double slope) : clip(-std::log(slope)) {
    if (!(slope >= 1e-4 && slope < 1))
      detail::fail("ZukoKnots: the smallest slope must lie in [1e-4, 1), got " + std::to_string(slope));
  }
  template <Index K> double least() const { return 0; }
  double least_density() const { return 0; }
  template <class L> L end(L a) const { return math::soft_clip(a, clip); }
  template <class L> L end_pull(L a, L g) const { return math::soft_clip_pull(a, clip, g); }
  template <class L> L logit(L a) const { return math::soft_clip(a, clip / 2); }
  template <class L> L logit_pull(L a, L g) const { return math::soft_clip_pull(a, clip / 2, g); }
  template <class L> L slope(L a) const {
    using std::exp;
    return exp(math::soft_clip(a, clip));
  }
  template <class L> L slope_pull(L a, L d, L g) const { return math::soft_clip_pull(a, clip, g * d); }
};

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
