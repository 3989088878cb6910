// SPDX-License-Identifier: MIT
// The isoperimetric floor: how steep a flow must be to part its base's mass, and how steep it is.
//   Gaussian isoperimetry: Borell 1975, doi:10.1007/BF01425510;  flows and topology: Cornish et al. 2020,
//     arXiv:1909.13833, sec. 2.
#pragma once

#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "rheo/autodiff/dual.hpp"
#include "rheo/evaluation/metrics.hpp"
#include "rheo/flows/model.hpp"
#include "rheo/math/normal_quantile.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// Two sets of positive mass, `width` apart, and the shares a and b of n samples that fell into them.
struct Parted {
  double a, b;   ///< shares of the draws
  double width;  ///< the distance of the sets
  Index n;       ///< how many draws
};

/// The least Lipschitz constant of a map that carries N(0, I), of any dimension, to a distribution with masses a and b
/// on sets that far apart: -width / (Phi^-1(a) + Phi^-1(b)); infinite at a + b = 1, 0 where a or b is 0.
inline double least_stretch(const Parted& p) {
  if (!(p.a >= 0 && p.b >= 0 && p.a + p.b <= 1 && p.width > 0))
    detail::fail("least_stretch wants masses that sum to 1 or less, and a distance");
  if (p.a == 0 || p.b == 0) return 0;
  if (p.a + p.b == 1) return std::numeric_limits<double>::infinity();
  return -p.width / (math::normal_quantile(p.a) + math::normal_quantile(p.b));
}
/// The least mass outside both sets, equally likely, of such a map with Lipschitz constant K: 2 Phi(width / 2K) - 1.
inline double least_leak(double width, double K) { return std::erf(width / (2 * std::sqrt(2.0) * K)); }

/// Phi^-1(a) + Phi^-1(b) + width / K, with the error that counting leaves: above 0 no K-Lipschitz image of N(0, I)
/// parts its mass so.  A bijection of N(0, I) stays at or below, if K is its Lipschitz constant; a K found by search
/// may be too small.  -infinity where a or b is 0.
inline Estimate floor_excess(const Parted& p, double K) {
  if (p.a == 0 || p.b == 0) return {-std::numeric_limits<double>::infinity(), 0};
  const double n = static_cast<double>(p.n), top = 1 - 0.5 / n;  // a share of all samples is not certainty
  const double qa = math::normal_quantile(std::min(p.a, top)), qb = math::normal_quantile(std::min(p.b, top));
  const auto slope = [](double q) { return std::sqrt(2 * 3.14159265358979323846) * std::exp(0.5 * q * q); };
  const double sa = slope(qa), sb = slope(qb);
  const double variance = sa * sa * p.a * (1 - p.a) + sb * sb * p.b * (1 - p.b) -
                          2 * sa * sb * p.a * p.b;  // of two cells of one multinomial
  return {qa + qb + p.width / K, std::sqrt(std::max(variance, 0.0) / n)};
}

/// The largest singular value of dx/dz of the model's decoder at the rows of z (N x latent_dim), draws held as `noise`
/// has them, by duals in double; then `rounds` searches about the steepest points, at steps 0.2 and half as far each
/// round.  What a search finds is a lower bound of the Lipschitz constant.
template <class F, class T>
double largest_stretch(const Model<F, T>& model, Batch<double> z, Noise noise, int rounds = 6) {
  using D = Dual<double>;
  constexpr Index latents = F::latent_dim, X = F::x_dim;
  const Model<F, D> dual = model.template cast<double>().template cast<D>();
  const auto stretches = [&](const Batch<double>& at) {
    std::vector<Batch<D>> x;
    for (Index k = 0; k < latents; ++k) {
      Batch<D> in = at.template cast<D>();
      for (Index i = 0; i < at.rows(); ++i) in(i, k).b = 1;
      x.push_back(dual.decode(in, noise));
    }
    Column<double> s(at.rows());
    Eigen::Matrix<double, X, latents> J;
    for (Index i = 0; i < at.rows(); ++i) {
      for (Index k = 0; k < latents; ++k) {
        for (Index j = 0; j < X; ++j) J(j, k) = x[static_cast<std::size_t>(k)](i, j).b;
      }
      s(i) = J.allFinite() ? Eigen::JacobiSVD<Eigen::Matrix<double, X, latents>>(J).singularValues()(0) : 0;
    }
    return s;
  };
  if (z.rows() == 0) detail::fail("largest_stretch wants a point to begin with");
  Column<double> s = stretches(z);
  double best = s.maxCoeff(), step = 0.2;
  for (int r = 0; r < rounds; ++r, step /= 2) {
    const Index kept = std::min<Index>(64, z.rows()), around = 32;
    std::vector<Index> order(static_cast<std::size_t>(z.rows()));
    std::iota(order.begin(), order.end(), Index(0));
    std::partial_sort(order.begin(), order.begin() + kept, order.end(), [&](Index i, Index j) {
      return s(i) > s(j) || (std::isnan(s(j)) && !std::isnan(s(i)));  // NaN last: it has no place among numbers
    });
    Batch<double> searched(kept * around, latents);
    for (Index i = 0; i < searched.rows(); ++i) {
      for (Index k = 0; k < latents; ++k) {
        searched(i, k) = z(order[static_cast<std::size_t>(i / around)], k) +
                         (i % around == 0 ? 0 : step * noise.fork(static_cast<std::uint64_t>(r)).normal(i, k));
      }
    }
    z = searched;
    s = stretches(z);
    best = std::max(best, s.maxCoeff());
  }
  return best;
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
