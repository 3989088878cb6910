// SPDX-License-Identifier: MIT
// Toy density that is a picture: fine and coarse, sharp and soft, and empty in between; our own, in the place of a
// photograph.
//   Stands where Wu et al. 2020, arXiv:2002.06707, section 4, take the grey levels of a photograph for a density.
#pragma once

#include <cmath>

#include "rheo/targets/drawing.hpp"

namespace rheo::targets {

/// A face, 47 parts over about [-3, 3]^2:
///   shoulders (soft)   normal about (0, -3.1), deviations 1.3 and 0.3
///                      mass 0.14
///   cheeks (soft)      normals about (+-1.25, -0.45), deviation 0.3
///                      0.06 each
///   head               circle of radius 2.1 about 0, blur 0.06
///                      0.20
///   left eye (thin)    circle of radius 0.42 about (-0.85, 0.6), blur 0.02; its pupil normal, deviation 0.08
///                      0.07, 0.05
///   right eye (shut)   bar 0.9 by 0.06 about (0.85, 0.55), turned by 0.25, edges blurred by 0.015
///                      0.07
///   nose               bar 0.7 by 0.12 about (0.05, 0), turned by 1.4, blur 0.04
///                      0.05
///   mouth (fine)       nine teeth, bars 0.5 by 0.08, upright, 0.16 apart about (0, -1.15), edges blurred by 0.01
///                      0.02 each
///   hair (thin, steep) 30 rays from radius 2.25 to 3, at angles 0.6 + 0.0655 k, blur 0.04 along and 0.012 across
///     0.004 each
struct SyntheticImage : Toy<SyntheticImage> {
  static constexpr const char* name = "synthetic_image";
  static Point draw(const Noise& noise, Index i) { return drawing().draw(noise, i); }
  static double log_prob(double x1, double x2) { return drawing().log_prob(x1, x2); }
  /// By quadrature, to the last digit given.
  static double entropy() { return 2.1167427065; }
  static Box box() { return {-4.0, 4.0, -4.5, 3.5}; }

 private:
  static const Drawing& drawing() {
    static const Drawing picture = [] {
      const double upright = 0.5 * detail::pi;
      Drawing d;
      d.add(0.14, Stroke{{0.0, -3.1}, 0.0, 0.0, 0.0, 1.3, 0.3});
      d.add(0.06, Stroke{{-1.25, -0.45}, 0.0, 0.0, 0.0, 0.3, 0.3})
          .add(0.06, Stroke{{1.25, -0.45}, 0.0, 0.0, 0.0, 0.3, 0.3});
      d.add(0.20, Circle{{0.0, 0.0}, 2.1, 0.06});
      d.add(0.07, Circle{{-0.85, 0.6}, 0.42, 0.02}).add(0.05, Stroke{{-0.85, 0.6}, 0.0, 0.0, 0.0, 0.08, 0.08});
      d.add(0.07, Stroke{{0.85, 0.55}, 0.25, 0.45, 0.03, 0.015, 0.015});
      d.add(0.05, Stroke{{0.05, 0.0}, 1.4, 0.35, 0.06, 0.04, 0.04});
      for (int k = -4; k <= 4; ++k) d.add(0.02, Stroke{{0.16 * k, -1.15}, upright, 0.25, 0.04, 0.01, 0.01});
      for (int k = 0; k < 30; ++k) {
        const double t = 0.6 + 0.0655 * k;
        d.add(0.004, Stroke{{2.625 * std::cos(t), 2.625 * std::sin(t)}, t, 0.375, 0.0, 0.04, 0.012});
      }
      return d;
    }();
    return picture;
  }
};

/// n x 2 points of the density of this name; T is given: synthetic_image<double>(1000, Noise{1}).
template <class T> Batch<T> synthetic_image(Index n, Noise noise) { return SyntheticImage::sample<T>(n, noise); }

}  // namespace rheo::targets
