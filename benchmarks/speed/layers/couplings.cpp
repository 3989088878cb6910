// SPDX-License-Identifier: MIT
// Layers whose parameters a net makes: couplings, autoregressive and conditional ones, hidden layers of 64 and 64.
#include "rheo/layers/bijections/autoregressive.hpp"
#include "rheo/layers/bijections/block_autoregressive.hpp"
#include "rheo/layers/bijections/coupling.hpp"
#include "rheo/layers/bijections/elementwise.hpp"
#include "rheo/transformers/rational_quadratic_spline.hpp"
#include "table.hpp"

void rheo::bench::couplings(Table& t) {
  t.add("affine coupling", [](auto d) { return AffineCoupling<d, Mlp<64, 64>>{}; });
  t.add("additive coupling", [](auto d) { return AdditiveCoupling<d, Mlp<64, 64>>{}; });
  t.add("rational-quadratic coupling 8",
        [](auto d) { return Coupling<d, RationalQuadraticSpline<8>, Mlp<64, 64>, 0, HalfMask<d>>{}; });
  t.add("conditional affine, context of 8", [](auto d) { return Conditional<d, ScaleShift<>, Mlp<64, 64>, 8>{}; });
  t.add("masked affine autoregressive", [](auto d) { return MaskedAffineAutoregressive<d, Made<64, 64>>{}; });
  t.add("masked rational-quadratic autoregressive 8",
        [](auto d) { return Autoregressive<d, RationalQuadraticSpline<8>, Made<64, 64>>{}; });
  t.add("block autoregressive 8-8", [](auto d) { return BlockAutoregressive<d, Blocks<8, 8>>{}; });
}
