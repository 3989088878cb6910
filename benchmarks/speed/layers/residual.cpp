// SPDX-License-Identifier: MIT
// Residual layers, hidden layers of 64 and 64: the exact log-determinant and its estimate; and gradients of convex
// potentials.
#include "rheo/layers/bijections/convex_potential.hpp"
#include "rheo/layers/bijections/residual.hpp"
#include "table.hpp"

void rheo::bench::residual(Table& t) {
  t.add("residual, exact", [](auto d) { return Residual<d, LipschitzMlp<64, 64>>{}; });
  t.add("residual, roulette", [](auto d) { return Residual<d, LipschitzMlp<64, 64>, Roulette>{}; });
  t.add_at<2, 16>(
      "convex potential 64", [](auto d) { return ConvexPotential<d, 64>{}; },
      "factors its whole Hessian, in up to 16 dimensions");
}
