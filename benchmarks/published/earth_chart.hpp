// SPDX-License-Identifier: MIT
// The earth on a plane of equal areas: longitude, a circle, beside the sine of the latitude, an interval (Lambert's
// cylinder), and flows there.  A density of it is one of the sphere up to a constant; poles and seam are all that is
// lost.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <set>
#include <utility>
#include <vector>

#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/flows/repeat.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/on.hpp"
#include "rheo/nets/periodic.hpp"
#include "rheo/transformers/circular_shift.hpp"
#include "rheo/transformers/range.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

namespace published {
using namespace rheo;

/// Latitude and longitude in degrees to longitude in [-pi, pi) and (1 + sin latitude) / 2 in [0, 1].
inline Batch<double> to_chart(const Batch<double>& degrees) {
  constexpr double radian = std::numbers::pi / 180;
  Batch<double> x(degrees.rows(), 2);
  for (Index i = 0; i < x.rows(); ++i) {
    x(i, 0) = std::remainder(degrees(i, 1), 360.0) * radian;
    if (x(i, 0) >= std::numbers::pi) x(i, 0) = -std::numbers::pi;
    x(i, 1) = 0.5 + 0.5 * std::sin(degrees(i, 0) * radian);
  }
  return x;
}
/// An area of the unit sphere is twice that of its image: what is added to a log-density of the chart.
inline constexpr double log_area = -std::numbers::ln2;

/// The rows that are not there already, in their order.
inline Batch<double> distinct_rows(const Batch<double>& x) {
  std::set<std::pair<double, double>> seen;
  Batch<double> y(x.rows(), 2);
  Index n = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    if (seen.emplace(x(i, 0), x(i, 1)).second) y.row(n++) = x.row(i);
  }
  return y.topRows(n);
}

/// 80 % to train on, 10 % to choose the epoch by, 10 % to test.
struct Split {
  Batch<double> train, choose, test;
  Split(const Batch<double>& x, Noise noise) {
    const auto order = noise.permutation(x.rows());
    Batch<double> mixed(x.rows(), x.cols());
    copy_rows<double>(view(x), order.data(), view(mixed));
    const Index tenth = x.rows() / 10;
    test = mixed.topRows(tenth), choose = mixed.middleRows(tenth, tenth);
    train = mixed.bottomRows(x.rows() - 2 * tenth);
  }
};

/// Steps of a circular spline of the longitude given the height, and a spline of the height given the longitude.
template <Index Steps, Index Bins, class Net, Index Waves>
using EarthFlow =
    Flow<Repeat<Steps,
                Chain<Coupling<2, CircularRationalQuadraticSpline<Bins>, Harmonics<Net, Waves, false>, 0, Mask<1, 0>>,
                      Coupling<2, CircularShift, Harmonics<Net, Waves, false>, 0, Mask<1, 0>>,
                      Coupling<2, IntervalRationalQuadraticSpline<Bins>, Harmonics<Net, Waves, true>, 0, Mask<0, 1>>>>,
         On<2, Mask<1, 0>, range::CutCircle>, Uniform<2>>;

}  // namespace published
