// SPDX-License-Identifier: MIT
// A preset for points of the unit sphere.
#pragma once

#include "rheo/distributions/uniform.hpp"
#include "rheo/flows/flow.hpp"
#include "rheo/flows/repeat.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/on.hpp"
#include "rheo/layers/bijections/sphere_chart.hpp"
#include "rheo/layers/bijections/sphere_moebius.hpp"
#include "rheo/nets/periodic.hpp"
#include "rheo/transformers/circular_shift.hpp"
#include "rheo/transformers/range.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"

namespace rheo::presets {

/// Rows of three numbers of length 1 (of latitude b and longitude l: cos b cos l, cos b sin l, sin b), density per
/// area. In front a conformal map of the sphere, which can turn the poles to where they do no harm; then Steps of the
/// chart of equal areas: a circular spline and a shift of the longitude given the height, a spline of the height given
/// the longitude.  About the poles of the chart the density may bend sharply.  Nets see `Waves` cosines and sines of
/// what they are given.  After Rezende et al. 2020, arXiv:2002.02428, sec. 2.2 (cylinders), and Kato and McCullagh
/// 2020.
template <Index Steps = 4, class Net = MlpOf<Silu, 64, 64>, Index C = 0, Index Bins = 8, Index Waves = 4>
using SphereNsf = Flow<
    SphereChart, SphereMoebius,
    Repeat<Steps, Chain<Coupling<2, CircularRationalQuadraticSpline<Bins>, Harmonics<Net, Waves, false>, C, Mask<1, 0>>,
                        Coupling<2, CircularShift, Harmonics<Net, Waves, false>, C, Mask<1, 0>>,
                        Coupling<2, IntervalRationalQuadraticSpline<Bins>, Harmonics<Net, Waves>, C, Mask<0, 1>>>>,
    On<2, Mask<1, 0>, range::CutCircle>, Uniform<2>>;

}  // namespace rheo::presets
