// SPDX-License-Identifier: MIT
// A VEGAS map: each axis of the unit cube is cut into cells of equal probability, which are refined where the integrand
// is large; what an integrand that is a product of functions of one coordinate each needs, and no more.
//   Lepage 1978, J. Comput. Phys. 27, 192; the damping: Lepage 2021, arXiv:2009.05112.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>

#include <rheo/rheo.hpp>

namespace examples {

template <rheo::Index D> class Vegas {
 public:
  static constexpr int cells = 50;
  struct Draws {
    rheo::Batch<double> x;
    rheo::Column<double> log_prob;
    Eigen::ArrayXXi cell;  // of each coordinate
  };
  Vegas() {
    for (auto& axis : edges_) {
      for (int k = 0; k <= cells; ++k) axis[std::size_t(k)] = double(k) / cells;
    }
  }
  Draws sample(rheo::Index n, rheo::Noise noise) const {
    Draws d{rheo::Batch<double>(n, D), rheo::Column<double>::Zero(n), Eigen::ArrayXXi(n, D)};
    for (rheo::Index j = 0; j < D; ++j) {
      const auto& e = edges_[std::size_t(j)];
      for (rheo::Index i = 0; i < n; ++i) {
        const double at = cells * noise.uniform(i, j);
        const auto k = std::min(std::size_t(at), std::size_t(cells - 1));
        d.x(i, j) = e[k] + (at - double(k)) * (e[k + 1] - e[k]);
        d.log_prob(i) -= std::log(cells * (e[k + 1] - e[k]));
        d.cell(i, j) = int(k);
      }
    }
    return d;
  }
  /// New edges by the squares of the weights f / density that fell into each cell.
  void refine(const Draws& d, const rheo::Column<double>& weight) {
    for (rheo::Index j = 0; j < D; ++j) {
      std::array<double, cells> mass{}, smooth{};
      for (rheo::Index i = 0; i < weight.size(); ++i) mass[std::size_t(d.cell(i, j))] += weight(i) * weight(i);
      double total = 0, sum = 0;
      for (const double m : mass) total += m;
      for (std::size_t k = 0; k < cells; ++k) {
        const double about = mass[k ? k - 1 : 0] + 6 * mass[k] + mass[std::min<std::size_t>(k + 1, cells - 1)];
        const double share = std::clamp(about / (8 * total), 1e-12, 1 - 1e-12);
        smooth[k] = std::pow((share - 1) / std::log(share), 1.5), sum += smooth[k];
      }
      auto& e = edges_[std::size_t(j)];
      const auto old = e;
      double reached = 0;
      for (std::size_t k = 0, next = 1; k < cells; ++k) {
        for (; next < cells && reached + smooth[k] >= sum * double(next) / cells; ++next)
          e[next] = old[k] + (sum * double(next) / cells - reached) / smooth[k] * (old[k + 1] - old[k]);
        reached += smooth[k];
      }
    }
  }

 private:
  std::array<std::array<double, cells + 1>, std::size_t(D)> edges_;
};

}  // namespace examples
