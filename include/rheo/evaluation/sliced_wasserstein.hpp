// SPDX-License-Identifier: MIT
// Sliced Wasserstein distance of two samples: the mean over directions of the distance of their shadows, which sorting
// finds.
//   Rabin et al. 2012, Wasserstein barycenter and its application to texture mixing;  Bonneel et al. 2015.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "rheo/core/batch.hpp"
#include "rheo/core/fail.hpp"
#include "rheo/core/noise.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo {

/// W1 (the mean distance of the sorted shadows) over `directions` uniform directions, drawn from the noise.  a and b
/// are N x D with one N and D > 0; throws std::invalid_argument otherwise.  NaN in, NaN out.
template <class T>
double sliced_wasserstein(const Batch<T>& a, const Batch<T>& b, Index directions = 100, Noise noise = {}) {
  if (a.rows() != b.rows() || a.cols() != b.cols() || a.size() == 0 || directions < 1)
    detail::fail("sliced_wasserstein wants two samples of one size and a direction or more");
  if (!a.allFinite() || !b.allFinite()) return std::numeric_limits<double>::quiet_NaN();
  const Index n = a.rows(), D = a.cols();
  std::vector<double> p(static_cast<std::size_t>(n)), q(p.size());
  double sum = 0;
  for (Index k = 0; k < directions; ++k) {
    Column<double> u(D);
    for (Index j = 0; j < D; ++j) u(j) = noise.normal(k, j);
    u /= std::sqrt(u.square().sum());
    auto shadow = [&](const Batch<T>& x, std::vector<double>& s) {
      for (Index i = 0; i < n; ++i) {
        double d = 0;
        for (Index j = 0; j < D; ++j) d += static_cast<double>(x(i, j)) * u(j);
        s[static_cast<std::size_t>(i)] = d;
      }
      std::sort(s.begin(), s.end());
    };
    shadow(a, p);
    shadow(b, q);
    double d = 0;
    for (std::size_t i = 0; i < p.size(); ++i) d += std::abs(p[i] - q[i]);
    sum += d / static_cast<double>(n);
  }
  return sum / static_cast<double>(directions);
}

}  // namespace rheo

#include "rheo/platform/macros_on.hpp"
