// SPDX-License-Identifier: MIT
// I + U U' where Cholesky's pivots are rounding: parallel columns of any size.
#include "rheo/math/low_rank.hpp"

#include <cmath>
#include <limits>

#include "catch.hpp"
#include "layers/bench.hpp"
#include "rheo/layers/bijections/low_rank_linear.hpp"

namespace math_low_rank {
using namespace rheo_test;

TEMPLATE_TEST_CASE("parallel columns: log det is that of the one direction, however long, and nothing is NaN", "",
                   float, double) {
  using T = TestType;
  constexpr Index D = 5, R = 3;
  using L = LowRankLinear<D, R>;
  const T eps = std::numeric_limits<T>::epsilon();
  for (double size : {1.0, 100.0, 1e4, 1e6}) {
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      Bench<L, T> b(L{});
      b.theta.setZero();
      double square = 0;
      for (Index k = 0; k < R; ++k) {
        for (Index j = 0; j < D; ++j) {
          const T u = T(size * Noise{seed}.normal(j, 0)) * T(k + 1);  // exact multiples
          b.theta(k * D + j) = u;
          square += static_cast<double>(u) * static_cast<double>(u);
        }
      }
      const Batch<T> x = normals(4, D).template cast<T>();
      const Batch<T> z = b.template run<true>(x), back = b.template run<false>(x);
      INFO("size " << size << ", seed " << seed << ", V " << z(0, D) << ", from one direction " << std::log1p(square));
      REQUIRE(z.allFinite());
      REQUIRE(back.allFinite());
      const double rounded =
          std::log1p(square * static_cast<double>(eps));  // of a pivot, whose true value is lost below eps |U|^2
      REQUIRE(std::abs(static_cast<double>(z(0, D)) - std::log1p(square)) <=
              (R - 1) * rounded + 4 * static_cast<double>(eps) * std::log1p(square));
    }
  }
}

TEMPLATE_TEST_CASE(
    "decode of U near 100 in all directions leaves a residual of 8 eps of the latent, in float 512: Woodbury's "
    "difference alone leaves 6e4",
    "", float, double) {
  using T = TestType;
  constexpr Index D = 3;
  using L = LowRankLinear<D, D>;
  double worst = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Bench<L, T> b(L{});
    b.theta.setZero();
    const auto u = [&](Index j, Index k) -> T& { return b.theta(k * D + j); };
    for (Index k = 0; k < D; ++k) {
      for (Index j = 0; j < D; ++j) u(j, k) = T(100 * ((j == k) + 0.2 * Noise{seed}.normal(j, k)));
    }
    const Batch<T> z = normals(50, D).template cast<T>(), x = b.decode(z);
    for (Index i = 0; i < 50; ++i) {
      for (Index j = 0; j < D; ++j) {
        long double off = static_cast<long double>(x(i, j)) - static_cast<long double>(z(i, j));
        for (Index k = 0; k < D; ++k) {
          for (Index m = 0; m < D; ++m)
            off += static_cast<long double>(u(j, k)) * static_cast<long double>(u(m, k)) *
                   static_cast<long double>(x(i, m));
        }
        worst = std::max(worst, static_cast<double>(std::abs(off)) / static_cast<double>(z.row(i).abs().maxCoeff()));
      }
    }
  }
  INFO("worst residual over the latent's size, in eps: " << worst /
                                                                static_cast<double>(std::numeric_limits<T>::epsilon()));
  CHECK(worst < (sizeof(T) > 4 ? 8 : 512) * static_cast<double>(std::numeric_limits<T>::epsilon()));
}

}  // namespace math_low_rank
