// SPDX-License-Identifier: MIT
// Targets on curves, rings and grids blurred by a normal, and smooth conditionals.  Entropies by quadrature of these densities.
//   Formulas as in the codes of FFJORD (Grathwohl et al. 2019), SurVAE (Nielsen et al. 2020), CIF (Cornish et al. 2020).
#pragma once

#include "rheo/targets/target.hpp"

namespace rheo::targets {

/// 4 (cos, sin)(pi/8 + k pi/4) + N(0, 1/4), all divided by 1.414.
inline Target eight_gaussians() {
  detail::Blobs b{0.5 / 1.414, {}, {}};
  for (int k = 0; k < 8; ++k) {
    const double t = detail::pi / 8 + k * detail::pi / 4;
    b.add(4 * std::cos(t) / 1.414, 4 * std::sin(t) / 1.414, 0.125);
  }
  return {"eight_gaussians", {-4.5, 4.5, -4.5, 4.5},
          [b](const Noise& e, Index i) {
            const auto& c = b.centre[static_cast<std::size_t>(e.index(i, 2, 8))];
            return Point{c.first + b.deviation * e.normal(i, 0), c.second + b.deviation * e.normal(i, 1)};
          },
          b, 2.831880};
}

namespace detail {
struct Circle {
  double x, y, radius;
};
/// Equal mixture of circles with normal noise; the angle is uniform.
inline Target circles_of(std::string name, Box box, std::vector<Circle> parts, double noise, double entropy) {
  Blobs b{noise, {}, {}};
  for (const auto& c : parts) add_circle(b, c.x, c.y, c.radius, 1.0 / static_cast<double>(parts.size()));
  return {std::move(name), box,
          [parts, noise](const Noise& e, Index i) {
            const auto& c = parts[static_cast<std::size_t>(e.index(i, 4, static_cast<Index>(parts.size())))];
            const double t = 2 * pi * e.uniform(i, 2);
            return Point{c.x + c.radius * std::cos(t) + noise * e.normal(i, 0), c.y + c.radius * std::sin(t) + noise * e.normal(i, 1)};
          },
          std::move(b), entropy};
}
}  // namespace detail

inline Target four_circles() {
  return detail::circles_of("four_circles", {-4, 4, -4, 4}, {{-1, -1, 2}, {-1, 1, 2}, {1, -1, 2}, {1, 1, 2}}, 0.1, 2.870819);
}
inline Target rings() { return detail::circles_of("rings", {-4, 4, -4, 4}, {{0, 0, 3}, {0, 0, 2.25}, {0, 0, 1.5}, {0, 0, 0.75}}, 0.08, 2.623183); }
inline Target circles() { return detail::circles_of("circles", {-4.5, 4.5, -4.5, 4.5}, {{0, 0, 3}, {0, 0, 1.5}}, 0.24, 3.268136); }

/// Two half circles: (cos t, sin t) and (1 - cos t, 1/2 - sin t), noise 0.1, times 2, shifted by (-1, -0.2).
inline Target moons() {
  detail::Blobs b{0.2, {}, {}};
  const int m = 4000;
  for (int k = 0; k < m; ++k) {
    const double t = detail::pi * (k + 0.5) / m;
    b.add(2 * std::cos(t) - 1, 2 * std::sin(t) - 0.2, 0.5 / m);
    b.add(2 - 2 * std::cos(t) - 1, 1 - 2 * std::sin(t) - 0.2, 0.5 / m);
  }
  return {"moons", {-4, 4, -3, 3},
          [](const Noise& e, Index i) {
            const double t = detail::pi * e.uniform(i, 2);
            const bool outer = e.uniform(i, 3) < 0.5;
            return Point{2 * (outer ? std::cos(t) : 1 - std::cos(t)) - 1 + 0.2 * e.normal(i, 0), 2 * (outer ? std::sin(t) : 0.5 - std::sin(t)) - 0.2 + 0.2 * e.normal(i, 1)};
          },
          b, 2.393879};
}

/// t = 1.5 pi (1 + 2 U), (t cos t, t sin t) + N(0, 1), divided by 5.
inline Target swiss_roll() {
  detail::Blobs b{0.2, {}, {}};
  const int m = 6000;
  for (int k = 0; k < m; ++k) {
    const double t = 1.5 * detail::pi * (1 + 2 * (k + 0.5) / m);
    b.add(t * std::cos(t) / 5, t * std::sin(t) / 5, 1.0 / m);
  }
  return {"swiss_roll", {-3.5, 4, -3.5, 4},
          [](const Noise& e, Index i) {
            const double t = 1.5 * detail::pi * (1 + 2 * e.uniform(i, 2));
            return Point{(t * std::cos(t) + e.normal(i, 0)) / 5, (t * std::sin(t) + e.normal(i, 1)) / 5};
          },
          b, 2.669646};
}

/// n = 3 pi sqrt(U), d = (-n cos n + U'/2, n sin n + U''/2), +-d / 3 + 0.1 N(0, I).  The density integrates U' and U'' in closed form.
inline Target two_spirals() {
  auto edge = [](double u, double c) {  // integral over v in [0, 1/6] of N(u; c + v, 0.1), v uniform
    const double s = 0.1 * std::numbers::sqrt2;
    return 3 * (std::erf((u - c) / s) - std::erf((u - c - 1.0 / 6) / s));
  };
  return {"two_spirals", {-4, 4, -4, 4},
          [](const Noise& e, Index i) {
            const double n = 3 * detail::pi * std::sqrt(e.uniform(i, 2)), sign = e.uniform(i, 3) < 0.5 ? 1 : -1;
            return Point{sign * (-n * std::cos(n) + 0.5 * e.uniform(i, 4)) / 3 + 0.1 * e.normal(i, 0), sign * (n * std::sin(n) + 0.5 * e.uniform(i, 5)) / 3 + 0.1 * e.normal(i, 1)};
          },
          [edge](double x, double y) {
            const int m = 3000;
            double total = 0;
            for (int k = 0; k < m; ++k) {
              const double n = 3 * detail::pi * (k + 0.5) / m, w = 2 * (k + 0.5) / m / m;  // n / (3 pi) has density 2 u
              const double a = -n * std::cos(n) / 3, b = n * std::sin(n) / 3;
              total += 0.5 * w * (edge(x, a) * edge(y, b) + edge(-x, a) * edge(-y, b));
            }
            return std::log(total);
          },
          2.645445};
}

/// A 20 x 20 grid on [-2.5, 2.5]^2, noise 0.04, turned by 45 degrees.
inline Target diamond() {
  detail::Blobs b{0.04, {}, {}};
  for (int r = 0; r < 20; ++r) {
    for (int c = 0; c < 20; ++c) {
      const double x = -2.5 + 5.0 * r / 19, y = -2.5 + 5.0 * c / 19, k = std::numbers::sqrt2 / 2;
      b.add(k * (x - y), k * (x + y), 1.0 / 400);
    }
  }
  return {"diamond", {-4, 4, -4, 4},
          [b](const Noise& e, Index i) {
            const auto& c = b.centre[static_cast<std::size_t>(e.index(i, 2, 400))];
            return Point{c.first + 0.04 * e.normal(i, 0), c.second + 0.04 * e.normal(i, 1)};
          },
          b, 2.386083};
}

/// Five arms: f = (1 + 0.3 N, 0.1 N) turned by 2 pi k / 5 + exp(f_1) / 4, times 2.
inline Target pinwheel() {
  // The map from (f_1, f_2) is a rotation by an angle of f_1 alone: |det| = 4, and f_1 is found on a grid, as the radius fixes it up to f_2.
  return {"pinwheel", {-4, 4, -4, 4}, [](const Noise& e, Index i) {
            const double f = 1 + 0.3 * e.normal(i, 0), g = 0.1 * e.normal(i, 1);
            const double t = 2 * detail::pi / 5 * static_cast<double>(e.index(i, 2, 5)) + 0.25 * std::exp(f);
            return Point{2 * (f * std::cos(t) + g * std::sin(t)), 2 * (-f * std::sin(t) + g * std::cos(t))};
          }};
}

namespace detail {
/// x_1 ~ N(0, 1), x_2 ~ N(mean(x_1), e^(2 r)); axes swapped on request.
template <class Mean> Target conditional(std::string name, Box box, Mean mean, double r, bool swapped) {
  auto place = [swapped](double a, double b) { return swapped ? Point{b, a} : Point{a, b}; };
  return {std::move(name), box,
          [=](const Noise& e, Index i) {
            const double a = e.normal(i, 0);
            return place(a, mean(a) + std::exp(r) * e.normal(i, 1));
          },
          [=](double x, double y) {
            const auto [a, b] = place(x, y);
            return -0.5 * a * a - 0.5 * std::pow((b - mean(a)) * std::exp(-r), 2) - r - log_two_pi;
          },
          1 + log_two_pi + r};
}
}  // namespace detail

inline Target crescent() { return detail::conditional("crescent", {-3, 6, -4, 4}, [](double a) { return 0.5 * a * a - 1; }, -1, true); }
inline Target crescent_cubed() { return detail::conditional("crescent_cubed", {-4.5, 4.5, -13, 13}, [](double a) { return 0.2 * a * a * a; }, 0, false); }
inline Target sine() { return detail::conditional("sine", {-4, 4, -3, 3}, [](double a) { return std::sin(5 * a); }, -1, false); }
inline Target abs_curve() { return detail::conditional("abs_curve", {-4, 4, -3, 3}, [](double a) { return std::abs(a) - 1; }, -1.5, false); }
inline Target sign_curve() { return detail::conditional("sign_curve", {-4, 4, -5, 5}, [](double a) { return (a > 0) - (a < 0) + a; }, -1.5, false); }
/// A standard normal whose x_2 is shifted by 2 times the sign of x_1.
inline Target split_gaussian() { return detail::conditional("split_gaussian", {-4, 4, -6, 6}, [](double a) { return 2.0 * ((a > 0) - (a < 0)); }, 0, false); }

/// x_1 uniform on +-1 +- 1/4, x_2 ~ N(0, 1).
inline Target two_marginals() {
  return {"two_marginals", {-2, 2, -4, 4},
          [](const Noise& e, Index i) { return Point{(e.uniform(i, 3) < 0.5 ? 1 : -1) + 0.5 * (e.uniform(i, 2) - 0.5), e.normal(i, 0)}; },
          [](double x, double y) { return std::abs(std::abs(x) - 1) > 0.25 ? detail::minus_infinity : -0.5 * y * y - 0.5 * detail::log_two_pi; },
          0.5 * (1 + detail::log_two_pi)};
}

}  // namespace rheo::targets
