// SPDX-License-Identifier: MIT
// Whole numbers near the end of those that a scalar can tell apart: what is taken off them is taken off first.
#include <cmath>

#include "catch.hpp"
#include "layers/bench.hpp"
#include "rheo/distributions/discretized_logistic.hpp"
#include "rheo/distributions/uniform.hpp"
#include "rheo/layers/surjections/round.hpp"

namespace distributions_large_numbers {
using namespace rheo_test;

TEMPLATE_TEST_CASE("a discretized logistic far from 0 is the one at 0, moved", "", float, double) {
  using T = TestType;
  const family::DiscretizedLogistic<> law;
  for (double m : {0.0, 1e6, 8388608.0, 1e7, 16777212.0, sizeof(T) > 4 ? 1e15 : 0.0}) {
    for (int k = -3; k <= 3; ++k) {
      if (m >= 1e7 && m < 1e8 && sizeof(T) == 4 && T(m + k) != m + k) continue;
      const double p = 1 / (1 + std::exp(-(k + 0.5))) - 1 / (1 + std::exp(-(k - 0.5)));
      INFO("m " << m << " k " << k);
      const std::array<T, 3> q{T(m), T(1), T(0)}, zero{T(0), T(1), T(0)};
      CHECK(static_cast<double>(law.log_prob(T(m + k), q)) ==
            Approx(std::log(p)).epsilon(sizeof(T) > 4 ? 1e-14 : 1e-6));
      T g[2] = {}, g_zero[2] = {};
      law.log_prob_pull(T(m + k), T(1), q, [&](Index i, T v) { g[i] = v; });
      law.log_prob_pull(T(k), T(1), zero, [&](Index i, T v) { g_zero[i] = v; });
      CHECK(g[0] == g_zero[0]);
      CHECK(g[1] == g_zero[1]);
    }
  }
}
TEMPLATE_TEST_CASE("rounding keeps the whole part of what it decodes, at every size", "", float, double) {
  using T = TestType;
  Bench<Round<1, Fixed<Uniform>>, T> b({});
  for (double k : {0.0, 3.0, 1e6, 4194303.0, 8388607.0, 8388608.0, 16777216.0, 1e9, 4503599627370495.0, 1e300}) {
    if (static_cast<double>(T(k)) != k) continue;
    for (double sign : {1.0, -1.0}) {
      const Batch<T> z = Batch<T>::Constant(3000, 1, T(sign * k)), x = b.decode(z);
      INFO(sign * k);
      CHECK((x.floor() == z).all());
      CHECK((b.encode(x) == z).all());
    }
  }
}

}  // namespace distributions_large_numbers
