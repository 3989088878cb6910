// SPDX-License-Identifier: MIT
// Radial's inverse close to its centre, where the two terms of the root are nearly equal.
#include "rheo/layers/bijections/radial.hpp"

#include "catch.hpp"
#include "layers/bench.hpp"

namespace bijections_radial {
using namespace rheo_test;

TEMPLATE_TEST_CASE("radial's inverse keeps its relative error down to distances of 1e-10", "", float, double) {
  using T = TestType;
  const double eps = std::numeric_limits<T>::epsilon();
  for (double s : {10.0, 1.0, 0.01}) {
    for (double alpha : {0.05, 1.0}) {
      Bench<Radial<2>, T> b(Radial<2>{});
      b.theta << T(0), T(0), T(std::log(std::expm1(alpha))), T(std::log(std::expm1(s)));
      for (double r = 1e-10; r < 100; r *= 3) {
        const Batch<T> x = Batch<T>{{T(0.6 * r), T(-0.8 * r)}}, back = b.decode(b.encode(x));
        INFO("s " << s << " alpha " << alpha << " r " << r);
        CHECK(static_cast<double>(((back - x) / x).abs().maxCoeff()) < 64 * eps * std::max(1.0, alpha / s));
      }
    }
  }
}

}  // namespace bijections_radial
