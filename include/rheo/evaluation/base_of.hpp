// SPDX-License-Identifier: MIT
// Points and bases for the laws, by support.  The base that they put behind a layer is N(0, s^2) on the line, uniform
// on the unit interval and the circle, exponential of mean s on (0, inf), with an atom of 1/2 at 0 before it where
// numbers are censored; ordered coordinates are together the order statistics of N(0, s^2); counted whole numbers and
// intervals are uniform, other whole numbers fall off by 0.6 a step from 0.
#pragma once

#include <algorithm>
#include <cmath>
#include <numbers>
#include <type_traits>
#include <vector>

#include "rheo/core/layer.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::detail {

/// True where every coordinate has such a base; `ordered` says whether order statistics count.
inline bool has_base(const std::vector<Support>& supports, const std::vector<Index>& counts, bool ordered) {
  for (std::size_t k = 0; k < supports.size(); ++k) {
    const Support s = supports[k];
    const bool known = s == Support::real || s == Support::any || s == Support::unit || s == Support::circle ||
                       s == Support::positive || s == Support::censored || s == Support::integer ||
                       ((s == Support::category || s == Support::interval) && counts[k] > 0);
    if (!known && !(ordered && s == Support::ordered)) return false;
  }
  return true;
}
/// True where no coordinate has atoms.
inline bool continuous(const std::vector<Support>& supports) {
  for (Support s : supports) {
    if (s == Support::integer || s == Support::category || s == Support::censored) return false;
  }
  return true;
}
inline bool lives_in(const std::vector<Support>& supports, Support set) {
  for (Support s : supports) {
    if (s == set) return true;
  }
  return false;
}
inline constexpr double step_ratio = 0.6;

/// v += log p(z).
template <class T>
void add_base(const std::vector<Support>& supports, const std::vector<Index>& counts, const Batch<T>& z, Column<T>& v,
              std::type_identity_t<T> s) {
  T ordered = 0;
  for (std::size_t k = 0; k < supports.size(); ++k) {
    if (counts[k] > 0) {
      v -= std::log(static_cast<T>(counts[k]));
      continue;
    }
    const auto c = z.col(static_cast<Index>(k));
    switch (supports[k]) {
      case Support::unit: break;
      case Support::circle: v -= std::log(2 * std::numbers::pi_v<T>); break;
      case Support::positive: v -= c / s + std::log(s); break;
      case Support::censored: v -= std::log(T(2)) + (c > 0).select(c / s + std::log(s), T(0)); break;
      case Support::integer:
        v += c.abs() * std::log(T(step_ratio)) + std::log(T((1 - step_ratio) / (1 + step_ratio)));
        break;
      case Support::ordered: v += std::log(ordered += 1); [[fallthrough]];
      default: v -= T(0.5) * (c / s).square() + (std::log(s) + T(0.91893853320467274178));
    }
  }
}

/// n draws.
inline Batch<double> draw_base(const std::vector<Support>& supports, const std::vector<Index>& counts, Index n,
                               Noise noise, double s) {
  const std::size_t D = supports.size();
  Batch<double> z(n, static_cast<Index>(D));
  std::vector<double> sorted;
  for (Index i = 0; i < n; ++i) {
    sorted.clear();
    for (std::size_t k = 0; k < D; ++k) {
      const auto j = static_cast<Index>(k), draw = 2 * j;  // a block of its own: normals take two uniforms
      if (counts[k] > 0) {
        z(i, j) = supports[k] == Support::interval ? static_cast<double>(counts[k]) * noise.uniform(i, draw)
                                                   : static_cast<double>(noise.index(i, draw, counts[k]));
        continue;
      }
      switch (supports[k]) {
        case Support::unit: z(i, j) = noise.uniform(i, draw); break;
        case Support::circle: z(i, j) = std::numbers::pi * (2 * noise.uniform(i, draw) - 1); break;
        case Support::positive: z(i, j) = -s * std::log(noise.uniform(i, draw)); break;
        case Support::censored:
          z(i, j) = noise.uniform(i, draw + 1) < 0.5 ? 0 : -s * std::log(noise.uniform(i, draw));
          break;
        case Support::integer: {  // the difference of two geometric numbers
          const double g = std::log(step_ratio);
          z(i, j) =
              std::floor(std::log(noise.uniform(i, draw)) / g) - std::floor(std::log(noise.uniform(i, draw + 1)) / g);
          break;
        }
        case Support::ordered: sorted.push_back(s * noise.normal(i, draw)); break;
        default: z(i, j) = s * noise.normal(i, draw);
      }
    }
    std::sort(sorted.begin(), sorted.end());
    std::size_t next = 0;
    for (std::size_t k = 0; k < D; ++k) {
      if (supports[k] == Support::ordered) z(i, static_cast<Index>(k)) = sorted[next++];
    }
  }
  return z;
}

/// Supports whose points can be drawn coordinate by coordinate; the others are reached through the layer.
inline bool drawable(const std::vector<Support>& supports) {
  for (Support s : supports) {
    if (s == Support::interval || s == Support::censored || s == Support::ordered || s == Support::simplex ||
        s == Support::correlation || s == Support::sphere)
      return false;
  }
  return true;
}

/// n points for the laws that compare two calculations; whole numbers take four values where a layer does not say.
inline Batch<double> points_in(const std::vector<Support>& supports, Index n, const std::vector<Index>& categories,
                               Noise noise) {
  const std::size_t D = supports.size();
  Batch<double> x(n, static_cast<Index>(D));
  for (std::size_t k = 0; k < D; ++k) {
    const auto j = static_cast<Index>(k);
    for (Index i = 0; i < n; ++i) {
      const double e = noise.normal(i, j);
      switch (supports[k]) {
        case Support::positive: x(i, j) = std::exp(e); break;
        case Support::unit:
          x(i, j) = 0.05 + 0.9 * noise.uniform(i, j);
          break;  // finite differences want room before the ends
        case Support::circle: x(i, j) = std::numbers::pi * (2 * noise.uniform(i, j) - 1); break;
        case Support::integer:
        case Support::category:
          x(i, j) = static_cast<double>(noise.index(i, j, categories[k] > 0 ? categories[k] : 4));
          break;
        default: x(i, j) = e;
      }
    }
  }
  return x;
}

}  // namespace rheo::detail

#include "rheo/platform/macros_on.hpp"
