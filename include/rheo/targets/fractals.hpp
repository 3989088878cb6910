// SPDX-License-Identifier: MIT
// Toy densities of many scales: sierpinski, uniform on a carpet, and fractal_tree, strokes that branch.
//   Zhang and Chen 2021, arXiv:2110.07579, draw sets of these names from pictures; the formulas here are our own.
#pragma once

#include <cmath>

#include "rheo/targets/drawing.hpp"

namespace rheo::targets {

/// Uniform on the Sierpinski carpet of level 4 over [-2, 2]^2: a square loses the middle of its nine ninths, each ninth
/// that is left does the same, four times over; 4096 squares of side 4/81.
struct Sierpinski : Toy<Sierpinski> {
  static constexpr const char* name = "sierpinski";
  /// The cell by indices 0 .. 3 below 8, the place in it by uniforms 4 and 5.
  static Point draw(const Noise& noise, Index i) {
    Index a = 0, b = 0;
    for (Index level = 0; level < 4; ++level) {
      const Index k = noise.index(i, level, 8), ninth = k < 4 ? k : k + 1;  // the middle is number 4
      a = 3 * a + ninth % 3;
      b = 3 * b + ninth / 3;
    }
    return {cell * (static_cast<double>(a) + noise.uniform(i, 4)) - 2.0,
            cell * (static_cast<double>(b) + noise.uniform(i, 5)) - 2.0};
  }
  static double log_prob(double x1, double x2) { return in_support(x1, x2) ? -entropy() : detail::off_support(x1, x2); }
  static double entropy() { return std::log(65536.0 / 6561.0); }
  static bool in_support(double x1, double x2) { return distance_to_support(x1, x2) == 0.0; }
  /// Every hole's border, like that of the whole, lies in the support: the distance is that to the border.
  static double distance_to_support(double x1, double x2) {
    if (std::isnan(x1 + x2)) return x1 + x2;
    const double outside = distance({-2.0, 2.0, -2.0, 2.0}, x1, x2);
    if (outside > 0.0) return outside;
    const double t1 = (x1 + 2.0) / cell, t2 = (x2 + 2.0) / cell;
    for (double third : {27.0, 9.0, 3.0, 1.0}) {
      const double a = t1 - 3.0 * third * std::floor(t1 / (3.0 * third)),
                   b = t2 - 3.0 * third * std::floor(t2 / (3.0 * third));
      const double depth = std::fmin(std::fmin(a - third, 2.0 * third - a), std::fmin(b - third, 2.0 * third - b));
      if (depth > 0.0) return cell * depth;
    }
    return 0.0;
  }
  static Box box() { return {-2.25, 2.25, -2.25, 2.25}; }

 private:
  static constexpr double cell = 4.0 / 81.0;
};

/// A binary tree of 255 blurred segments, levels 0 .. 7.  The trunk is 1.35 long, upward from (0, -2); from the tip of
/// every segment grow one turned left by 0.5, 0.74 times as long, and one turned right by 0.42, 0.7 times as long.
/// Level k has mass 1/8, shared equally by its 2^k segments, and is blurred by 0.04 0.85^k N.
struct FractalTree : Toy<FractalTree> {
  static constexpr const char* name = "fractal_tree";
  static Point draw(const Noise& noise, Index i) { return drawing().draw(noise, i); }
  static double log_prob(double x1, double x2) { return drawing().log_prob(x1, x2); }
  /// By quadrature, to the last digit given.
  static double entropy() { return 1.126300322; }
  static Box box() { return {-2.8, 2.4, -2.4, 2.6}; }

 private:
  static void grow(Drawing& d, const Point& foot, double angle, double length, int level) {
    if (level == 8) return;
    const double c = length * std::cos(angle), s = length * std::sin(angle), blur = 0.04 * std::pow(0.85, level);
    d.add(std::ldexp(1.0, -level),
          Stroke{{foot[0] + 0.5 * c, foot[1] + 0.5 * s}, angle, 0.5 * length, 0.0, blur, blur});
    const Point tip{foot[0] + c, foot[1] + s};
    grow(d, tip, angle + 0.5, 0.74 * length, level + 1);
    grow(d, tip, angle - 0.42, 0.7 * length, level + 1);
  }
  static const Drawing& drawing() {
    static const Drawing tree = [] {
      Drawing d;
      grow(d, {0.0, -2.0}, 0.5 * detail::pi, 1.35, 0);
      return d;
    }();
    return tree;
  }
};

/// n x 2 points of the density of this name; T is given: sierpinski<double>(1000, Noise{1}).
template <class T> Batch<T> sierpinski(Index n, Noise noise) { return Sierpinski::sample<T>(n, noise); }
template <class T> Batch<T> fractal_tree(Index n, Noise noise) { return FractalTree::sample<T>(n, noise); }

}  // namespace rheo::targets
