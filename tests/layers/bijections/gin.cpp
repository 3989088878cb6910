// SPDX-License-Identifier: MIT
// GIN's coupling keeps volumes, though it stretches and squeezes; and starts as the identity.
#include <cmath>

#include "catch.hpp"
#include "rheo/layers/bijections/coupling.hpp"
// clang-format off
#include "draws.hpp"
#include "layers/bench.hpp"
// clang-format on

namespace layers_bijections_gin {
using namespace rheo_test;

TEMPLATE_TEST_CASE("GIN stretches coordinates by factors whose product is 1, within e^4 of 1 each", "", float, double) {
  using T = TestType;
  using L = GinCoupling<6, MlpOf<Tanh, 16>, 0>;
  const double eps = std::numeric_limits<T>::epsilon();
  const Batch<T> x = normals<T>(50, 6, 3);
  for (double spread : {0.0, 0.5, 50.0}) {
    Bench<L, T> b(L{}, spread);
    INFO("weights of " << spread);
    CHECK(static_cast<double>(b.v(x).abs().maxCoeff()) < 32 * eps);
    // The factor of each coordinate, from two points that differ in it.
    const Batch<T> z = b.encode(x);
    Batch<double> factor(50, 3);
    for (Index j = 3; j < 6; ++j) {
      Batch<T> moved = x;
      moved.col(j) += T(1);
      const Batch<T> there = b.encode(moved);
      factor.col(j - 3) = (there.col(j) - z.col(j)).template cast<double>().log();
      for (Index k = 0; k < 6; ++k) {
        if (k != j) CHECK((there.col(k) == z.col(k)).all());
      }
    }
    CHECK(factor.rowwise().sum().abs().maxCoeff() < 1e4 * eps);
    CHECK(factor.abs().maxCoeff() < 4);
    if (spread == 0) CHECK((z == x).all());
    else CHECK(factor.abs().maxCoeff() > 0.1);
  }
}

}  // namespace layers_bijections_gin
