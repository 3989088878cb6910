// SPDX-License-Identifier: MIT
// Targets of known density beyond the plane.  Coordinate k is normal or f_k(x_p) + 0.3 n with p its parent, f_k(y) =
// 0.7 y^2 - 0.7 for odd k, sin(2 y) for even: a chain (p = k - 1), the same in another order (permuted), a star (p =
// 0), blocks of two.
#pragma once

#include <cmath>
#include <numbers>
#include <string>

#include "rheo/core/noise.hpp"

namespace structures {
using namespace rheo;

inline constexpr double spread = 0.3;
/// Which coordinate number k is made from; -1: none, it is normal.
inline Index parent(const std::string& target, Index k) {
  if (k == 0 || (target == "blocks" && k % 2 == 0)) return -1;
  return target == "star" ? 0 : k - 1;
}
/// The coordinate that stands in column j.
template <Index D> Index coordinate_of(const std::string& target, Index j) {
  return target == "permuted" ? (j * (D < 8 ? 2 : D < 20 ? 3 : 7) + 1) % D : j;
}
template <Index D> Batch<float> draw(const std::string& target, Index n, Noise noise) {
  Batch<double> x(n, D);
  noise.normals(view(x));
  for (Index k = 0; k < D; ++k) {
    const Index p = parent(target, k);
    if (p < 0) continue;
    const Column<double> y = x.col(p);
    if (k % 2 == 1) x.col(k) = 0.7 * y.square() - 0.7 + spread * x.col(k);
    else x.col(k) = (2 * y).sin() + spread * x.col(k);
  }
  Batch<float> out(n, D);
  for (Index k = 0; k < D; ++k) out.col(k) = x.col(coordinate_of<D>(target, k)).template cast<float>();
  return out;
}
/// The true log-densities of the rows of draw(target).
template <Index D> Column<double> log_prob(const std::string& target, const Batch<float>& rows) {
  Column<double> sum =
      Column<double>::Constant(rows.rows(), -0.5 * static_cast<double>(D) * std::log(2 * std::numbers::pi));
  Batch<double> x(rows.rows(), D);
  for (Index j = 0; j < D; ++j) x.col(coordinate_of<D>(target, j)) = rows.col(j).template cast<double>();
  for (Index k = 0; k < D; ++k) {
    const Index p = parent(target, k);
    Column<double> noise = x.col(k);
    if (p >= 0) {
      const Column<double> y = x.col(p);
      noise = (noise - (k % 2 == 1 ? Column<double>(0.7 * y.square() - 0.7) : Column<double>((2 * y).sin()))) / spread;
      sum -= std::log(spread);
    }
    sum -= 0.5 * noise.square();
  }
  return sum;
}

}  // namespace structures
