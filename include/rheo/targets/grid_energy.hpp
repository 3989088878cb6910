// SPDX-License-Identifier: MIT
// GridEnergy: a target of the plane as an energy read off a table, with walls that moves can climb and a gradient, as
// Wu et al. 2020, arXiv:2002.06707, section 4.2, do with pictures.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <vector>

#include "rheo/core/fail.hpp"
#include "rheo/math/energy.hpp"
#include "rheo/targets/table.hpp"

#include "rheo/platform/macros_off.hpp"

namespace rheo::targets {

/// u = -log p on the nodes of a grid over the target's box and a quarter of it around, bilinear between them; no more
/// than `height` above the lowest, so that borders are walls that moves can climb.  Beyond the grid it rises with the
/// squared distance.  Copies share the table; the target is not kept.  Throws std::invalid_argument for a target
/// without a density, fewer than two nodes a side, and heights that are not positive.
class GridEnergy {
 public:
  static constexpr Index dim = 2;
  template <class T> using Workspace = NoWorkspace;

  /// Of the target's log-density on nodes x nodes points of its box; walls of `height`.
  GridEnergy(const Target& target, double height, Index nodes = 512) {
    if (!target.log_prob) ::rheo::detail::fail("the target \"" + target.name + "\" has no density");
    if (nodes < 2 || !(height > 0))
      ::rheo::detail::fail("GridEnergy wants two nodes a side or more and a height above 0");
    auto t = std::make_shared<Table>();
    const auto& b = target.box;
    const double w = b.x1_max - b.x1_min, h = b.x2_max - b.x2_min;
    t->n = nodes;
    t->x0 = b.x1_min - w / 4, t->y0 = b.x2_min - h / 4;
    t->dx = 1.5 * w / static_cast<double>(nodes - 1), t->dy = 1.5 * h / static_cast<double>(nodes - 1);
    t->u.resize(static_cast<std::size_t>(nodes * nodes));
    double lowest = 1e300;
    for (Index j = 0; j < nodes; ++j) {
      for (Index i = 0; i < nodes; ++i) {
        const double u =
            -target.log_prob(t->x0 + t->dx * static_cast<double>(i), t->y0 + t->dy * static_cast<double>(j));
        t->at(i, j) = u;
        lowest = std::min(lowest, u);
      }
    }
    for (double& u : t->u) u = std::min(u, lowest + height);
    table_ = std::move(t);
  }

  template <class T> void value(CView<T> x, ColView<T> u, NoWorkspace&) const {
    double g[2];
    for (Index i = 0; i < x.rows(); ++i) u(i) = T(at(static_cast<double>(x(i, 0)), static_cast<double>(x(i, 1)), g));
  }
  template <class T> void value_and_gradient(CView<T> x, ColView<T> u, View<T> g_x, NoWorkspace&) const {
    double g[2];
    for (Index i = 0; i < x.rows(); ++i) {
      u(i) = T(at(static_cast<double>(x(i, 0)), static_cast<double>(x(i, 1)), g));
      g_x(i, 0) = T(g[0]), g_x(i, 1) = T(g[1]);
    }
  }

 private:
  struct Table {
    Index n;
    double x0, y0, dx, dy;
    std::vector<double> u;
    double& at(Index i, Index j) { return u[static_cast<std::size_t>(i + n * j)]; }
    double at(Index i, Index j) const { return u[static_cast<std::size_t>(i + n * j)]; }
  };
  double at(double x, double y, double* g) const {
    if (!std::isfinite(x) || !std::isfinite(y)) return g[0] = g[1] = 0, std::nan("");
    const Table& t = *table_;
    constexpr double stiffness = 4;
    const double top = static_cast<double>(t.n - 1);
    const double fx = (x - t.x0) / t.dx, fy = (y - t.y0) / t.dy, cx = std::clamp(fx, 0.0, top),
                 cy = std::clamp(fy, 0.0, top);
    const Index i = std::min(static_cast<Index>(cx), t.n - 2), j = std::min(static_cast<Index>(cy), t.n - 2);
    const double a = cx - static_cast<double>(i), b = cy - static_cast<double>(j);
    const double u00 = t.at(i, j), u10 = t.at(i + 1, j), u01 = t.at(i, j + 1), u11 = t.at(i + 1, j + 1);
    const double over_x = (fx - cx) * t.dx, over_y = (fy - cy) * t.dy;
    g[0] = (over_x == 0 ? ((1 - b) * (u10 - u00) + b * (u11 - u01)) / t.dx : 0) + stiffness * over_x;
    g[1] = (over_y == 0 ? ((1 - a) * (u01 - u00) + a * (u11 - u10)) / t.dy : 0) + stiffness * over_y;
    return (1 - b) * ((1 - a) * u00 + a * u10) + b * ((1 - a) * u01 + a * u11) +
           stiffness / 2 * (over_x * over_x + over_y * over_y);
  }
  std::shared_ptr<const Table> table_;
};

}  // namespace rheo::targets

#include "rheo/platform/macros_on.hpp"
