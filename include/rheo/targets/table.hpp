// SPDX-License-Identifier: MIT
// The table of targets: every toy density by its name, at run time.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rheo/core/fail.hpp"
#include "rheo/targets/compact.hpp"
#include "rheo/targets/conditionals.hpp"
#include "rheo/targets/curves.hpp"
#include "rheo/targets/fractals.hpp"
#include "rheo/targets/gaussian_mixtures.hpp"
#include "rheo/targets/linked_rings.hpp"
#include "rheo/targets/near_curve.hpp"
#include "rheo/targets/rings.hpp"
#include "rheo/targets/synthetic_image.hpp"
#include "rheo/targets/toy.hpp"

namespace rheo::targets {

/// A toy density behind one type.  Functions that a density lacks are empty.
struct Target {
  std::string name;
  std::function<Batch<double>(Index n, Noise noise)> sample;        ///< n x 2, exact draws
  std::function<double(double x1, double x2)> log_prob;             ///< nats, normalised; may be empty
  std::optional<double> entropy;                                    ///< nats
  std::function<bool(double x1, double x2)> in_support;             ///< empty if the support is not compact
  std::function<double(double x1, double x2)> distance_to_support;  ///< empty if the support is not compact
  Box box;                                                          ///< the part of the plane worth plotting
};

/// The target of one density struct.
template <class D> Target target() {
  Target t{D::name, D::template sample<double>, D::log_prob, D::entropy(), {}, {}, D::box()};
  if constexpr (Compact<D>) {
    t.in_support = D::in_support;
    t.distance_to_support = D::distance_to_support;
  }
  return t;
}

/// NearCurve of that width under a name; the entropy is NearCurve::entropy(), which takes a while.
inline Target near_curve_target(std::string name, double width, double entropy) {
  const auto curve = std::make_shared<const NearCurve>(width);
  return {std::move(name),
          [curve](Index n, Noise noise) { return curve->sample(n, noise); },
          [curve](double x1, double x2) { return curve->log_prob(x1, x2); },
          entropy,
          {},
          {},
          NearCurve::box()};
}

/// Every target.
inline const std::vector<Target>& all() {
  static const std::vector<Target> table{target<Checkerboard>(),
                                         target<Corners>(),
                                         target<EightGaussians>(),
                                         target<FourCircles>(),
                                         target<Rings>(),
                                         target<Circles>(),
                                         target<Moons>(),
                                         target<SwissRoll>(),
                                         target<TwoSpirals>(),
                                         target<Pinwheel>(),
                                         target<Diamond>(),
                                         target<TwoUniforms>(),
                                         target<Annulus>(),
                                         target<TwoLines>(),
                                         target<TwoMarginals>(),
                                         target<SplitGaussian>(),
                                         target<OneUniform>(),
                                         target<Crescent>(),
                                         target<CrescentCubed>(),
                                         target<Sine>(),
                                         target<AbsCurve>(),
                                         target<SignCurve>(),
                                         target<StimperMoons>(),
                                         target<StimperRings>(),
                                         target<RingOfGaussians>(),
                                         target<OlympicRings>(),
                                         target<FourRings>(),
                                         target<Sierpinski>(),
                                         target<FractalTree>(),
                                         target<SyntheticImage>(),
                                         near_curve_target("near_curve_0.1", 0.1, 1.873649156),
                                         near_curve_target("near_curve_0.03", 0.03, 0.670448136),
                                         near_curve_target("near_curve_0.01", 0.01, -0.428093855)};
  return table;
}

/// The target of that name; std::invalid_argument, listing all names, if there is none.
inline const Target& find(std::string_view name) {
  std::string names;
  for (const Target& t : all()) {
    if (t.name == name) return t;
    names += (names.empty() ? "" : ", ") + t.name;
  }
  ::rheo::detail::fail("no target is called \"" + std::string(name) + "\"; there are " + names);
}

}  // namespace rheo::targets
