// SPDX-License-Identifier: MIT
// Toy densities of thin circles that cross: olympic_rings and four_rings of Zhang and Chen 2021, arXiv:2110.07579.
//   Their code scales the points by 0.85 / max |x| and standardises them; here they stay in the units they are drawn
//     in.
#pragma once

#include <initializer_list>

#include "rheo/targets/drawing.hpp"

namespace rheo::targets {
namespace detail {

/// Unit circles of equal weight about the given centres, blurred by sqrt(0.2) / 100 N, about 0.0044721.
inline Drawing thin_rings(std::initializer_list<Point> centres) {
  Drawing d;
  for (const Point& c : centres) d.add(1.0, Circle{c, 1.0, 0.01 * std::sqrt(0.2)});
  return d;
}

}  // namespace detail

/// Five unit circles about (-1.75, 0.75), (0, 0.75), (1.75, 0.75), (-1.05, -0.75), (1.05, -0.75), blurred by 0.0044721
/// N.
struct OlympicRings : Toy<OlympicRings> {
  static constexpr const char* name = "olympic_rings";
  static Point draw(const Noise& noise, Index i) { return drawing().draw(noise, i); }
  static double log_prob(double x1, double x2) { return drawing().log_prob(x1, x2); }
  /// By quadrature, to the last digit given.
  static double entropy() { return -0.556242909; }
  static Box box() { return {-3.0, 3.0, -2.0, 2.0}; }

 private:
  static const Drawing& drawing() {
    static const Drawing d =
        detail::thin_rings({{-1.75, 0.75}, {0.0, 0.75}, {1.75, 0.75}, {-1.05, -0.75}, {1.05, -0.75}});
    return d;
  }
};

/// Four unit circles about (0, 0.75), (1.75, 0.75), (-1.05, -0.75), (1.05, -0.75), blurred by 0.0044721 N.
struct FourRings : Toy<FourRings> {
  static constexpr const char* name = "four_rings";
  static Point draw(const Noise& noise, Index i) { return drawing().draw(noise, i); }
  static double log_prob(double x1, double x2) { return drawing().log_prob(x1, x2); }
  /// By quadrature, to the last digit given.
  static double entropy() { return -0.777625663; }
  static Box box() { return {-2.5, 3.0, -2.0, 2.0}; }

 private:
  static const Drawing& drawing() {
    static const Drawing d = detail::thin_rings({{0.0, 0.75}, {1.75, 0.75}, {-1.05, -0.75}, {1.05, -0.75}});
    return d;
  }
};

/// n x 2 points of the density of this name; T is given: olympic_rings<double>(1000, Noise{1}).
template <class T> Batch<T> olympic_rings(Index n, Noise noise) { return OlympicRings::sample<T>(n, noise); }
template <class T> Batch<T> four_rings(Index n, Noise noise) { return FourRings::sample<T>(n, noise); }

}  // namespace rheo::targets
