// SPDX-License-Identifier: MIT
// Toy densities along curves: moons and swiss_roll blurred by a Gaussian, two_spirals by a square and a Gaussian,
// pinwheel by shear.
//   Formulas: Grathwohl et al. 2018, arXiv:1810.01367 (moons, swiss_roll after scikit-learn; pinwheel after Johnson et
//     al. 2016,
//   arXiv:1603.06277).
#pragma once

#include <cmath>

#include "rheo/targets/quadrature.hpp"
#include "rheo/targets/toy.hpp"

namespace rheo::targets {

/// Half circles (cos t, sin t) and (1 - cos t, 1/2 - sin t), t uniform on [0, pi], + 0.1 N, all times 2, plus (-1,
/// -0.2). log_prob: 128 nodes an arc, error below 1e-10 within box(), 1e-5 for |x_i| < 10.
struct Moons : Toy<Moons> {
  static constexpr const char* name = "moons";
  static Point draw(const Noise& noise, Index i) {
    const double t = detail::pi * noise.uniform(i, 2), flip = noise.uniform(i, 3) < 0.5 ? -1.0 : 1.0;
    const Point c = flip > 0.0 ? outer(t) : inner(t);
    return {c[0] + 0.2 * noise.normal(i, 0), c[1] + 0.2 * noise.normal(i, 1)};
  }
  static double log_prob(double x1, double x2) {
    const auto half = [](double) { return 0.5 / detail::pi; };
    static const detail::SpreadCurve up(128, 0.0, detail::pi, 0.2, outer, half),
        down(128, 0.0, detail::pi, 0.2, inner, half);
    detail::LogSum sum;
    sum.add(up.log_prob(x1, x2));
    sum.add(down.log_prob(x1, x2));
    return sum.value();
  }
  /// By quadrature, to the last digit given.
  static double entropy() { return 2.393879196; }
  static Box box() { return {-4.0, 4.0, -3.0, 3.0}; }

 private:
  static Point outer(double t) { return {2.0 * std::cos(t) - 1.0, 2.0 * std::sin(t) - 0.2}; }
  static Point inner(double t) { return {1.0 - 2.0 * std::cos(t), 0.8 - 2.0 * std::sin(t)}; }
};

/// (t cos t, t sin t) + N, t uniform on [1.5 pi, 4.5 pi], all divided by 5.  log_prob: 320 nodes, error below 1e-10
/// within box(), 1e-5 for |x_i| < 10.
struct SwissRoll : Toy<SwissRoll> {
  static constexpr const char* name = "swiss_roll";
  static Point draw(const Noise& noise, Index i) {
    const Point c = centre(1.5 * detail::pi * (1.0 + 2.0 * noise.uniform(i, 2)));
    return {c[0] + 0.2 * noise.normal(i, 0), c[1] + 0.2 * noise.normal(i, 1)};
  }
  static double log_prob(double x1, double x2) {
    static const detail::SpreadCurve roll(320, 1.5 * detail::pi, 4.5 * detail::pi, 0.2, centre,
                                          [](double) { return 1.0 / (3.0 * detail::pi); });
    return roll.log_prob(x1, x2);
  }
  /// By quadrature, to the last digit given.
  static double entropy() { return 2.669646174; }
  static Box box() { return {-4.0, 4.0, -4.0, 4.0}; }

 private:
  static Point centre(double t) { return {0.2 * t * std::cos(t), 0.2 * t * std::sin(t)}; }
};

/// +-(-t cos t + U / 2, t sin t + U' / 2) / 3 + 0.1 N, t = 3 pi sqrt(U'') with U, U', U'' uniform on (0, 1).
/// log_prob: 640 nodes a spiral, error below 1e-10 within box(), 1e-5 for |x_i| < 10.
struct TwoSpirals : Toy<TwoSpirals> {
  static constexpr const char* name = "two_spirals";
  static Point draw(const Noise& noise, Index i) {
    const Point c = corner(3.0 * detail::pi * std::sqrt(noise.uniform(i, 2)));
    const double s = noise.uniform(i, 5) < 0.5 ? -1.0 : 1.0;
    return {s * (c[0] + side * noise.uniform(i, 3)) + sigma * noise.normal(i, 0),
            s * (c[1] + side * noise.uniform(i, 4)) + sigma * noise.normal(i, 1)};
  }
  static double log_prob(double x1, double x2) {
    detail::LogSum sum;
    sum.add(log_spiral(x1, x2));
    sum.add(log_spiral(-x1, -x2));
    return sum.value() - std::log(2.0);
  }
  /// By quadrature, to the last digit given.
  static double entropy() { return 2.64545028; }
  static Box box() { return {-4.0, 4.0, -4.0, 4.0}; }

 private:
  static constexpr double side = 0.5 / 3.0, sigma = 0.1;
  static Point corner(double t) { return {-t * std::cos(t) / 3.0, t * std::sin(t) / 3.0}; }
  struct Square {
    Point corner;
    double log_weight;
    /// Squared distance.
    double gap(double x1, double x2) const {
      const double d1 = std::fmax(std::fabs(x1 - corner[0] - 0.5 * side) - 0.5 * side, 0.0);
      const double d2 = std::fmax(std::fabs(x2 - corner[1] - 0.5 * side) - 0.5 * side, 0.0);
      return d1 * d1 + d2 * d2;
    }
  };
  /// Nodes in t, whose density is 2 t / (9 pi^2); given t, each coordinate is a uniform plus a normal.
  static std::vector<Square> squares(int m) {
    std::vector<Square> all;
    for (const detail::Node& n : detail::gauss_legendre(m, 0.0, 3.0 * detail::pi)) {
      all.push_back({corner(n.x), std::log(n.weight * 2.0 * n.x / (9.0 * detail::pi * detail::pi))});
    }
    return all;
  }
  static double log_spiral(double x1, double x2) {
    static const std::vector<Square> nodes = squares(640);
    double nearest = detail::infinity;
    for (const Square& n : nodes) nearest = std::fmin(nearest, n.gap(x1, x2));
    detail::LogSum sum;
    for (const Square& n : nodes) {
      if (n.gap(x1, x2) > nearest + 100.0 * sigma * sigma) continue;  // less than e^-40 of the whole
      sum.add(n.log_weight + log_side(x1 - n.corner[0]) + log_side(x2 - n.corner[1]));
    }
    return sum.value();
  }
  static double log_side(double d) {
    return detail::log_normal_between((d - side) / sigma, d / sigma) - std::log(side);
  }
};

/// Five arms: f = (1 + 0.3 N, 0.1 N) turned by -(2 pi k / 5 + exp(f1) / 4), k = 0 .. 4, times 2.
///
/// log_prob is a change of variables, not an integral.  With rho = |x| / 2, f = rho (cos a, sin a) and the point's
/// angle is h(a) = a - exp(rho cos a) / 4 modulo 2 pi / 5, so that p(x) = sum over the roots a of phi(f) / (20
/// |h'(a)|): exact to 1e-12. From |x| = 3.39 on the map folds (mass 1.4e-9) and p has an integrable singularity along
/// the folds.  Beyond |x| = 16, where the density is below e^-270 and has thousands of roots, it is replaced by its
/// average over the angle (by Laplace, within 10 %).
struct Pinwheel : Toy<Pinwheel> {
  static constexpr const char* name = "pinwheel";
  static Point draw(const Noise& noise, Index i) {
    const double f1 = 1.0 + 0.3 * noise.normal(i, 0), f2 = 0.1 * noise.normal(i, 1);
    const double t = 0.4 * detail::pi * static_cast<double>(noise.index(i, 2, 5)) + 0.25 * std::exp(f1),
                 c = std::cos(t), s = std::sin(t);
    return {2.0 * (f1 * c + f2 * s), 2.0 * (f2 * c - f1 * s)};
  }
  static double log_prob(double x1, double x2) {
    const double rho = 0.5 * std::hypot(x1, x2), angle = std::atan2(x2, x1);
    if (!(rho < 1e150)) return detail::off_support(x1, x2);
    if (rho > 8.0) {
      const double z = (rho - 1.0) / 0.3, curvature = rho * rho / 0.01 - rho * (rho - 1.0) / 0.09;
      return -0.5 * z * z - 0.5 * std::log(curvature) - 1.5 * detail::log_2pi - std::log(4.0 * 0.03);
    }
    // h has no extremum, or two on (-pi, 0), either side of the lowest point of h'
    const double lowest = -std::acos(2.0 * rho / (1.0 + std::sqrt(1.0 + 4.0 * rho * rho)));
    detail::LogSum sum;
    if (slope(rho, lowest) >= 0.0) {
      add_roots(rho, angle, -detail::pi, detail::pi, sum);
    } else {
      const double top = fold(rho, -detail::pi, lowest), bottom = fold(rho, 0.0, lowest);
      add_roots(rho, angle, -detail::pi, top, sum);
      add_roots(rho, angle, top, bottom, sum);
      add_roots(rho, angle, bottom, detail::pi, sum);
    }
    return sum.value() - std::log(20.0);
  }
  /// By quadrature, to the last digit given.
  static double entropy() { return 2.3177880; }
  static Box box() { return {-4.0, 4.0, -4.0, 4.0}; }

 private:
  static double turn(double rho, double a) { return a - 0.25 * std::exp(rho * std::cos(a)); }
  static double slope(double rho, double a) { return 1.0 + 0.25 * rho * std::sin(a) * std::exp(rho * std::cos(a)); }
  /// Where the slope changes sign between `up` (slope > 0) and `down` (slope < 0).
  static double fold(double rho, double up, double down) {
    for (int step = 0; step < 60; ++step) {
      const double middle = 0.5 * (up + down);
      (slope(rho, middle) > 0.0 ? up : down) = middle;
    }
    return 0.5 * (up + down);
  }
  /// Adds every a in [lo, hi), where h is monotone, with h(a) = angle modulo 2 pi / 5: Newton's method kept inside a
  /// bracket.
  static void add_roots(double rho, double angle, double lo, double hi, detail::LogSum& sum) {
    const double fifth = 0.4 * detail::pi, h_lo = turn(rho, lo), h_hi = turn(rho, hi),
                 rising = h_hi > h_lo ? 1.0 : -1.0;
    const double last = std::ceil((std::fmax(h_lo, h_hi) - angle) / fifth);
    for (double m = std::ceil((std::fmin(h_lo, h_hi) - angle) / fifth); m < last; ++m) {
      const double target = angle + fifth * m;
      double below = lo, above = hi, a = 0.5 * (lo + hi);
      for (int step = 0; step < 100; ++step) {
        const double miss = turn(rho, a) - target, newton = a - miss / slope(rho, a);
        if (std::fabs(newton - a) < 1e-14) break;
        (miss * rising > 0.0 ? above : below) = a;
        a = newton > below && newton < above ? newton : 0.5 * (below + above);
      }
      const double f1 = rho * std::cos(a), f2 = rho * std::sin(a);
      sum.add(detail::log_normal((f1 - 1.0) / 0.3) + detail::log_normal(f2 / 0.1) -
              std::log(0.03 * std::fabs(slope(rho, a))));
    }
  }
};

/// n x 2 points of the density of this name; T is given: moons<double>(1000, Noise{1}).
template <class T> Batch<T> moons(Index n, Noise noise) { return Moons::sample<T>(n, noise); }
template <class T> Batch<T> swiss_roll(Index n, Noise noise) { return SwissRoll::sample<T>(n, noise); }
template <class T> Batch<T> two_spirals(Index n, Noise noise) { return TwoSpirals::sample<T>(n, noise); }
template <class T> Batch<T> pinwheel(Index n, Noise noise) { return Pinwheel::sample<T>(n, noise); }

}  // namespace rheo::targets
