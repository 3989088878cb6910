// SPDX-License-Identifier: MIT
// constrain: the bijection from a constrained set (data side) to the real line (latent side), by the name of the set.
//   After Bijectors.jl, Fjelde et al. 2020, AABI (PMLR 118), and Stan's constrained types.
#pragma once

#include "rheo/layers/bijections/correlation_cholesky.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/layers/bijections/ordered.hpp"
#include "rheo/layers/bijections/sphere_chart.hpp"
#include "rheo/layers/bijections/stick_breaking.hpp"

/// First layers of a flow: Flow{constrain::positive<3>(), ..., StandardNormal<3>{}} has its density on the set, in the
/// data's measure.
namespace rheo::constrain {

/// D numbers in (0, inf), by the logarithm.
template <Index D> LogMap<D> positive() { return {}; }
/// D numbers in [0, 1], by the logit.
template <Index D> LogitMap<D> unit() { return {}; }
/// D numbers in [low, high], by the logit.  Throws std::invalid_argument unless low < high, both finite.
template <Index D> IntervalMap<D> interval(double low, double high) {
  return IntervalMap<D>{range::Interval{low, high}};
}
/// K numbers >= 0 of sum 1, to K - 1 real numbers; density per Lebesgue measure of the first K - 1.
template <Index K> StickBreaking<K> simplex() { return {}; }
/// D ascending numbers.
template <Index D> Ordered<D> ordered() { return {}; }
/// The entries below the diagonal of the Cholesky factor of a K x K correlation matrix, row by row.
template <Index K> CorrelationCholesky<K> correlation_cholesky() { return {}; }
/// D angles in [-pi, pi), to the unit interval: not to the line, as no continuous bijection from the circle to the line
/// exists.  The cut at
/// +-pi stays a seam, where the density may jump; flows that respect the circle work on it directly.
template <Index D> CutCircleMap<D> circle() { return {}; }
/// Points of the unit sphere, three numbers each, to longitude and height (presets::SphereNsf goes on from there);
/// density per area.
inline SphereChart sphere() { return {}; }

}  // namespace rheo::constrain
