// SPDX-License-Identifier: MIT
// Four tasks of the benchmark of simulation-based inference: three whose posteriors can be drawn from exactly, and one
// whose posterior is drawn by annealing.
//   Lueckmann et al. 2021, arXiv:2101.04653, appendix T.
#pragma once

#include <array>
#include <cmath>
#include <numbers>
#include <type_traits>
#include <utility>

#include "anneal.hpp"
#include "rheo/core/noise.hpp"
#include "rheo/flows/moves.hpp"

namespace published {
using namespace rheo;

/// n uniform points of [-bound, bound]^dim.
inline Batch<double> uniform_cube(Index n, Index dim, double bound, Noise noise) {
  Batch<double> theta(n, dim);
  noise.uniforms(view(theta));
  return bound * (2 * theta - 1);
}
/// n rows that draw(k, row) makes of its k-th try and that lie in [-bound, bound]^2; draw says whether the try counts.
template <class Draw> Batch<double> within_square(Index n, double bound, Draw draw) {
  Batch<double> out(n, 2);
  Row<double> row(2);
  for (Index have = 0, k = 0; have < n; ++k) {
    if (draw(k, row) && (row.abs() <= bound).all()) out.row(have++) = row;
  }
  return out;
}

/// theta ~ N(0, 0.1 I) in ten dimensions, x ~ N(theta, 0.1 I): the posterior is N(x / 2, 0.05 I).
struct GaussianLinear {
  static constexpr Index dim = 10, data = 10;
  static constexpr double bound = 0;  ///< of the prior; 0: none
  static constexpr const char* name = "gaussian_linear";
  static Batch<double> prior(Index n, Noise noise) { return normals(n, 0.1, noise); }
  static Batch<double> simulate(const Batch<double>& theta, Noise noise) {
    return theta + normals(theta.rows(), 0.1, noise);
  }
  static Batch<double> posterior(const Row<double>& x, Index n, Noise noise) {
    return normals(n, 0.05, noise).rowwise() + 0.5 * x;
  }

 private:
  static Batch<double> normals(Index n, double variance, Noise noise) {
    Batch<double> e(n, dim);
    noise.normals(view(e));
    return std::sqrt(variance) * e;
  }
};

/// theta ~ U[-10, 10]^2, x from N(theta, I) or N(theta, 0.01 I) by a fair coin: the posterior is that mixture about x,
/// cut off at the prior's ends.
struct GaussianMixture {
  static constexpr Index dim = 2, data = 2;
  static constexpr double bound = 10;
  static constexpr const char* name = "gaussian_mixture";
  static Batch<double> prior(Index n, Noise noise) { return uniform_cube(n, 2, bound, noise); }
  static Batch<double> simulate(const Batch<double>& theta, Noise noise) {
    Batch<double> x(theta.rows(), 2);
    for (Index i = 0; i < x.rows(); ++i) x.row(i) = theta.row(i) + error(noise, i);
    return x;
  }
  static Batch<double> posterior(const Row<double>& x, Index n, Noise noise) {
    return within_square(n, bound, [&](Index k, Row<double>& theta) {
      theta = x + error(noise, k);
      return true;
    });
  }

 private:
  static Row<double> error(Noise noise, Index i) {
    const double s = noise.uniform(i, 2) < 0.5 ? 1 : 0.1;
    Row<double> e(2);
    e << s * noise.normal(i, 0), s * noise.normal(i, 1);
    return e;
  }
};

/// theta ~ U[-1, 1]^2, x = m + (-|s|, d) with s = (theta1 + theta2) / sqrt 2, d = (theta2 - theta1) / sqrt 2 and m on a
/// half moon: (r cos a + 1/4, r sin a), a ~ U(-pi/2, pi/2), r ~ N(0.1, 0.01^2).
///
/// (theta1, theta2) -> (s, d) turns the plane, and for either sign of s the map m -> (|s|, d) = (m1 - x1, x2 - m2) has
/// the Jacobian 1 in absolute value.  So p(theta | x) is p(m) there, in the prior's square: draw m, let it go where m1
/// < x1, toss a coin for the sign of s, turn back, let it go off the square.  (The benchmark's own code keeps m1 < x1
/// and takes |m1 - x1|, which is another law where x1 is above what half moons reach.)
struct TwoMoons {
  static constexpr Index dim = 2, data = 2;
  static constexpr double bound = 1;
  static constexpr const char* name = "two_moons";
  static Batch<double> prior(Index n, Noise noise) { return uniform_cube(n, 2, bound, noise); }
  static Batch<double> simulate(const Batch<double>& theta, Noise noise) {
    Batch<double> x(theta.rows(), 2);
    for (Index i = 0; i < x.rows(); ++i) {
      const auto [m1, m2] = moon(noise, i);
      x(i, 0) = m1 - std::fabs(theta(i, 0) + theta(i, 1)) / std::numbers::sqrt2;
      x(i, 1) = m2 + (theta(i, 1) - theta(i, 0)) / std::numbers::sqrt2;
    }
    return x;
  }
  static Batch<double> posterior(const Row<double>& x, Index n, Noise noise) {
    return within_square(n, bound, [&](Index k, Row<double>& theta) {
      const auto [m1, m2] = moon(noise, k);
      const double s = noise.uniform(k, 1) < 0.5 ? m1 - x(0) : x(0) - m1, d = x(1) - m2;
      theta << (s - d) / std::numbers::sqrt2, (s + d) / std::numbers::sqrt2;
      return m1 >= x(0);
    });
  }

 private:
  static std::pair<double, double> moon(Noise noise, Index i) {
    const double a = std::numbers::pi * (noise.uniform(i, 0) - 0.5), r = 0.1 + 0.01 * noise.normal(i, 2);
    return {r * std::cos(a) + 0.25, r * std::sin(a)};
  }
};

/// theta ~ U[-3, 3]^5, x four points of N((theta1, theta2), S), S with deviations theta3^2 and theta4^2 and correlation
/// tanh theta5: four modes, by the signs of theta3 and theta4.
///
/// The posterior has no closed form.  20 000 rows go from a normal law, wide as the prior, to it in 100 temperatures,
/// twenty Metropolis proposals at each, in y with theta = 6 sigmoid(y) - 3, resampled below half of them.  Of two such
/// runs a perfect classifier should tell nothing: the row says how well it does (`reference`).
struct Slcp {
  static constexpr Index dim = 5, data = 8;
  static constexpr double bound = 3;
  static constexpr const char* name = "slcp";
  static Batch<double> prior(Index n, Noise noise) { return uniform_cube(n, dim, bound, noise); }
  static Batch<double> simulate(const Batch<double>& theta, Noise noise) {
    Batch<double> x(theta.rows(), data);
    for (Index i = 0; i < x.rows(); ++i) {
      const double s1 = theta(i, 2) * theta(i, 2), s2 = theta(i, 3) * theta(i, 3), r = std::tanh(theta(i, 4));
      for (Index k = 0; k < 4; ++k) {
        const double a = noise.normal(i, 2 * k), b = noise.normal(i, 2 * k + 1);
        x(i, 2 * k) = theta(i, 0) + s1 * a;
        x(i, 2 * k + 1) = theta(i, 1) + s2 * (r * a + std::sqrt(1 - r * r) * b);
      }
    }
    return x;
  }
  /// Minus the log of likelihood and prior, of y, up to a constant.
  static auto energy(const Row<double>& x) {
    return energy_of<dim>([x](const auto& y) {
      using V = std::decay_t<decltype(y[0] + y[0])>;
      V u(0);
      std::array<V, dim> theta;
      for (std::size_t k = 0; k < dim; ++k) {
        const V s = 1.0 / (1.0 + exp(-y[k]));
        theta[k] = 6.0 * s - 3.0;
        u = u - log(s) - log(1.0 - s);
      }
      const V s1 = theta[2] * theta[2] + 1e-12, s2 = theta[3] * theta[3] + 1e-12, r = tanh(theta[4]),
              c = 1.0 - r * r + 1e-12;
      for (Index k = 0; k < 4; ++k) {
        const V a = (x(2 * k) - theta[0]) / s1, b = (x(2 * k + 1) - theta[1]) / s2;
        u = u + 0.5 * (a * a - 2.0 * r * a * b + b * b) / c + log(s1) + log(s2) + 0.5 * log(c);
      }
      return u;
    });
  }
  static Batch<double> posterior(const Row<double>& x, Index n, Noise noise) {
    constexpr Index rows = 20'000;
    const auto s = anneal(rows, 2.5, energy(x), moves::Metropolis<20>{0.15}, 100, noise.fork(0), noise.fork(1));
    const auto chosen = resample(s.log_w, rows, noise.fork(2));
    const auto order = noise.fork(3).permutation(rows);
    Batch<double> out(n, dim);
    for (Index i = 0; i < n; ++i) {
      const Index row = chosen[static_cast<std::size_t>(order[static_cast<std::size_t>(i)])];
      out.row(i) = 6 / (1 + (-s.x.row(row)).exp()) - 3;
    }
    return out;
  }
};

}  // namespace published
